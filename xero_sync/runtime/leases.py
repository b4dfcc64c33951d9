"""Leases: what one process at a time holds, for as long as it says that it lives."""

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Q
from django.utils import timezone

from lending.db.prepared import Prepared
from xero_sync.models import Heartbeat
from xero_sync.runtime.clock import database_now, moment_in_query

DRAIN = "drain "


def _span() -> timedelta:
    """Return how long a lease is held at a time: longer than one HTTP exchange."""
    exchange = settings.CODAT_CONNECT_TIMEOUT + settings.CODAT_READ_TIMEOUT
    return timedelta(seconds=1.5 * exchange)


@dataclass
class Lease:
    """A lease that its holder keeps by saying again and again that it lives."""

    name: str
    holder: str
    _kept_at: float = field(default_factory=time.monotonic)

    def keep(self) -> bool:
        """Hold the lease for another while; False if it was lost meanwhile."""
        span = _span()
        if time.monotonic() - self._kept_at < span.total_seconds() / 3:
            return True
        now = database_now()
        mine = Heartbeat.objects.filter(name=self.name, holder=self.holder)
        self._kept_at = time.monotonic()
        return bool(mine.update(busy_until=now + span, beat_at=now))


@contextmanager
def hold(*, holder: str) -> Iterator[Lease | None]:
    """Hold one of the drains' leases, or yield None if all are taken.

    Too many drains would do no harm; they would only get in each other's way.
    """
    names = [f"{DRAIN}{number + 1}" for number in range(settings.WRITEBACK_DRAINS)]
    with _held(names, holder) as lease:
        yield lease


@contextmanager
def alone(*, act: str, on: object) -> Iterator[Lease | None]:
    """Hold the only lease for an act on one thing, or yield None if somebody has it.

    For acts that talk to Codat and must not run twice at once: no lock may be held over
    the network. A lease whose holder died is free a minute later.
    """
    name, holder = f"{act} {on}", str(uuid4())
    try:
        with _held([name], holder) as lease:
            yield lease
    finally:
        Heartbeat.objects.filter(name=name, holder=holder).delete()


def is_held(*, act: str, on: object) -> bool:
    """Tell whether somebody is doing an act on one thing."""
    held = Heartbeat.objects.filter(name=f"{act} {on}", busy_until__gt=database_now())
    return held.exists()


@contextmanager
def _held(names: Iterable[str], holder: str) -> Iterator[Lease | None]:
    now = database_now()
    name = _take(names, holder, now, now + _span())
    try:
        yield Lease(name, holder) if name else None
    finally:
        if name is not None:
            Heartbeat.objects.filter(name=name, holder=holder).update(
                busy_until=None, beat_at=database_now()
            )


@transaction.atomic
def _take(
    names: Iterable[str], holder: str, now: datetime, until: datetime
) -> str | None:
    for name in names:
        Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": now})
        free = Heartbeat.objects.filter(
            Q(busy_until=None) | Q(busy_until__lt=now) | Q(holder=holder), name=name
        )
        if free.update(busy_until=until, holder=holder, beat_at=now):
            return name
    return None


_BUSY = Prepared(
    lambda now: Heartbeat.objects.filter(
        busy_until__gt=moment_in_query(now)
    ).values_list("name"),
    now=DateTimeField(),
)


def busy() -> frozenset[str]:
    """Return which leases are held and which jobs are asked for, with one query."""
    return frozenset(name for (name,) in _BUSY.rows(now=timezone.now()))


def all_taken(names: Collection[str]) -> bool:
    """Tell from what is busy whether a nudge would find every lease taken."""
    drains = sum(name.startswith(DRAIN) for name in names)
    return drains >= settings.WRITEBACK_DRAINS
