"""Do the background work in this process, without a django-q cluster."""

import logging
import signal
import time
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections

from xero_sync import jobs
from xero_sync.codat.exceptions import CodatError
from xero_sync.management.base import XeroCommand
from xero_sync.models import Heartbeat, SyncRecord
from xero_sync.models.choices import State
from xero_sync.runtime import heartbeats, task_queue
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import due

logger = logging.getLogger(__name__)

# Its heartbeat remembers the last daily check over restarts.
DAILY = "push_drain daily"
A_DAY = timedelta(days=1)
IDLE_SECONDS = 0.5
SWEEP_SECONDS = 60.0
# After a failure: doubling from the first to the last.
BACKOFF_SECONDS = (1.0, 30.0)
OUTAGES = (DatabaseError, InterfaceError, CodatError, OSError)


class Command(XeroCommand):
    """`manage.py push_drain`."""

    help = "Write what is due into Xero, once or for ever, without a cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--once", action="store_true", help="Until nothing is due.")
        how.add_argument("--loop", action="store_true", help="Until it is stopped.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Drain once, or until SIGTERM or SIGINT."""
        stopped = Event()
        before = {
            number: signal.signal(number, lambda *_: stopped.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            if options["loop"]:
                self.say("Draining; stop with Ctrl-C.")
                Loop(stopped).run()
                # Whoever stops it on purpose needs no warning that it is gone.
                heartbeats.sign_off(name=heartbeats.LOOP)
                self.say("Stopped; nothing is lost.")
            else:
                self._once(stopped)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _once(self, stopped: Event) -> None:
        jobs.sweep(seen_as=heartbeats.ONCE)
        while not stopped.is_set():
            done = jobs.run_slice(
                seconds=settings.WRITEBACK_SLICE_SECONDS, stop=stopped.is_set
            )
            self.say(f"{done[0].upper()}{done[1:]}.")
            wait = due.seconds_until_due(now=database_now())
            if wait is None or wait > 0 or done == jobs.BUSY:
                break
        waiting = SyncRecord.objects.filter(state__in=(State.PENDING, State.UNKNOWN))
        open_ = SyncRecord.objects.open().count()
        self.say(f"{open_} entries are open, {waiting.count()} of them sent.")


class Loop:
    """Slice after slice, a sweep each minute; an outage only makes it wait longer."""

    def __init__(self, stopped: Event) -> None:
        self._stopped = stopped
        self._next_sweep = 0.0
        self._failures = 0

    def run(self) -> None:
        """Go on until stopped; what is under way then is brought to its end."""
        while not self._stopped.is_set():
            close_old_connections()
            try:
                self._turn()
                self._failures = 0
            except OUTAGES as exc:
                self._failures += 1
                logger.warning("The drain goes on in a moment: %s", exc)
            except Exception:
                # A bug about one entry must not end the work on all the others.
                self._failures += 1
                logger.exception("The drain met a bug and goes on in a moment")
            self._stopped.wait(self._pause())

    def _turn(self) -> None:
        now = database_now()
        heartbeats.beat(name=heartbeats.LOOP, now=now)
        is_time_to_sweep = time.monotonic() >= self._next_sweep
        if is_time_to_sweep:
            jobs.sweep(seen_as=heartbeats.LOOP)
            task_queue.forget_stale_nudges(now=now)
            self._check_daily(now)
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
        wait = due.seconds_until_due(now=now)
        # Connections in doubt are looked at in a slice, and make nothing due.
        if is_time_to_sweep or (wait is not None and wait <= 0):
            jobs.run_slice(
                seconds=settings.WRITEBACK_SLICE_SECONDS, stop=self._stopped.is_set
            )

    def _check_daily(self, now: datetime) -> None:
        recent = Heartbeat.objects.filter(name=DAILY, beat_at__gt=now - A_DAY)
        if not recent.exists():
            heartbeats.beat(name=DAILY, now=now)
            jobs.daily_check()

    def _pause(self) -> float:
        if not self._failures:
            return IDLE_SECONDS
        first, last = BACKOFF_SECONDS
        return min(last, first * 2.0 ** min(self._failures - 1, 10))
