"""Reads of the lender's book."""

from collections.abc import Collection

from lending.models import (
    Loan,
    LoanEvent,
    LoanEventQuerySet,
    LoanQuerySet,
)


def loan_by_reference(reference: str) -> Loan | None:
    """Return a loan with its company, if there is one of this reference."""
    return Loan.objects.with_company().filter(reference=reference).first()


def loans_by_references(references: Collection[str]) -> LoanQuerySet:
    """Loans of these references, with their companies."""
    return Loan.objects.with_company().filter(reference__in=references)


def events_of_loan(loan: Loan) -> LoanEventQuerySet:
    """A loan's events in order, each with what it reverses and what reverses it."""
    return (
        LoanEvent.objects.for_loan(loan)
        .select_related("loan__company", "reverses", "reversed_by")
        .in_order()
    )
