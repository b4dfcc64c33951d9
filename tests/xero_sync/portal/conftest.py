"""What the tests of the borrowers' pages share."""

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.portal.journeys import Customer


@pytest.fixture
def customer(codat):
    return Customer(codat=codat)


@pytest.fixture
def new_minute():
    """A minute of the clock that has just begun, so that none ends in between."""
    with time_machine.travel(timezone.now().replace(second=0, microsecond=0)):
        yield


@pytest.fixture(autouse=True)
def nothing_read_is_kept() -> None:
    cache.clear()
