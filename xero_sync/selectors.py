"""What others may ask of the write-back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from lending.models import Loan
from lending.positions import Position, loan_position
from xero_sync import slots
from xero_sync.models import Heartbeat, SyncRecord
from xero_sync.models.choices import UNDER_WAY_STATES, State, Step

# Work that is due for longer than this, or a worker unseen for longer, is a fault.
LATE_AFTER = timedelta(minutes=5)
# A process unseen for longer has been taken out of service.
FORGOTTEN_AFTER = timedelta(days=7)
# Those whose silence is a fault.
EXPECTED = (slots.CLUSTER, slots.LOOP)


@dataclass(frozen=True)
class BackgroundHealth:
    """When the workers were last seen, and how long the oldest due work has waited.

    One that lives does not hide another that is silent: `silent` names those.
    `has_worker` tells whether any lives; `is_late` whether somebody has to look.
    """

    last_seen: dict[str, datetime]
    silent: list[str]
    oldest_due_seconds: int
    is_late: bool
    has_worker: bool

    @property
    def worker_last_seen(self) -> datetime | None:
        """When any of them was last seen."""
        return max(self.last_seen.values(), default=None)


def is_silent(*, name: str, beat_at: datetime, now: datetime) -> bool:
    """Tell whether a process ought to have been seen since; `/readyz` goes by this."""
    return name in EXPECTED and LATE_AFTER < now - beat_at < FORGOTTEN_AFTER


def background_health(*, now: datetime) -> BackgroundHealth:
    """Tell whether background work is being done."""
    beats = Heartbeat.objects.filter(
        name__in=(*EXPECTED, slots.ONCE), beat_at__gt=now - FORGOTTEN_AFTER
    )
    seen = dict(beats.order_by("name").values_list("name", "beat_at"))
    alive = [name for name, beat_at in seen.items() if now - beat_at <= LATE_AFTER]
    silent = [
        name
        for name, beat_at in seen.items()
        if is_silent(name=name, beat_at=beat_at, now=now)
    ]
    oldest = slots.first_due()
    waited = max(timedelta(0), now - oldest) if oldest else timedelta(0)
    return BackgroundHealth(
        last_seen=seen,
        silent=silent,
        oldest_due_seconds=int(waited.total_seconds()),
        is_late=waited > LATE_AFTER or bool(silent) or not alive,
        has_worker=bool(alive),
    )


def is_settled(loan: Loan, position: Position | None = None) -> bool:
    """Tell whether a loan is at its end, in the lender's book and in Xero.

    At least one drawdown, the lender account at zero, the invoice paid in full, and
    every entry closed; lines held because bank feeds are off do not count. Without a
    `position` the loan's own is worked out.
    """
    position = position or loan_position(loan=loan)
    drawn = loan.events.filter(kind="drawdown", reverses=None, reversed_by=None)
    unfinished = SyncRecord.objects.filter(loan=loan).unfinished()
    return position.is_settled and drawn.exists() and not unfinished.exists()


class Wait(models.TextChoices):
    """What a queued entry waits for, where it is not simply its turn."""

    EARLIER_BOOKING = "earlier_booking", _("an earlier entry of its loan")
    EARLIER_LINE = "earlier_line", _("an earlier line of its bank feed")
    TYPE_UNKNOWN = "type_unknown", _("an entry of its type whose outcome is not known")


def waits_for(record: SyncRecord) -> tuple[Wait, SyncRecord] | None:
    """Return what a queued entry waits for, and the entry that keeps it waiting."""
    return waits_of([record]).get(record.pk)


def waits_of(records: Iterable[SyncRecord]) -> dict[UUID, tuple[Wait, SyncRecord]]:
    """Return the same for each of many entries that waits, with two queries at most."""
    queued = [one.pk for one in records if one.state == State.QUEUED]
    if not queued:
        return {}
    queries = _blockers()
    found = SyncRecord.objects.filter(pk__in=queued).values_list(
        "pk", "step", *(Subquery(one.values("pk")[:1]) for one in queries.values())
    )
    kept_back: dict[UUID, tuple[Wait, UUID]] = {}
    for pk, step, *blockers in found:
        for wait, blocker in zip(queries, blockers, strict=True):
            # A line waits for no booking of its loan but its own.
            is_line = step == Step.STATEMENT_LINE and wait == Wait.EARLIER_BOOKING
            if blocker and not is_line:
                kept_back.setdefault(pk, (wait, blocker))
    rows = SyncRecord.objects.select_related("event").in_bulk(
        {blocker for _wait, blocker in kept_back.values()}
    )
    return {pk: (wait, rows[blocker]) for pk, (wait, blocker) in kept_back.items()}


def _blockers() -> dict[Wait, QuerySet[SyncRecord]]:
    """Return what may keep an entry waiting, in the order in which it is told."""
    others = SyncRecord.objects.exclude(pk=OuterRef("pk")).order_by("sequence", "event")
    same_type = others.filter(company=OuterRef("company"), step=OuterRef("step"))
    return {
        Wait.TYPE_UNKNOWN: same_type.filter(state=State.UNKNOWN),
        Wait.EARLIER_LINE: same_type.filter(
            step=Step.STATEMENT_LINE,
            lender_account=OuterRef("lender_account"),
            state__in=(*UNDER_WAY_STATES, State.FAILED),
        ),
        Wait.EARLIER_BOOKING: others.bookings()
        .open()
        .filter(loan=OuterRef("loan"), sequence__lt=OuterRef("sequence")),
    }
