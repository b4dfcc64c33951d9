"""What django-q2 runs; it may be lost, doubled or late, as any job may."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, Q

from backoffice.models import ChangeCursor, WebhookDelivery
from backoffice.webhooks import collecting, delivering
from backoffice.webhooks.nudging import DELIVER, deliver_soon
from backoffice.webhooks.sending import TIMEOUT_SECONDS
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now

# One job leaves after this long, so that others get a turn.
SLICE_SECONDS = 20.0
# It stays for a retry that is due so soon: the first one comes after five seconds.
LINGER_SECONDS = 6.0
# Longer than a slice with the last attempts of it can take.
TURN = timedelta(seconds=SLICE_SECONDS + 2 * TIMEOUT_SECONDS)


def deliver(**_ignored: Any) -> str:
    """Collect and deliver for one slice, unless another worker is at it.

    Two would do no harm; they would only keep a worker from the write-back.
    """
    task_queue.answer(job=DELIVER)
    now = database_now()
    free = Q(busy_until=None) | Q(busy_until__lte=now)
    if not ChangeCursor.objects.filter(free).update(busy_until=now + TURN):
        return "nothing to do here"
    try:
        done = run_slice(seconds=SLICE_SECONDS)
    finally:
        ChangeCursor.objects.update(busy_until=None)
    wait = seconds_until_due(now=database_now())
    if wait is not None and wait <= 0:
        # The slice is over, the work is not; other jobs get their turn in between.
        deliver_soon()
    return done


def run_slice(*, seconds: float, stop: Callable[[], bool] = lambda: False) -> str:
    """Collect and deliver until nothing is due for a while, or the slice is over."""
    ends_at = time.monotonic() + seconds
    told = attempts = delivered = 0
    while True:
        told += collecting.collect(now=database_now())
        left = ends_at - time.monotonic()
        report = delivering.deliver(seconds=left, stop=stop)
        attempts += report.attempts
        delivered += report.delivered
        wait = seconds_until_due(now=database_now())
        is_over = stop() or time.monotonic() >= ends_at
        if is_over or wait is None or wait > LINGER_SECONDS:
            return f"{told} messages, {delivered} of {attempts} attempts arrived"
        time.sleep(min(0.5, max(0.2, wait)))


def seconds_until_due(*, now: datetime) -> float | None:
    """Return how long until a delivery is due or a lease ends; None if none will be."""
    sendable = WebhookDelivery.objects.open().filter(
        endpoint__disabled_at=None, endpoint__deleted_at=None
    )
    free = sendable.filter(Q(leased_until=None) | Q(leased_until__lte=now))
    first: datetime | None = free.aggregate(first=Min("next_attempt_at"))["first"]
    return (first - now).total_seconds() if first else None
