"""What a queued entry waits for, in words that a person can act on."""

import pytest

from tests.worlds import World
from xero_sync.entries.waiting import Wait, waits_for
from xero_sync.models import SyncRecord

pytestmark = pytest.mark.django_db


def blocker(event, step="transfer"):
    record = SyncRecord.objects.get(event=event, step=step)
    found = waits_for(record)
    return found and (found[0], found[1].event)


def test_an_entry_names_the_earlier_one_of_its_loan():
    world = World()
    borrower = world.borrower()
    world.sandbox.faults.add("push_fails", match="transfers")
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "300")
    second = borrower.record(loan, "drawdown", "400")

    world.run(seconds=100)

    assert blocker(second) == (Wait.EARLIER_BOOKING, first)
    assert blocker(first) is None


def test_an_entry_names_the_unknown_one_of_its_type():
    world = World()
    borrower = world.borrower()
    world.sandbox.faults.add("error_after", match="transfers", status=500)
    first = borrower.record(borrower.loan(), "drawdown", "300")
    world.drain()
    second = borrower.record(borrower.loan(), "drawdown", "400")
    world.drain()

    assert blocker(second) == (Wait.TYPE_UNKNOWN, first)


def test_a_line_names_the_refused_one_before_it():
    world = World()
    borrower = world.borrower()
    world.sandbox.faults.add("push_fails", match="bankTransactions")
    first = borrower.record(borrower.loan(), "drawdown", "300")
    world.run(seconds=100)
    second = borrower.record(borrower.loan(), "drawdown", "400")
    world.run(seconds=100)

    assert blocker(second, "statement_line") == (Wait.EARLIER_LINE, first)
