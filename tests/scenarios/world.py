"""What there is in a schedule: Codat's stand-in, our product, and time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.test import RequestFactory
from django_q.models import OrmQ

from tests.due import at_codat, next_moment
from tests.scenarios.clock import STARTS_AT, Clock
from tests.scenarios.crashes import Crash, Crasher
from tests.scenarios.database import recover
from tests.scenarios.freezer import Freezer
from tests.scenarios.wire import Wire
from xero_sync import jobs
from xero_sync.codat.client import CodatClient
from xero_sync.connections import daily_check as connection_checks
from xero_sync.models import (
    RateScope,
    RecordChange,
    SyncRecord,
    WatchedPush,
)
from xero_sync.models.choices import Reason
from xero_sync.sandbox import Sandbox
from xero_sync.webhooks import views as webhook_views
from xero_sync.writeback import backpressure, budget, engine, inbox, pool
from xero_sync.writeback import sweep as sweeping

WEBHOOK_URL = "http://testserver/webhooks/codat/"
A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)


class World:
    """The sandbox, the client and the product's processes, on one clock."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"world of {seed}")
        self.clock = Clock(STARTS_AT + timedelta(minutes=self.chance.randrange(1_200)))
        self.room = self.chance.choice([1, 8, 8, 8])
        self.crasher = Crasher()
        self.freezer = Freezer(self.clock)
        self.sandbox = Sandbox(
            clock=self.clock,
            webhook_secret=settings.CODAT_WEBHOOK_SECRET,
            deliver=self._deliver,
            api_key=settings.CODAT_API_KEY,
        )
        # What Xero does with a line that it has already is not documented.
        self.sandbox.accept_repeated_line_ids = self.chance.random() < 0.5
        self.wire = Wire(self)
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", self.wire)
        self.client = CodatClient(
            base_url="http://codat.test",
            api_key=settings.CODAT_API_KEY,
            session=session,
        )
        # For what is not urgent: each call asks the shared budget by itself.
        self.paced = CodatClient(
            base_url="http://codat.test",
            api_key=settings.CODAT_API_KEY,
            session=session,
            before_call=budget.charge,
            after_call=backpressure.note,
        )
        # Whether a push may land of which Codat will never say so.
        self.lands_untold = False
        self.story: list[str] = []
        self.broken: list[str] = []
        self._swept_at = self._checked_at = self.clock.now
        self._intake_dies = False
        self._views = RequestFactory()

    def tell(self, words: str) -> None:
        """Add a line to the story of this schedule."""
        self.story.append(f"{self.clock.elapsed:>16}  {words}")

    # --- the product's processes ---------------------------------------------------

    @contextmanager
    def process(self, what: str) -> Iterator[None]:
        """Run a process of ours, which may die; its peers live on."""
        try:
            yield
        except Crash:
            self.tell(f"  ✝ died: {what}")
            recover()
            self.forget_what_nobody_else_knows()

    def forget_what_nobody_else_knows(self) -> None:
        """A Retry-After that died or sleeps with its reader has told nobody else."""
        scopes = RateScope.objects.exclude(blocked_until=None)
        known = max(scopes.values_list("blocked_until", flat=True), default=STARTS_AT)
        limits = self.sandbox.limits
        limits.blocked = {
            scope: until for scope, until in limits.blocked.items() if until <= known
        }

    def _deliver(self, _url: str, headers: dict[str, str], body: bytes) -> int:
        """Carry a webhook to our view: the web process, which may die by itself."""
        before = self._states()
        request = self._views.post(
            "/webhooks/codat/",
            data=body,
            content_type="application/json",
            headers=headers,
        )
        try:
            status: int = webhook_views.codat(request).status_code
        except SuspiciousOperation:
            status = 400
        except Crash:
            self.tell("  ✝ died: the intake of a webhook")
            recover()
            status = 0
        if self._states() != before:
            self.broken.append("a webhook moved an entry by itself")
        return status

    def _states(self) -> list[tuple[Any, ...]]:
        return list(SyncRecord.objects.values_list("pk", "state").order_by("pk"))

    def drain(self) -> None:
        """A worker takes what is due."""
        room = self.room
        with (
            self.process("a drain"),
            # As many exchanges are claimed together as threads would have room for.
            mock.patch.object(pool.Pool, "room", lambda self: room - self.in_flight),
        ):
            began = self.clock.now
            engine.drain(client=self.client, now=self.freezer.now, threads=0)
            self._watch_what_was_asked(began)
            jobs.check_connections(self.paced, now=self.freezer.now)

    def _watch_what_was_asked(self, began: datetime) -> None:
        """No drain may leave to a person what Codat had settled when it began."""
        if self.freezer.has_woken:
            # It has stored what it had read before it fell asleep.
            return
        asked = RecordChange.objects.filter(reason=Reason.NEEDS_PERSON, at__gte=began)
        for change in asked.exclude(record__push_operation_key=None):
            key = change.record.push_operation_key
            push = self.sandbox._world.pushes[str(key)]
            if push.status in {"Success", "Failed"} and push.completed < began:
                words = f"a person is asked about {change.record}: {push.status}"
                self.broken.append(words)

    def status_of(self, key: Any) -> str:
        """What Codat says of a push."""
        return str(self.sandbox._world.pushes[str(key)].status)

    def work(self) -> None:
        """A worker takes what nudges there are; without any it stays idle."""
        nudges = OrmQ.objects.all()
        if not nudges.exists():
            return
        nudges.delete()
        self.drain()

    def sweep(self) -> None:
        """The minute sweep, which finds what nobody was nudged for."""
        self._swept_at = self.clock.now
        with self.process("the sweep"):
            inbox.read(now=self.clock.now)
            sweeping.sweep(now=self.clock.now)

    def daily_check(self) -> None:
        """The daily look at each connection and at the accounts chosen in it."""
        self._checked_at = self.clock.now
        with self.process("the daily check"):
            checked, failed = connection_checks.check_all(
                client=self.paced, now=self.clock.now, wait=self.wait
            )
            self.tell(f"  the daily check: {checked} checked, {failed} failed")

    # --- time ------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass while none of our processes runs but the web's."""
        self._pass_to(self.clock.now + timedelta(seconds=seconds))

    def _pass_to(self, moment: datetime) -> None:
        """Let everything at Codat happen in its time, webhooks included."""
        while (due := at_codat(self.sandbox)) is not None and due < moment:
            self.clock.to(due)
            self.sandbox.tick()
        self.clock.to(moment)
        self.sandbox.tick()

    def run(self, seconds: float) -> None:
        """Let all processes work for a while; time jumps to where something is due."""
        ends_at = self.clock.now + timedelta(seconds=seconds)
        pause = 1.0
        while True:
            self.sandbox.tick()
            self._work_through()
            moment = next_moment(self.sandbox)
            if moment is None or moment > ends_at or self.clock.now >= ends_at:
                break
            # What stays due although nobody can do it now is tried ever more rarely.
            pause = 1.0 if moment > self.clock.now else min(2 * pause, 3_600.0)
            self._pass_to(max(moment, self.clock.now + timedelta(seconds=pause)))
        self._pass_to(ends_at)

    def _work_through(self) -> None:
        if self.clock.now - self._swept_at >= A_MINUTE:
            self.sweep()
        if self.clock.now - self._checked_at >= A_DAY:
            self.daily_check()
        self.drain()

    @property
    def is_quiet_at_codat(self) -> bool:
        """Whether nothing is on its way any more: landings, pushes, refreshes."""
        return not self.sandbox._world._agenda

    @property
    def has_told_all(self) -> bool:
        """Whether we know by now what became of every push that we watch."""
        pushes = self.sandbox._world.pushes
        watched = WatchedPush.objects.watched()
        return self.is_quiet_at_codat and all(
            pushes[str(key)].status in {"Pending", "TimedOut"}
            for key in watched.values_list("push_operation_key", flat=True)
        )
