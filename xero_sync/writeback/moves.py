"""How an entry changes state: compare-and-set, with a line on its timeline."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from xero_sync.models import Lane, RecordChange, SyncRecord
from xero_sync.models.choices import Step


def wake(*, company_ids: Iterable[int], at: datetime) -> None:
    """Make every lane of these companies due.

    The update is unconditional: it waits for a drain that holds the lane's lock, so
    that a drain which has just found nothing cannot forget what is being added.
    """
    for company_id in sorted(set(company_ids)):
        Lane.objects.filter(company_id=company_id).update(due_at=at)


def open_lanes(*, company_id: int, steps: Iterable[str], at: datetime) -> None:
    """Make these lanes of a company due, and create those it does not have yet."""
    for step in sorted(set(steps)):
        if not Lane.objects.filter(company_id=company_id, step=step).update(due_at=at):
            Lane.objects.get_or_create(
                company_id=company_id, step=Step(step), defaults={"due_at": at}
            )


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
        and that he must do nothing more with the record.
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
