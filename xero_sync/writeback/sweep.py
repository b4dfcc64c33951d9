"""Find what was lost on the way: leases of the dead, lanes nobody woke, old waits."""

from datetime import datetime

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from xero_sync.models import Connection, Lane, SyncRecord
from xero_sync.models.choices import (
    Cause,
    Reason,
    State,
)
from xero_sync.runtime import task_queue
from xero_sync.writeback import choice_looks, reconsider, stray_marks
from xero_sync.writeback.transitions import move


def sweep(*, now: datetime) -> None:
    """Make everything due that should be; safe at any time, any number of times."""
    expire_leases(now=now)
    wake_forgotten_lanes(now=now)
    look_for_invoices_again(now=now)
    choice_looks.ask_again(now=now)
    stray_marks.adopt_all(now=now)
    for company_id in _companies_with_held_entries():
        reconsider.company(company_id=company_id, now=now)
    task_queue.nudge_drain()


@transaction.atomic
def expire_leases(*, now: datetime) -> int:
    """Make entries unknown whose sender has let its lease pass without an answer.

    They never go back to the queue by time alone: the sender may have sent them.
    """
    expired = SyncRecord.objects.filter(state=State.SENDING, lease_until__lt=now)
    return sum(
        move(
            record,
            to=State.UNKNOWN,
            reason=Reason.LEASE_EXPIRED,
            cause=Cause.LEASE,
            now=now,
            next_poll_at=now,
        )
        for record in expired
    )


@transaction.atomic
def wake_forgotten_lanes(*, now: datetime) -> int:
    """Make lanes due that hold queued entries and are not."""
    queued = SyncRecord.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now),
        company=OuterRef("company"),
        step=OuterRef("step"),
        state=State.QUEUED,
    )
    forgotten = Lane.objects.filter(Exists(queued), due_at=None)
    # Whoever holds a lane wakes it themself; to wait for them here could be a circle.
    skip = database.features.has_select_for_update_skip_locked
    free = forgotten.select_for_update(of=("self",) if skip else (), skip_locked=skip)
    ids = list(free.values_list("pk", flat=True))
    return Lane.objects.filter(pk__in=ids).update(due_at=now)


@transaction.atomic
def look_for_invoices_again(*, now: datetime) -> None:
    """Give payments whose invoice was missing or not unique another look."""
    waiting = SyncRecord.objects.filter(
        state=State.HELD, reason__in=reconsider.REASONS_FOR_A_CHECK, not_before__lte=now
    )
    reconsider.records(records=list(waiting), now=now, cause=Cause.RECONSIDERED)


def _companies_with_held_entries() -> list[int]:
    held = SyncRecord.objects.filter(state=State.HELD, company=OuterRef("company"))
    live = Connection.objects.live().filter(Exists(held))
    return list(live.values_list("company_id", flat=True))
