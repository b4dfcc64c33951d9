"""An event and its planned entries: both, or neither."""

from decimal import Decimal

import pytest

from lending.models import EventKind, LoanEvent
from tests.builders import make_event, make_loan
from tests.worlds import World
from tests.xero_sync.evidence import (
    line_of,
    line_state,
    ours,
    record_of,
    state_of,
    statement,
    timeline,
)
from xero_sync.accounts import lender_accounts
from xero_sync.models import SyncRecord
from xero_sync.writeback import planner

pytestmark = pytest.mark.django_db

BORROWER = {"collection_route": "borrower"}
POSTED = {**BORROWER, "invoice_payment_posting": "post_on_nominated"}


@pytest.mark.parametrize(
    ("kind", "route", "planned"),
    [
        ("drawdown", {}, {"transfer": -10, "statement_line": -10}),
        ("drawdown", BORROWER, {"transfer": -10, "statement_line": -10}),
        ("final_payment", {}, {"transfer": 10, "statement_line": 10}),
        ("final_payment", BORROWER, {"transfer": 10, "statement_line": 10}),
        ("fee", {}, {"direct_cost": -10, "statement_line": -10}),
        ("residual_release", {}, {"transfer": -10, "statement_line": -10}),
        ("invoice_payment", {}, {"payment": 10, "statement_line": 10}),
        ("invoice_payment", POSTED, {"payment": 0}),
        ("invoice_payment", BORROWER, {}),
    ],
)
def test_an_event_is_planned_by_its_kind_and_its_loans_route(kind, route, planned):
    loan = make_loan(**route)

    event = make_event(loan=loan, kind=kind, amount="10")

    records = SyncRecord.objects.filter(event=event)
    assert {one.step: one.lender_effect for one in records} == planned


def test_a_planned_entry_says_since_when_and_why_it_is_there():
    event = make_event()

    assert timeline(event) == [("held", "no_connection", "recorded")]
    assert record_of(event).changes.get().actor == "user:anna"


def test_an_event_that_cannot_be_planned_is_not_recorded(monkeypatch):
    # A kind that was added to the book and never taught to the planner.
    monkeypatch.delitem(planner.BOOKING_OF_KIND, EventKind.FEE)
    loan = make_loan()

    with pytest.raises(KeyError):
        make_event(loan=loan, kind="fee", amount="10")

    assert not LoanEvent.objects.filter(loan=loan).exists()
    assert not SyncRecord.objects.filter(loan=loan).exists()


def test_recording_the_same_event_twice_plans_it_once():
    loan = make_loan()

    first = make_event(loan=loan, external_id="event-a")
    again = make_event(loan=loan, external_id="event-a")

    assert again == first
    assert SyncRecord.objects.filter(event=first).count() == 2


def test_what_is_in_the_books_already_is_neither_sent_nor_given_a_line():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()

    event = borrower.record(loan, "drawdown", "800", already_in_books=True)
    world.run()

    assert state_of(event) == "linked_by_hand already_in_books"
    assert line_state(event) == "cancelled already_in_books"
    assert ours(borrower) == []
    assert statement(borrower) == []


def test_a_loan_that_ran_before_goes_on_from_an_opening_balance():
    world = World()
    borrower = world.borrower()
    begun = borrower.lender_account
    world.client.create_source_account(
        borrower.connection_row.codat_company_id,
        borrower.codat_connection,
        {
            "id": "old-feed",
            "accountName": "Old lender",
            "accountType": "checking",
            "accountNumber": "87654321",
            "sortCode": "123456",
            "currency": "GBP",
            "balance": Decimal("-800.00"),
        },
    )
    ids = (borrower.connection_row.codat_company_id, borrower.codat_connection)
    world.client.create_bank_feed_mapping(*ids, source_account_id="old-feed")
    world.wait(1)
    fed = world.client.get_bank_feed_mapping(*ids)[-1]
    world.wait(1)
    world.sandbox.sync(borrower.codat_connection)
    adopted = lender_accounts.adopt(
        connection=borrower.connection_row,
        target_account_id=fed.target_account_id,
        source_account_id="old-feed",
        opening_balance=Decimal(-800),
        client=world.client,
    )
    world.choose_accounts(borrower, lender_account=adopted)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800", already_in_books=True)

    borrower.record(loan, "invoice_payment", "1000")
    world.run()

    lines = borrower.books.statement("old-feed")
    assert [(line.amount, line.balance) for line in lines] == [(1000, 200)]
    assert borrower.books.statement(begun.source_account_id) == []
    assert world.sandbox.violations == []


def test_the_opposite_of_an_event_is_planned_with_what_it_compensates():
    world = World()
    borrower = world.borrower()
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    reversal = borrower.reverse(event)

    assert record_of(reversal).compensates == record_of(event)
    assert line_of(reversal).compensates == line_of(event)
    assert record_of(reversal).lender_effect == 800
