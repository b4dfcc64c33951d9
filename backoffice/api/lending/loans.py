"""Loans and their positions."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import CREATED, OK, ApiView, checked
from backoffice.api.framework.conflicts import same_or_conflict, taken
from backoffice.api.framework.idempotency import once
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.problem_documents import ProblemDocument
from backoffice.api.framework.replies import Reply, stored_for
from backoffice.api.framework.visible import company_or_404, loan_or_404, seen_by
from backoffice.api.lending.answers import LoanShown, LoanWithPosition
from backoffice.api.lending.bodies import CloseBody, LoanBody
from backoffice.api.lending.queries import LoanQuery
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import LoanClosed, ReferenceTaken
from lending.models import Loan
from lending.money import parse_amount


class Loans(ApiView):
    """`loans`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.EVENTS_WRITE}
    queries = {"GET": LoanQuery}
    leads_to = {"getLoan": "reference", "listLoansEvents": "reference"}

    @extend_schema(
        operation_id="listLoans",
        summary="List loans",
        responses=page_of(LoanShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List loans as they were agreed; one loan's own address shows its position."""
        return self.listed(seen_by(self.caller, Loan.objects.with_company()), LoanShown)

    @extend_schema(
        operation_id="createLoan",
        summary="Agree a loan",
        request=LoanBody,
        responses={201: LoanShown, 404: ProblemDocument},
    )
    def post(self, request: Request) -> Response:
        """Agree a loan."""
        fields = checked(LoanBody, request)
        return once(request, lambda: create(self.caller, fields))


class OneLoan(ApiView):
    """`loans/{reference}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getLoan",
        summary="Show a loan and where it stands",
        responses=LoanWithPosition,
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """Show a loan and where it stands."""
        return Response(LoanWithPosition.of(loan_or_404(self.caller, reference)))


class CloseLoan(ApiView):
    """`loans/{reference}/close`."""

    scopes = {"POST": KeyScope.EVENTS_WRITE}

    @extend_schema(
        operation_id="closeLoan",
        summary="Close a loan",
        request=CloseBody,
        responses=LoanShown,
    )
    def post(self, request: Request, reference: str) -> Response:
        """Close a loan: it refuses every event but a reversal from now on."""
        loan = loan_or_404(self.caller, reference)
        fields = checked(CloseBody, request)
        return once(request, lambda: close(self.caller, loan, fields["reason"]))


def create(caller: Caller, fields: Mapping[str, Any]) -> Reply:
    """Agree a loan, or answer the one that is there with the same content."""
    company = company_or_404(caller, fields["company"])
    amount = parse_amount(
        fields["invoice_amount"], company.currency, field="invoice_amount"
    )
    content = {**fields, "company": company, "invoice_amount": amount}
    natural_key = f"loans/{fields['reference']}"
    there = Loan.objects.with_company().filter(reference=fields["reference"])
    if not there.exists():
        try:
            loan = services.create_loan(**content)
            return Reply(CREATED, LoanShown.of(loan), natural_key=natural_key)
        except ReferenceTaken:
            # A twin was quicker; what it was answered is there as well.
            pass
    existing = there.get()
    if not caller.may_see(existing.company_id):
        raise taken()
    stored = stored_for(natural_key) or LoanShown.of(existing)
    given = LoanShown.of(Loan(**content))
    same_or_conflict(stored, {field: given[field] for field in content})
    return Reply(CREATED, stored, natural_key=natural_key, is_new=False)


def close(caller: Caller, loan: Loan, reason: str) -> Reply:
    """Close a loan; one that the same client closed for the same reason stays so."""
    try:
        closed = services.close_loan(
            loan=loan, closed_by=caller.author, now=timezone.now(), reason=reason
        )
    except LoanClosed:
        loan.refresh_from_db()
        if (loan.closed_by, loan.close_reason) != (caller.author, reason.strip()):
            raise
        return Reply(OK, LoanShown.of(loan), is_new=False)
    return Reply(OK, LoanShown.of(closed))
