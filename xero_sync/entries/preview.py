"""What would be written to Xero for an entry, made by the code that writes it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lending.models import LoanEvent
from xero_sync.models import LoanInXero, SyncRecord
from xero_sync.models.choices import DATA_TYPES, Step
from xero_sync.writeback import freezing, lines, readiness


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
    records = event.sync_records.select_related("lender_account").order_by("step")
    shown = []
    for record in records:
        record.event, record.loan = event, event.loan
        shown.append((record, _preview(record, ready, of_loan)))
    return shown


def _preview(
    record: SyncRecord, ready: readiness.Readiness, in_xero: LoanInXero | None
) -> Preview:
    data_type = DATA_TYPES[Step(record.step)]
    if ready.connection is None or ready.mapping is None:
        return Preview(data_type, missing="The company's accounts are not chosen yet.")
    fixed = in_xero.lender_account if in_xero else None
    account = record.lender_account or fixed or ready.mapping.lender_account
    if record.step == Step.STATEMENT_LINE:
        return Preview(data_type, _line(record, account))
    if record.step == Step.PAYMENT and not (in_xero and in_xero.invoice_id):
        # The one thing that only Xero knows: the body names it as what it is.
        in_xero = LoanInXero(
            loan=record.loan,
            invoice_id=record.loan.invoice_external_id or "(looked up before sending)",
            customer_id="(looked up before sending)",
        )
    basis = freezing.Basis(
        ready.connection,
        ready.mapping,
        account,
        in_xero or LoanInXero(loan=record.loan),
    )
    body = freezing.freeze_booking(record=record, basis=basis)
    return Preview(data_type, json.loads(body, parse_float=str))


def _line(record: SyncRecord, account: readiness.AnyAccount) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        freezing.freeze_lines(
            records=[record],
            account=account,
            balance=lines.statement_balance(account),
            latest_sent=lines.latest_date_sent(account),
        ),
        parse_float=str,
    )
    return body
