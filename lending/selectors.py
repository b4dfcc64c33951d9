"""Reads of the lender's book."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from lending.db.prepared import Prepared, columns_of
from lending.models import (
    Company,
    Loan,
    LoanEvent,
    LoanEventQuerySet,
    LoanQuerySet,
)

_OF_LOAN, _OF_COMPANY = columns_of(Loan), columns_of(Company)
# What `loan_of_row` makes a loan of.
LOAN_WITH_COMPANY = [*_OF_LOAN, *(f"company__{name}" for name in _OF_COMPANY)]
_BY_REFERENCE = Prepared(
    lambda reference: Loan.objects.filter(reference=reference).values_list(
        *LOAN_WITH_COMPANY
    ),
    reference=Loan._meta.get_field("reference"),
)


def loan_of_row(row: Sequence[Any]) -> Loan:
    """Return a loan, with its company, from the columns `LOAN_WITH_COMPANY`."""
    values = len(_OF_LOAN)
    loan = Loan.from_db(DEFAULT_DB_ALIAS, _OF_LOAN, row[:values])
    loan.company = Company.from_db(DEFAULT_DB_ALIAS, _OF_COMPANY, row[values:])
    return loan


def loan_by_reference(reference: str) -> Loan | None:
    """Return a loan with its company, if there is one of this reference."""
    row = _BY_REFERENCE.first(reference=reference)
    return None if row is None else loan_of_row(row)


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
