"""Find out about what is under way: pending writes by their key, unknown ones by proof.

A look is put off before it is made, so that two drains do not make the same one; what
it finds is stored by compare-and-set, so that it does not matter if they do.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F

from xero_sync.models import SyncRecord
from xero_sync.models.choices import State
from xero_sync.writeback import budget, readback, unknown
from xero_sync.writeback.exchange import Claim, Exchange


def due(*, limit: int, now: datetime) -> list[Exchange | Claim]:
    """Return the looks that are due: exchanges, and claims to be sent again."""
    work: list[Exchange | Claim] = []
    with transaction.atomic():
        records = _due_records(limit, now)
        if not records:
            return []
        permits = budget.Budget(organisations=(), now=now)
        for group in _groups(records):
            wait = permits.take(is_look=True)
            _put_off(group, now, wait)
            if wait is not None:
                continue
            step = _look(group, now)
            if step is not None:
                work.append(step)
        permits.save()
    return work


def _due_records(limit: int, now: datetime) -> list[SyncRecord]:
    under_way = SyncRecord.objects.filter(
        state__in=(State.PENDING, State.UNKNOWN), look_at__lte=now
    )
    skip = database.features.has_select_for_update_skip_locked
    locked = (
        under_way.select_for_update(of=("self",), skip_locked=skip)
        if skip
        else (under_way)
    )
    ordered = locked.order_by("look_at")[:limit]
    return list(ordered.select_related("event", "loan__company", "request__connection"))


def _groups(records: Sequence[SyncRecord]) -> list[list[SyncRecord]]:
    """Put entries of one request together: they share one fate."""
    groups: dict[object, list[SyncRecord]] = defaultdict(list)
    for record in records:
        groups[record.request_id or record.pk].append(record)
    return list(groups.values())


def _put_off(group: list[SyncRecord], now: datetime, wait: datetime | None) -> None:
    looks = group[0].looks
    base, cap = settings.WRITEBACK_POLL_SECONDS, settings.WRITEBACK_POLL_CAP_SECONDS
    later = wait or now + timedelta(seconds=min(cap, base * 2.0 ** min(looks + 1, 20)))
    SyncRecord.objects.filter(pk__in=[record.pk for record in group]).update(
        look_at=later, looks=F("looks") + (0 if wait else 1)
    )


def _look(group: list[SyncRecord], now: datetime) -> Exchange | Claim | None:
    first = group[0]
    whole = SyncRecord.objects.filter(request=first.request_id, state=first.state)
    if first.request_id is not None and whole.count() != len(group):
        group = list(whole.select_related("event", "loan__company", "request"))
    if first.state == State.UNKNOWN:
        return unknown.next_step(group, now=now)
    if first.push_operation_key is None or first.request is None:
        return None
    return readback.operation_look(group, first.push_operation_key)
