"""One call and its answer: admission, faults, idempotency, dispatch."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from xero_sync.sandbox import (
    cached_reads,
    companies,
    connections,
    consumers,
    feed_mapping,
    integrations,
    magic,
    options,
    push_calls,
    refreshes,
    source_accounts,
    sync_settings,
)
from xero_sync.sandbox.faults import HTTP_KINDS, PlannedFault
from xero_sync.sandbox.idempotency import in_progress
from xero_sync.sandbox.limits import TOO_MANY
from xero_sync.sandbox.routing import find
from xero_sync.sandbox.state import LoggedRequest, World
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    LostReply,
    Problem,
    Reply,
    is_guid,
)

ROUTES = [
    route
    for module in (
        companies,
        connections,
        integrations,
        refreshes,
        # after the fixed words that may follow /data/
        cached_reads,
        sync_settings,
        options,
        push_calls,
        source_accounts,
        feed_mapping,
        consumers,
    )
    for route in module.ROUTES
]
OFFLINE = "There is a problem with our server. Please try again later."


@dataclass
class Keyring:
    """The API keys: the one that works, and those that are not entitled."""

    valid: str
    not_entitled: set[str] = field(default_factory=set)

    def check(self, header: str | None) -> None:
        """Codat's authentication page: `Basic` and the base64 of the bare key.

        Raises:
            ApiError: 401 for no or a wrong key, 403 for one that is not entitled.
        """
        if header == basic(self.valid):
            return
        if header in {basic(key) for key in self.not_entitled}:
            raise ApiError(403, "You are using a key that is not entitled to this.")
        raise ApiError(401, "Unauthorized")


def basic(key: str) -> str:
    """The Authorization header of an API key."""
    return f"Basic {base64.b64encode(key.encode()).decode()}"


def company_in(path: str) -> str:
    """The company which a path is about, or nothing."""
    match = re.match(r"^/companies/([^/]+)", path)
    return match.group(1) if match else ""


class HttpExchange:
    """A call on its way through the stand-in.

    `open` admits it, `run` carries it out, `send` gives the answer away; between the
    first two the caller may let time pass.
    """

    def __init__(self, world: World, keyring: Keyring, call: Call) -> None:
        self.world = world
        self.call = call
        self.keyring = keyring
        self.line = f"{call.method} {call.path}"
        self.data_type = push_calls.push_type(call.path)
        if call.method not in {"POST", "PATCH"}:
            self.data_type = None
        self.company_id = company_in(call.path)
        self.delay = 0.0
        self.forced: PlannedFault | None = None

    def _fault(self, kind: str) -> PlannedFault | None:
        if self.forced is not None and self.forced.kind == kind:
            return self.forced
        return self.world.faults.take(kind, self.data_type, self.line)

    def open(self) -> Reply | None:
        """Let the call in; the answer, if there is one already.

        Raises:
            LostReply: a fault drops the connection before anything happened.
        """
        try:
            self._authenticate()
            self._watch_manners()
            self._meter()
            self.forced = magic.fault(self.world, self.call, self.data_type, HTTP_KINDS)
            self._refuse_on_request()
            self._withdraw_on_request()
            self._lose_on_request()
            kept = self.world.keys.begin(self.call, self.world.now)
        except ApiError as exc:
            if exc.status == 422:  # noqa: PLR2004
                self.world.violate(f"Idempotency-Key with other bytes: {self.line}")
            return exc.reply()
        if kept is None:
            slow = self._fault("slow")
            self.delay = float(slow.get("seconds", 1)) if slow else 0.0
        return kept

    def _authenticate(self) -> None:
        self.keyring.check(self.call.headers.get("authorization"))
        if self._fault("unauthorised"):
            raise ApiError(401, "Unauthorized")
        if self._fault("payment_required"):
            # a published example carries another code in the body than the status
            message = "You have exceeded the 50-company limit of the plan."
            raise ApiError(402, message, body_status=429)

    def _watch_manners(self) -> None:
        world, key = self.world, self.call.key
        if world.limits.is_blocked(world.now, self.company_id):
            world.violate(f"call before Retry-After elapsed: {self.line}")
        if self.data_type is not None and not key:
            world.violate(f"push without Idempotency-Key: {self.line}")
        if key and not is_guid(key):
            world.violate(f"Idempotency-Key is not a GUID: {key}")

    def _meter(self) -> None:
        world, limits = self.world, self.world.limits
        try:
            limits.admit(world.now, self.company_id)
        except ApiError:
            if limits.in_flight[self.company_id] > (limits.concurrent or 0):
                world.violate(f"more than 10 concurrent requests: {self.company_id}")
            raise
        finally:
            if limits.is_metered and not limits.remaining and not limits.exhausted:
                limits.exhausted = True
                world.emit_quota("reached")

    def _refuse_on_request(self) -> None:
        busy = self._fault("busy")
        if busy is not None:
            self.world.limits.block(
                self.world.now, self.company_id, busy.get("retry_after")
            )
            after = busy.get("retry_after")
            headers = {} if after is None else {"Retry-After": str(after)}
            raise ApiError(429, TOO_MANY, headers=headers)
        if self._fault("in_progress"):
            raise in_progress()

    def _withdraw_on_request(self) -> None:
        fault = self._fault("deauthorised")
        if fault is None:
            return
        connection_id = self.call.path.partition("/connections/")[2].split("/")[0]
        seconds = float(fault.get("seconds", 15))
        connections.withdraw(self.world, connection_id, seconds=seconds)
        # Which answer Codat gives here is not documented.
        raise ApiError(403, "The connection has been de-authorised.")

    def _lose_on_request(self) -> None:
        if self._fault("lose_reply_before"):
            raise LostReply(self.line)
        late = self._fault("late_landing")
        if late is not None:
            self.world.later(float(late.get("seconds", 1)), self._land)
            raise LostReply(self.line)

    def _land(self) -> None:
        # what was stuck on the way arrives: a key seen meanwhile still protects
        try:
            if self.world.keys.begin(self.call, self.world.now) is not None:
                return
        except ApiError:
            return
        known = len(self.world.violations)
        self.run()
        # how things stand when it arrives, its sender could not know
        del self.world.violations[known:]

    def run(self) -> Reply:
        """Carry the call out, and keep the answer for its key."""
        reply = self._broken() or self._dispatch()
        while self.world.before_reply:
            self.world.before_reply.pop(0)()
            self.world.deliver_now = True
        after = self._fault("error_after")
        if after is not None:
            status = int(after.get("status", 502))
            reply = ApiError(status, OFFLINE, body_status=500).reply()
        self.world.keys.finish(self.call, reply)
        return reply

    def _broken(self) -> Reply | None:
        before = self._fault("error_before")
        if before is not None:
            return ApiError(int(before.get("status", 500)), OFFLINE).reply()
        forbidden = self._fault("status_403")
        if forbidden is None:
            return None
        kind = forbidden.get("problem", "invalid-organisation-bank-feeds")
        title = kind.replace("-", " ").capitalize()
        detail = forbidden.get("detail", f"Xero refused this: {title}.")
        return Problem(403, kind, title, detail).reply()

    def _dispatch(self) -> Reply:
        try:
            handler, names = find(ROUTES, self.call.method, self.call.path)
            return handler(self.world, self.call, **names)
        except (ApiError, Problem) as exc:
            return exc.reply()

    def send(self, reply: Reply) -> Reply:
        """Log the call and give the answer away.

        Raises:
            LostReply: a fault drops the connection after everything happened.
        """
        if self._fault("lose_reply_after"):
            raise LostReply(self.line)
        if reply.status < 300 and self._fault("bad_json"):  # noqa: PLR2004
            reply = Reply(reply.status, dict(reply.headers), b"<html>oops")
        self.log(reply.status)
        limits = self.world.limits.headers(self.world.now)
        return Reply(reply.status, {**reply.headers, **limits}, reply.body)

    def log(self, status: int | None) -> None:
        """Write the call down."""
        self.world.requests.append(
            LoggedRequest(
                self.world.now,
                self.call.method,
                self.call.path,
                self.call.key,
                status,
            )
        )
