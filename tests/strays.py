"""A company that is held for pushes of unknown origin, without a Codat behind it."""

from typing import Any
from uuid import uuid4

from django.utils import timezone

from xero_sync.models import Connection, StrayPush, SyncRecord
from xero_sync.models.choices import Reason, State, Step


def hold_for(connection: Connection, record: SyncRecord, **overrides: Any) -> StrayPush:
    """Hold a company for a push that looks like one of its transfers."""
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(held_after_restore_since=now)
    queued = SyncRecord.objects.filter(company=record.company_id, state=State.QUEUED)
    queued.update(state=State.HELD, reason=Reason.AFTER_RESTORE)
    chosen = connection.mappings.latest("version")
    assert record.step == Step.TRANSFER
    fields: dict[str, Any] = {
        "connection": connection,
        "push_operation_key": uuid4(),
        "data_type": "transfers",
        "requested_on": now,
        "status": "Success",
        "xero_record_id": "made-in-xero",
        "wrote": {
            "date": record.value_date.isoformat(),
            "amount": str(record.event.amount),
            "from": chosen.lender_target_account_id,
            "to": chosen.nominated_account_id,
        },
        "found_at": now,
        "asked_at": now,
        "read_at": now,
    }
    return StrayPush.objects.create(**fields | overrides)
