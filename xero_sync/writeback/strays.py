"""Pushes that no request of ours owns: which they are, and the company held for them.

Whose they are is found by their marks (`stray_marks`) or said by a person
(`stray_decisions`); `stray_steps` looks up what they wrote.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from lending.audit import trail
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import (
    Connection,
    RecordChange,
    StrayPush,
    SyncRecord,
    WatchedPush,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.models.choices import (
    Cause,
    Reason,
    State,
)
from xero_sync.models.stray_pushes import Verdict
from xero_sync.writeback import reconsider, unknown
from xero_sync.writeback.readback import CLOCK_SKEW

# What we send only to set accounts up: nothing of it can stand twice in the books.
SETUP_TYPES = frozenset({"suppliers", "accounts", "chartofaccounts", "bankaccounts"})


# --- which they are ------------------------------------------------------------------


def among(
    connection: Connection, operations: Iterable[PushOperation]
) -> list[PushOperation]:
    """Return the operations on a connection that wrote, or may, and that nobody owns.

    What failed has written nothing.
    """
    own = {"", str(connection.codat_connection_id)}
    found = {
        one.key: one
        for one in operations
        # What an operation does not say of itself may be ours.
        if one.connection_id.lower() in own and one.status != PushStatus.FAILED
    }
    for rows in (
        WriteAttempt.objects.all(),
        RecordChange.objects.all(),
        SyncRecord.objects.all(),
        # Whether it is its entry's is asked there.
        WatchedPush.objects.all(),
        StrayPush.objects.exclude(verdict=""),
    ):
        known = rows.filter(push_operation_key__in=found)
        for key in known.values_list("push_operation_key", flat=True):
            if key:
                found.pop(key, None)
    return _without_known_records(connection, list(found.values()))


def _without_known_records(
    connection: Connection, found: list[PushOperation]
) -> list[PushOperation]:
    """Leave out what made a record that is known, or that a setup has looked for."""
    made = [one.record_id for one in found if one.record_id]
    if not found:
        return []
    known = SyncRecord.objects.filter(
        company=connection.company_id, xero_record_id__in=made
    )
    records = {*known.values_list("xero_record_id", flat=True)}
    unanswered = WriteRequest.objects.filter(connection=connection, records=None)
    unanswered = unanswered.exclude(attempts__push_operation_key__isnull=False)
    # A setup finds by its name what it has made; of the push it may never have heard.
    if any(one.data_type.lower() in SETUP_TYPES for one in found):
        setups = Counter(unanswered.values_list("data_type", flat=True))
    else:
        setups = Counter()
    left = []
    for one in found:
        kind = next((it for it in setups if _is_of_type(one, it)), None)
        if kind and setups[kind]:
            setups[kind] -= 1
        elif not (one.record_id and one.record_id in records):
            left.append(one)
    return left


def _is_of_type(operation: PushOperation, data_type: str) -> bool:
    names = {data_type.lower()}
    names |= {"accounts", "chartofaccounts"} if names & {"accounts"} else set()
    return operation.data_type.lower() in names


def may_be_told_yet(connection: Connection, found: Sequence[PushOperation]) -> bool:
    """Tell whether each may be what a request became whose answer is still to come.

    After a crash that is so: its entry is looked for, and the push is soon known.
    """
    explained = set()
    under_way = SyncRecord.objects.filter(
        company=connection.company_id,
        state__in=(State.SENDING, State.UNKNOWN),
        push_operation_key=None,
    ).exclude(reason=Reason.NEEDS_PERSON)
    requests = WriteRequest.objects.filter(
        pk__in=under_way.values("request"), connection=connection
    ).select_related("connection")
    for request in requests:
        since = request.created_at - CLOCK_SKEW
        later = [
            one for one in found if not one.requested_on or one.requested_on >= since
        ]
        alike = unknown.foreign_operations(request, later)
        if len(alike) == 1:
            explained.add(alike[0].key)
    return all(one.key in explained for one in found)


# --- hold, and go on -----------------------------------------------------------------


def hold(row: Connection, found: Sequence[PushOperation], *, now: datetime) -> None:
    """Hold the company of a locked connection for pushes that nobody owns."""
    StrayPush.objects.bulk_create(
        (
            StrayPush(
                connection=row,
                push_operation_key=one.key,
                data_type=one.data_type,
                requested_on=one.requested_on,
                status=one.status,
                xero_record_id=one.record_id,
                found_at=now,
                asked_at=now,
            )
            for one in found
        ),
        ignore_conflicts=True,
    )
    if row.held_after_restore_since is None:
        row.held_after_restore_since = now
        trail.record(
            "connection.held_after_restore", row, at=now, after={"pushes": len(found)}
        )
    row.stray_look_due_at = now
    row.save(update_fields=["held_after_restore_since", "stray_look_due_at"])
    reconsider.queued(company_id=row.company_id, now=now)


def settle(
    stray: StrayPush, verdict: Verdict, *, now: datetime, by: str = "", reason: str = ""
) -> None:
    """Store whose a push is, once."""
    stray.verdict, stray.settled_at = verdict, now
    stray.settled_by, stray.settled_reason = by, reason
    stray.save(update_fields=["verdict", "settled_at", "settled_by", "settled_reason"])


def go_on_if_settled(row: Connection, *, now: datetime, by: str = "") -> bool:
    """Let the company of a locked connection go on once all its pushes are settled."""
    if row.held_after_restore_since is None:
        return False
    if row.stray_pushes.unsettled().exists():
        return False
    row.held_after_restore_since = row.stray_look_due_at = None
    row.save(update_fields=["held_after_restore_since", "stray_look_due_at"])
    held = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.AFTER_RESTORE
    )
    reconsider.records(
        records=list(held.select_related("event", "compensates").order_by("event")),
        now=now,
        cause=Cause.PERSON if by else Cause.RECONSIDERED,
        actor=by,
    )
    return True
