"""Positions with the tax that is part of a fee, which only the mapping knows."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet

from lending.models import Loan, LoanEvent
from lending.money import split_tax
from lending.positions import FeeTax
from xero_sync.models import AccountMapping, SyncRecord
from xero_sync.models.choices import Step


def records_of(records: QuerySet[SyncRecord]) -> list[SyncRecord]:
    """Load entries with what the fee's tax depends on, bookings before lines."""
    found = records.select_related("request__mapping").defer("request__body")
    found = found.prefetch_related("request__mapping__rows")
    return sorted(
        found, key=lambda one: (one.sequence, one.step == Step.STATEMENT_LINE)
    )


def fee_tax_of(loan: Loan, records: Iterable[SyncRecord]) -> FeeTax:
    """Return the tax of a fee by the mapping it was sent with, else the latest."""
    latest = (
        AccountMapping.objects.filter(
            connection__company=loan.company_id, connection__deleted_at=None
        )
        .order_by("-version")
        .first()
    )
    percents = {
        record.event_id: record.request.mapping.tax_percent
        for record in records
        if record.step == Step.DIRECT_COST and record.request and record.request.mapping
    }
    default = latest.tax_percent if latest else Decimal(0)

    def fee_tax(event: LoanEvent) -> Decimal:
        percent = percents.get(event.pk, default)
        return split_tax(event.amount, percent, loan.company.currency)[1]

    return fee_tax
