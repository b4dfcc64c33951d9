"""What would be written to Xero for an entry, made by the code that writes it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lending.models import LoanEvent
from xero_sync.entries.bodies import Bodies
from xero_sync.models import LoanInXero, SyncRecord
from xero_sync.models.choices import BOOKINGS, DATA_TYPES, Step
from xero_sync.writeback import readiness


@dataclass(frozen=True)
class Preview:
    """The body as it would be sent now; without one, `missing` says what it lacks."""

    data_type: str
    body: dict[str, Any] | None = None
    missing: str = ""


def previews(*, event: LoanEvent, now: datetime) -> list[tuple[SyncRecord, Preview]]:
    """Return what each entry of an event would be, by the accounts chosen now.

    A statement line is shown as the only one of its push: its balance grows by what
    waits before it.
    """
    ready = readiness.of(company_id=event.loan.company_id, now=now)
    in_xero = LoanInXero.objects.select_related("lender_account")
    of_loan = in_xero.filter(loan=event.loan_id).first()
    records = list(
        event.sync_records.select_related(
            "lender_account", "compensates__request__mapping__lender_account"
        ).order_by("step")
    )
    for record in records:
        record.event, record.loan = event, event.loan
    if ready.connection is None or ready.mapping is None:
        missing = "The company's accounts are not chosen yet."
        return [(one, Preview(_data_type(one), missing=missing)) for one in records]
    bodies = Bodies(connection=ready.connection, mapping=ready.mapping)
    booking = next((one for one in records if one.step in BOOKINGS), None)
    shown = []
    for record in records:
        if record.step in BOOKINGS:
            made = bodies.of_booking(record, of_loan)
        else:
            account = record.lender_account or bodies.account_of(
                booking or record, of_loan
            )
            if not account.source_account_id:
                missing = "The lender account has no bank feed."
                shown.append((record, Preview(_data_type(record), missing=missing)))
                continue
            made = bodies.of_line(record, account)
        body = json.loads(made, parse_float=str)
        shown.append((record, Preview(_data_type(record), body)))
    return shown


def _data_type(record: SyncRecord) -> str:
    return DATA_TYPES[Step(record.step)]
