"""How many drains run at once, and when the background processes were last seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q

from xero_sync.clock import database_now
from xero_sync.models import Heartbeat, Lane, SyncRecord, WebhookMessage
from xero_sync.models.choices import State

# A slot whose holder died is free again this long after his slice should have ended.
GRACE = timedelta(seconds=60)


@contextmanager
def hold(*, holder: str, seconds: float) -> Iterator[str | None]:
    """Hold one of the drains' slots, or yield None if all are taken.

    Too many drains would do no harm; they would only get in each other's way.
    """
    now = database_now()
    slot = _take(holder, now, now + timedelta(seconds=seconds) + GRACE)
    try:
        yield slot
    finally:
        if slot is not None:
            Heartbeat.objects.filter(name=slot, holder=holder).update(
                busy_until=None, beat_at=database_now()
            )


@transaction.atomic
def _take(holder: str, now: datetime, until: datetime) -> str | None:
    for number in range(1, settings.WRITEBACK_DRAINS + 1):
        name = f"drain {number}"
        Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": now})
        free = Heartbeat.objects.filter(
            Q(busy_until=None) | Q(busy_until__lt=now) | Q(holder=holder), name=name
        )
        if free.update(busy_until=until, holder=holder, beat_at=now):
            return name
    return None


def all_taken(*, now: datetime) -> bool:
    """Tell whether a nudge would find every slot busy."""
    busy = Heartbeat.objects.filter(name__startswith="drain ", busy_until__gte=now)
    return busy.count() >= settings.WRITEBACK_DRAINS


def beat(*, name: str, now: datetime) -> None:
    """Show that a background process lives."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def seconds_until_due(*, now: datetime) -> float | None:
    """Return how long until the next work is due; None if there is none."""
    if WebhookMessage.objects.filter(processed_at=None).exists():
        return 0.0
    lane = Lane.objects.aggregate(first=Min("due_at"))["first"]
    look = SyncRecord.objects.filter(
        state__in=(State.PENDING, State.UNKNOWN), look_at__isnull=False
    ).aggregate(first=Min("look_at"))["first"]
    moments = [moment for moment in (lane, look) if moment is not None]
    return (min(moments) - now).total_seconds() if moments else None
