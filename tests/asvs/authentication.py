"""V6 authentication: of staff, of services by keys, of borrowers by links."""
# ruff: noqa: E501 - the name of a test is one piece

from tests.asvs.rows import NoSurface, Open, held

ROWS = [
    held(
        "6.1.1",
        "how guessing is slowed and why nobody is kept out for ever stands in `backoffice/users`",
        "tests/backoffice/users/test_described.py::test_the_limits_are_those_that_are_described",
    ),
    held(
        "6.1.2",
        "our own words are listed in `backoffice/users/passwords.py`",
        "tests/backoffice/users/test_passwords.py::test_our_own_words_make_no_password",
    ),
    held(
        "6.1.3",
        "the four ways in stand in `backoffice/users`, with what each asks",
        "tests/backoffice/users/test_described.py::test_the_limits_are_those_that_are_described",
        "tests/backoffice/users/test_matrix.py::test_every_address_of_the_admin_is_classified",
        "tests/backoffice/users/test_matrix.py::test_every_other_address_is_classified_as_well",
    ),
    held(
        "6.2.1",
        "12 characters at least",
        "tests/backoffice/users/test_sign_in.py::test_a_short_or_common_password_is_refused",
    ),
    held(
        "6.2.2",
        "staff change their own password",
        "tests/backoffice/users/test_passwords.py::test_ones_own_is_changed_by_who_knows_it",
    ),
    held(
        "6.2.3",
        "with the one they have",
        "tests/backoffice/users/test_passwords.py::test_ones_own_is_changed_by_who_knows_it",
    ),
    Open(
        "6.2.4",
        "none of the 3,000 most common passwords of our length",
        "Django's list of 19,646 is looked at, but only 187 of it have 12 characters or more; there is no longer list.",
    ),
    Open(
        "6.2.5",
        "any letters, digits or signs make a password",
        "digits alone are refused (NumericPasswordValidator), on purpose: they are dates and telephone numbers. All else is taken: tests/backoffice/users/test_passwords.py.",
    ),
    held(
        "6.2.6",
        "what is typed is hidden",
        "tests/backoffice/users/test_passwords.py::test_a_field_for_a_password_hides_it_and_lets_it_be_pasted",
    ),
    held(
        "6.2.7",
        "a password manager may paste it",
        "tests/backoffice/users/test_passwords.py::test_a_field_for_a_password_hides_it_and_lets_it_be_pasted",
    ),
    held(
        "6.2.8",
        "it counts as it was typed",
        "tests/backoffice/users/test_passwords.py::test_a_password_counts_as_it_was_typed",
        "tests/backoffice/users/test_passwords.py::test_no_end_of_a_long_password_is_left_out",
    ),
    held(
        "6.2.9",
        "a sentence of a hundred letters is taken",
        "tests/backoffice/users/test_sign_in.py::test_a_long_password_with_spaces_is_taken",
    ),
    held(
        "6.2.10",
        "it never runs out",
        "tests/backoffice/users/test_passwords.py::test_a_password_never_runs_out",
    ),
    held(
        "6.2.11",
        "our own words do not count for its length",
        "tests/backoffice/users/test_passwords.py::test_our_own_words_make_no_password",
    ),
    Open(
        "6.2.12",
        "no password that was found in a leak",
        "no such set is looked at; nothing goes out to a service that has one.",
    ),
    held(
        "6.3.1",
        "guessing is counted by name and address, before it costs anything",
        "tests/backoffice/users/test_sign_in.py::test_after_ten_wrong_passwords_even_the_right_one_waits_unlooked_at",
        "tests/backoffice/users/test_sign_in.py::test_an_address_that_guesses_many_names_is_locked_for_all_of_them",
        "tests/backoffice/users/test_sign_in.py::test_what_comes_too_quickly_is_not_looked_at",
        "tests/backoffice/users/test_sign_in.py::test_of_many_at_once_few_are_looked_at",
        "tests/backoffice/users/test_second_factor.py::test_guessing_gets_slower_with_each_guess",
        "tests/backoffice/users/test_dangerous.py::test_guessing_there_is_counted_like_signing_in",
    ),
    held(
        "6.3.2",
        "a new installation has no user",
        "tests/backoffice/users/test_passwords.py::test_a_new_installation_has_no_user",
    ),
    Open(
        "6.3.3",
        "everybody shows two factors",
        "staff always do (tests/backoffice/users/test_second_factor.py), and production does not start without. A borrower's mailed link is one factor: who reads their mail has their pages.",
    ),
    held(
        "6.3.4",
        "no way past the front door: every address is known, and none takes another's proof",
        "tests/backoffice/users/test_matrix.py::test_every_address_of_the_admin_is_classified",
        "tests/backoffice/users/test_second_factor.py::test_the_first_sign_in_leads_to_the_set_up_and_nowhere_else",
        "tests/backoffice/users/test_sessions.py::test_django_alone_lets_nobody_in",
        "tests/backoffice/api_keys/test_services.py::test_a_login_to_the_admin_is_no_key",
        "tests/xero_sync/portal/test_sittings.py::test_a_sitting_opens_nothing_of_the_admin",
        "tests/backoffice/test_settings.py::test_what_is_unsafe_in_production_is_refused_by_name",
    ),
    Open(
        "6.4.1",
        "a first password is replaced when it was used",
        "the product makes none up (only `manage.py demo` does), but what an administrator types for somebody stays until they change it.",
    ),
    NoSurface("6.4.2", "no hints and no secret questions"),
    held(
        "6.4.3",
        "a forgotten password is set anew by an administrator, and the second factor stays",
        "tests/backoffice/users/test_second_factor.py::test_a_forgotten_password_that_is_set_anew_leaves_the_second_factor",
        "tests/backoffice/users/test_matrix.py::test_a_password_is_set_by_administrators_alone",
        "tests/backoffice/trail/test_users.py::test_a_password_is_on_the_trail_whoever_sets_it",
    ),
    held(
        "6.4.4",
        "a lost factor is taken away by an administrator who makes sure who asks, with a reason on the trail",
        "tests/backoffice/users/test_second_factor.py::test_an_administrator_takes_it_away_on_record_and_the_sessions_end",
        "tests/backoffice/users/test_rights.py::test_who_may_change_users_makes_nobody_a_superuser_and_gives_no_role",
    ),
    Open(
        "6.5.1",
        "what is shown once to come in opens once",
        "codes of the app and of the paper do (tests/backoffice/users/test_second_factor.py); a borrower's link opens for days, however often, which is meant: `CUSTOMER_LINK_DAYS`.",
    ),
    held(
        "6.5.2",
        "recovery codes have 120 random bits and are kept as hashes",
        "tests/backoffice/users/test_second_factor.py::test_a_recovery_code_has_120_random_bits",
        "tests/backoffice/users/test_second_factor.py::test_nothing_of_it_lies_open_in_the_database",
    ),
    held(
        "6.5.3",
        "codes, keys of apps and links come from the system's random source",
        "tests/test_dangerous_code.py::test_a_dangerous_module_is_imported_where_it_is_named",
        "tests/backoffice/users/test_second_factor.py::test_a_recovery_code_has_120_random_bits",
    ),
    held(
        "6.5.4",
        "nobody guesses a code or a link",
        "tests/backoffice/users/test_second_factor.py::test_a_recovery_code_has_120_random_bits",
        "tests/xero_sync/portal/test_links.py::test_a_link_names_nobody_and_is_kept_nowhere",
    ),
    Open(
        "6.5.5",
        "what is shown to come in lasts ten minutes, a code of an app 30 seconds",
        "a code counts for its 30 seconds and one step before and after, for clocks that go wrong (RFC 6238 allows it); a borrower's link opens for 30 days, `CUSTOMER_LINK_DAYS`.",
    ),
    NoSurface("6.6.1", "no telephone and no SMS"),
    Open(
        "6.6.2",
        "a mailed link is bound to who asked for it",
        "whoever has a borrower's link opens it, in any browser: mails are read on another device than they were asked for.",
    ),
    held(
        "6.6.3",
        "links have 256 random bits, and are mailed a few times alone",
        "tests/xero_sync/portal/test_links.py::test_a_link_names_nobody_and_is_kept_nowhere",
        "tests/xero_sync/portal/test_links.py::test_a_broken_link_opens_nothing_and_says_what_to_do",
        "tests/xero_sync/portal/test_entry.py::test_too_many_questions_have_to_wait",
        "tests/xero_sync/portal/test_entry.py::test_asking_again_within_the_hour_sends_one_mail",
    ),
    NoSurface("6.8", "no identity provider: who staff are is kept here"),
]
