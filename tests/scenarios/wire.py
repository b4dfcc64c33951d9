"""The way to the sandbox and back, with a watch on everything that leaves.

What the watch asks of a write before its first byte: no transaction is open, its intent
is on file with these very bytes, Codat still remembers its key, it is the only one of
its type without a stored answer, nothing of it was refused, and nothing overtakes.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests
from django.db import connection as database

from tests.worlds import InProcess
from xero_sync.models import Connection, RecordChange, SyncRecord, WriteRequest
from xero_sync.models.choices import BOOKINGS, ConnectionStatus, Outcome, State

if TYPE_CHECKING:
    from tests.scenarios.world import World

# Codat forgets a key after this long and executes the same call again.
KEYS_LIVE = timedelta(minutes=90)
TOO_EARLY = "call before Retry-After elapsed"
NOT_LINKED = "write to a connection that is"
UNANSWERED = (State.SENDING, State.UNKNOWN)
IN_DOUBT = (Outcome.NO_ANSWER, Outcome.NO_VERDICT)


class Wire(InProcess):
    """Carries requests to the sandbox; crashes and frozen workers meet them here."""

    def __init__(self, world: World) -> None:
        super().__init__(world.sandbox)
        self.world = world
        self.broken: list[str] = []
        # Whether what is written to bank feeds is watched as pushes are.
        self.watches_feeds = False

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        line = f"{request.method} {request.path_url}"
        world = self.world
        world.freezer.meet("request", line)
        world.crasher.meet("request", line)
        if not self.is_reachable:
            raise requests.ConnectTimeout("no connection", request=request)
        is_feed = self.watches_feeds and "ankFeedAccounts" in line
        if request.method == "POST" and ("/push/" in line or is_feed):
            self._watch(request)
        else:
            self._watch_transaction(line)
        try:
            return self._carry(request)
        finally:
            # Also where the answer got lost: the worker sleeps until it gives up.
            world.freezer.meet("answer", line)
            world.freezer.meet("read", line)
            world.crasher.meet("answer", line)

    def _carry(self, request: requests.PreparedRequest) -> requests.Response:
        violations, limits = self.sandbox.violations, self.sandbox.limits
        before, blocked = len(violations), dict(limits.blocked)
        try:
            return super().send(request)
        except requests.ReadTimeout:
            # A 429 that got lost on its way has told nobody when to come back.
            limits.blocked = blocked
            raise
        finally:
            new = violations[before:]
            path = request.path_url or ""
            violations[before:] = [one for one in new if not self._excused(one, path)]

    def _excused(self, violation: str, path: str) -> bool:
        if violation.startswith(TOO_EARLY):
            # A worker that slept did not hear what was answered to others meanwhile.
            return self.world.freezer.has_woken
        if not violation.startswith(NOT_LINKED):
            return False
        # Nobody had told us yet that the connection was cut.
        (connection_id,) = re.findall(r"/connections/([^/]+)/", path)
        known = Connection.objects.filter(codat_connection_id=connection_id)
        has_slept = self.world.freezer.has_woken
        return has_slept or known.filter(status=ConnectionStatus.LINKED).exists()

    def _watch_transaction(self, line: str) -> None:
        if database.in_atomic_block:
            self.broken.append(f"called inside a transaction: {line}")

    def _watch(self, request: requests.PreparedRequest) -> None:
        line = request.path_url or ""
        self._watch_transaction(line)
        key = request.headers.get("Idempotency-Key")
        intent = WriteRequest.objects.filter(idempotency_key=key).first()
        if intent is None or bytes(intent.body) != request.body:
            self.broken.append(f"sent before its intent was on file: {line}")
            return
        if self.world.clock.now - intent.created_at >= KEYS_LIVE:
            self.broken.append(f"sent under a key that Codat has forgotten: {line}")
        if self.watches_feeds and not self.world.freezer.has_woken:
            self._watch_predecessor(intent)
        records = list(SyncRecord.objects.filter(request=intent, state=State.SENDING))
        if records and not self.world.freezer.has_woken:
            self._watch_refusals(intent, records)
            self._watch_order(intent, records)

    def _watch_predecessor(self, intent: WriteRequest) -> None:
        """Whatever an earlier request may have made has had its time to be seen."""
        earlier = intent.predecessor
        if earlier is None:
            return
        attempts = list(earlier.attempts.order_by("pk"))
        is_in_doubt = not attempts or attempts[-1].outcome in IN_DOUBT
        last = attempts[-1].finished_at if attempts else earlier.created_at
        if is_in_doubt and self.world.clock.now - last < KEYS_LIVE:
            self.broken.append(f"sent anew beside one of unknown outcome: {intent}")

    def _watch_refusals(self, intent: WriteRequest, records: list[SyncRecord]) -> None:
        refused = RecordChange.objects.filter(
            record__in=records, to_state=State.FAILED, at__gt=intent.created_at
        )
        if refused.exists():
            self.broken.append(f"sent again under a refused key: {intent}")

    def _watch_order(self, intent: WriteRequest, records: list[SyncRecord]) -> None:
        alike = SyncRecord.objects.filter(
            company=intent.company_id, step=records[0].step, state__in=UNANSWERED
        )
        if alike.exclude(request=intent).exists():
            self.broken.append(f"sent beside one of unknown outcome: {intent}")
        for record in records:
            open_ones = SyncRecord.objects.open().filter(step__in=BOOKINGS)
            if record.step in BOOKINGS:
                ahead = open_ones.filter(
                    loan=record.loan_id, sequence__lt=record.sequence
                )
            else:
                ahead = open_ones.filter(event=record.event_id)
            if ahead.exists():
                self.broken.append(f"sent before what comes first: {record}")
