"""Which entries an event needs in Xero, planned in the transaction that records it."""

from datetime import datetime

from django.db import transaction

from lending.models import EventKind, Loan, LoanEvent
from lending.models import InvoicePaymentPosting as Posting
from lending.positions import effect_of
from lending.prepared import Prepared
from xero_sync import task_queue
from xero_sync.models import LenderAccount, LoanInXero, RecordChange, SyncRecord
from xero_sync.models.choices import BOOKINGS, Cause, Reason, State, Step
from xero_sync.writeback import holds, moves, readiness, reversals, rows

BOOKING_OF_KIND = {
    EventKind.DRAWDOWN: Step.TRANSFER,
    EventKind.FINAL_PAYMENT: Step.TRANSFER,
    EventKind.FEE: Step.DIRECT_COST,
    EventKind.INVOICE_PAYMENT: Step.PAYMENT,
    EventKind.RESIDUAL_RELEASE: Step.TRANSFER,
}


def steps_of(event: LoanEvent) -> list[Step]:
    """Return the entries that an event needs: its booking, and its line if on L."""
    loan = event.loan
    on_lender = bool(effect_of(event, loan).lender)
    posted = on_lender or loan.invoice_payment_posting == Posting.POST_ON_NOMINATED
    if event.kind == EventKind.INVOICE_PAYMENT and not posted:
        return []
    booking = BOOKING_OF_KIND[EventKind(event.kind)]
    return [booking, Step.STATEMENT_LINE] if on_lender else [booking]


@transaction.atomic(savepoint=False)
def plan(*, event: LoanEvent, now: datetime) -> list[SyncRecord]:
    """Plan the entries of a recorded event; one that cannot be planned undoes it."""
    loan = event.loan
    steps = steps_of(event)
    if not steps:
        return []
    lanes: list[tuple[int, str]] = [(loan.company_id, step) for step in steps]
    if event.reverses_id:
        # What the reversal cancels may set entries of any kind free.
        lanes += moves.lanes_of([loan.company_id])
    moves.wake_lanes(lanes, at=now)
    originals = reversals.originals_of(event)
    records = [_draft(event, loan, step, originals.get(step), now) for step in steps]
    _set_first_states(records, event=event, now=now)
    rows.insert(SyncRecord, [rows.values_of(record) for record in records])
    rows.insert(
        RecordChange,
        [
            {"record": record.pk, "to_state": record.state, "reason": record.reason}
            for record in records
        ],
        at=now,
        cause=Cause.RECORDED,
        actor=event.recorded_by,
    )
    if event.reverses_id:
        reversals.settle(event=event, now=now)
    task_queue.nudge_drain()
    return records


def _draft(
    event: LoanEvent,
    loan: Loan,
    step: Step,
    original: SyncRecord | None,
    now: datetime,
) -> SyncRecord:
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


def _set_first_states(
    records: list[SyncRecord], *, event: LoanEvent, now: datetime
) -> None:
    ready = readiness.of(company_id=records[0].company_id, now=now)
    fixed_account = _fixed_account(event.loan_id)
    for record in records:
        if event.already_in_books:
            # The booking stands already; its line is part of the opening balance.
            is_booking = record.step in BOOKINGS
            record.state = State.LINKED_BY_HAND if is_booking else State.CANCELLED
            record.reason = Reason.ALREADY_IN_BOOKS
            continue
        record.reason = holds.hold_reason(
            record=record,
            ready=ready,
            fixed_account=fixed_account,
        )
        record.state = State.HELD if record.reason else State.QUEUED


_FIXED = Prepared(
    lambda loan: LoanInXero.objects.filter(loan=loan).values_list("lender_account"),
    loan=Loan._meta.pk,
)


def _fixed_account(loan_id: int) -> LenderAccount | None:
    """Return the lender account that the loan's first booking fixed, if any did."""
    (account_id,) = _FIXED.first(loan=loan_id) or (None,)
    return LenderAccount.objects.get(pk=account_id) if account_id else None
