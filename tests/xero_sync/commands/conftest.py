"""A Codat on a port for the tests of the commands."""

import pytest

from tests.xero_sync.commands.worlds import codat_on_a_port


@pytest.fixture
def codat(db, settings):
    """A sandbox with one linked company, in an empty database."""
    with codat_on_a_port(settings) as served:
        yield served
