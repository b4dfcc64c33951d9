"""The stand-in itself: calls in, answers out, time moved by `tick`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from threading import Lock, RLock
from urllib.parse import urlsplit

from xero_sync.sandbox import keeping
from xero_sync.sandbox.consumers import BUILT_IN
from xero_sync.sandbox.exchange import HttpExchange, Keyring, company_in
from xero_sync.sandbox.faults import Faults
from xero_sync.sandbox.limits import Limits
from xero_sync.sandbox.seeding import Seeding
from xero_sync.sandbox.state import Company, Connection, LoggedRequest, Settings, World
from xero_sync.sandbox.webhooks import Consumer, Delivery, Outbox
from xero_sync.sandbox.wire import Call, JsonObject, LostReply, Reply

Deliver = Callable[[str, dict[str, str], bytes], int]
WEBHOOK_SECRET = "whsec_c2FuZGJveC1zaWduaW5nLXNlY3JldC0wMDE="
DELIVERY_SECONDS = 15


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox(Seeding):
    """A local Codat with a Xero-like ledger behind it.

    Args:
        clock: tells the time, aware; everything that waits, waits by it.
        push_seconds: how long an accepted push stays Pending.
        feed_seconds: how long a mapped feed is `connecting` at least.
        refresh_seconds: how long a refresh takes.
        webhook_url: an endpoint that is told about every event.
        deliver: sends a webhook and returns the HTTP status.
        entry_of: makes some amounts magic, see `magic.py`; tells which entry a request
            with that Idempotency-Key writes.
    """

    def __init__(
        self,
        *,
        api_key: str = "sandbox-key",
        clock: Callable[[], datetime] | None = None,
        push_seconds: float = 0.0,
        feed_seconds: float = 0.0,
        refresh_seconds: float = 0.0,
        webhook_secret: str = WEBHOOK_SECRET,
        webhook_url: str | None = None,
        deliver: Deliver | None = None,
        entry_of: Callable[[str], str] | None = None,
    ) -> None:
        self.limits = Limits()
        self.faults = Faults(self.limits.set_remaining)
        self.settings = Settings(push_seconds, feed_seconds, refresh_seconds)
        self.keyring = Keyring(api_key)
        self.outbox = Outbox(webhook_secret, self.faults)
        if webhook_url is not None:
            self.outbox.consumers[BUILT_IN] = Consumer(BUILT_IN, webhook_url)
        # what `slow` does: nothing in process, sleep in the server
        self.pause: Callable[[float], None] = lambda _seconds: None
        self._deliver = deliver or post
        self._world = World(
            clock or _utc_now, self.limits, self.faults, self.outbox, self.settings
        )
        self._world.entry_of = entry_of
        self._lock = RLock()
        self._count_lock = Lock()

    @property
    def now(self) -> datetime:
        """The time by the sandbox's clock."""
        return self._world.now

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every call so far; one whose answer was lost has no status."""
        return self._world.requests

    @property
    def violations(self) -> list[str]:
        """The rules of the contract which the client broke."""
        return self._world.violations

    @property
    def companies(self) -> list[Company]:
        """All companies."""
        return list(self._world.companies.values())

    def connection(self, connection_id: str) -> Connection:
        """The connection of that id, as it is now."""
        return self._world.connections[connection_id]

    def company_of(self, connection_id: str) -> Company:
        """The company a connection belongs to."""
        return self._world.companies[self.connection(connection_id).company_id]

    def organisation_name(self, connection_id: str) -> str | None:
        """The name of the organisation behind a connection."""
        organisation_id = self.connection(connection_id).organisation_id
        if organisation_id is None:
            return None
        return self._world.organisations[organisation_id].name

    def connections_of(self, company_id: str) -> list[Connection]:
        """The connections of a company, oldest first."""
        return self._world.connections_of(company_id)

    @property
    def events(self) -> list[JsonObject]:
        """Every webhook event so far, delivered or not."""
        return self.outbox.events

    @property
    def accept_repeated_line_ids(self) -> bool:
        """Whether a statement line with a known id is added once more."""
        return self.settings.accept_repeated_line_ids

    @accept_repeated_line_ids.setter
    def accept_repeated_line_ids(self, accepts: bool) -> None:
        self.settings.accept_repeated_line_ids = accepts

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Answer a call.

        Raises:
            LostReply: the connection drops instead.
        """
        call = Call.parse(method, target, headers, body)
        company_id = company_in(call.path)
        with self._count_lock:
            self.limits.in_flight[company_id] += 1
        try:
            return self._answer(call)
        finally:
            with self._count_lock:
                self.limits.in_flight[company_id] -= 1

    def _answer(self, call: Call) -> Reply:
        exchange = HttpExchange(self._world, self.keyring, call)
        try:
            with self._lock:
                self._world.settle()
                reply = exchange.open()
            if exchange.delay:
                self.pause(exchange.delay)
            with self._lock:
                reply = exchange.run() if reply is None else reply
                at_once, self._world.deliver_now = self._world.deliver_now, False
            if at_once:
                self._deliver_due()
            with self._lock:
                return exchange.send(reply)
        except LostReply:
            with self._lock:
                exchange.log(None)
            raise

    def save(self, path: Path) -> None:
        """Write down what it remembers."""
        with self._lock:
            keeping.save(self._world, path)

    def load(self, path: Path) -> None:
        """Remember what was written down, if anything was."""
        with self._lock:
            keeping.load(self._world, path)

    def tick(self) -> None:
        """Let everything happen that is due by the clock, webhooks included."""
        with self._lock:
            self._world.settle()
        self._deliver_due()

    def _deliver_due(self) -> None:
        # the lock is never held over a delivery: the receiver may call back
        with self._lock:
            due = self.outbox.take_due(self._world.now)
        for delivery in due:
            status = self._attempt(delivery)
            with self._lock:
                self.outbox.settle(delivery, status, self._world.now)

    def _attempt(self, delivery: Delivery) -> int:
        headers = self.outbox.headers(delivery, self._world.now)
        try:
            return self._deliver(delivery.url, headers, delivery.body)
        except (OSError, HTTPException):
            return 0


def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Send a webhook over HTTP; a consumer has 15 seconds to answer."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=DELIVERY_SECONDS)
    path = parts.path or "/"
    try:
        connection.request(
            "POST", f"{path}?{parts.query}" if parts.query else path, body, headers
        )
        return connection.getresponse().status
    finally:
        connection.close()
