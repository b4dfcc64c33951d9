"""What the tests of the borrowers' pages share."""

import pytest
from django.core.cache import cache

from tests.backoffice.customer.journeys import Customer
from tests.xero_sync.commands.conftest import codat as codat


@pytest.fixture
def customer(codat):
    return Customer(codat)


@pytest.fixture(autouse=True)
def nobody_has_asked_yet() -> None:
    cache.clear()
