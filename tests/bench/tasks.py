"""The usual design: one django-q2 task per event. It loads a row, posts, marks the row.

It keeps no evidence and no order; what it costs is the least that the design can cost.
"""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import uuid4

import requests
from codat_lending import CodatLending
from codat_lending.models import shared
from django.conf import settings
from django.core.management import call_command
from django.db.models import F

from xero_sync.models import SyncRecord
from xero_sync.models.choices import State

HEADERS = {"Authorization": "Basic YmVuY2gta2V5"}


def serve() -> None:
    """Run the cluster; every import of the tasks is made before it forks."""
    call_command("qcluster")


def push_with_requests(record_id: str) -> None:
    """Post one event with requests."""
    record = _load(record_id)
    answer = requests.post(
        f"{settings.CODAT_BASE_URL}/companies/{record.codat_company}"
        f"/connections/{record.codat_connection}/push/transfers",
        json={
            "date": f"{record.value_date}T00:00:00",
            "from": _side(record.source, record),
            "to": _side(record.target, record),
        },
        headers={**HEADERS, "Idempotency-Key": str(uuid4())},
        timeout=30,
    )
    answer.raise_for_status()
    _mark(record, answer.json()["pushOperationKey"])


def push_with_sdk(record_id: str) -> None:
    """Post one event with the official SDK."""
    record = _load(record_id)
    request = sdk_request(
        company=record.codat_company,
        connection=record.codat_connection,
        amount=record.event.amount,
        value_date=record.value_date,
        source=record.source,
        target=record.target,
    )
    answer = new_sdk().loan_writeback.transfers.create(
        request=request, http_headers={"Idempotency-Key": str(uuid4())}
    )
    _mark(record, answer.push_operation_key)


@cache
def new_sdk() -> CodatLending:
    """Return the process's SDK: its address set once, its own repeats off."""
    return CodatLending(
        security=shared.Security(auth_header=HEADERS["Authorization"]),
        server_url=settings.CODAT_BASE_URL,
        retry_config=None,
    )


def sdk_request(
    *,
    company: object,
    connection: object,
    amount: Decimal,
    value_date: date,
    source: str,
    target: str,
) -> dict[str, Any]:
    """Return a transfer as the SDK wants it."""
    return {
        "company_id": str(company),
        "connection_id": str(connection),
        "accounting_transfer": {
            "date_": f"{value_date}T00:00:00",
            "from_": {"account_ref": {"id": source}, "amount": amount},
            "to": {"account_ref": {"id": target}, "amount": amount},
        },
    }


def _load(record_id: str) -> Any:
    """Read all that a booking needs with one statement."""
    connection = "company__connections"
    mapping = f"{connection}__mappings"
    rows = SyncRecord.objects.select_related("event").annotate(
        codat_company=F(f"{connection}__codat_company_id"),
        codat_connection=F(f"{connection}__codat_connection_id"),
        source=F(f"{mapping}__lender_target_account_id"),
        target=F(f"{mapping}__nominated_account_id"),
    )
    return rows.get(pk=record_id)


def _side(account_id: str, record: Any) -> dict[str, Any]:
    return {
        "accountRef": {"id": account_id},
        "amount": float(record.event.amount),
        "status": "Unreconciled",
    }


def _mark(record: SyncRecord, key: str) -> None:
    record.state = State.PENDING
    record.push_operation_key = key
    record.save(update_fields=["state", "push_operation_key"])
