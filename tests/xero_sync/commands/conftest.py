"""A Codat on a port for the tests of the commands."""

import pytest

from tests.xero_sync.commands.worlds import codat_on_a_port
from xero_sync.accounts import driving


@pytest.fixture
def codat(db, settings, monkeypatch):
    """A sandbox that answers at once, asked often."""
    monkeypatch.setattr(driving, "PAUSE_SECONDS", 0.05)
    settings.WRITEBACK_REFRESH_SECONDS = 0.05
    with codat_on_a_port(settings) as served:
        yield served
