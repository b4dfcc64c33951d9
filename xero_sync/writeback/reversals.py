"""What a reversal does to the entries of the event it reverses.

An entry that has not been sent is cancelled, and so is its compensation: there is
nothing to compensate. One that stands in Xero is compensated. One under way is waited
for. A statement line shares the fate of its booking, so that every movement on the
lender account has its line.
"""

from datetime import datetime

from django.db import transaction

from lending.models import LoanEvent
from xero_sync.models import SyncRecord
from xero_sync.models.choices import (
    BOOKINGS,
    NOT_SENT_STATES,
    Cause,
    Reason,
    State,
    Step,
)
from xero_sync.writeback.transitions import move


def originals_of(event: LoanEvent) -> dict[str, SyncRecord]:
    """Return the entries of the event that this one reverses, by step."""
    if event.reverses_id is None:
        return {}
    return {
        record.step: record
        for record in SyncRecord.objects.filter(event=event.reverses_id)
    }


@transaction.atomic
def settle(*, event: LoanEvent, now: datetime) -> None:
    """Cancel what a reversal makes needless, once the original's outcome is known."""
    if event.reverses_id is None:
        return
    originals = originals_of(event)
    booking = next((r for r in originals.values() if r.step in BOOKINGS), None)
    if booking is None:
        return
    if booking.state in NOT_SENT_STATES:
        move(
            booking,
            to=State.CANCELLED,
            reason=Reason.REVERSED,
            cause=Cause.REVERSAL,
            now=now,
            actor=event.recorded_by,
        )
    if booking.state == State.CANCELLED:
        _cancel_needless(event=event, originals=originals, now=now)


def _cancel_needless(
    *, event: LoanEvent, originals: dict[str, SyncRecord], now: datetime
) -> None:
    line = originals.get(Step.STATEMENT_LINE)
    needless = [
        *([line] if line and line.state in NOT_SENT_STATES else []),
        *SyncRecord.objects.filter(event=event, state__in=NOT_SENT_STATES),
    ]
    for record in needless:
        move(
            record,
            to=State.CANCELLED,
            reason=Reason.REVERSED,
            cause=Cause.REVERSAL,
            now=now,
            actor=event.recorded_by,
        )
