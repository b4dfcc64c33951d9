"""`manage.py xero_app`."""

import pytest
from django.utils import timezone

from tests.trail import entries
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync import jobs
from xero_sync.models import XeroApp
from xero_sync.xero_app import facts, keys, toggles

SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"


@pytest.fixture
def on(db):
    """The app with its keys, switched on."""
    signed = {"changed_by": "test", "now": timezone.now()}
    keys.save_keys(client_id="CLIENT", client_secret=SECRET, **signed)
    toggles.switch_integration(on=True, **signed)


def test_before_anything_is_recorded_it_says_so(db):
    printed = run("xero_app")

    assert "the client id and the client secret not recorded" in printed
    assert "https://xero.codat.io/oauth2/callback" in printed
    assert "not asked yet; use --check" in printed
    assert not XeroApp.objects.exists()


def test_a_check_asks_codat_and_may_be_repeated(codat, on):
    printed = run("xero_app", "--check")
    rows = entries()
    again = run("xero_app", "--check")

    assert "Xero here:          on" in printed
    assert "Xero at Codat:      on, read" in printed
    assert "Xero at Codat:      on, read" in again
    assert entries() == rows
    assert SECRET not in printed
    assert f"…{SECRET[-4:]}" in printed


def test_a_difference_is_a_failure_with_its_remedy(codat, on):
    codat.sandbox.settings.integration_enabled = False

    message = refusal("xero_app", "--check")

    assert "Xero is on here, but off at Codat" in message
    assert "Switch it on in Codat's portal" in message


def test_a_codat_that_does_not_answer_is_a_sentence(db, settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"

    assert "Check CODAT_BASE_URL" in refusal("xero_app", "--check")


def test_the_daily_job_asks_codat_too(codat):
    codat.sandbox.settings.integration_enabled = False

    jobs.daily_check()

    assert facts.current().enabled_at_codat is False
