"""Reads of the lender's book."""

from collections.abc import Collection
from decimal import Decimal

from lending.models import (
    Loan,
    LoanEvent,
    LoanEventQuerySet,
    LoanQuerySet,
)
from lending.money import quantize
from lending.positions import loan_position


def loan_by_reference(reference: str) -> Loan | None:
    """Return a loan with its company, if there is one of this reference."""
    return Loan.objects.with_company().filter(reference=reference).first()


def loans_by_references(references: Collection[str]) -> LoanQuerySet:
    """Loans of these references, with their companies."""
    return Loan.objects.with_company().filter(reference__in=references)


def loans_with_totals() -> LoanQuerySet:
    """Loans with company and events loaded, so that positions cost no further query."""
    return Loan.objects.with_company().prefetch_related("events")


def events_of_loan(loan: Loan) -> LoanEventQuerySet:
    """A loan's events in order, each with what it reverses and what reverses it."""
    return (
        LoanEvent.objects.for_loan(loan)
        .select_related("loan__company", "reverses", "reversed_by")
        .in_order()
    )


def invoice_paid_amount(loan: Loan) -> Decimal:
    """What the debtor has paid on the invoice, reversed payments left out."""
    position = loan_position(loan=loan)
    invoiced = quantize(loan.invoice_amount, position.currency)
    return invoiced - position.receivable
