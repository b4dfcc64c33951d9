"""V13 configuration, V14 data."""
# ruff: noqa: E501 - the name of a test is one piece

from tests.asvs.rows import Open, held

ROWS = [
    Open(
        "13.1.1",
        "whom the product calls is written down",
        "settings name Codat, database, Redis and the mail server, and webhook endpoints are rows; tests/test_architecture.py and tests/test_dangerous_code.py hold who may call, but no page lists it for a firewall.",
    ),
    Open(
        "13.2.1",
        "services prove themselves with what changes",
        "Codat gives API keys that do not change by themselves, the database a password; ours may expire but need not.",
    ),
    held(
        "13.2.2",
        "the product's own role in PostgreSQL can take no guard off and drop nothing",
        "tests/lending/db/test_runtime_role.py::test_it_cannot_change_what_is_only_added_to",
        "tests/lending/db/test_runtime_role.py::test_it_cannot_take_more_than_it_was_given",
        "tests/lending/db/test_runtime_role.py::test_the_product_works_with_it",
    ),
    held(
        "13.2.3",
        "production starts with no default secret",
        "tests/backoffice/test_settings.py::test_what_is_unsafe_in_production_is_refused_by_name",
        "tests/backoffice/test_settings.py::test_who_sets_nothing_is_told_what_to_do",
        "tests/xero_sync/webhooks/test_views.py::test_without_a_secret_every_message_is_refused",
    ),
    held(
        "13.2.4",
        "the product calls Codat's address, and the endpoints that somebody with the right has named",
        "tests/test_architecture.py::test_a_package_has_one_door",
        "tests/test_dangerous_code.py::test_a_dangerous_module_is_imported_where_it_is_named",
        "tests/xero_sync/codat/test_client_writes.py::test_a_path_cannot_lead_to_another_host",
        "tests/backoffice/webhooks/test_addresses.py::test_a_name_that_resolves_to_such_an_address_is_not_connected_to",
        "tests/backoffice/webhooks/test_addresses.py::test_an_address_of_another_shape_is_refused_by_its_field",
    ),
    Open(
        "13.2.5",
        "the machine lets nothing else out",
        "the firewall is the operator's; the README does not name what it has to let out.",
    ),
    Open(
        "13.3.1",
        "secrets lie in a vault",
        "they come from the environment or `.env`; what makes those is the operator's. None is in the code that production takes (tests/backoffice/test_settings.py).",
    ),
    Open(
        "13.3.2",
        "each process gets the secrets it needs",
        "the web, the workers and the commands all read all of them. To a person the Xero app's secret needs a right of its own (tests/xero_sync/admin/test_xero_app.py).",
    ),
    held(
        "13.4.1",
        "no address leads to the repository",
        "tests/backoffice/test_every_address.py::test_no_folder_is_listed_and_no_file_of_the_product_given_out",
    ),
    held(
        "13.4.2",
        "development has to be asked for",
        "tests/backoffice/test_settings.py::test_who_sets_nothing_is_told_what_to_do",
        "tests/backoffice/test_settings.py::test_a_complete_production_environment_is_accepted",
        "tests/xero_sync/portal/test_errors.py::test_what_breaks_has_a_page_that_needs_no_database",
    ),
    held(
        "13.4.3",
        "no folder is listed",
        "tests/backoffice/test_every_address.py::test_no_folder_is_listed_and_no_file_of_the_product_given_out",
    ),
    held(
        "13.4.4",
        "TRACE tells nobody what they sent",
        "tests/backoffice/test_every_address.py::test_nobody_is_told_what_they_sent",
        "tests/backoffice/api/framework/test_odd_requests.py::test_another_method_is_a_405_that_names_those_there_are",
    ),
    held(
        "13.4.5",
        "what is for everybody is meant: the API's description and the probes; metrics need a token",
        "tests/backoffice/users/test_matrix.py::test_every_other_address_is_classified_as_well",
        "tests/backoffice/api/framework/test_access.py::test_every_method_of_every_address_asks_for_a_scope",
        "tests/backoffice/test_metrics.py::test_without_the_token_nothing_is_told",
        "tests/backoffice/api/description/test_openapi.py::test_it_is_served_to_everybody",
    ),
    Open(
        "14.1.1",
        "what is sensitive is known, by levels",
        "there is no such list. What is treated so: secrets, account numbers, links, names and addresses of borrowers.",
    ),
    Open(
        "14.1.2",
        "each level says how it is kept",
        "there are no levels; each kind of data is kept as its module says.",
    ),
    Open(
        "14.2.1",
        "no address holds a secret",
        "a borrower's link holds its token in the path, and the way back from Xero a signed one in its query. After \"Continue\" a cookie takes its place; logs, referrers and the browser's history are kept free of it (tests/backoffice/test_log_redaction.py, tests/browser/test_access.py).",
    ),
    Open(
        "14.2.2",
        "nothing sensitive is kept in a cache on the way",
        "no proxy keeps an answer (tests/backoffice/test_headers.py, tests/backoffice/test_every_address.py), but for 60 seconds a borrower's bank accounts lie in the memory of a web process as Codat tells them, with their numbers (`borrowers/questions/books.py`).",
    ),
    held(
        "14.2.3",
        "pages load nothing from others",
        "tests/backoffice/test_headers.py::test_every_answer_says_what_it_may_load_and_who_may_frame_it",
        "tests/xero_sync/portal/test_links.py::test_no_page_is_kept_found_or_framed",
        "tests/backoffice/api/description/test_openapi.py::test_the_page_takes_everything_from_this_host",
    ),
    Open(
        "14.2.4",
        "what is said of each level is so",
        "there are no levels to hold it against: see 14.1.2.",
    ),
    held(
        "14.3.1",
        "the browser forgets what it was shown when somebody leaves",
        "tests/backoffice/users/test_sessions.py::test_each_page_has_the_way_out_and_the_browser_forgets_on_it",
        "tests/xero_sync/portal/test_sittings.py::test_who_leaves_has_left",
    ),
    held(
        "14.3.2",
        "and keeps no page while they are there",
        "tests/backoffice/test_headers.py::test_nobody_keeps_what_a_signed_in_person_saw",
        "tests/xero_sync/portal/test_links.py::test_no_page_is_kept_found_or_framed",
        "tests/backoffice/test_every_address.py::test_what_a_key_reads_is_kept_by_nobody",
    ),
    held(
        "14.3.3",
        "pages of ours keep nothing in the browser but the session's cookie",
        "tests/test_dangerous_code.py::test_no_page_shows_text_as_html_or_keeps_something_in_the_browser",
        "tests/backoffice/test_headers.py::test_a_message_waits_in_the_session_and_not_in_a_cookie",
    ),
]
