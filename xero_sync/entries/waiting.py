"""What a queued entry waits for."""

from collections.abc import Iterable
from uuid import UUID

from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from xero_sync.models import SyncRecord
from xero_sync.models.choices import UNDER_WAY_STATES, State, Step


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
