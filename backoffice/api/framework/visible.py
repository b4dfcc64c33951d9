"""What a key may see, and the 404 of everything else."""

from typing import Any

from django.db.models import QuerySet

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.problems import Problem, not_found
from lending.models import Company, Loan, LoanEvent
from lending.selectors import loan_by_reference


def companies_of(caller: Caller) -> QuerySet[Company]:
    """Return the companies that the key may see."""
    if caller.key.all_companies:
        return Company.objects.all()
    return Company.objects.filter(pk__in=caller.key.companies.values("pk"))


def seen_by(
    caller: Caller, queryset: QuerySet[Any], path: str = "company"
) -> QuerySet[Any]:
    """Narrow a query to what belongs to companies that the key may see."""
    if caller.key.all_companies:
        return queryset
    return queryset.filter(**{f"{path}__in": caller.key.companies.values("pk")})


def one_or_404(queryset: QuerySet[Any], words: str) -> Any:
    """Return what a query finds first.

    Raises:
        Problem: 404, in these words.
    """
    found = queryset.first()
    if found is None:
        raise not_found(words)
    return found


def company_or_404(caller: Caller, reference: str) -> Company:
    """Return a company.

    Raises:
        Problem: 404.
    """
    found: Company = one_or_404(
        companies_of(caller).filter(reference=reference),
        f"There is no company “{reference}”.",
    )
    return found


def loan_or_404(caller: Caller, reference: str) -> Loan:
    """Return a loan with its company.

    Raises:
        Problem: 404.
    """
    return seen_or_404(caller, loan_by_reference(reference), reference)


def seen_or_404(caller: Caller, loan: Loan | None, reference: str) -> Loan:
    """Return a loan that was looked for, if the key may see it.

    Raises:
        Problem: 404.
    """
    if loan is None or not caller.may_see(loan.company_id):
        raise no_loan(reference)
    return loan


def no_loan(reference: str) -> Problem:
    """Return the 404 of a loan that is not there, or not to be seen."""
    return not_found(f"There is no loan “{reference}”.")


def event_or_404(caller: Caller, external_id: str) -> LoanEvent:
    """Return an event with its loan, its company and its reversal.

    Raises:
        Problem: 404.
    """
    events = LoanEvent.objects.select_related(
        "loan__company", "reverses", "reversed_by"
    )
    found: LoanEvent = one_or_404(
        seen_by(caller, events, "loan__company").filter(external_id=external_id),
        f"There is no event “{external_id}”.",
    )
    return found
