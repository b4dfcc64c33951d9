"""Read the changes of entries in the order of their ids, each one once.

Ids are handed out before their transactions commit, so that a smaller one can appear
after a larger one has been read. What is missing below the cursor is kept as a gap and
looked for until every transaction that could fill it must be over.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from backoffice.models import ChangeCursor, ChangeGap
from xero_sync.models import RecordChange

# No transaction of ours is open for longer.
WATCHED_FOR = timedelta(minutes=10)
AT_A_TIME = 500
# So far back may ids be missing whose transactions are open when reading begins.
LOOK_BACK = 1_000


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


@transaction.atomic
def lock() -> ChangeCursor | None:
    """Hold the cursor to the transaction's end; None while nobody listens."""
    return ChangeCursor.objects.select_for_update(no_key=True).first()


def read(cursor: ChangeCursor, *, now: datetime) -> list[RecordChange]:
    """Return the next changes and move on, in the transaction that locked."""
    changes = RecordChange.objects.select_related("record").order_by("pk")
    found = []
    for gap in ChangeGap.objects.order_by("first_id"):
        late = list(changes.filter(pk__gte=gap.first_id, pk__lte=gap.last_id))
        if late or gap.noticed_at < now - WATCHED_FOR:
            gap.delete()
        if late and gap.noticed_at >= now - WATCHED_FOR:
            ids = [one.pk for one in late]
            _watch(gap.first_id - 1, [*ids, gap.last_id + 1], gap.noticed_at)
        found += late
    new = list(changes.filter(pk__gt=cursor.change_id)[:AT_A_TIME])
    if new:
        _watch(cursor.change_id, [one.pk for one in new], now)
        cursor.change_id = new[-1].pk
        cursor.save(update_fields=["change_id"])
    return found + new


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
