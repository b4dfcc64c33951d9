"""Read the changes of entries in the order of their ids, each one once.

Ids are handed out before their transactions commit, so that a smaller one can appear
after a larger one has been read. What is missing below the cursor is kept as a gap and
looked for until every transaction that could fill it must be over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Max

from backoffice.models import ChangeCursor, ChangeGap
from xero_sync.models import RecordChange

# No transaction of ours is open for longer.
WATCHED_FOR = timedelta(minutes=10)
AT_A_TIME = 200
# So far back may ids be missing whose transactions are open when reading begins.
LOOK_BACK = 1_000


@dataclass(frozen=True)
class Reading:
    """Changes that were not read before, and the gaps that they fill or that ended."""

    number: int
    after: int
    new: list[RecordChange]
    late: list[tuple[ChangeGap, list[RecordChange]]]

    @property
    def changes(self) -> list[RecordChange]:
        """All changes, those of the gaps first."""
        return [*(one for _, found in self.late for one in found), *self.new]


def begin(*, now: datetime) -> None:
    """Begin to read with what comes from now on; what was read before goes on."""
    if ChangeCursor.objects.exists():
        return
    newest = RecordChange.objects.aggregate(newest=Max("pk"))["newest"] or 0
    _, is_new = ChangeCursor.objects.get_or_create(defaults={"change_id": newest})
    if is_new and newest:
        recent = RecordChange.objects.order_by("-pk").values_list("pk", flat=True)
        ids = sorted(recent[:LOOK_BACK])
        _watch(ids[0], ids, now)


def read(*, now: datetime) -> Reading | None:
    """Return what comes next; None if nobody listens, or there is nothing to do.

    Nothing is locked: whoever has made something of it moves on, if they are the first.
    """
    cursor = ChangeCursor.objects.first()
    if cursor is None:
        return None
    changes = RecordChange.objects.select_related("record").order_by("pk")
    late = [
        (gap, list(changes.filter(pk__gte=gap.first_id, pk__lte=gap.last_id)))
        for gap in ChangeGap.objects.order_by("first_id")
    ]
    ended = [
        (gap, found)
        for gap, found in late
        if found or gap.noticed_at < now - WATCHED_FOR
    ]
    new = list(changes.filter(pk__gt=cursor.change_id)[:AT_A_TIME])
    if not new and not ended:
        return None
    return Reading(cursor.readings, cursor.change_id, new, ended)


def move_on(reading: Reading, *, now: datetime) -> bool:
    """Remember, in the caller's transaction, that all of this has been read.

    Returns:
        Whether nobody else has moved on meanwhile. If so, the reading is out of date.
    """
    last = reading.new[-1].pk if reading.new else reading.after
    if not ChangeCursor.objects.filter(readings=reading.number).update(
        readings=F("readings") + 1, change_id=last
    ):
        return False
    _watch(reading.after, [one.pk for one in reading.new], now)
    for gap, found in reading.late:
        gap.delete()
        if gap.noticed_at >= now - WATCHED_FOR:
            ids = [one.pk for one in found]
            _watch(gap.first_id - 1, [*ids, gap.last_id + 1], gap.noticed_at)
    return True


def _watch(after: int, ids: Iterable[int], noticed_at: datetime) -> None:
    ChangeGap.objects.bulk_create(
        ChangeGap(first_id=first, last_id=last, noticed_at=noticed_at)
        for first, last in _missing(after, ids)
    )


def _missing(after: int, ids: Iterable[int]) -> Iterator[tuple[int, int]]:
    for one in ids:
        if one > after + 1:
            yield after + 1, one - 1
        after = one
