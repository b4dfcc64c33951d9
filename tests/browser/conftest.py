"""A browser, the site on a port, and the sandbox on another."""

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.urls import reverse

from tests.browser.customers import Customer
from tests.marks import on_any_database
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.portal.journeys import PRIVACY, TERMS, record_app
from xero_sync.borrowers import connecting
from xero_sync.sandbox.consumers import BUILT_IN
from xero_sync.sandbox.webhooks import Consumer

CHROMIUM = shutil.which("chromium")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Skip the tests of this folder where there is no browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(on_any_database)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip(reason="no chromium: apt-get install chromium")
                )


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {"executable_path": CHROMIUM, "args": ["--no-sandbox"]}


@pytest.fixture(scope="session", autouse=True)
def playwright_and_the_database_share_a_thread():
    """Let Django work beside the loop that Playwright runs in this thread."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(autouse=True)
def nothing_read_is_kept():
    cache.clear()


@pytest.fixture
def site(live_server, settings, codat):
    """The address of the site; the sandbox sends borrowers and webhooks to it."""
    settings.PUBLIC_BASE_URL = live_server.url
    codat.sandbox.settings.redirect_url = connecting.return_address()
    outbox = codat.sandbox.outbox
    outbox.secret = settings.CODAT_WEBHOOK_SECRET
    outbox.consumers[BUILT_IN] = Consumer(
        BUILT_IN, f"{live_server.url}{reverse('codat-webhook')}"
    )
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    return live_server.url


@pytest.fixture
def customer(site, codat, browser, screenshots):
    """A borrower who has a link, on a phone, in English, without script."""
    made = Customer(site=site, codat=codat, browser=browser, folder=screenshots)
    yield made
    made.close()


@pytest.fixture(scope="session")
def screenshots():
    folder = Path(django_settings.BASE_DIR) / ".data" / "browser" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
