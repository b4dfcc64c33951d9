"""A borrower switches posting on and off, and sees beforehand what that does."""

import re
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.worlds import World
from tests.xero_sync.evidence import ours, state_of
from tests.xero_sync.portal.journeys import Visitor, sent_by, text_of
from xero_sync.models import (
    BorrowerNotice,
    Connection,
    LenderAccount,
    SyncRecord,
    WritebackSwitch,
)

pytestmark = pytest.mark.django_db

PAGE = "/c/my/posting/"


@pytest.fixture
def world():
    return World()


def day(borrower, back):
    return borrower.company.today(borrower.world.clock.now) - timedelta(days=back)


def customer(borrower, **values):
    return Visitor(company=borrower.company, **values)


def seen(visitor, **query):
    """The page, and the form on it as it stands."""
    page = visitor.see(PAGE, **query)
    return page, filled(page)


def filled(page):
    """What a browser would send of the form on a page, without a choice."""
    values = {"act": "on"}
    for name in ("shown", "since"):
        if found := re.search(rf'name="{name}"[^>]* value="([^"]*)"', page):
            values[name] = found[1]
    return values


def press(visitor, values):
    return visitor.press(PAGE, values)


def test_without_anything_waiting_one_press_switches_it_on(world):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower)
    page, form = seen(visitor)
    assert 'name="choice"' not in page

    answer = press(visitor, form)

    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert borrower.connection.writeback_on
    assert "Posting is on" in visitor.see(PAGE)
    switch = WritebackSwitch.objects.get()
    assert switch.switched_by == f"borrower:{borrower.company.reference}"
    assert BorrowerNotice.objects.get(kind="posting_on").subject == str(switch.pk)


def test_each_choice_is_shown_with_what_it_does(world):
    borrower = world.borrower(writeback=False)
    early, late = borrower.loan(), borrower.loan()
    borrower.record(early, "drawdown", "800", value_date=day(borrower, 5))
    borrower.record(early, "fee", "50", value_date=day(borrower, 2))
    borrower.record(late, "drawdown", "70", value_date=day(borrower, 3))

    page, form = seen(customer(borrower))

    text = text_of(page)
    assert form["since"] == str(day(borrower, 3))
    assert "Total 6 £870.00" in text
    account = borrower.lender_account.name
    for balance in ("−£920.00", "−£70.00", "£0.00"):
        assert f"By our entries “{account}” then stands at {balance}." in text
    assert "2 entries are posted. 4 entries are left out for good, and so is" in text
    assert " checked" not in page


def test_the_books_then_stand_as_was_shown(world):
    borrower = world.borrower(writeback=False)
    early, late = borrower.loan(), borrower.loan()
    borrower.record(early, "drawdown", "800", value_date=day(borrower, 5))
    fee = borrower.record(early, "fee", "50", value_date=day(borrower, 2))
    borrower.record(late, "drawdown", "70", value_date=day(borrower, 3))
    visitor = customer(borrower)
    _, form = seen(visitor)

    answer = press(visitor, {**form, "choice": "since"})
    world.run()

    assert answer.status_code == 303
    assert [entry.amount for entry in ours(borrower)] == [70]
    assert state_of(fee) == "cancelled left_out"
    assert borrower.balance("L") == -70


@pytest.mark.parametrize(
    ("choice", "state"), [("all", "queued"), ("none", "cancelled left_out")]
)
def test_all_are_posted_or_none(world, choice, state):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)

    press(visitor, {**form, "choice": choice})

    assert state_of(event) == state


def test_another_date_is_shown_before_it_counts(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(
        borrower.loan(), "drawdown", "800", value_date=day(borrower, 5)
    )
    visitor = customer(borrower)
    _, form = seen(visitor)
    later = {**form, "choice": "since", "since": str(day(borrower, 1))}

    again = press(visitor, later)

    page = again.content.decode()
    assert again.status_code == 200
    assert "See what this date does, then confirm it." in page
    assert "<title>Error:" in page
    assert "2 entries are left out for good, and so" in text_of(page)
    assert f'value="{day(borrower, 1)}"' in page
    assert 'value="since" checked' in page
    assert not borrower.connection.writeback_on
    press(visitor, {**filled(page), "choice": "since"})
    assert state_of(event) == "cancelled left_out"


@pytest.mark.parametrize("choice", ["all", "since", "none"])
def test_what_has_changed_meanwhile_is_shown_again(world, choice):
    borrower = world.borrower(writeback=False)
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)
    borrower.record(loan, "fee", "50")

    again = press(visitor, {**form, "choice": choice})

    page = again.content.decode()
    assert not borrower.connection.writeback_on
    assert "−£850.00" in text_of(page)
    assert f'value="{choice}" checked' in page
    assert state_of(event) == "held writeback_off"
    press(visitor, {**filled(page), "choice": choice})
    assert borrower.connection.writeback_on


def test_what_is_recorded_while_an_empty_page_is_open_is_asked_about(world):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower)
    _, form = seen(visitor)
    borrower.record(borrower.loan(), "drawdown", "800")

    again = press(visitor, form)

    assert "Choose what becomes of what has waited." in again.content.decode()
    assert not borrower.connection.writeback_on


def test_what_was_taken_back_while_the_page_was_open_is_no_longer_chosen_about(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)
    borrower.reverse(event)

    again = press(visitor, {**form, "choice": "all"})

    assert "What waits has changed meanwhile." in again.content.decode()
    assert not borrower.connection.writeback_on


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "id_choice_all", "Choose what becomes of what has waited."),
        ({"choice": "half"}, "id_choice_all", "Choose what becomes of what has waited"),
        ({"choice": "since", "since": ""}, "id_since", "Enter the date from which"),
        (
            {"choice": "since", "since": "31/02/2026"},
            "id_since",
            "Enter a whole date, such as 31/12/2026.",
        ),
    ],
)
def test_a_mistake_is_named_at_its_field_and_the_input_kept(
    world, values, field, words
):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)

    answer = press(visitor, {**form, **values})

    page = answer.content.decode()
    assert f'<a href="#{field}">{words}' in page
    assert f'id="{field}"' in page
    assert not borrower.connection.writeback_on
    if "31/02" in values.get("since", ""):
        assert 'value="31/02/2026"' in page
    if values.get("choice") == "since":
        assert 'value="since" checked' in page


def test_a_date_that_the_choice_does_not_need_is_no_mistake(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)

    press(visitor, {**form, "choice": "all", "since": "soon"})

    assert borrower.connection.writeback_on


def test_what_is_in_xero_in_part_is_posted_whatever_is_chosen(world):
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    visitor = customer(borrower)
    press(visitor, {"act": "off"})
    fee = borrower.record(loan, "fee", "50")

    page, form = seen(visitor)
    press(visitor, {**form, "choice": "none"})

    assert "Part of 1 financing is in Xero." in text_of(page)
    assert state_of(fee) == "queued"


def test_old_lines_and_locked_periods_are_told_of(world):
    borrower = world.borrower(writeback=False)
    loan = borrower.loan(agreed_on=day(borrower, 500))
    Connection.objects.update(ledger_lock_date=day(borrower, 300))
    borrower.record(loan, "drawdown", "800", value_date=day(borrower, 400))

    text = text_of(customer(borrower).see(PAGE))

    assert "1 statement line is older than a year." in text
    assert "1 entry lies in a locked period." in text
    assert "Your bookkeeper may have entered some already." in text


def test_switching_off_keeps_everything_and_says_so(world):
    borrower = world.borrower()
    world.sandbox.faults.add("push_slow", match="transfers", seconds=60)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.drain()
    queued = borrower.record(loan, "fee", "50")
    visitor = customer(borrower)

    text = text_of(visitor.see(PAGE))
    answer = press(visitor, {"act": "off"})

    assert "1 financing is running." in text
    assert "Nothing that stands in Xero is removed." in text
    assert "1 entry is on its way and is still posted." in text
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert not borrower.connection.writeback_on
    assert "nothing is lost" in visitor.see(PAGE)
    assert state_of(queued) == "held writeback_off"
    assert BorrowerNotice.objects.filter(kind="posting_off").exists()


def test_a_repeated_press_changes_nothing_more(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    visitor = customer(borrower)
    _, form = seen(visitor)
    for _ in range(2):
        press(visitor, {**form, "choice": "all"})
    for _ in range(2):
        press(visitor, {"act": "off"})

    assert [one.on for one in WritebackSwitch.objects.order_by("pk")] == [True, False]


def test_switching_off_holds_however_many_with_as_many_queries(world):
    asked = []
    for count in (2, 12):
        borrower = world.borrower()
        for _ in range(count):
            borrower.record(borrower.loan(), "drawdown", "8")
        queued = SyncRecord.objects.filter(company=borrower.company, state="queued")
        assert queued.count() >= count
        visitor = customer(borrower)
        values = {**sent_by(visitor.see(PAGE)), "act": "off"}

        with CaptureQueriesContext(database) as queries:
            visitor.browser.post(PAGE, values)

        held = SyncRecord.objects.filter(company=borrower.company, state="held")
        assert not queued.exists()
        assert held.filter(reason="writeback_off").count() >= count
        change = held.first().changes.latest("pk")
        assert (change.reason, change.actor[:9]) == ("writeback_off", "borrower:")
        asked.append(len(queries))

    assert asked[0] == asked[1]


def test_looking_changes_nothing(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    before = list(SyncRecord.objects.order_by("pk").values())
    visitor = customer(borrower)

    for query in ({}, {"act": "on", "choice": "all"}, {"act": "off"}):
        visitor.see(PAGE, **query)

    assert list(SyncRecord.objects.order_by("pk").values()) == before
    assert not WritebackSwitch.objects.exists()


@pytest.mark.parametrize(
    ("lose", "words", "page"),
    [
        (
            lambda: Connection.objects.update(status="Deauthorized"),
            "Your Xero is no longer connected",
            "customer-connect",
        ),
        (
            lambda: LenderAccount.objects.update(void_since=timezone.now()),
            "Something is missing in your choice",
            "customer-accounts",
        ),
    ],
    ids=["connection", "accounts"],
)
def test_what_is_lost_while_they_press_is_said_with_the_way_on(
    world, lose, words, page
):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower)
    _, form = seen(visitor)
    # What the page itself sends, found before anything is lost.
    values = {**sent_by(visitor.see(PAGE)), **form}
    is_lost = []

    def lose_it(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if "xero_sync_accountmapping" in sql and not is_lost:
            is_lost.append(lose())
        return found

    with database.execute_wrapper(lose_it):
        answer = visitor.browser.post(PAGE, values)

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert f"<h2>{words}</h2>" in shown
    assert f'href="{reverse(page)}"' in shown
    assert not borrower.connection.writeback_on


def test_a_form_without_its_token_is_refused(world):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower)
    visitor.see(PAGE)

    answer = visitor.browser.post(PAGE, {"act": "on"})

    assert answer.status_code == 403
    assert not borrower.connection.writeback_on


@pytest.mark.parametrize("is_on", [True, False])
def test_without_a_sitting_nothing_is_shown_or_switched(world, is_on):
    borrower = world.borrower(writeback=is_on)
    visitor = customer(borrower)

    answer = visitor.browser.get(PAGE)

    assert answer.status_code == 403
    assert borrower.connection.writeback_on == is_on


def test_an_accountant_may_switch_and_the_owner_is_told_once(world):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower, role="accountant")
    _, form = seen(visitor)

    press(visitor, form)

    assert WritebackSwitch.objects.get().switched_by.startswith("accountant:")
    assert [one.kind for one in BorrowerNotice.objects.all()] == ["posting_on"]


def test_what_comes_first_is_asked_first(world):
    borrower = world.borrower(writeback=False)
    visitor = customer(borrower)
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.run(seconds=20)
    cut = visitor.get(PAGE)
    Connection.objects.update(status="Linked")
    borrower.connection.lender_accounts.update(void_since=world.clock.now)
    unchosen = visitor.get(PAGE)

    assert cut["Location"] == reverse("customer-connect")
    assert unchosen["Location"] == reverse("customer-accounts")


def test_even_a_cut_connection_can_be_switched_off(world):
    borrower = world.borrower()
    visitor = customer(borrower)
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.run(seconds=20)

    press(visitor, {"act": "off"})

    assert not borrower.connection.writeback_on


def test_it_is_there_in_french(world):
    borrower = world.borrower(writeback=False, language="fr", currency="EUR")
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "1000", value_date=day(borrower, 5))
    visitor = customer(borrower)

    page, form = seen(visitor)
    text = text_of(page).replace("\u202f", " ").replace("\xa0", " ")

    assert "Activer l’enregistrement" in text
    assert "est alors à −1 000,00 €" in text
    assert "2 écritures sont enregistrées." in text
    press(visitor, {**form, "choice": "all"})
    assert "L’enregistrement est activé" in text_of(visitor.see(PAGE))


def test_a_page_stays_small_however_much_waits(world):
    borrower = world.borrower(writeback=False)
    loans = [borrower.loan(in_xero=False) for _ in range(60)]
    for loan in loans:
        borrower.record(loan, "drawdown", "800")

    page = customer(borrower).see(PAGE)

    assert len(page) < 60_000
    assert "and 10 more financings" in page
    assert "£48,000.00" in page
