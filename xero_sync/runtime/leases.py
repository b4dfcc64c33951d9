"""How many drains run at once, and when the background processes were last seen."""

import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Min, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending.db.prepared import Prepared
from xero_sync.models import Heartbeat, Lane, SyncRecord, WebhookMessage
from xero_sync.models.choices import State
from xero_sync.runtime.clock import database_now, moment_in_query

# The background processes by the names they beat under. The cluster's beat comes from
# a job that a worker has really run, so a frozen cluster stops beating.
CLUSTER = "cluster"
LOOP = "push_drain"
# Runs from time to time at most: its beat shows life, its silence shows nothing.
ONCE = "push_drain --once"
# A nudge that no worker has taken for this long counts as lost.
ANSWERED_WITHIN = timedelta(seconds=10)
ASKED = "asked: "
DRAIN = "drain "


class Work(TextChoices):
    """The kinds of work that background processes do."""

    SENDS = "sends", _("Companies with entries to send")
    POLLS = "polls", _("Sent entries to ask Codat about")
    LEASES = "leases", _("Entries whose sender stopped")
    MESSAGES = "messages", _("Messages from Codat to read")


def _span() -> timedelta:
    """Return how long a slot is held at a time: longer than one HTTP exchange."""
    exchange = settings.CODAT_CONNECT_TIMEOUT + settings.CODAT_READ_TIMEOUT
    return timedelta(seconds=1.5 * exchange)


@dataclass
class Lease:
    """A slot that its holder keeps by saying again and again that it lives."""

    name: str
    holder: str
    _kept_at: float = field(default_factory=time.monotonic)

    def keep(self) -> bool:
        """Hold the slot for another while; False if it was lost meanwhile."""
        span = _span()
        if time.monotonic() - self._kept_at < span.total_seconds() / 3:
            return True
        now = database_now()
        mine = Heartbeat.objects.filter(name=self.name, holder=self.holder)
        self._kept_at = time.monotonic()
        return bool(mine.update(busy_until=now + span, beat_at=now))


@contextmanager
def hold(*, holder: str) -> Iterator[Lease | None]:
    """Hold one of the drains' slots, or yield None if all are taken.

    Too many drains would do no harm; they would only get in each other's way.
    """
    names = [f"{DRAIN}{number + 1}" for number in range(settings.WRITEBACK_DRAINS)]
    with _held(names, holder) as slot:
        yield slot


@contextmanager
def alone(*, act: str, on: object) -> Iterator[Lease | None]:
    """Hold the only slot for an act on one thing, or yield None if somebody has it.

    For acts that talk to Codat and must not run twice at once: no lock may be held over
    the network. A slot whose holder died is free a minute later.
    """
    name, holder = f"{act} {on}", str(uuid4())
    try:
        with _held([name], holder) as slot:
            yield slot
    finally:
        Heartbeat.objects.filter(name=name, holder=holder).delete()


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
    """Return which slots are held and which jobs are asked for, with one query."""
    return frozenset(name for (name,) in _BUSY.rows(now=timezone.now()))


def all_taken(names: Collection[str]) -> bool:
    """Tell from what is busy whether a nudge would find every slot taken."""
    drains = sum(name.startswith(DRAIN) for name in names)
    return drains >= settings.WRITEBACK_DRAINS


def beat(*, name: str, now: datetime) -> None:
    """Show that a background process lives."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


def sign_off(*, name: str) -> None:
    """Say that a background process ends because it was told to."""
    Heartbeat.objects.filter(name=name).delete()


def work() -> dict[Work, tuple[QuerySet, str]]:
    """Return all that can be due: rows by kind, and the field that says when."""
    sent = SyncRecord.objects.filter(
        state__in=(State.PENDING, State.UNKNOWN), next_poll_at__isnull=False
    )
    return {
        Work.SENDS: (Lane.objects.all(), "due_at"),
        Work.POLLS: (sent, "next_poll_at"),
        # Its end makes an entry due whose sender died.
        Work.LEASES: (SyncRecord.objects.filter(state=State.SENDING), "lease_until"),
        Work.MESSAGES: (
            WebhookMessage.objects.filter(processed_at=None),
            "received_at",
        ),
    }


def first_due() -> datetime | None:
    """Return since when, or from when on, the first of all work is due."""
    moments = (
        rows.aggregate(first=Min(moment))["first"] for rows, moment in work().values()
    )
    return min((moment for moment in moments if moment), default=None)


def seconds_until_due(*, now: datetime) -> float | None:
    """Return how long until the next work is due; None if there is none."""
    first = first_due()
    return (first - now).total_seconds() if first else None


def is_asked(names: Collection[str], *, job: str) -> bool:
    """Tell from what is busy whether a nudge is on its way and not taken yet."""
    return f"{ASKED}{job}" in names


def ask(*, job: str, now: datetime) -> None:
    """Remember that a job has been nudged, so that others need not do it again."""
    Heartbeat.objects.update_or_create(
        name=f"{ASKED}{job}",
        defaults={"beat_at": now, "busy_until": now + ANSWERED_WITHIN},
    )


def answer(*, job: str) -> None:
    """A job has started: what is recorded from now on may need another nudge."""
    Heartbeat.objects.filter(name=f"{ASKED}{job}").update(busy_until=None)
