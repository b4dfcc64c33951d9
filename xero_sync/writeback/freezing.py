"""The bytes of a write, made once at the claim and never again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from lending.db.ids import new_id
from lending.models import Loan, LoanEvent
from lending.money import quantize, split_tax
from xero_sync.codat import payloads
from xero_sync.codat.push import push_path
from xero_sync.models import LoanInXero, SyncRecord, WriteRequest
from xero_sync.models.choices import DATA_TYPES, Step
from xero_sync.writeback.readiness import AnyAccount, AnyConnection, AnyMapping


@dataclass(frozen=True)
class Basis:
    """Everything that an entry's bytes are made from."""

    connection: AnyConnection
    mapping: AnyMapping
    account: AnyAccount
    in_xero: LoanInXero


def mapping_of(record: SyncRecord, mapping: AnyMapping) -> AnyMapping:
    """Return the accounts that an entry moves: those of what it compensates, if any."""
    if record.compensates and record.compensates.request:
        return record.compensates.request.mapping or mapping
    return mapping


def account_of(
    *, connection: AnyConnection, mapping: AnyMapping, in_xero: LoanInXero
) -> AnyAccount:
    """Return the lender account of a loan: the one its first booking sent has fixed."""
    account: AnyAccount = in_xero.lender_account or mapping.lender_account
    return account if account.connection_id == connection.pk else mapping.lender_account


def freeze_booking(*, record: SyncRecord, basis: Basis) -> bytes:
    """Return the body of a transfer, a direct cost or a payment."""
    with translation.override(record.loan.company.language):
        body = _BODIES[Step(record.step)](record, basis)
    return payloads.encode(body)


def _transfer(record: SyncRecord, basis: Basis) -> dict:
    lender = basis.account.target_account_id
    nominated = basis.mapping.nominated_account_id
    leaves_lender = record.lender_effect < 0
    return payloads.transfer(
        amount=_amount(record),
        value_date=record.value_date,
        from_account_id=lender if leaves_lender else nominated,
        to_account_id=nominated if leaves_lender else lender,
    )


def _direct_cost(record: SyncRecord, basis: Basis) -> dict:
    currency = record.loan.company.currency
    amount = _amount(record)
    net, tax = split_tax(amount, basis.mapping.tax_percent, currency)
    return payloads.direct_cost(
        amount=amount,
        net=net,
        tax=tax,
        currency=currency,
        value_date=record.value_date,
        reference=record.event.external_id,
        description=describe(record.event, record.loan),
        supplier_id=basis.mapping.supplier_id,
        expense_account_id=basis.mapping.expense_account_id,
        lender_account_id=basis.account.target_account_id,
        tax_rate_id=basis.mapping.tax_rate_id,
        # Codat books negative lines as money received: the compensation of a fee.
        negative=record.lender_effect > 0,
    )


def _payment(record: SyncRecord, basis: Basis) -> dict:
    on_lender = bool(record.lender_effect)
    return payloads.payment(
        amount=_amount(record),
        currency=record.loan.company.currency,
        value_date=record.value_date,
        reference=f"{record.event.external_id} {record.loan.invoice_number}",
        invoice_id=basis.in_xero.invoice_id,
        customer_id=basis.in_xero.customer_id,
        account_id=(
            basis.account.target_account_id
            if on_lender
            else basis.mapping.nominated_account_id
        ),
    )


_BODIES = {
    Step.TRANSFER: _transfer,
    Step.DIRECT_COST: _direct_cost,
    Step.PAYMENT: _payment,
}


def freeze_lines(
    *,
    records: Sequence[SyncRecord],
    account: AnyAccount,
    balance: Decimal,
    latest_sent: date | None,
) -> bytes:
    """Return the body of a statement push: lines in order, with running balances.

    `balance` is the statement's before this push. Xero takes lines in date order only,
    so a line dated before the newest one sent takes that date and names its own.
    """
    lines = []
    for record in records:
        dated = max(record.value_date, latest_sent or record.value_date)
        latest_sent = dated
        balance += record.lender_effect
        with translation.override(record.loan.company.language):
            lines.append(_line(record, dated, balance))
    return payloads.encode(
        payloads.bank_transactions(
            source_account_id=account.source_account_id, lines=lines
        )
    )


def _line(record: SyncRecord, dated: date, balance: Decimal) -> dict:
    currency = record.loan.company.currency
    description = describe(record.event, record.loan)
    if dated != record.value_date:
        value_date = gettext("value date %(date)s") % {"date": record.value_date}
        description = f"{description}, {value_date}"
    return payloads.statement_line(
        line_id=str(record.pk),
        value_date=dated,
        description=description,
        amount=quantize(record.lender_effect, currency),
        balance=quantize(balance, currency),
        reference=record.event.external_id,
        counterparty=settings.LENDER_NAME,
    )


def describe(event: LoanEvent, loan: Loan) -> str:
    """Name the movement, the invoice, the loan and the lender for the borrower."""
    label = event.get_kind_display()
    if event.reverses_id:
        label = gettext("Reversal: %(kind)s") % {"kind": label}
    parts = [label, loan.invoice_number, loan.reference, settings.LENDER_NAME]
    if event.description:
        parts.append(event.description)
    return " · ".join(parts)


def new_request(
    *,
    step: str,
    body: bytes,
    basis_connection: AnyConnection,
    mapping: AnyMapping | None,
    account: AnyAccount,
    predecessor_id: UUID | None,
) -> WriteRequest:
    """Return an unsaved request with a fresh key."""
    data_type = DATA_TYPES[Step(step)]
    is_line = step == Step.STATEMENT_LINE
    return WriteRequest(
        company_id=basis_connection.company_id,
        connection_id=basis_connection.pk,
        mapping_id=mapping.pk if mapping else None,
        data_type=data_type,
        path=push_path(
            basis_connection.codat_company_id,
            basis_connection.codat_connection_id,
            data_type,
            account_id=account.source_account_id if is_line else None,
        ),
        body=body,
        idempotency_key=new_id(),
        predecessor_id=predecessor_id,
    )


def _amount(record: SyncRecord) -> Decimal:
    return quantize(record.event.amount, record.loan.company.currency)
