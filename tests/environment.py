"""The environment of every test run, set before Django reads its settings.

`TEST_DATABASE_URL` and `TEST_REDIS_URL` choose the servers; without them the tests use
SQLite and the database broker. Nothing of a developer's own .env reaches a test.
"""

import os
import re


def redis_of_this_process() -> str:
    """The chosen database, or for the n-th process of the tests the n-th after it.

    To clear Django's cache empties the whole database, other processes' counts too.
    """
    url = os.environ.get("TEST_REDIS_URL", "")
    nth = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return re.sub(r"\d+$", lambda chosen: str(int(chosen[0]) + nth), url)


CHOSEN = {
    "DJANGO_DEBUG": "true",
    "DATABASE_URL": os.environ.get(
        "TEST_DATABASE_URL", "sqlite:///.data/tests.sqlite3"
    ),
    "REDIS_URL": redis_of_this_process(),
    "CODAT_BASE_URL": "http://127.0.0.1:1",
    "CODAT_API_KEY": "sandbox-key",
    "CODAT_WEBHOOK_SECRET": "whsec_dGVzdHMtd2ViaG9vay1zaWduaW5nLWtleS0wMDAx",
    "FIELD_ENCRYPTION_KEYS": "dGVzdHMtZW5jcnlwdGlvbi1rZXktMDAwMS0wMDAwMDA=",
    # As in production: a test that sends to this machine says so.
    "WEBHOOK_ALLOW_PRIVATE": "false",
    "PUBLIC_BASE_URL": "http://testserver",
    "LENDER_NAME": "Example Invoice Finance",
    # Tests of it switch it on; all others sign in without a telephone.
    "STAFF_SECOND_FACTOR": "false",
    "TIME_ZONE": "Europe/London",
    "EMAIL_URL": "consolemail://",
    "DEFAULT_FROM_EMAIL": "no-reply@testserver",
    "LENDER_CONTACT_EMAIL": "help@testserver",
    "CUSTOMER_LINK_DAYS": "30",
    "XERO_CONNECTION_CAP": "25",
}

os.environ.update(CHOSEN)
