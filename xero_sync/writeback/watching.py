"""Keep an eye on pushes that an entry leaves behind before Codat's final word.

Codat may carry out a push long after it called it timed out, and the entry has then
been sent anew, linked or cancelled. So the push stays watched, whatever the entry's
state: it is asked about ever more rarely, and at once when a webhook names it.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from xero_sync.codat.push import PushStatus
from xero_sync.models import (
    Connection,
    RecordChange,
    SyncRecord,
    WatchedPush,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.models.choices import Cause, State

WATCHED_FOR = timedelta(days=30)
FIRST_LOOK = timedelta(minutes=15)
SLOWEST = timedelta(days=1)


def begin(
    record: SyncRecord,
    *,
    key: UUID,
    connection: Connection,
    now: datetime,
    status: str = "",
    is_ours: bool = True,
    next_poll_at: datetime | None = None,
) -> WatchedPush:
    """Watch a push of an entry from now on; the entry's timeline says so.

    One that may be somebody else's does not count as ours on the timeline, for it may
    be another entry's yet.
    """
    watched, is_new = WatchedPush.objects.get_or_create(
        record=record,
        push_operation_key=key,
        defaults={
            "connection": connection,
            "is_ours": is_ours,
            "status": status,
            "watched_since": now,
            "watched_until": now + WATCHED_FOR,
            "next_poll_at": next_poll_at or now + FIRST_LOOK,
        },
    )
    if status:
        # What Codat has said for good stands, whatever was read before.
        open_ones = WatchedPush.objects.exclude(
            status__in=(PushStatus.SUCCESS, PushStatus.FAILED)
        )
        open_ones.filter(pk=watched.pk).update(status=status)
    if is_new:
        until = watched.watched_until.isoformat(timespec="minutes")
        tell(
            record,
            cause=Cause.WATCHED,
            now=now,
            note=f"push {key}, until {until}",
            key=key if is_ours else None,
        )
    return watched


def leave_behind(record: SyncRecord, *, key: UUID | None, now: datetime) -> None:
    """Watch the push that an entry stood by, which has had no final word yet."""
    if key is None:
        return
    requests = record.requests.select_related("connection").order_by("created_at")
    # One that was found at Codat is named by no answer of ours.
    answered = requests.filter(attempts__push_operation_key=key)
    request = answered.last() or requests.last()
    if request is not None:
        begin(record, key=key, connection=request.connection, now=now)


def answered_late(request: WriteRequest, key: UUID, *, now: datetime) -> None:
    """Watch a push whose answer came after its entries had been moved on."""
    moved_on = request.records.exclude(
        request=request, state__in=(State.SENDING, State.PENDING, State.UNKNOWN)
    )
    for record in moved_on.exclude(push_operation_key=key):
        begin(record, key=key, connection=request.connection, now=now)


def tell(
    record: SyncRecord,
    *,
    cause: str,
    now: datetime,
    note: str,
    actor: str = "",
    key: UUID | None = None,
) -> None:
    """Put a line on an entry's timeline that moves nothing."""
    RecordChange.objects.create(
        record=record,
        at=now,
        from_state=record.state,
        to_state=record.state,
        reason=record.reason,
        cause=cause,
        actor=actor,
        note=note,
        push_operation_key=key,
    )


def told_of(key: UUID, *, is_success: bool, now: datetime) -> bool:
    """Look at once at a push that a message names, for entries that left it behind.

    Returns:
        Whether there are any. What an entry stands by is looked at in its own way.
    """
    for record in _left_behind(key, is_success=is_success):
        leave_behind(record, key=key, now=now)
    open_ones = WatchedPush.objects.filter(push_operation_key=key).exclude(
        status=PushStatus.SUCCESS
    )
    return bool(open_ones.update(next_poll_at=now))


def answered(request: WriteRequest) -> set[UUID]:
    """Return the pushes that a request became, by its answers."""
    return _keys(request.attempts)


def owners_of(key: UUID) -> set[UUID]:
    """Return the entries whose push it is, by what was answered or found at Codat."""
    sent = WriteAttempt.objects.filter(push_operation_key=key)
    changes = RecordChange.objects.filter(push_operation_key=key)
    owners = {
        *sent.values_list("request__records", flat=True),
        *changes.values_list("record", flat=True),
    }
    return owners - {None}


def _left_behind(key: UUID, *, is_success: bool) -> QuerySet[SyncRecord]:
    """Return entries that had the push and are not under way, or settled, by it."""
    stands_by_it = Q(
        push_operation_key=key,
        state__in=(State.PENDING, State.UNKNOWN, State.WRITTEN),
    )
    left = SyncRecord.objects.filter(pk__in=owners_of(key)).exclude(stands_by_it)
    if is_success:
        return left
    # That it was refused is known.
    refused = RecordChange.objects.filter(push_operation_key=key, to_state=State.FAILED)
    return left.exclude(pk__in=refused.values("record"))


def final_word_of(record: SyncRecord) -> set[UUID]:
    """Return the pushes of an entry about which Codat has nothing more to say."""
    refused = record.changes.filter(
        to_state=State.FAILED, cause__in=(Cause.ANSWER, Cause.LOOK)
    )
    over = record.watched_pushes.filter(
        status__in=(PushStatus.SUCCESS, PushStatus.FAILED)
    )
    return _keys(refused) | _keys(over)


def pushes_of(record: SyncRecord) -> set[UUID]:
    """Return every push that a request of this entry ever was, or perhaps was."""
    return (
        _keys(WriteAttempt.objects.filter(request__records=record))
        | _keys(record.changes)
        | _keys(record.watched_pushes)
    )


def _keys(rows: Any) -> set[UUID]:
    return set(rows.values_list("push_operation_key", flat=True)) - {None}
