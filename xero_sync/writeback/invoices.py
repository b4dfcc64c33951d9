"""The financed invoice in the borrower's books, looked at before a payment is posted.

Payments are refreshed before invoices: Codat fills an invoice's allocations only from
payments it knows already (its API description of invoices).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.ledger import Invoice
from xero_sync.codat.pulls import PullOperation
from xero_sync.models import Connection, LoanInXero, SyncRecord
from xero_sync.models.choices import STANDING_STATES, Cause, Reason, State, Step
from xero_sync.writeback import readiness, refreshes, results, transitions
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.readiness import LiveConnection

# An invoice that is missing or not unique is looked for again after so many minutes:
# soon, as it may be on its way, and every hour in the end, as each look costs requests.
LOOK_AGAIN_MINUTES = (1, 5, 15, 60)
# A look that Codat did not answer is made again after this long.
TRY_AGAIN_AFTER = timedelta(minutes=1)
NOT_FOUND = 404
EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Finding:
    """What a look at the borrower's invoices came to."""

    reason: str = ""
    note: str = ""
    invoice: Invoice | None = None


def check(record: SyncRecord, *, now: datetime) -> Exchange | None:
    """Return the exchange that brings the check of a payment's invoice a step on."""
    ready = readiness.load(company_ids=[record.company_id], now=now)[record.company_id]
    connection = ready.connection
    if connection is None:
        return None
    step = _refresh(connection, record, now) or _read(connection, record)
    return Exchange(record.company_id, step.call, Done(step, connection, record))


def _refresh(
    connection: LiveConnection, record: SyncRecord, now: datetime
) -> Exchange | None:
    """Return the next exchange towards payments, and then invoices, as they are now.

    Invoices that were asked for after these payments are awaited however long Codat
    takes: to ask for newer payments meanwhile might never come to an end.
    """
    fresh = now - timedelta(seconds=settings.WRITEBACK_INVOICE_SECONDS)
    since = _own_payments(record).aggregate(latest=Max("state_since"))["latest"] or EVER
    if record.polls or record.requests.exists():
        # What was refused or not found once is compared with the books since then.
        since = max(since, record.state_since)
    known = refreshes.Refreshes(connection, now=now)
    payments_at = known.completed_at("payments", since=since)
    if payments_at is not None and (
        payments_at >= fresh
        or known.is_current("invoices", since=payments_at, finished_since=fresh)
    ):
        return known.step_towards("invoices", since=payments_at)
    return known.step_towards("payments", since=since, finished_since=fresh)


@dataclass(frozen=True)
class Done:
    """Store a step's outcome and give the lane its next turn."""

    step: Exchange
    connection: LiveConnection
    record: SyncRecord

    def __call__(self, outcome: object, now: datetime) -> None:
        with transaction.atomic():
            lane = (self.record.company_id, Step.PAYMENT)
            transitions.wake_lanes([lane], at=_next_turn(outcome, now))
            if isinstance(outcome, CodatAccessDenied):
                results.shut_out(
                    connection_id=self.connection.pk, error=outcome, now=now
                )
            self.step.done(outcome, now)


def _next_turn(outcome: object, now: datetime) -> datetime:
    if isinstance(outcome, CodatAccessDenied):
        return now
    if isinstance(outcome, PullOperation) and outcome.is_errored:
        return now + TRY_AGAIN_AFTER
    under_way = isinstance(outcome, PullOperation) and not outcome.is_completed
    if under_way or getattr(outcome, "in_progress", False):
        return refreshes.next_look(now)
    return now + TRY_AGAIN_AFTER if isinstance(outcome, CodatError) else now


def _read(connection: LiveConnection, record: SyncRecord) -> Exchange:
    loan = record.loan
    known = LoanInXero.objects.filter(loan=loan).first()
    invoice_id = (known and known.invoice_id) or loan.invoice_external_id

    def call(client: CodatClient) -> list[Invoice]:
        company = connection.codat_company_id
        if not invoice_id:
            query = f"invoiceNumber={loan.invoice_number}"
            return list(client.list_invoices(company, query=query))
        try:
            return [client.get_invoice(company, invoice_id)]
        except CodatRejected as exc:
            if exc.status_code != NOT_FOUND:
                raise
            return []

    def done(outcome: list[Invoice] | CodatError, now: datetime) -> None:
        if isinstance(outcome, CodatError):
            return
        finding = match(record, outcome, by_id=bool(invoice_id))
        _store(record, finding, now)

    return Exchange(record.company_id, call, done)


def match(record: SyncRecord, found: Iterable[Invoice], *, by_id: bool) -> Finding:
    """Compare the invoices found with the one that the loan finances."""
    loan = record.loan
    alive = [one for one in found if not one.is_deleted and one.status != "Void"]
    named = [one for one in alive if by_id or one.number == loan.invoice_number]
    if not named:
        return Finding(Reason.INVOICE_NOT_FOUND)
    currency = loan.company.currency
    equal = [
        one
        for one in named
        if one.currency == currency and one.total_amount == loan.invoice_amount
    ]
    if not equal:
        other = named[0]
        note = f"{other.number}: {other.total_amount} {other.currency}"
        return Finding(Reason.INVOICE_DIFFERS, note)
    if len(equal) > 1:
        return Finding(Reason.INVOICE_AMBIGUOUS, f"{len(equal)} × {equal[0].number}")
    return _payable(record, equal[0])


def _payable(record: SyncRecord, invoice: Invoice) -> Finding:
    amount = record.event.amount
    if not invoice.customer_id:
        return Finding(Reason.INVOICE_DIFFERS, f"{invoice.number}: no customer")
    if invoice.amount_due is None or invoice.amount_due < amount:
        note = f"{invoice.number}: amount due {invoice.amount_due}, payment {amount}"
        return Finding(Reason.INVOICE_DIFFERS, note)
    own = set(_own_payments(record).values_list("xero_record_id", flat=True))
    account_id = payment_account_id(record)
    for allocation in invoice.allocations:
        if allocation.payment_id in own:
            continue
        # Codat shows what a payment takes off an invoice as a negative amount.
        if (
            allocation.date == record.value_date
            and abs(allocation.amount or 0) == amount
            and allocation.account_id == account_id
        ):
            note = f"{invoice.number}: paid by {allocation.payment_id} already"
            return Finding(Reason.INVOICE_DIFFERS, note)
    return Finding(invoice=invoice)


def payment_account_id(record: SyncRecord) -> str:
    """Return the account in Xero that a payment would be posted on today."""
    mapping = readiness.latest_mappings(
        connection_ids=Connection.objects.live()
        .filter(company=record.company_id)
        .values_list("pk", flat=True)
    )
    current = next(iter(mapping.values()))
    if not record.lender_effect:
        return current.nominated_account_id
    in_xero = LoanInXero.objects.select_related("lender_account").filter(
        loan=record.loan_id
    )
    account = next((one.lender_account for one in in_xero if one.lender_account), None)
    return (account or current.lender_account).target_account_id


def _store(record: SyncRecord, finding: Finding, now: datetime) -> None:
    if finding.invoice is None:
        person = finding.reason == Reason.INVOICE_DIFFERS
        transitions.move(
            record,
            to=State.HELD,
            reason=finding.reason,
            cause=Cause.CHECK,
            now=now,
            note=finding.note,
            not_before=None if person else now + _pause(record.polls),
            polls=record.polls + 1,
        )
        return
    LoanInXero.objects.update_or_create(
        loan_id=record.loan_id,
        defaults={
            "invoice_id": finding.invoice.id,
            "customer_id": finding.invoice.customer_id,
            "resolved_at": now,
        },
    )
    SyncRecord.objects.filter(pk=record.pk, fence=record.fence).update(
        checked_at=now, polls=0
    )


def _pause(looks: int) -> timedelta:
    """Return how long an invoice that was looked for so often before has time."""
    minutes = LOOK_AGAIN_MINUTES[looks:] or LOOK_AGAIN_MINUTES[-1:]
    return timedelta(minutes=minutes[0])


def _own_payments(record: SyncRecord) -> QuerySet[SyncRecord]:
    return SyncRecord.objects.filter(
        loan=record.loan_id, step=Step.PAYMENT, state__in=STANDING_STATES
    )
