"""Cases that once went wrong: each could have cost money or stopped everybody."""

import json
from uuid import uuid4

import pytest

from tests.builders import reverse
from tests.worlds import World, states
from xero_sync.connections import switches
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Reason, State
from xero_sync.models.mapping_rows import MappingRow
from xero_sync.writeback import (
    decisions,
    invoices,
    pool,
)
from xero_sync.writeback.exchange import Exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def the(step):
    return SyncRecord.objects.get(step=step)


def test_an_old_refusal_never_answers_for_the_write_that_followed_it(world, borrower):
    world.sandbox.faults.add("push_fails", match="transfers")
    borrower.record(borrower.loan(), "drawdown", "500")
    world.run(seconds=100)
    world.sandbox.faults.add("lose_reply_after", match="transfers")

    decisions.send_again(
        client=world.client,
        record=the("transfer"),
        reason="mended",
        decided_by="test",
        now=world.clock.now,
    )
    world.run()

    assert the("transfer").state == State.WRITTEN
    assert len(borrower.books.entries_of("transfers")) == 1


def test_an_invoice_without_a_customer_holds_its_payment_and_nothing_else(
    world, borrower
):
    loan = borrower.loan()
    borrower.record(loan, "invoice_payment", "1000")
    payment = SyncRecord.objects.select_related("loan__company", "event").get(
        step="payment"
    )
    world.sandbox.sync(borrower.codat_connection)
    found = world.client.list_invoices(
        borrower.connection.codat_company_id,
        query=f"invoiceNumber={loan.invoice_number}",
    )
    nameless = [type(one)(**{**_values(one), "customer_id": ""}) for one in found]

    finding = invoices.match(payment, nameless, by_id=False)

    assert finding.reason == Reason.INVOICE_DIFFERS
    assert "no customer" in finding.note


def _values(one):
    return {name: getattr(one, name) for name in type(one).__dataclass_fields__}


def test_an_entry_that_cannot_be_put_into_words_stops_nobody_else(world, borrower):
    odd, healthy = borrower.loan(), borrower.loan()
    borrower.record(odd, "drawdown", "500")
    mapping = borrower.mapping
    other = world.borrower()
    other.record(other.loan(), "drawdown", "300")
    borrower.record(healthy, "fee", "10", external_id="fee-of-the-healthy")
    # A mapping row that no service would store: its supplier is blank to Codat.
    (second,) = type(mapping).objects.bulk_create(
        [_copy(mapping, version=2, supplier_id=" ", created_at=world.clock.now)]
    )
    MappingRow.objects.bulk_create([_copy(mapping.fee, mapping_id=second.pk)])

    world.run(seconds=300)

    fee = SyncRecord.objects.get(step="direct_cost")
    assert (fee.state, fee.reason) == (State.FAILED, Reason.NOT_SENDABLE)
    assert "id" in fee.failure
    assert states(odd)[-1][2] == "written"
    assert len(other.books.entries_of("transfers")) == 1


def _copy(row, **changes):
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name != "id"
    }
    return type(row)(**values | changes)


def test_a_strangers_push_is_not_taken_for_ours(world, borrower, settings):
    settings.WRITEBACK_KEY_SECONDS = 0
    borrower.record(borrower.loan(), "drawdown", "500")
    world.sandbox.faults.add("lose_reply_before", match="transfers")
    world.drain()
    world.client.send_push(
        path=SyncRecord.objects.get(step="transfer").request.path,
        body=_stranger(borrower.mapping),
        idempotency_key=uuid4(),
    )

    world.run(seconds=600)

    record = the("transfer")
    assert (record.state, record.reason) == (State.UNKNOWN, Reason.NEEDS_PERSON)
    assert the("statement_line").state == State.HELD


def _stranger(mapping):
    ends = (mapping.nominated_account_id, mapping.lender_target_account_id)
    sides = [
        {"accountRef": {"id": account}, "amount": 77, "status": "Unreconciled"}
        for account in ends
    ]
    body = {"date": "2026-11-01T00:00:00", "from": sides[0], "to": sides[1]}
    return json.dumps(body).encode()


def test_our_own_push_whose_answer_was_lost_is_adopted_once_it_has_been_read(
    world, borrower, settings
):
    settings.WRITEBACK_KEY_SECONDS = 0
    world.sandbox.faults.add("lose_reply_after", match="transfers")
    borrower.record(borrower.loan(), "drawdown", "500")

    world.run()

    (entry,) = borrower.books.entries_of("transfers")
    record = the("transfer")
    assert record.state == State.WRITTEN
    assert record.xero_record_id == entry.record_id
    assert str(record.push_operation_key) == entry.push_operation_key


def test_what_stays_pending_for_longer_than_a_day_is_left_to_a_person(world, borrower):
    world.sandbox.faults.add("push_slow", match="transfers", seconds=10**7)
    borrower.record(borrower.loan(), "drawdown", "500")

    world.run(seconds=26 * 3_600, step=1_800)

    record = the("transfer")
    assert (record.state, record.reason) == (State.UNKNOWN, Reason.NEEDS_PERSON)
    assert record.push_operation_key is not None


def test_a_late_webhook_still_settles_what_was_left_to_a_person(world, borrower):
    world.sandbox.faults.add("push_slow", match="transfers", seconds=100_000)
    borrower.record(borrower.loan(), "drawdown", "500")
    world.run(seconds=26 * 3_600, step=1_800)

    world.run(seconds=6 * 3_600, step=1_800)

    assert the("transfer").state == State.WRITTEN


def test_nothing_is_repeated_after_write_back_was_switched_off(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="transfers")
    borrower.record(borrower.loan(), "drawdown", "500")
    world.drain()
    switches.switch_writeback(
        connection=borrower.connection,
        on=False,
        switched_by="test",
        now=world.clock.now,
    )

    world.run(seconds=4 * 3_600, step=300)

    assert borrower.books.entries_of("transfers") == []
    record = the("transfer")
    assert (record.state, record.reason) == (State.HELD, Reason.WRITEBACK_OFF)


def test_a_payment_reversed_while_it_was_out_is_not_posted_after_a_429(world, borrower):
    loan = borrower.loan()
    event = borrower.record(loan, "invoice_payment", "1000")
    world.sandbox.faults.add("busy", match="payments", retry_after=5)
    send = pool.Pool._call
    today = borrower.company.today(world.clock.now)

    def reverse_meanwhile(self, work, *rest):
        is_payment = not isinstance(work, Exchange)
        if is_payment and not hasattr(event, "reversed_by"):
            reverse(event, today=today)
            event.refresh_from_db()
        return send(self, work, *rest)

    pool.Pool._call = reverse_meanwhile
    try:
        world.run(seconds=600)
    finally:
        pool.Pool._call = send

    assert borrower.books.entries_of("payments") == []
    assert {state for _, _, state in states(loan)} == {"cancelled reversed"}
