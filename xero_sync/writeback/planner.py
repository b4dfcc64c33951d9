"""Which entries an event needs in Xero, planned in the transaction that records it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from lending.db import bulk
from lending.models import EventKind, LoanEvent
from lending.models import InvoicePaymentPosting as Posting
from lending.positions import effect_of
from xero_sync.models import LoanInXero, RecordChange, SyncRecord
from xero_sync.models.choices import BOOKINGS, Cause, Reason, State, Step
from xero_sync.runtime import task_queue
from xero_sync.writeback import holds, readiness, reversals, transitions

BOOKING_OF_KIND = {
    EventKind.DRAWDOWN: Step.TRANSFER,
    EventKind.FINAL_PAYMENT: Step.TRANSFER,
    EventKind.FEE: Step.DIRECT_COST,
    EventKind.INVOICE_PAYMENT: Step.PAYMENT,
    EventKind.RESIDUAL_RELEASE: Step.TRANSFER,
}


# Where a recorded event has its entries, as after a prefetch; a reversal has not, as
# it may have been settled meanwhile.
PLANNED = "planned"


def steps_of(event: LoanEvent) -> list[Step]:
    """Return the entries that an event needs: its booking, and its line if on L."""
    loan = event.loan
    on_lender = bool(effect_of(event, loan).lender)
    posted = on_lender or loan.invoice_payment_posting == Posting.POST_ON_NOMINATED
    if event.kind == EventKind.INVOICE_PAYMENT and not posted:
        return []
    booking = BOOKING_OF_KIND[EventKind(event.kind)]
    return [booking, Step.STATEMENT_LINE] if on_lender else [booking]


def draft(
    event: LoanEvent, step: Step, *, now: datetime, original: SyncRecord | None = None
) -> SyncRecord:
    """Return an unsaved entry of an event, which need not be stored either.

    `original` is the entry that it compensates. It has no state yet.
    """
    loan = event.loan
    return SyncRecord(
        event=event,
        step=step,
        company_id=loan.company_id,
        loan=loan,
        sequence=event.sequence,
        value_date=event.value_date,
        lender_effect=effect_of(event, loan).lender,
        compensates=original,
        state_since=now,
        created_at=now,
    )


@transaction.atomic(savepoint=False)
def plan(*, events: Sequence[LoanEvent], now: datetime) -> list[SyncRecord]:
    """Plan the entries of recorded events; what cannot be planned undoes them."""
    steps = [(event, step) for event in events for step in steps_of(event)]
    if not steps:
        _remember(events, [])
        return []
    reversing = [
        event for event in dict.fromkeys(e for e, _ in steps) if event.reverses_id
    ]
    lanes: list[tuple[int, str]] = [
        (event.loan.company_id, step) for event, step in steps
    ]
    if reversing:
        # What a reversal cancels may set entries of any kind free.
        lanes += transitions.lanes_of({event.loan.company_id for event in reversing})
    transitions.wake_lanes(lanes, at=now)
    originals = {event.pk: reversals.originals_of(event) for event in reversing}
    records = [
        draft(event, step, now=now, original=originals.get(event.pk, {}).get(step))
        for event, step in steps
    ]
    _set_first_states(records, now=now)
    changes = [
        {
            "record": record.pk,
            "to_state": record.state,
            "reason": record.reason,
            "actor": record.event.recorded_by,
        }
        for record in records
    ]
    bulk.insert_both(
        (SyncRecord, [bulk.values_of(record) for record in records], {}),
        (RecordChange, changes, {"at": now, "cause": Cause.RECORDED}),
    )
    for event in reversing:
        reversals.settle(event=event, now=now)
    if not reversing:
        _remember(events, records)
    task_queue.nudge_drain()
    return records


def _remember(events: Sequence[LoanEvent], records: Sequence[SyncRecord]) -> None:
    """Leave the entries with their events, for who tells of them at once."""
    for event in events:
        setattr(event, PLANNED, [])
    for record in records:
        getattr(record.event, PLANNED).append(record)


def _set_first_states(records: Sequence[SyncRecord], *, now: datetime) -> None:
    ready = readiness.load(company_ids={one.company_id for one in records}, now=now)
    # Before a loan's first event nothing was sent that could have fixed its account.
    later = {one.loan_id for one in records if one.sequence > 1}
    in_xero = LoanInXero.objects.select_related("lender_account").in_bulk(later)
    for record in records:
        if record.event.already_in_books:
            # The booking stands already; its line is part of the opening balance.
            is_booking = record.step in BOOKINGS
            record.state = State.LINKED_BY_HAND if is_booking else State.CANCELLED
            record.reason = Reason.ALREADY_IN_BOOKS
            continue
        of_loan = in_xero.get(record.loan_id)
        if of_loan and of_loan.left_out_at:
            record.state, record.reason = State.CANCELLED, Reason.LEFT_OUT
            continue
        record.reason = holds.hold_reason(
            record=record,
            ready=ready[record.company_id],
            fixed_account=of_loan.lender_account if of_loan else None,
        )
        record.state = State.HELD if record.reason else State.QUEUED
