"""Where looking ends: what cannot be read back is left to a person."""

import pytest

from tests.builders import reverse
from tests.worlds import World, states
from xero_sync.models import SyncRecord, WriteRequest
from xero_sync.models.choices import Reason, State
from xero_sync.writeback import unknown

pytestmark = pytest.mark.django_db


def test_the_taking_back_of_a_fee_is_never_sent_anew_by_itself():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    fee = borrower.record(loan, "fee", "50")
    world.run()
    world.sandbox.faults.add("error_before", match="directCosts", status=500)
    reversal = reverse(fee, today=borrower.company.today(world.clock.now))

    world.run(seconds=4 * 3_600, step=300)

    # Codat shows no direct incomes to a lending client: absence cannot be proven.
    refund = SyncRecord.objects.get(event=reversal, step="direct_cost")
    assert (refund.state, refund.reason) == (State.UNKNOWN, Reason.NEEDS_PERSON)
    assert refund.requests.count() == 1
    assert len(borrower.books.entries_of("directIncomes")) == 0


def test_a_fee_that_never_arrived_is_sent_anew_once_its_absence_is_proven():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    world.sandbox.faults.add("error_before", match="directCosts", status=500)
    borrower.record(loan, "fee", "50")

    world.run(seconds=4 * 3_600, step=300)

    assert {state for _, _, state in states(loan)} == {"written"}
    assert len(borrower.books.entries_of("directCosts")) == 1
    first, second = WriteRequest.objects.filter(data_type="directCosts").order_by(
        "created_at"
    )
    assert second.predecessor == first
    assert second.idempotency_key != first.idempotency_key


def test_absence_is_not_proven_before_the_settle_time_after_a_dead_sender(settings):
    world = World()
    borrower = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    record = SyncRecord.objects.get(step="transfer")
    request = WriteRequest(created_at=world.clock.now)
    record.state_since = world.clock.now
    world.clock.forward(1_000)
    record.state_since = world.clock.now

    settled = unknown.settled_at(record, request)

    waited = (settled - world.clock.now).total_seconds()
    assert waited == settings.WRITEBACK_SETTLE_SECONDS
