"""How the API shows companies, loans, events and their entries."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from backoffice.positions import fee_tax_of, records_of
from lending.models import Company, Loan, LoanEvent
from lending.money import as_text
from lending.positions import Position, explain, loan_position
from xero_sync.entries import preview, redaction, settlement
from xero_sync.entries import status as entry_status
from xero_sync.models import SyncRecord
from xero_sync.models.choices import DATA_TYPES, Step

Shown = dict[str, Any]


def company(row: Company) -> Shown:
    """Show a company."""
    return {
        "reference": row.reference,
        "borrower_reference": row.borrower_reference,
        "legal_name": row.legal_name,
        "contact_email": row.contact_email,
        "currency": row.currency,
        "country": row.country,
        "language": row.language,
        "time_zone": row.time_zone,
        "created_at": row.created_at.isoformat(),
    }


def loan(row: Loan) -> Shown:
    """Show what was agreed."""
    return {
        "reference": row.reference,
        "company": row.company.reference,
        "currency": row.company.currency,
        "agreed_on": row.agreed_on.isoformat(),
        "invoice_number": row.invoice_number,
        "invoice_external_id": row.invoice_external_id,
        "invoice_amount": as_text(row.invoice_amount, row.company.currency),
        "debtor_name": row.debtor_name,
        "collection_route": row.collection_route,
        "invoice_payment_posting": row.invoice_payment_posting,
        "closed_at": row.closed_at and row.closed_at.isoformat(),
        "created_at": row.created_at.isoformat(),
    }


def loan_with_position(row: Loan) -> Shown:
    """Show a loan, where it stands, and what would settle it."""
    records = records_of(SyncRecord.objects.filter(loan=row))
    events = list(row.events.select_related("reverses"))
    found = loan_position(loan=row, events=events, fee_tax=fee_tax_of(row, records))
    return {
        **loan(row),
        "position": position(found),
        "settled": settlement.is_settled(row, found),
        "to_settle": explain(found, row),
    }


def position(found: Position) -> Shown:
    """Show the balances in the borrower's books, debits positive."""

    def text(amount: Decimal) -> str:
        return as_text(amount, found.currency)

    return {
        "currency": found.currency,
        "lender_account": text(found.lender_account),
        "nominated_account": text(found.nominated_account),
        "fee_expense": text(found.fee_expense),
        "tax": text(found.tax),
        "receivable": text(found.receivable),
    }


def event(row: LoanEvent) -> Shown:
    """Show what was recorded; none of it ever changes."""
    return {
        "external_id": row.external_id,
        "loan": row.loan.reference,
        "company": row.loan.company.reference,
        "sequence": row.sequence,
        "kind": row.kind,
        "amount": as_text(row.amount, row.loan.company.currency),
        "currency": row.loan.company.currency,
        "value_date": row.value_date.isoformat(),
        "description": row.description,
        "already_in_books": row.already_in_books,
        "reverses": row.reverses.external_id if row.reverses else None,
        "recorded_at": row.recorded_at.isoformat(),
        "recorded_by": row.recorded_by,
    }


class Planned(NamedTuple):
    """What is told of an entry when its event is recorded."""

    id: UUID
    step: str
    value_date: date
    lender_effect: Decimal
    state: str
    reason: str


def event_as_recorded(row: LoanEvent, planned: Sequence[Planned | SyncRecord]) -> Shown:
    """Show an event at the moment of its recording, with what it leads to."""
    currency = row.loan.company.currency
    return {**event(row), "entries": [_planned(one, currency) for one in planned]}


def event_now(row: LoanEvent, records: Iterable[SyncRecord]) -> Shown:
    """Show an event with the exact stage of each of its entries."""
    planned = list(records)
    reversal = getattr(row, "reversed_by", None)
    return {
        **event(row),
        "reversed_by": reversal.external_id if reversal else None,
        "status": entry_status.status_of(planned).value,
        "entries": entries(planned),
    }


def what_would_be_written(row: LoanEvent) -> list[Shown]:
    """Show the bodies that Codat would get for an event, by the accounts chosen now."""
    return [
        {
            "step": record.step,
            "data_type": made.data_type,
            "body": made.body,
            "missing": made.missing,
        }
        for record, made in preview.previews(event=row, now=timezone.now())
    ]


def _planned(one: Planned | SyncRecord, currency: str) -> Shown:
    return {
        "id": str(one.id),
        "step": one.step,
        "data_type": DATA_TYPES[Step(one.step)],
        "value_date": one.value_date.isoformat(),
        "lender_effect": as_text(one.lender_effect, currency),
        "state": one.state,
        "reason": one.reason,
    }


def entry(record: SyncRecord) -> Shown:
    """Show where an entry is, what keeps it, whose move it is, and since when."""
    return entries([record])[0]


def entries(records: Sequence[SyncRecord]) -> list[Shown]:
    """Show many entries, with as many queries as for one."""
    found = entry_status.statuses_of(records)
    counted = SyncRecord.objects.filter(pk__in=[one.pk for one in records])
    attempts = dict(
        counted.annotate(found=Count("requests__attempts")).values_list("pk", "found")
    )
    return [_entry(one, found[one.pk], attempts[one.pk]) for one in records]


def _entry(record: SyncRecord, stage: entry_status.EntryStatus, attempts: int) -> Shown:
    blocker = stage.blocked_by
    return {
        **_planned(record, record.loan.company.currency),
        "event": record.event.external_id,
        "loan": record.loan.reference,
        "company": record.loan.company.reference,
        "in_words": stage.words,
        "who_must_act": stage.actor.value,
        "since": stage.since.isoformat(),
        "blocked_by": blocker
        and {
            "why": stage.wait,
            "id": str(blocker.pk),
            "event": blocker.event.external_id,
            "step": blocker.step,
            "state": blocker.state,
            "reason": blocker.reason,
            "who_must_act": entry_status.actor_of(
                state=blocker.state, reason=blocker.reason
            ).value,
        },
        "attempts": attempts,
        "planned_at": record.created_at.isoformat(),
        "not_before": record.not_before and record.not_before.isoformat(),
        "next_look_at": record.next_poll_at and record.next_poll_at.isoformat(),
        "codat_says": redaction.mask_text(record.failure),
        "push_operation_key": record.push_operation_key
        and str(record.push_operation_key),
        "xero_record_id": record.xero_record_id,
    }
