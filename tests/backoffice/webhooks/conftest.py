"""What most of these tests need: addresses on this machine are allowed."""

import pytest

from tests.backoffice.webhooks.receiver import listening


@pytest.fixture
def on_this_machine(settings):
    """As on a developer's machine: http, any port, private addresses."""
    settings.DEBUG = True
    settings.WEBHOOK_ALLOW_PRIVATE = True


@pytest.fixture
def receiver(on_this_machine):
    with listening() as found:
        yield found
