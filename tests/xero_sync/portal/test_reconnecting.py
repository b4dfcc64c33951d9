"""Another organisation, a consent that falls short, and the end of a connection."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from lending.models import AuditEntry
from tests.builders import make_company
from tests.xero_sync.portal.journeys import LOOKS_AGAIN, Customer, record_app
from xero_sync import jobs
from xero_sync.borrowers import consent_notices, notices, wishes
from xero_sync.models import BorrowerNotice, BorrowerWish, Connection, ScopeChange
from xero_sync.models.links import LinkRole
from xero_sync.runtime.clock import database_now
from xero_sync.xero_app import scopes

pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(codat):
    """A borrower who is connected, in their browser."""
    codat.adopt(make_company(reference="harbour"))
    return Customer(Connection.objects.get().company, codat=codat)


def requests_of(customer, method):
    return [one for one in customer.codat.sandbox.requests if one.method == method]


# --- the consent falls short ----------------------------------------------------------


@pytest.fixture
def falls_short(connected):
    """Since they consented the app asks for one scope more."""
    Connection.objects.update(consented_at=timezone.now(), bank_feeds=False)
    record_app(wants_bank_feeds=True)
    ScopeChange.objects.create(
        changed_at=timezone.now(),
        added=["bankfeeds"],
        author="user:bert",
        recorded_at=timezone.now(),
    )
    assert scopes.must_consent_again(Connection.objects.get()) == {"bankfeeds"}
    return connected


def test_a_consent_that_falls_short_shows_reconnect_needed_and_its_button(falls_short):
    home = falls_short.see(falls_short.home)
    shown = falls_short.see(falls_short.way)

    assert "Reconnect needed" in home
    assert f'class="button" href="{falls_short.way}"' in home
    assert "Reconnect needed" in shown
    assert "Reconnect to Xero" in shown
    # Looking cuts nothing.
    assert not requests_of(falls_short, "PATCH")


def test_to_reconnect_leads_to_xero_and_back_with_the_whole_consent(falls_short):
    answer = falls_short.click()
    cut = falls_short.connection.status
    returned = falls_short.see(falls_short.consent(answer["Location"]))

    assert answer.status_code == 303
    assert "otp=" in answer["Location"]
    assert cut == "Unlinked"
    assert "Connected to" in returned
    connection = falls_short.connection
    assert connection.status == "Linked"
    assert scopes.must_consent_again(connection) == set()
    assert "Reconnect needed" not in falls_short.see(falls_short.home)
    cut_by = AuditEntry.objects.get(verb="connection.disconnected")
    assert cut_by.actor == "borrower:harbour"


def test_who_does_not_come_back_is_asked_again(falls_short):
    address = falls_short.click()["Location"]

    falls_short.see(falls_short.consent(address, outcome=403))

    assert "Reconnect to Xero" in falls_short.see(falls_short.way)
    assert "otp=" in falls_short.click()["Location"]


def test_without_agreeing_nothing_is_cut(falls_short):
    falls_short.post({})

    assert falls_short.connection.status == "Linked"
    assert not requests_of(falls_short, "PATCH")


def test_where_our_own_side_is_not_ready_nothing_is_cut(falls_short, settings):
    settings.LENDER_ACCOUNT_NUMBER = ""
    Connection.objects.update(bank_feeds=True)

    shown = falls_short.click().content.decode()

    assert "That did not work just now" in shown
    assert falls_short.connection.status == "Linked"
    assert not requests_of(falls_short, "PATCH")


def test_one_mail_asks_for_it_and_none_where_it_is_settled(falls_short, mailoutbox):
    for _ in range(2):
        jobs.daily_check()
    assert BorrowerNotice.objects.filter(kind="consent_again").count() == 1

    notices.send_due()

    (sent,) = [one for one in mailoutbox if "connected anew" in one.subject]
    assert sent.to == [falls_short.company.contact_email]


def test_a_mail_that_has_become_pointless_is_not_sent(falls_short, mailoutbox):
    consent_notices.tell(now=timezone.now())
    falls_short.see(falls_short.consent(falls_short.click()["Location"]))

    notices.send_due()

    assert not [one for one in mailoutbox if "connected anew" in one.subject]


# --- another organisation -------------------------------------------------------------


@pytest.fixture
def elsewhere(connected):
    """Their connection leads to another organisation by now."""
    Connection.objects.update(
        organisation_changed=True,
        organisation_name="Bakery",
        previous_organisation_name="Harbour",
    )
    return connected


@pytest.fixture
def question():
    return reverse("customer-organisation")


def test_home_asks_which_organisation_it_is(elsewhere, question):
    home = elsewhere.see(elsewhere.home)
    shown = elsewhere.see(question)

    assert f'class="button" href="{question}"' in home
    assert "Connected before: “Harbour”." in shown
    assert "Connected now: “Bakery”." in shown
    assert "checked" not in shown


@pytest.mark.parametrize(
    ("answer", "verb"),
    [
        ("same", "connection.same_organisation"),
        ("another", "connection.other_organisation"),
    ],
)
def test_the_borrower_says_which_one_it_is(elsewhere, question, answer, verb):
    said = elsewhere.press(question, {"answer": answer, "shown": "Bakery"})

    assert said["Location"] == elsewhere.home
    assert elsewhere.connection.organisation_changed is False
    assert AuditEntry.objects.get(verb=verb).actor == "borrower:harbour"
    # Said twice, it is said once.
    again = elsewhere.press(
        question, {"answer": answer, "shown": "Bakery"}, page=elsewhere.home
    )
    assert again["Location"] == elsewhere.home
    assert AuditEntry.objects.filter(verb=verb).count() == 1


@pytest.mark.parametrize("values", [{}, {"answer": "neither"}])
def test_without_an_answer_the_page_asks_for_one(elsewhere, question, values):
    answer = elsewhere.press(question, {"shown": "Bakery", **values})

    assert answer.status_code == 200
    assert "Say which of the two it is." in answer.content.decode()
    assert elsewhere.connection.organisation_changed


def test_an_answer_about_an_organisation_that_was_not_shown_is_none(
    elsewhere, question
):
    answer = elsewhere.press(question, {"answer": "same", "shown": "Harbour"})

    assert "Your connection has changed once more" in answer.content.decode()
    assert elsewhere.connection.organisation_changed


# --- the end --------------------------------------------------------------------------


@pytest.fixture
def end():
    return reverse("customer-disconnect")


def test_to_disconnect_is_confirmed_taken_down_and_then_done_at_codat(connected, end):
    assert end in connected.see(connected.way)

    shown = connected.see(end)
    answer = connected.press(end, {})
    asked = len(requests_of(connected, "PATCH"))
    waiting = connected.get(connected.way)
    # Pressed again in another tab, it changes nothing.
    again = connected.press(end, {}, page=connected.home)
    wishes.fulfil()

    assert "Nothing is lost" in shown
    assert answer["Location"] == again["Location"] == connected.way
    assert asked == 0
    assert "We are disconnecting your Xero" in waiting.content.decode()
    assert waiting.headers["Refresh"] == LOOKS_AGAIN
    assert end not in waiting.content.decode()
    assert connected.connection.status == "Unlinked"
    assert len(requests_of(connected, "PATCH")) == 1
    done = AuditEntry.objects.get(verb="connection.disconnected")
    assert done.actor == "borrower:harbour"
    assert "Your Xero is disconnected" in connected.see(connected.way)


def test_while_codat_is_silent_the_page_says_that_it_goes_on_by_itself(
    connected, end, settings
):
    there, settings.CODAT_BASE_URL = settings.CODAT_BASE_URL, "http://127.0.0.1:1"
    connected.press(end, {})
    wishes.fulfil()
    an_hour_ago = database_now() - timedelta(hours=1)
    BorrowerWish.objects.update(asked_at=an_hour_ago, due_at=an_hour_ago)
    Connection.objects.update(consented_at=an_hour_ago)

    shown = connected.see(connected.way)

    assert "We are disconnecting your Xero" in shown
    assert "We go on trying until Xero answers." in shown
    assert connected.connection.status == "Linked"
    settings.CODAT_BASE_URL = there
    wishes.fulfil()
    assert connected.connection.status == "Unlinked"


def test_what_kept_it_from_being_cut_is_told_on_the_page(connected, end):
    connected.codat.sandbox.faults.add("error_before", match="PATCH .*", status=400)
    connected.press(end, {})
    wishes.fulfil()

    shown = connected.see(connected.way)

    assert 'role="alert"' in shown
    assert "Xero did not accept this" in shown
    assert "Your Xero is still connected." in shown
    assert end in shown


def test_nobody_is_sent_to_xero_while_the_connection_is_being_cut(connected, end):
    connected.press(end, {})

    assert connected.click()["Location"] == connected.way
    assert len(requests_of(connected, "PATCH")) == 0


def test_the_way_out_of_the_wrong_organisation_is_open(elsewhere, question, end):
    assert end in elsewhere.see(question)

    elsewhere.press(end, {})
    wishes.fulfil()

    assert elsewhere.connection.status == "Unlinked"


def test_an_accountant_is_offered_no_end(connected, end):
    accountant = Customer(
        connected.company, role=LinkRole.ACCOUNTANT, codat=connected.codat
    )

    assert end not in accountant.see(accountant.way)
