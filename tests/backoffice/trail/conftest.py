"""A Codat to act on, and a watch over how the trail is written."""

import pytest
from django.db import connection
from django.db.models.signals import post_save

from lending.models import AuditEntry
from tests.xero_sync.commands.conftest import codat as codat


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """Passwords are hashed many times over, which no test here is about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def numbers(settings):
    """The lender's own account."""
    settings.LENDER_ACCOUNT_NUMBER = "87654321"
    settings.LENDER_SORT_CODE = "65-43-21"


@pytest.fixture(autouse=True)
def in_one_transaction():
    """Each entry is written inside a transaction of ours, within the test's own."""

    def watch(**_):
        assert connection.savepoint_ids

    post_save.connect(watch, sender=AuditEntry)
    yield
    post_save.disconnect(watch, sender=AuditEntry)
