"""V11 cryptography, V12 transport."""
# ruff: noqa: E501 - the name of a test is one piece

from tests.asvs.rows import NoSurface, Open, held

ROWS = [
    Open(
        "11.1.1",
        "a policy for keys: who holds them, how long, what then",
        "`lending/db/encryption.py` and the README say how keys are changed; nothing says how often, who may hold them, or what to do when one is known.",
    ),
    Open(
        "11.1.2",
        "an inventory of keys, algorithms and what they protect",
        "they are few (Fernet for what is sealed, SHA-256 for secrets, HMAC-SHA-256 for signatures, PBKDF2 for passwords), but no page lists them with their places.",
    ),
    held(
        "11.2.1",
        "nothing is encrypted or signed by code of ours: cryptography, hashlib, Django and standardwebhooks do it",
        "tests/lending/db/test_encryption.py::test_what_was_altered_by_one_bit_is_not_opened",
        "tests/backoffice/webhooks/test_delivering.py::test_a_message_arrives_signed_and_is_delivered_once",
        "tests/test_dangerous_code.py::test_a_dangerous_function_is_called_where_it_is_named",
    ),
    Open(
        "11.2.2",
        "keys and algorithms can be changed, and what was sealed is sealed anew",
        "keys are: tests/backoffice/test_resealing.py; passwords follow the settings; Fernet's algorithms are no setting.",
    ),
    held(
        "11.2.3",
        "128 bits at least: AES-128 with HMAC-SHA-256, secrets of 256 bits",
        "tests/lending/db/test_encryption.py::test_a_key_has_256_bits_half_of_them_to_encrypt",
        "tests/backoffice/test_settings.py::test_what_is_unsafe_in_production_is_refused_by_name",
        "tests/xero_sync/portal/test_links.py::test_a_link_names_nobody_and_is_kept_nowhere",
        "tests/test_dangerous_code.py::test_a_dangerous_function_is_called_where_it_is_named",
    ),
    held(
        "11.3.1",
        "no ECB and no RSA: Fernet alone, in one module",
        "tests/lending/db/test_encryption.py::test_nothing_is_readable_and_nothing_repeats",
    ),
    held(
        "11.3.2",
        "Fernet: AES in CBC, then HMAC, which the standard's appendix allows with a MAC",
        "tests/lending/db/test_encryption.py::test_a_new_key_seals_and_the_old_one_still_opens",
        "tests/lending/db/test_encryption.py::test_what_was_altered_by_one_bit_is_not_opened",
    ),
    held(
        "11.3.3",
        "what was altered by one bit is not opened",
        "tests/lending/db/test_encryption.py::test_what_was_altered_by_one_bit_is_not_opened",
        "tests/backoffice/api/framework/test_idempotency.py::test_a_key_sealed_under_a_lost_key_is_refused_and_repeats_nothing",
    ),
    held(
        "11.4.1",
        "neither MD5 nor SHA-1",
        "tests/test_dangerous_code.py::test_a_dangerous_function_is_called_where_it_is_named",
    ),
    held(
        "11.4.2",
        "passwords are stretched by PBKDF2 with 600,000 rounds or more",
        "tests/backoffice/test_settings.py::test_a_password_is_stretched_as_owasp_asks",
    ),
    held(
        "11.4.3",
        "SHA-256 in every signature",
        "tests/backoffice/webhooks/test_delivering.py::test_a_message_arrives_signed_and_is_delivered_once",
        "tests/xero_sync/webhooks/test_views.py::test_a_signed_message_is_kept",
        "tests/test_dangerous_code.py::test_a_dangerous_function_is_called_where_it_is_named",
    ),
    NoSurface("11.4.4", "no key is made of a password; they are random"),
    held(
        "11.5.1",
        "what nobody may guess has 128 random bits or more, of the system's source",
        "tests/test_dangerous_code.py::test_a_dangerous_module_is_imported_where_it_is_named",
        "tests/xero_sync/portal/test_sittings.py::test_the_cookie_is_the_hosts_alone_and_no_script_reads_it",
        "tests/xero_sync/portal/test_links.py::test_a_link_names_nobody_and_is_kept_nowhere",
        "tests/backoffice/users/test_sessions.py::test_each_session_has_a_cookie_of_its_own_that_no_script_or_other_site_uses",
        "tests/backoffice/api_keys/test_services.py::test_every_key_has_a_secret_of_its_own",
    ),
    NoSurface(
        "11.6.1",
        "no pair of keys is made or used here; TLS is the proxy's and the libraries'",
    ),
    Open(
        "12.1.1",
        "browsers speak TLS 1.2 or 1.3 with us",
        "TLS ends at the operator's proxy; the README does not say how to set it.",
    ),
    Open(
        "12.1.2",
        "with strong cipher suites alone",
        "TLS ends at the operator's proxy; the README does not say how to set it.",
    ),
    NoSurface("12.1.3", "no client shows a certificate"),
    held(
        "12.2.1",
        "the site is reached by https alone",
        "tests/backoffice/test_settings.py::test_what_is_unsafe_in_production_is_refused_by_name",
        "tests/backoffice/test_settings.py::test_browsers_remember_https_for_a_year",
        "tests/backoffice/test_plain_http.py::test_a_person_is_led_to_https",
        "tests/backoffice/test_plain_http.py::test_a_program_is_refused_and_told_what_it_has_shown",
    ),
    Open(
        "12.2.2",
        "with a certificate that everybody trusts",
        "it is the operator's proxy that has one; nothing here looks at it.",
    ),
    Open(
        "12.3.1",
        "all that leaves this machine is encrypted",
        "Codat, webhooks, the database and Redis are (tests/backoffice/test_settings.py, tests/backoffice/webhooks/test_https.py); a mail server elsewhere is used without TLS if EMAIL_URL says smtp://.",
    ),
    Open(
        "12.3.2",
        "whoever we call has to prove who they are",
        "Codat and receivers of webhooks do (tests/backoffice/webhooks/test_https.py, tests/test_dangerous_code.py); `sslmode=require` is taken for the database, which does not look whose it is.",
    ),
    Open(
        "12.3.3",
        "between our own services as well",
        "from the operator's proxy to gunicorn it is plain http; nothing makes them share a machine.",
    ),
    Open(
        "12.3.4",
        "with certificates of our own services",
        "from the operator's proxy to gunicorn it is plain http; nothing makes them share a machine.",
    ),
]
