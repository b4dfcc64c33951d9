"""The environment of every test run, set before Django reads its settings.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` choose the servers; without them the tests use
SQLite and the database broker. Nothing of a developer's own .env reaches a test.
"""

import os

CHOSEN = {
    "DJANGO_DEBUG": "true",
    "DATABASE_URL": os.environ.get(
        "TEST_DATABASE_URL", "sqlite:///.data/tests.sqlite3"
    ),
    "REDIS_URL": os.environ.get("TEST_REDIS_URL", ""),
    "CODAT_BASE_URL": "http://127.0.0.1:1",
    "CODAT_API_KEY": "sandbox-key",
    "CODAT_WEBHOOK_SECRET": "whsec_dGVzdHMtd2ViaG9vay1zaWduaW5nLWtleS0wMDAx",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtZW5jcnlwdGlvbi1rZXktMDAwMS0wMDAwMDA=",
    # As in production: a test that sends to this machine says so.
    "WEBHOOK_ALLOW_PRIVATE": "false",
    "PUBLIC_BASE_URL": "http://testserver",
    "LENDER_NAME": "Example Invoice Finance",
    "TIME_ZONE": "Europe/London",
    "EMAIL_URL": "consolemail://",
    "DEFAULT_FROM_EMAIL": "no-reply@testserver",
    "LENDER_CONTACT_EMAIL": "help@testserver",
    "CUSTOMER_LINK_DAYS": "30",
    "XERO_CONNECTION_CAP": "25",
}

os.environ.update(CHOSEN)
