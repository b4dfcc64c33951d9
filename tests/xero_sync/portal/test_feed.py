"""The borrower's page of the bank feed, against the sandbox."""

import pytest
from django.urls import reverse

from tests.xero_sync.portal.journeys import LOOKS_AGAIN, Customer, record_app, text_of
from xero_sync.borrowers import wishes
from xero_sync.models import BorrowerWish, Connection, LenderAccount

pytestmark = pytest.mark.django_db

FEED = "/c/my/feed/"


@pytest.fixture
def ready(codat):
    """A borrower whose accounts are chosen and whose feed is connected."""
    connection = codat.ready()
    return Customer(codat=codat, company=connection.company)


def act(ready, name):
    return ready.press(reverse("customer-feed"), {"act": name})


def test_a_connected_feed_is_shown_as_xero_shows_it(ready, settings):
    settings.LENDER_ACCOUNT_NUMBER = "12345678"

    shown = ready.see(FEED)

    assert "The bank feed is connected" in shown
    assert settings.LENDER_NAME in shown
    # It may have been made with other numbers than those that are set by now.
    assert "5678" not in text_of(shown)


def test_cutting_and_connecting_are_taken_down_without_asking_codat(ready):
    before = len(ready.codat.sandbox.requests)

    assert act(ready, "disconnect").status_code == 303
    shown = ready.get(FEED)

    assert "<h1>We are cutting the bank feed</h1>" in shown.content.decode()
    assert 'name="act"' not in shown.content.decode()
    assert "Check again" in shown.content.decode()
    assert shown.headers["Refresh"] == LOOKS_AGAIN
    wishes.fulfil()
    sent = len(ready.codat.sandbox.requests)
    assert act(ready, "connect").status_code == 303
    assert "<h1>We are connecting the bank feed</h1>" in ready.see(FEED)
    assert len(ready.codat.sandbox.requests) == sent > before


def test_what_was_done_is_seen_afterwards(ready):
    act(ready, "disconnect")
    wishes.fulfil()
    cut = ready.get(FEED)
    act(ready, "connect")
    wishes.fulfil()
    again = ready.get(FEED)

    assert "<h1>The bank feed is not connected</h1>" in cut.content.decode()
    assert "Refresh" not in cut.headers
    assert "<h1>The bank feed is connected</h1>" in again.content.decode()


def test_an_act_that_the_page_does_not_offer_changes_nothing(ready):
    assert act(ready, "connect").status_code == 303
    assert act(ready, "close").status_code == 303
    assert act(ready, "").status_code == 303

    assert not BorrowerWish.objects.exists()


def test_a_second_tab_adds_nothing(ready):
    """It shows the button still; what it sends is under way already."""
    act(ready, "disconnect")

    assert act(ready, "disconnect").status_code == 303
    assert act(ready, "connect").status_code == 303

    assert BorrowerWish.objects.get().act == "cut_feed"


def test_who_asks_too_often_is_told_so_at_once(ready, new_minute):
    for _ in range(12):
        act(ready, "disconnect")
        BorrowerWish.objects.all().delete()

    shown = act(ready, "disconnect").content.decode()

    assert 'role="alert"' in shown
    assert "We are asking Xero for much at the moment" in shown
    assert not BorrowerWish.objects.exists()


def test_a_refusal_is_told_on_the_page_until_they_ask_again(ready):
    act(ready, "disconnect")
    wishes.fulfil()
    ready.codat.sandbox.faults.add("error_before", match="POST .*/mapping", status=400)
    act(ready, "connect")
    wishes.fulfil()

    shown = ready.get(FEED)

    text = shown.content.decode()
    assert "Refresh" not in shown.headers
    assert "<title>Error: Bank feed" in text
    assert "The bank feed was not connected" in text
    assert "<h1>The bank feed is not connected</h1>" in text
    act(ready, "connect")
    assert "The bank feed was not connected" not in ready.see(FEED)


def test_another_account_is_chosen_with_the_question_of_it(ready):
    LenderAccount.objects.update(feed_status="disconnected")

    assert reverse("customer-question", args=["lender"]) in ready.see(FEED)


def test_one_that_xero_is_connecting_is_looked_at_again_by_itself(ready):
    LenderAccount.objects.update(feed_status="connecting")

    assert ready.get(FEED).headers["Refresh"] == LOOKS_AGAIN


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
