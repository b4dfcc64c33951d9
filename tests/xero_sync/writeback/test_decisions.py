"""What a person may decide about an entry, when, and what is kept of it."""

from datetime import timedelta

import pytest
from django.utils import translation

from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_state,
    ours,
    record_of,
    sent,
    state_of,
    statement,
)
from xero_sync.codat.exceptions import DecisionNotAllowed
from xero_sync.connections import status as connection_status
from xero_sync.models import SyncRecord
from xero_sync.writeback import claims, decisions

pytestmark = pytest.mark.django_db

WRITTEN = "written"
DECISIONS = {
    "send again": decisions.send_again,
    "cancel": decisions.cancel,
    "link": decisions.link_by_hand,
    "absent": decisions.answer_absent,
}


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def decide(name, event, world, **given):
    fields = {
        "reason": "Looked in Xero.",
        "decided_by": "anna",
        "client": world.client,
    } | given
    return DECISIONS[name](record=record_of(event), now=world.clock.now, **fields)


def bring_to(state, world, borrower):
    """An event whose booking is in a state."""
    add = world.sandbox.faults.add
    if state == "failed":
        add("push_fails", match="transfers")
    if state == "pending":
        add("push_slow", match="transfers", seconds=10_000)
    if state in {"unknown", "needs_person"}:
        add("push_times_out", match="transfers")
    if state == "not_linked":
        world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
        world.run(seconds=20)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    if state == "sending":
        claims.claim(limit=1, now=world.clock.now)
    elif state == "needs_person":
        world.run(seconds=28 * 3_600, step=3_600)
    elif state != "queued":
        world.run(seconds=60, step=20)
    if state in {"cancelled", "linked_by_hand"}:
        SyncRecord.objects.filter(pk=record_of(event).pk).update(state=state)
    return event


ALLOWED = {
    "queued": {"cancel", "link"},
    "not_linked": {"cancel", "link"},
    "failed": {"send again", "cancel", "link"},
    "sending": set(),
    "pending": set(),
    "unknown": {"link"},
    "needs_person": {"link", "absent"},
    "written": set(),
    "cancelled": set(),
    "linked_by_hand": set(),
}


@pytest.mark.parametrize("state", ALLOWED)
def test_a_state_allows_these_decisions_and_refuses_the_others(world, borrower, state):
    event = bring_to(state, world, borrower)
    before = state_of(event)
    for name in DECISIONS.keys() - ALLOWED[state]:
        with pytest.raises(DecisionNotAllowed):
            decide(name, event, world)
        assert state_of(event) == before

    for name in ALLOWED[state]:
        # Each is allowed on its own: the states of the record are put back.
        record = record_of(event)
        kept = {
            field: getattr(record, field)
            for field in ("state", "reason", "request", "push_operation_key")
        }
        decide(name, event, world)
        assert state_of(event) != before
        SyncRecord.objects.filter(pk=record.pk).update(**kept)


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("reason", ["", "  "])
def test_every_decision_needs_a_reason(world, borrower, name, reason):
    state = "needs_person" if name == "absent" else "failed"
    event = bring_to(state, world, borrower)
    before = state_of(event)

    with pytest.raises(DecisionNotAllowed) as raised:
        decide(name, event, world, reason=reason)

    assert raised.value.field == "reason"
    assert state_of(event) == before


@pytest.mark.parametrize("name", DECISIONS)
def test_a_refusal_is_said_in_the_readers_language(world, borrower, monkeypatch, name):
    event = bring_to("pending", world, borrower)
    # Whatever is said is asked for here, at the time when it is said.
    monkeypatch.setattr(translation._trans, "gettext", lambda words: f"« {words} »")

    for reason in ("", "Looked in Xero."):
        with pytest.raises(DecisionNotAllowed, match=r"^« .* »"):
            decide(name, event, world, reason=reason)


@pytest.mark.parametrize("name", ["send again", "cancel", "link"])
def test_a_decision_stands_on_the_timeline_with_who_and_why(world, borrower, name):
    event = bring_to("failed", world, borrower)

    decide(name, event, world, reason="Because.", decided_by="user:anna")

    last = record_of(event).changes.order_by("pk").last()
    assert (last.cause, last.actor, last.note) == ("person", "user:anna", "Because.")
    assert (last.from_state, last.at) == ("failed", world.clock.now)


def test_an_entry_sent_again_gets_a_new_key_and_names_its_predecessor(world, borrower):
    event = bring_to("failed", world, borrower)

    decide("send again", event, world)
    world.run()

    first, second = sent(event)
    assert second.predecessor == first
    assert first.predecessor is None
    assert second.idempotency_key != first.idempotency_key
    assert_books_follow(borrower)


def test_a_payment_sent_again_is_checked_against_its_invoice_again(world, borrower):
    world.sandbox.faults.add("push_fails", match="payments")
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.run(seconds=100)
    assert state_of(event) == "failed refused_by_xero"
    today = borrower.company.today(world.clock.now)
    invoice = borrower.books.invoices[0]
    world.sandbox.pay_by_hand(
        borrower.codat_connection,
        invoice.id,
        event.amount,
        borrower.mapping.lender_target_account_id,
        today,
    )
    world.wait(600)

    decide("send again", event, world)
    world.run(seconds=1_200, step=100)

    assert state_of(event) == "held invoice_differs"
    assert ours(borrower, "payments") == []


def test_an_invoice_that_differed_can_be_looked_at_again_once_mended(world, borrower):
    loan = borrower.loan(in_xero=False)
    fields = {
        "number": loan.invoice_number,
        "customer": loan.debtor_name,
        "issue_date": loan.agreed_on,
    }
    wrong = world.sandbox.add_invoice(borrower.codat_connection, total=990, **fields)
    event = borrower.record(loan, "invoice_payment", "1000")
    world.run(seconds=100, step=10)
    assert state_of(event) == "held invoice_differs"

    wrong.fixed_status = "Void"
    world.sandbox.add_invoice(borrower.codat_connection, total=1000, **fields)
    world.wait(60)
    decide("send again", event, world)
    world.run()

    assert state_of(event) == WRITTEN


def test_a_locked_period_can_be_sent_once_it_was_opened(world, borrower):
    locked = borrower.company.today(world.clock.now) - timedelta(days=1)
    lock = world.sandbox.set_ledger_lock_date
    for until in (locked, None):
        lock(borrower.codat_connection, until)
        world.sandbox.sync(borrower.codat_connection)
        connection_status.refresh(
            connection=borrower.connection, client=world.client, now=world.clock.now
        )
        if until:
            event = borrower.record(borrower.loan(), "drawdown", "800")
            with pytest.raises(DecisionNotAllowed) as raised:
                decide("send again", event, world)
            assert raised.value.code == "locked_period"

    decide("send again", event, world)
    world.run()

    assert state_of(event) == WRITTEN


def test_a_cancelled_booking_takes_its_line_along(world, borrower):
    event = bring_to("failed", world, borrower)

    decide("cancel", event, world)
    world.run(seconds=60)

    assert state_of(event) == line_state(event) == "cancelled decided"
    assert statement(borrower) == []


def test_the_line_of_a_booking_linked_by_hand_is_written(world, borrower):
    event = bring_to("failed", world, borrower)

    decide("link", event, world, xero_record_id="typed-in-by-anna")
    world.run(seconds=60)

    assert state_of(event) == "linked_by_hand decided"
    assert record_of(event).xero_record_id == "typed-in-by-anna"
    assert line_state(event) == WRITTEN
    assert [line.amount for line in statement(borrower)] == [-800]


def test_an_entry_that_a_person_did_not_find_is_sent_with_a_new_key(world, borrower):
    event = bring_to("needs_person", world, borrower)

    decide("absent", event, world)
    world.run()

    first, second = sent(event)
    assert second.predecessor == first
    assert [entry.amount for entry in ours(borrower)] == [800]
    assert_books_follow(borrower)
