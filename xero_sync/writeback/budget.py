"""One budget of requests for all processes and hosts that share the database.

Codat blocks an address above 1,000 requests a minute, sets a daily quota for the
client, and answers 429 with Retry-After; Xero takes 60 calls a minute for an
organisation. A permit is a step of the generic cell rate algorithm in a row that is
locked while it is taken, so nobody overspends. Nobody sleeps on a missing permit
either: the work is put off until the moment that `take` names.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from lending.db import bulk
from lending.db.prepared import Prepared
from xero_sync.codat.exceptions import CodatUnavailable
from xero_sync.codat.reply import RateLimit
from xero_sync.models import RateScope
from xero_sync.runtime import clock

DAY = "day"
# Unused permits of this long may be spent at once: 60 at 900 a minute, 8 at 50.
SAVED_UP = {"address": timedelta(seconds=4), "organisation": timedelta(seconds=10)}
# Looks and checks leave this share of a burst, and of the day, to the sends.
RESERVED_FOR_SENDS = 0.5
RESERVED_CALLS_A_DAY = 100
# What has waited so long for its first look or check gives way to no send any more.
LATE = timedelta(seconds=60)
# How long a person waits for a permit before they are told to come back later.
PATIENCE_SECONDS = 10.0


def address_scope() -> str:
    """Return the scope of the address that our requests leave from."""
    return f"address:{settings.WRITEBACK_EGRESS_ADDRESS}"


def organisation_scope(codat_connection_id: object) -> str:
    """Return the scope of one Xero organisation."""
    return f"organisation:{codat_connection_id}"


@dataclass(slots=True)
class _RateLimit:
    """What a permit depends on; what taking one changes stands first."""

    key: str
    theoretical_arrival: datetime | None = None
    remaining: int | None = None
    is_probing: bool = False
    probe_at: datetime | None = None
    blocked_until: datetime | None = None
    resets_at: datetime | None = None
    open_seconds: int = 0


_COLUMNS = [field.name for field in fields(_RateLimit)]
_TAKEN = _COLUMNS[:5]


class Budget:
    """The locked scopes of one transaction; `save` writes back what was taken."""

    def __init__(self, *, organisations: Iterable[object], now: datetime) -> None:
        self._now = now
        keys = {DAY, address_scope(), *map(organisation_scope, organisations)}
        self._scopes = _locked(keys)
        if missing := keys - self._scopes.keys():
            RateScope.objects.bulk_create(
                (RateScope(key=key) for key in sorted(missing)), ignore_conflicts=True
            )
            self._scopes |= _locked(missing)
        self._drawn_on: dict[str, _RateLimit] = {}

    def take(
        self,
        *,
        organisation: object | None = None,
        is_look: bool = False,
        calls: int = 1,
    ) -> datetime | None:
        """Take a permit from every scope that a request draws on, or from none.

        `calls` is how many exchanges follow one another at once: whoever gets the first
        permit gets all, and who comes next waits the longer.

        Returns:
            None when it was granted, else the earliest moment to ask again.
        """
        scopes = [self._scopes[address_scope()]]
        if organisation is not None:
            scopes.append(self._scopes[organisation_scope(organisation)])
        day = self._scopes[DAY]
        waits = [self._wait(scope, is_look=is_look) for scope in scopes]
        waits.append(self._day_wait(day, is_look=is_look))
        latest = max((wait for wait in waits if wait), default=None)
        if latest is not None:
            return latest
        for scope in scopes:
            start = max(scope.theoretical_arrival or self._now, self._now)
            scope.theoretical_arrival = start + calls * interval(scope.key)
            if scope.open_seconds:
                # This is the probe; nobody else goes before its outcome is known.
                scope.is_probing = True
                scope.probe_at = self._now + timedelta(seconds=scope.open_seconds)
        if day.remaining is not None:
            day.remaining -= calls
        self._drawn_on |= {scope.key: scope for scope in (*scopes, day)}
        return None

    def save(self) -> None:
        """Write the scopes back that permits were taken from."""
        bulk.update(
            RateScope,
            [
                {name: getattr(scope, name) for name in _TAKEN}
                for scope in self._drawn_on.values()
            ],
        )

    def _wait(self, scope: _RateLimit, *, is_look: bool) -> datetime | None:
        if scope.blocked_until and scope.blocked_until > self._now:
            return scope.blocked_until
        if scope.open_seconds and scope.probe_at and scope.probe_at > self._now:
            return scope.probe_at
        saved_up = SAVED_UP[scope.key.partition(":")[0]]
        allowed = saved_up * (1 - RESERVED_FOR_SENDS) if is_look else saved_up
        spent_up_to = scope.theoretical_arrival or self._now
        earliest = spent_up_to - allowed
        return earliest if earliest > self._now else None

    def _day_wait(self, day: _RateLimit, *, is_look: bool) -> datetime | None:
        if day.blocked_until and day.blocked_until > self._now:
            return day.blocked_until
        if day.remaining is None or day.resets_at is None:
            return None
        reserve = RESERVED_CALLS_A_DAY if is_look else 0
        spent = day.remaining <= reserve and day.resets_at > self._now
        return day.resets_at if spent else None


def charge(method: str, path: str, *, patience: float = PATIENCE_SECONDS) -> None:
    """Take the permit for one exchange of a caller who can wait a little.

    For what people and single checks do, within `patience` in seconds; the engine takes
    its permits with its claims and puts work off instead of waiting.

    Raises:
        CodatUnavailable: there will be no permit for a while.
    """
    ends_at = time.monotonic() + patience
    while (wait := _take_one(clock.database_now())) is not None:
        seconds = (wait - clock.database_now()).total_seconds()
        if time.monotonic() + seconds > ends_at:
            raise CodatUnavailable(
                f"The budget of requests is spent until {wait:%H:%M:%S} UTC.",
                method=method,
                path=path,
                was_sent=False,
            )
        time.sleep(max(0.05, seconds))


@transaction.atomic
def may_look(*, now: datetime) -> bool:
    """Tell whether a look would get its permit, without taking it."""
    return Budget(organisations=(), now=now).take(is_look=True) is None


@transaction.atomic
def _take_one(now: datetime) -> datetime | None:
    budget = Budget(organisations=(), now=now)
    wait = budget.take(is_look=True)
    budget.save()
    return wait


def lock(*, organisations: Iterable[object]) -> set[str]:
    """Lock all scopes that exchanges concern, before some of them are changed.

    Returns:
        The keys of those whose breaker counts failures already.
    """
    keys = {DAY, address_scope(), *map(organisation_scope, organisations)}
    found = _HEALTH.rows(keys=keys)
    return {key for key, failures, open_seconds in found if failures or open_seconds}


def _locked(keys: Iterable[str]) -> dict[str, _RateLimit]:
    return {key: _RateLimit(key, *facts) for key, *facts in _FACTS.rows(keys=keys)}


def _locking(*columns: str) -> Prepared:
    """Return the query that locks scopes, in one order: nobody waits in a circle."""
    return Prepared(
        lambda keys: (
            RateScope.objects.select_for_update()
            .filter(key__among=keys)
            .order_by("key")
            .values_list(*columns)
        ),
        keys=[RateScope._meta.pk],
    )


_FACTS = _locking(*_COLUMNS)
_HEALTH = _locking("key", "failures", "open_seconds")


def per_minute(key: str) -> int:
    """Return how many requests a minute a scope allows in the long run."""
    allowed: int = (
        settings.WRITEBACK_REQUESTS_PER_MINUTE
        if key.startswith("address:")
        else settings.WRITEBACK_ORGANISATION_PER_MINUTE
    )
    return allowed


def interval(key: str) -> timedelta:
    """Return how long a scope takes to earn one permit back."""
    return timedelta(seconds=60 / per_minute(key))


@transaction.atomic
def learn(*, limit: RateLimit, now: datetime) -> None:
    """Take over what Codat's own headers say about the day's quota."""
    if limit.remaining is None or limit.reset is None or limit.reset <= now:
        return
    RateScope.objects.update_or_create(
        key=DAY, defaults={"remaining": limit.remaining, "resets_at": limit.reset}
    )


@transaction.atomic
def block(*, until: datetime, key: str | None = None) -> None:
    """Let nothing out before a moment: a Retry-After binds everybody."""
    scope, _ = RateScope.objects.select_for_update().get_or_create(
        key=key or address_scope()
    )
    if scope.blocked_until is None or scope.blocked_until < until:
        scope.blocked_until = until
        scope.save(update_fields=["blocked_until"])


def unblock(*, key: str) -> None:
    """Lift a block and forget what remained: the next answer's headers say it anew."""
    RateScope.objects.filter(key=key).update(
        blocked_until=None, remaining=None, resets_at=None
    )
