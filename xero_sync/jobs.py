"""What django-q2 runs. Each job may be lost, doubled or late; none may mind.

A job never raises for what Codat does: that is stored on the entry. A bug is raised,
so that it also shows among the queue's failures.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database

from lending.db import guards
from lending.seals import sealing
from xero_sync.borrowers import (
    account_notices,
    consent_notices,
    line_notices,
    link_requests,
    wishes,
)
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError, CodatNoAnswer, CodatUnavailable
from xero_sync.connections import daily_check as connection_checks
from xero_sync.connections import status as connection_status
from xero_sync.runtime import heartbeats, leases, task_queue, throttles
from xero_sync.runtime.clock import database_now
from xero_sync.signals import drain_stored
from xero_sync.writeback import budget, due, engine, inbox
from xero_sync.writeback import sweep as sweeping
from xero_sync.writeback.paced_client import paced_client
from xero_sync.xero_app import toggles

logger = logging.getLogger(__name__)

# A drain stays this long for work that is due within the same time.
LINGER_SECONDS = 2.0
# A connection is checked again after this long; one run takes this many seconds.
CHECKED_EVERY = timedelta(hours=23)
CHECK_SECONDS = 60.0
BUSY = "enough drains are running"


def drain(**_ignored: Any) -> str:
    """Drain the queue for one slice, unless enough drains run already."""
    task_queue.answer(job=task_queue.DRAIN)
    # A worker that has just begun shows at its first job that it lives.
    heartbeats.beat(name=heartbeats.CLUSTER, now=database_now())
    done = run_slice(seconds=settings.WRITEBACK_SLICE_SECONDS)
    if done != BUSY and _is_due_soon():
        # The slice is over, the work is not; other jobs get their turn in between.
        task_queue.nudge_drain()
    return done


def run_slice(*, seconds: float, stop: Callable[[], bool] = lambda: False) -> str:
    """Drain until nothing is due for a while, or the slice is over."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    ends_at = time.monotonic() + seconds
    sent = looked = 0
    with (
        CodatClient.from_settings(pool_size=settings.WRITEBACK_THREADS) as client,
        paced_client() as paced,
    ):
        while not stop() and time.monotonic() < ends_at:
            with leases.hold(holder=holder) as lease:
                if lease is None:
                    return BUSY
                is_over = _either(stop, lease)
                while not is_over() and time.monotonic() < ends_at:
                    # Somebody waits for these on a page, and they are few.
                    wishes.fulfil(stop=is_over)
                    left = max(ends_at - time.monotonic(), 0.0)
                    report = engine.drain(client=client, seconds=left, stop=is_over)
                    sent += report.sent
                    looked += report.looked
                    check_connections(paced)
                    if not _is_due_soon():
                        break
                    time.sleep(0.1)
            # Work that came while the lease was being given back got no nudge.
            if not _is_due_soon():
                break
    if sent or looked:
        drain_stored.send_robust(sender=None)
    return f"{sent} sent, {looked} looks"


def _either(stop: Callable[[], bool], lease: leases.Lease) -> Callable[[], bool]:
    """Tell to stop when asked to, or when the lease went to another drain."""
    return lambda: stop() or not lease.keep()


def _is_due_soon() -> bool:
    wait = due.seconds_until_due(now=database_now())
    return wait is not None and wait <= LINGER_SECONDS


def check_connections(client: CodatClient, now: engine.Now = database_now) -> None:
    """Look at connections that a webhook or a refusal has made doubtful."""
    for connection in connection_checks.doubtful(now=now()):
        if not budget.may_look(now=now()):
            return
        try:
            connection_status.refresh(connection=connection, client=client, now=now())
        except CodatError as exc:
            # It stays doubtful; the next slice tries again.
            logger.warning("Connection %s could not be read: %s", connection.pk, exc)
            if isinstance(exc, CodatNoAnswer | CodatUnavailable):
                # So it would be with the others.
                return


def sweep(*, seen_as: str = heartbeats.CLUSTER, **_ignored: Any) -> str:
    """Find everything that is due and ask for a drain; show that its runner lives."""
    now = database_now()
    heartbeats.beat(name=seen_as, now=now)
    inbox.read(now=now)
    sweeping.sweep(now=now)
    line_notices.tell(now=now)
    account_notices.tell(now=now)
    link_requests.answer()
    throttles.forget_past()
    return "swept"


def read_inbox(**_ignored: Any) -> str:
    """Read the webhook messages that wait, and let a drain look at what they name."""
    task_queue.answer(job=task_queue.INBOX)
    messages = inbox.read(now=database_now())
    return f"{messages} messages; {drain()}"


def seal(**_ignored: Any) -> str:
    """Seal the days that are finished; it runs every hour and mostly finds none."""
    try:
        sealed = sealing.seal_finished(now=database_now())
    except sealing.ChainBroken:
        logger.exception("No day was sealed")
        return "broken"
    return f"{sealed.rows} rows sealed, up to {sealed.day}"


def daily_check(**_ignored: Any) -> str:
    """Look at every live connection once a day, so that a lost webhook is noticed.

    Before them, at whether Codat has the integration enabled at all.

    It runs every hour and takes those that are due, for as long as a job may take.
    """
    ends_at = time.monotonic() + CHECK_SECONDS
    now = database_now()
    if unguarded := guards.missing(database):
        logger.error("The database no longer guards %s", ", ".join(unguarded))
    consent_notices.tell(now=now)
    with paced_client() as client:
        toggles.look_daily(client=client, now=now, unless_since=now - CHECKED_EVERY)
        checked, failed = connection_checks.check_all(
            client=client,
            now=now,
            unless_since=now - CHECKED_EVERY,
            stop=lambda: time.monotonic() > ends_at,
        )
    return f"{checked} checked, {failed} failed"
