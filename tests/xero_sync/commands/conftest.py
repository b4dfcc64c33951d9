"""A Codat on a port for the tests of the commands."""

import pytest

from tests.xero_sync.commands.worlds import codat_on_a_port
from xero_sync.accounts import lender_accounts, setup_writes


@pytest.fixture
def codat(db, settings, monkeypatch):
    """A sandbox that answers at once, asked often."""
    for module in (lender_accounts, setup_writes):
        monkeypatch.setattr(module, "POLL_SECONDS", 0.05)
    with codat_on_a_port(settings) as served:
        yield served
