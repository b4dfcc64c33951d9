"""What others may ask of the write-back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet

from lending.models import Loan
from lending.positions import loan_position
from xero_sync.models import Heartbeat, Lane, SyncRecord
from xero_sync.models.choices import CLOSED_STATES, Reason, State, Step

# Work that is due for longer than this, or a worker unseen for longer, is a fault.
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class BackgroundHealth:
    """When the worker was last seen, and how long the oldest due work has waited."""

    worker_last_seen: datetime | None
    oldest_due_seconds: int
    is_late: bool


def background_health(*, now: datetime) -> BackgroundHealth:
    """Tell whether background work is being done."""
    seen = Heartbeat.objects.aggregate(latest=Max("beat_at"))["latest"]
    oldest = Lane.objects.aggregate(oldest=Min("due_at"))["oldest"]
    waited = max(timedelta(0), now - oldest) if oldest else timedelta(0)
    unseen = seen is None or now - seen > LATE_AFTER
    return BackgroundHealth(
        worker_last_seen=seen,
        oldest_due_seconds=int(waited.total_seconds()),
        is_late=waited > LATE_AFTER or unseen,
    )


def is_settled(loan: Loan) -> bool:
    """Tell whether a loan is at its end, in the lender's book and in Xero.

    At least one drawdown, the lender account at zero, the invoice paid in full, and
    every entry closed; lines held because bank feeds are off do not count.
    """
    position = loan_position(loan=loan)
    drawn = loan.events.filter(kind="drawdown", reverses=None, reversed_by=None)
    return (
        position.is_settled and drawn.exists() and not unsettled_records(loan).exists()
    )


def unsettled_records(loan: Loan) -> QuerySet[SyncRecord]:
    """Return the entries that keep a loan from being settled."""
    covered = Q(
        state=State.HELD, reason=Reason.BANK_FEEDS_OFF, step=Step.STATEMENT_LINE
    )
    return SyncRecord.objects.filter(loan=loan).exclude(
        Q(state__in=CLOSED_STATES) | covered
    )
