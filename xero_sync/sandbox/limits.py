"""How much a client may ask.

Codat's rate-limit page: 1000 calls a day times one plus the number of companies with
an active connection, reset at midnight UTC; ten calls at a time per company; a
thousand calls a minute. The state of the daily quota is on every answer.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

from xero_sync.sandbox.wire import ApiError, stamp

TOO_MANY = "You have made too many requests in a given amount of time; retry later."


@dataclass
class Limits:
    """The published limits; `None` switches one off, `enabled` all of them."""

    enabled: bool = True
    per_minute: int | None = 1000
    daily: int | None = None
    daily_per_company: int | None = 1000
    concurrent: int | None = 10
    today: date | None = None
    used: int = 0
    exhausted: bool = False
    recent: deque[datetime] = field(default_factory=deque)
    in_flight: Counter[str] = field(default_factory=Counter)
    # until when nothing should be asked, for one company or ("") for all of them
    blocked: dict[str, datetime] = field(default_factory=dict)
    companies: int = 0

    @property
    def quota(self) -> int:
        """The calls of a whole day."""
        if self.daily is not None:
            return self.daily
        return (self.daily_per_company or 0) * (1 + self.companies)

    @property
    def remaining(self) -> int:
        """The calls left today."""
        return max(0, self.quota - self.used)

    @property
    def is_metered(self) -> bool:
        """Whether a daily quota applies at all."""
        return self.enabled and (
            self.daily is not None or self.daily_per_company is not None
        )

    def set_remaining(self, remaining: int) -> None:
        """Pretend that only so many calls are left today."""
        self.used = self.quota - remaining

    def turn_day(self, now: datetime) -> bool:
        """Start a new day's quota at midnight; true if one had run out."""
        if self.today == now.date():
            return False
        was_exhausted = self.exhausted and self.today is not None
        if self.today is not None:
            self.used = 0
        self.exhausted = False
        self.today = now.date()
        return was_exhausted

    def headers(self, now: datetime) -> dict[str, str]:
        """The state of the quota, as every answer carries it."""
        return {
            "X-Rate-Limit-Limit": str(self.quota),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Reset": stamp(midnight_after(now)),
        }

    def admit(self, now: datetime, company_id: str) -> None:
        """Count a call.

        Raises:
            ApiError: 429, one of the limits is reached.
        """
        if not self.enabled:
            return
        while self.recent and self.recent[0] <= now - timedelta(minutes=1):
            self.recent.popleft()
        if self.per_minute is not None and len(self.recent) >= self.per_minute:
            seconds = (self.recent[0] + timedelta(minutes=1) - now).total_seconds()
            raise self.refuse(now, int(seconds) + 1, "")
        if self.is_metered and self.remaining == 0:
            seconds = (midnight_after(now) - now).total_seconds()
            raise self.refuse(now, int(seconds) + 1, "")
        crowd = self.in_flight[company_id] if company_id else 0
        if self.concurrent is not None and crowd > self.concurrent:
            raise self.refuse(now, 1, company_id)
        self.recent.append(now)
        self.used += 1

    def refuse(self, now: datetime, seconds: int, scope: str) -> ApiError:
        """A 429 that asks to come back later."""
        self.block(now, scope, seconds)
        return ApiError(429, TOO_MANY, headers={"Retry-After": str(seconds)})

    def block(self, now: datetime, scope: str, after: int | str | None) -> None:
        """Remember a `Retry-After`, in seconds or as an HTTP date."""
        if after is None:
            return
        if str(after).isdigit():
            self.blocked[scope] = now + timedelta(seconds=int(after))
        else:
            self.blocked[scope] = parsedate_to_datetime(str(after))

    def is_blocked(self, now: datetime, company_id: str) -> bool:
        """Whether a call comes before a `Retry-After` has elapsed."""
        return any(
            scope in self.blocked and now < self.blocked[scope]
            for scope in {"", company_id}
        )


def midnight_after(now: datetime) -> datetime:
    """The next midnight in UTC."""
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
