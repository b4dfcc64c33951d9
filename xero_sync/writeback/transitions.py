"""How an entry changes state: compare-and-set, with a line on its timeline."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from lending.db import bulk
from xero_sync.models import Connection, Lane, RecordChange, SyncRecord

ATTRIBUTES = {field.name: field.attname for field in SyncRecord._meta.concrete_fields}
NEXT_FENCE = f"fence = {SyncRecord._meta.db_table}.fence + 1"


def wake(*, company_ids: Iterable[int], at: datetime) -> None:
    """Make every lane of these companies due.

    The update is unconditional: it waits for a drain that holds the lane's lock, so
    that a drain which has just found nothing cannot forget what is being added.
    """
    wake_lanes(lanes_of(company_ids), at=at)


def lanes_of(company_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return the lanes that these companies have."""
    lanes = Lane.objects.filter(company__in=set(company_ids))
    return list(lanes.values_list("company", "step"))


def wake_lanes(lanes: Iterable[tuple[int, str]], *, at: datetime) -> None:
    """Make these lanes due, each a company and a step; what is missing is created."""
    # Locked in one order by everybody, so that nobody waits in a circle.
    wanted = sorted(set(lanes))
    bulk.insert(
        Lane,
        [{"company": company_id, "step": step} for company_id, step in wanted],
        due_at=at,
        unique=["company", "step"],
        or_update=["due_at"],
    )


def lock_connection(connection: Connection, *, now: datetime) -> Connection:
    """Read a connection afresh and hold it to the transaction's end.

    Its company's lanes come first, and fall due, as when an answer is stored: so nobody
    waits in a circle.
    """
    wake(company_ids=[connection.company_id], at=now)
    return Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)


def lock_entry(record: SyncRecord, *, now: datetime) -> SyncRecord:
    """Read an entry afresh and hold it to the transaction's end, its lanes first."""
    wake(company_ids=[record.company_id], at=now)
    return SyncRecord.objects.select_for_update().get(pk=record.pk)


@transaction.atomic(savepoint=False)
def move(
    record: SyncRecord,
    *,
    to: str,
    cause: str,
    now: datetime,
    reason: str = "",
    actor: str = "",
    note: str = "",
    **fields: Any,
) -> bool:
    """Move a record on, unless somebody else has changed it since it was read.

    Returns:
        Whether it was moved. False means that the caller's knowledge is out of date
        and that they must do nothing more with the record.
    """
    values = {"state": to, "reason": reason, "lease_until": None, **fields}
    changed = SyncRecord.objects.filter(pk=record.pk, fence=record.fence).update(
        state_since=now, fence=F("fence") + 1, **values
    )
    if not changed:
        return False
    RecordChange.objects.create(
        record=record,
        at=now,
        from_state=record.state,
        to_state=to,
        reason=reason,
        cause=cause,
        actor=actor,
        note=note,
        push_operation_key=fields.get("push_operation_key"),
    )
    record.fence += 1
    record.state_since = now
    for name, value in values.items():
        setattr(record, name, value)
    return True


Changes = Sequence[tuple[SyncRecord, dict[str, Any]]]


def set_many(changes: Changes, **common: Any) -> list[SyncRecord]:
    """Set the same fields of many records, each to its own values, in one statement.

    `common` is what all of them take. Like `move` it changes only what nobody else has
    changed since it was read, and it must run in a transaction. It writes no timeline.

    Returns:
        The records that were changed.
    """
    updated = bulk.update(
        SyncRecord,
        [
            {"id": record.pk, "fence": record.fence, **values}
            for record, values in changes
        ],
        sets=NEXT_FENCE,
        if_still="fence",
        **common,
    )
    current = [one for one in changes if one[0].pk in updated]
    for record, values in current:
        record.fence += 1
        for name, value in (common | values).items():
            setattr(record, ATTRIBUTES[name], value)
    return [record for record, _ in current]


def move_many(
    changes: Changes,
    *,
    to: str,
    cause: str,
    now: datetime,
    reason: str = "",
    actor: str = "",
    note: str = "",
    **common: Any,
) -> int:
    """Move many records on as `move` does, with a line on the timeline of each.

    Returns:
        How many were moved; the others somebody else has changed meanwhile.
    """
    from_states = {record.pk: record.state for record, _ in changes}
    keys = {
        record.pk: values.get("push_operation_key", common.get("push_operation_key"))
        for record, values in changes
    }
    moved = set_many(
        changes, state=to, reason=reason, lease_until=None, state_since=now, **common
    )
    RecordChange.objects.bulk_create(
        RecordChange(
            record=record,
            at=now,
            from_state=from_states[record.pk],
            to_state=to,
            reason=reason,
            cause=cause,
            actor=actor,
            note=note,
            # That of this change, as `move` has it.
            push_operation_key=keys.get(record.pk),
        )
        for record in moved
    )
    return len(moved)
