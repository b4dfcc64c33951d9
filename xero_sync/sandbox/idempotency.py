"""Answers kept by Idempotency-Key.

Codat's idempotency page: the first answer is kept for 90 minutes and replayed, 5xx
included; other bytes under the same key are a 422, a call while the first one still
runs is a 409, and a 429 releases the key. After 90 minutes the key is forgotten and
the same call is executed again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from xero_sync.sandbox.wire import ApiError, Call, Reply

LIFETIME = timedelta(minutes=90)


@dataclass
class Kept:
    """What is known about a key."""

    fingerprint: tuple[str, str, bytes]
    at: datetime
    reply: Reply | None = None


@dataclass
class Keys:
    """All keys of the last 90 minutes."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def begin(self, call: Call, now: datetime) -> Reply | None:
        """Claim the key of a call, or return the answer it already has.

        Raises:
            ApiError: 409 while the first call runs, 422 for other bytes.
        """
        if call.key is None or call.method not in {"POST", "PATCH"}:
            return None
        fingerprint = (call.method, call.target, call.body)
        kept = self.kept.get(call.key)
        if kept is not None and now - kept.at >= LIFETIME:
            kept = None
        if kept is None:
            self.kept[call.key] = Kept(fingerprint, now)
            return None
        if kept.fingerprint != fingerprint:
            raise ApiError(422, "The Idempotency-Key was used with another request.")
        if kept.reply is None:
            raise in_progress()
        return kept.reply

    def finish(self, call: Call, reply: Reply) -> None:
        """Keep the answer; a 429 releases the key instead."""
        kept = self.kept.get(call.key or "")
        if kept is None:
            return
        if reply.status == 429:  # noqa: PLR2004
            self.release(call)
        else:
            kept.reply = reply

    def release(self, call: Call) -> None:
        """Forget the key."""
        self.kept.pop(call.key or "", None)


def in_progress() -> ApiError:
    """The answer while the first call with a key is running."""
    return ApiError(409, "A request with this Idempotency-Key is in progress.")
