"""What was foreseen is what the sandbox receives, over loans as they come."""

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lending.models import LoanEvent
from lending.money import split_tax
from lending.positions import effect_of
from tests.marks import thorough
from tests.worlds import World
from tests.xero_sync.entries.forecasts import (
    by_choice,
    by_mapping,
    payments_in,
    received,
    rows_of,
)
from xero_sync.entries.fates import Fate
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Reason, Step

pytestmark = pytest.mark.django_db

RATES = (("NONE", "0"), ("INPUT2", "20"), ("RRINPUT", "5"))
KINDS = ("drawdown", "fee", "invoice_payment", "final_payment", "residual_release")
# We enter nothing for these, but the borrower's accounts move.
NOT_BY_US = (Fate.LEFT_TO_BORROWER, Fate.ALREADY_IN_BOOKS, Fate.UNDO_BY_HAND)


@dataclass(frozen=True)
class Movement:
    """One event of a generated loan, and when it is taken back, if at all."""

    kind: str
    cents: int
    days_back: int
    description: str
    already_in_books: bool
    taken_back: str


@dataclass(frozen=True)
class Life:
    """A generated loan."""

    route: str
    posting: str
    movements: list[Movement] = field(default_factory=list)


movements = st.builds(
    Movement,
    kind=st.sampled_from(KINDS),
    # At most four payments of a loan stay below its invoice of 1,000.
    cents=st.integers(1, 25_000),
    days_back=st.integers(0, 40),
    description=st.sampled_from(["", "March", "Zinsen für März", "50 % « taxe »"]),
    already_in_books=st.sampled_from([False, False, False, True]),
    taken_back=st.sampled_from(["never", "never", "before", "after"]),
)
lives = st.builds(
    Life,
    route=st.sampled_from(["lender", "borrower"]),
    posting=st.sampled_from(["leave_to_borrower", "post_on_nominated"]),
    movements=st.lists(movements, min_size=1, max_size=4),
)
cases = given(
    found=st.lists(lives, min_size=1, max_size=2),
    rates=st.tuples(st.sampled_from(RATES), st.sampled_from(RATES)),
    language=st.sampled_from(["en", "fr"]),
)
ROLLED_BACK = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@cases
@hypothesis_settings(
    max_examples=5, phases=[Phase.generate], suppress_health_check=ROLLED_BACK
)
def test_what_was_foreseen_is_received(found, rates, language):
    live(found, rates, language)


@thorough
@cases
@hypothesis_settings(
    max_examples=40, phases=[Phase.generate], suppress_health_check=ROLLED_BACK
)
def test_what_was_foreseen_is_received_whatever_the_loans(found, rates, language):
    live(found, rates, language)


def live(found, rates, language):
    with rolled_back():
        world = World()
        borrower = world.borrower(language=language)
        later = [event for life in found for event in record(borrower, life)]
        first, second = (
            {"tax_rate_id": rate, "tax_percent": Decimal(percent)}
            for rate, percent in rates
        )

        foreseen = by_choice(borrower, **first)
        choose(borrower, first)
        assert_received(world, foreseen)
        for event in later:
            borrower.reverse(event)
        choose(borrower, second)
        foreseen = by_mapping(borrower)
        world.wire.received.clear()
        assert_received(world, foreseen)
        assert_books_are(borrower, by_mapping(borrower))


def choose(borrower, tax):
    """Save a choice that differs by its tax."""
    account = borrower.lender_account
    borrower.world.choose_accounts(borrower, lender_account=account, **tax)


def record(borrower, life):
    """Record a loan's events; return those that are to be taken back later."""
    loan = borrower.loan(
        collection_route=life.route, invoice_payment_posting=life.posting
    )
    today = borrower.company.today(borrower.world.clock.now)
    later = []
    for one in life.movements:
        event = borrower.record(
            loan,
            one.kind,
            str(Decimal(one.cents) / 100),
            value_date=today - timedelta(days=one.days_back),
            description=one.description,
            already_in_books=one.already_in_books,
        )
        by_hand = one.kind == "invoice_payment" and one.already_in_books
        if one.taken_back == "before" and not by_hand:
            borrower.reverse(event)
        elif one.taken_back != "never":
            later.append(event)
    # What is undone by hand keeps the loan's later entries waiting for a person.
    return sorted(later, key=lambda event: event.kind == "invoice_payment")


def assert_received(world, foreseen):
    """Let the engine work, and compare."""
    world.run(seconds=900)
    left = SyncRecord.objects.open().exclude(reason=Reason.UNDO_BY_HAND)
    assert not left.exclude(reason=Reason.AWAITING_BOOKING).exists()
    coming = [row for row in rows_of(foreseen) if row.fate == Fate.COMES]

    def bodies(known):
        return [row.body for row in coming if known(json.loads(row.body))]

    transfers = bodies(lambda body: "from" in body)
    costs = bodies(lambda body: "lineItems" in body)
    payments = bodies(lambda body: "lines" in body)
    assert len(transfers) + len(costs) + len(payments) == len(coming)
    assert Counter(received(world, Step.TRANSFER)) == Counter(transfers)
    assert Counter(received(world, Step.DIRECT_COST)) == Counter(costs)
    assert payments_in(received(world, Step.PAYMENT)) == payments_in(payments)
    assert lines_received(world) == Counter(
        (foreseen_line["accountId"], said(row.line.text), row.line.amount)
        for row in coming
        if row.line
        for foreseen_line in [json.loads(row.line.body)]
    )


def lines_received(world):
    """Lines without what depends on what went before them: account, text, amount."""
    return Counter(
        (push["accountId"], said(line["description"]), line["amount"])
        for body in received(world, Step.STATEMENT_LINE)
        for push in [json.loads(body, parse_float=Decimal)]
        for line in push["transactions"]
    )


def said(text):
    """What a line says besides its value date, which is named if it had to move."""
    return (
        text.rpartition(", value date ")[0] or text.rpartition(", date de")[0] or text
    )


def assert_books_are(borrower, foreseen):
    """The ledger is the positions, but for what is not entered by us."""
    rows = {row.external_id: row for one in foreseen.loans for row in one.rows}
    events = LoanEvent.objects.filter(loan__company=borrower.company)
    missing = [
        effect_of(event, event.loan, tax_in(event, borrower, rows))
        for event in events.select_related("loan__company")
        if rows[event.external_id].fate in NOT_BY_US
    ]
    positions = [one.position for one in foreseen.loans]

    def expected(name, effect):
        return sum(getattr(one, name) for one in positions) - sum(
            getattr(one, effect) for one in missing
        )

    assert borrower.balance("L") == expected("lender_account", "lender")
    assert borrower.balance("N") == expected("nominated_account", "nominated")
    assert borrower.balance("E") == expected("fee_expense", "expense")
    assert borrower.books.tax == expected("tax", "tax")
    assert borrower.books.accounts_receivable == expected("receivable", "receivable")


def tax_in(event, borrower, rows):
    """The tax in a fee that we did not enter: what was taken back of it, if it was."""
    if event.kind != "fee":
        return Decimal(0)
    reversal = LoanEvent.objects.filter(reverses=event).first()
    taken_back = reversal and rows[reversal.external_id].tax
    if taken_back is not None:
        return -taken_back
    mapping = borrower.mapping
    return split_tax(event.amount, mapping.tax_percent, mapping.currency)[1]


@contextmanager
def rolled_back():
    """Leave nothing for the next example."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
