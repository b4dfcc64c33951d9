"""A reversal, in each state that it may meet its original in."""

import pytest

from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_balances,
    assert_books_follow,
    line_state,
    ours,
    record_of,
    sent,
    state_of,
    statement,
    timeline,
)
from xero_sync.connections import switches
from xero_sync.writeback import claims, decisions

pytestmark = pytest.mark.django_db

WRITTEN = "written"
REVERSED = "cancelled reversed"
KINDS = [("drawdown", "800"), ("fee", "50"), ("final_payment", "30")]
DATA_TYPE = {
    "drawdown": "transfers",
    "fee": "directCosts",
    "final_payment": "transfers",
    "invoice_payment": "payments",
}


@pytest.fixture
def world():
    return World()


@pytest.fixture(params=[True, False], ids=["lines on", "lines off"])
def borrower(world, request):
    borrower = world.borrower()
    switches.set_bank_feeds(
        connection=borrower.connection_row,
        on=request.param,
        now=world.clock.now,
        set_by="test",
    )
    borrower.names["lines"] = "on" if request.param else "off"
    return borrower


def assert_nothing_stands(borrower, event, reversal):
    assert ours(borrower) == []
    assert statement(borrower) == []
    for one in (event, reversal):
        assert state_of(one) == line_state(one) == REVERSED


def assert_pair_at_zero(borrower, event, reversal):
    assert state_of(event) == state_of(reversal) == WRITTEN
    assert borrower.balance("L") == borrower.balance("N") == borrower.balance("E") == 0
    amounts = sorted(line.amount for line in statement(borrower))
    if borrower.names["lines"] == "on":
        amount = event.amount
        assert amounts == [-amount, amount]
        assert_books_follow(borrower)
    else:
        assert amounts == []
        assert_balances(borrower)
    assert borrower.world.sandbox.violations == []


@pytest.mark.parametrize(("kind", "amount"), KINDS)
def test_what_is_written_is_compensated(world, borrower, kind, amount):
    event = borrower.record(borrower.loan(), kind, amount)
    world.run(seconds=60)

    reversal = borrower.reverse(event)
    world.run(seconds=60)

    assert_pair_at_zero(borrower, event, reversal)


@pytest.mark.parametrize(("kind", "amount"), [*KINDS, ("invoice_payment", "1000")])
def test_what_is_queued_is_cancelled(world, borrower, kind, amount):
    event = borrower.record(borrower.loan(), kind, amount)
    assert state_of(event) == "queued"

    reversal = borrower.reverse(event)
    world.run(seconds=60)

    assert_nothing_stands(borrower, event, reversal)
    assert timeline(event)[-1] == ("cancelled", "reversed", "reversal")


@pytest.mark.parametrize(("kind", "amount"), [*KINDS, ("invoice_payment", "1000")])
def test_what_is_held_is_cancelled(world, borrower, kind, amount):
    switches.switch_writeback(
        connection=borrower.connection_row,
        on=False,
        switched_by="anna",
        now=world.clock.now,
    )
    event = borrower.record(borrower.loan(), kind, amount)
    assert state_of(event) == "held writeback_off"

    reversal = borrower.reverse(event)

    assert_nothing_stands(borrower, event, reversal)


@pytest.mark.parametrize(("kind", "amount"), [*KINDS, ("invoice_payment", "1000")])
def test_what_was_refused_is_cancelled(world, borrower, kind, amount):
    world.sandbox.faults.add("push_fails", match=DATA_TYPE[kind])
    event = borrower.record(borrower.loan(), kind, amount)
    world.run(seconds=60)
    assert state_of(event) == "failed refused_by_xero"

    reversal = borrower.reverse(event)
    world.run(seconds=60)

    assert_nothing_stands(borrower, event, reversal)


@pytest.mark.parametrize("end", ["written", "refused"])
@pytest.mark.parametrize(("kind", "amount"), KINDS)
def test_what_is_pending_is_waited_for(world, borrower, kind, amount, end):
    world.sandbox.faults.add("push_slow", match=DATA_TYPE[kind], seconds=100)
    if end == "refused":
        world.sandbox.faults.add("push_fails", match=DATA_TYPE[kind])
    event = borrower.record(borrower.loan(), kind, amount)
    world.drain()
    assert state_of(event) == "pending"

    reversal = borrower.reverse(event)
    assert state_of(reversal) == "held awaiting_original"
    world.run(seconds=300, step=20)

    if end == "refused":
        assert_nothing_stands(borrower, event, reversal)
    else:
        assert_pair_at_zero(borrower, event, reversal)


@pytest.mark.parametrize("fault", ["lose_reply_after", "lose_reply_before"])
@pytest.mark.parametrize(("kind", "amount"), KINDS)
def test_what_is_unknown_is_waited_for(world, borrower, kind, amount, fault):
    world.sandbox.faults.add(fault, match=DATA_TYPE[kind])
    event = borrower.record(borrower.loan(), kind, amount)
    world.drain()
    assert state_of(event) == "unknown no_answer"

    reversal = borrower.reverse(event)
    assert state_of(reversal) == "held awaiting_original"
    world.run(seconds=300, step=20)

    assert_pair_at_zero(borrower, event, reversal)


def test_what_is_being_sent_is_waited_for(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claims.claim(limit=1, now=world.clock.now)
    assert state_of(event) == "sending"

    reversal = borrower.reverse(event)
    assert state_of(reversal) == "held awaiting_original"
    world.wait(130)
    world.run(seconds=300, step=20)

    assert_pair_at_zero(borrower, event, reversal)


def test_what_is_proven_absent_after_its_reversal_is_not_sent_any_more(world, borrower):
    world.sandbox.faults.add("error_before", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()

    reversal = borrower.reverse(event)
    world.run(seconds=3 * 3_600, step=300)

    assert_nothing_stands(borrower, event, reversal)
    assert len(sent(event)) == 1


def test_what_was_cancelled_leaves_nothing_to_compensate(world, borrower):
    world.sandbox.faults.add("push_fails", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    decisions.cancel(
        client=world.client,
        record=record_of(event),
        reason="No.",
        decided_by="anna",
        now=world.clock.now,
    )

    reversal = borrower.reverse(event)
    world.run(seconds=60)

    assert state_of(event) == "cancelled decided"
    assert state_of(reversal) == line_state(reversal) == REVERSED
    assert ours(borrower) == []


def test_what_was_linked_by_hand_is_compensated(world, borrower):
    world.sandbox.faults.add("push_fails", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    decisions.link_by_hand(
        client=world.client,
        record=record_of(event),
        reason="Typed in.",
        decided_by="anna",
        now=world.clock.now,
    )

    reversal = borrower.reverse(event)
    world.run(seconds=60)

    assert state_of(reversal) == WRITTEN
    # What a person typed in is not in the sandbox, our mirror of it is.
    assert borrower.balance("L") == 800
    expected = [-800, 800] if borrower.names["lines"] == "on" else []
    assert [line.amount for line in statement(borrower)] == expected


def test_a_payment_is_undone_by_a_person_and_its_line_follows(world, borrower):
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.run(seconds=100)
    reversal = borrower.reverse(event)
    world.run(seconds=60, step=10)
    assert state_of(reversal) == "held undo_by_hand"
    assert line_state(reversal) in {"held awaiting_booking", "held bank_feeds_off"}

    decisions.link_by_hand(
        client=world.client,
        record=record_of(reversal),
        reason="Payment removed in Xero.",
        decided_by="anna",
        now=world.clock.now,
    )
    world.run(seconds=60)

    assert sent(reversal) == []
    expected = [1000, -1000] if borrower.names["lines"] == "on" else []
    assert [line.amount for line in statement(borrower)] == expected


def test_a_reversed_payment_that_was_pending_waits_for_a_person_in_the_end(
    world, borrower
):
    world.sandbox.faults.add("push_slow", match="payments", seconds=60)
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.run(seconds=30)
    assert state_of(event) == "pending"

    reversal = borrower.reverse(event)
    assert state_of(reversal) == "held awaiting_original"
    world.run(seconds=200, step=20)

    assert state_of(reversal) == "held undo_by_hand"


@pytest.mark.parametrize("already_in_books", [False, True])
def test_a_reversal_goes_with_its_loan(world, borrower, already_in_books):
    switches.switch_writeback(
        connection=borrower.connection_row,
        on=False,
        switched_by="anna",
        now=world.clock.now,
    )
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800", already_in_books=already_in_books)
    borrower.record(loan, "fee", "50")
    reversal = borrower.reverse(event)
    written = "held writeback_off" if already_in_books else "cancelled reversed"
    assert state_of(reversal) == written

    switches.switch_writeback(
        connection=borrower.connection_row,
        on=True,
        held_events="leave_out",
        switched_by="anna",
        now=world.clock.now,
    )
    world.run(seconds=600)

    if already_in_books:
        # Its loan stands in the books in part, so that the rest is never left out.
        assert state_of(reversal) == "written"
        assert [entry.amount for entry in ours(borrower)] == [50, 800]
    else:
        assert state_of(reversal) == "cancelled reversed"
        assert ours(borrower) == []
