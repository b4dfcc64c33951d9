"""The borrower's page of the bank feed, against the sandbox."""

import pytest
from django.urls import reverse

from lending.models import AuditEntry
from tests.xero_sync.portal.journeys import Customer, record_app
from xero_sync.models import Connection, LenderAccount

pytestmark = pytest.mark.django_db

FEED = "/c/my/feed/"


@pytest.fixture
def ready(codat):
    """A borrower whose accounts are chosen and whose feed is connected."""
    connection = codat.ready()
    return Customer(codat=codat, company=connection.company)


def act(ready, name, **values):
    return ready.press(reverse("customer-feed"), {"act": name, **values})


def test_a_connected_feed_is_shown_as_xero_shows_it(ready, settings):
    settings.LENDER_ACCOUNT_NUMBER = "12345678"

    shown = ready.see(FEED)

    assert "The bank feed is connected" in shown
    assert settings.LENDER_NAME in shown
    assert "ends in 5678" in shown
    assert "12345678" not in shown


def test_it_is_cut_and_connected_again_in_the_borrowers_name(ready):
    cut = act(ready, "disconnect")
    after = LenderAccount.objects.get().feed_status
    shown = ready.see(FEED)

    again = act(ready, "connect")

    assert (cut.status_code, again.status_code) == (303, 303)
    assert after == "disconnected"
    assert "The bank feed is not connected" in shown
    assert LenderAccount.objects.get().feed_status in {"connecting", "connected"}
    done = AuditEntry.objects.filter(verb__in=("feed.disconnected", "feed.connected"))
    assert {one.actor for one in done.order_by("-pk")[:2]} == {"borrower:harbour"}


def test_an_act_that_the_page_does_not_offer_changes_nothing(ready):
    before = len(ready.codat.sandbox.requests)

    assert act(ready, "connect").status_code == 303
    assert act(ready, "close").status_code == 303

    assert len(ready.codat.sandbox.requests) == before
    assert LenderAccount.objects.get().feed_status == "connected"


def test_the_account_of_somebody_else_is_no_target(ready):
    act(ready, "disconnect")

    shown = act(ready, "connect", target="11111111-2222-4333-8444-555555555555")

    assert shown.status_code == 200
    assert 'role="alert"' in shown.content.decode()
    assert "That is not possible any more" in shown.content.decode()
    assert LenderAccount.objects.get().feed_status == "disconnected"


def test_while_codat_is_down_the_page_says_so_and_nothing_is_lost(ready, settings):
    ready.see(FEED)
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"

    shown = act(ready, "disconnect").content.decode()

    assert "That did not work just now" in shown
    assert LenderAccount.objects.get().feed_status == "connected"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"marked_demo": True}, "No bank feed here"),
        ({"bank_feeds": False}, "Waiting for Xero&#x27;s approval"),
        (
            {"feed_refusal": "invalid-organisation-bank-feeds"},
            "Statement lines do not reach your Xero",
        ),
    ],
)
def test_what_keeps_lines_back_is_said_in_plain_words(ready, change, words):
    Connection.objects.update(**change)

    shown = ready.see(FEED)

    assert words in shown
    assert 'name="act"' not in shown


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("none", "No bank feed"),
        ("pending", "The bank feed is not connected"),
        ("connecting", "The bank feed is being connected"),
        ("disconnected", "The bank feed is not connected"),
        ("elsewhere", "The bank feed is not connected"),
        ("closed", "The bank feed has ended"),
        ("unknown", "We cannot see the bank feed"),
    ],
)
def test_every_state_of_a_feed_has_words(ready, status, words):
    LenderAccount.objects.update(feed_status=status)

    assert f"<h1>{words}</h1>" in ready.see(FEED)


def test_the_feed_of_the_lender_being_off_is_waiting_for_approval(ready):
    record_app(bank_feeds_on=False)

    assert "Waiting for Xero&#x27;s approval" in ready.see(FEED)


def test_without_a_connection_the_page_leads_to_it(customer):
    assert customer.get(FEED)["Location"] == reverse("customer-connect")
