"""Companies: one organisation with one set of books each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import CREATED, ApiView, checked
from backoffice.api.framework.conflicts import same_or_conflict
from backoffice.api.framework.idempotency import once
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.problems import Problem
from backoffice.api.framework.replies import Reply, stored_for
from backoffice.api.framework.visible import companies_of, company_or_404
from backoffice.api.lending.answers import CompanyShown
from backoffice.api.lending.bodies import CompanyBody
from backoffice.api.lending.queries import CompanyQuery
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ReferenceTaken
from lending.models import Company


class Companies(ApiView):
    """`companies`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.COMPANIES_WRITE}
    queries = {"GET": CompanyQuery}
    leads_to = {"getCompany": "reference"}

    @extend_schema(
        operation_id="listCompanies",
        summary="List companies",
        responses=page_of(CompanyShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the companies that the key may see."""
        return self.listed(companies_of(self.caller), CompanyShown)

    @extend_schema(
        operation_id="createCompany",
        summary="Take on a company",
        request=CompanyBody,
        responses={201: CompanyShown},
    )
    def post(self, request: Request) -> Response:
        """Take on a company."""
        fields = checked(CompanyBody, request)
        return once(request, lambda: create(self.caller, fields))


class OneCompany(ApiView):
    """`companies/{reference}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getCompany",
        summary="Show a company",
        responses=CompanyShown,
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """Show a company."""
        return Response(CompanyShown.of(company_or_404(self.caller, reference)))


def create(caller: Caller, fields: Mapping[str, Any]) -> Reply:
    """Take on a company, or answer the one that is there with the same content."""
    if not caller.key.all_companies:
        raise Problem(
            "not_permitted",
            "This key is for chosen companies; it cannot take on another.",
            status=HTTPStatus.FORBIDDEN,
        )
    content = {"time_zone": settings.TIME_ZONE, **fields}
    natural_key = f"companies/{fields['reference']}"
    there = Company.objects.filter(reference=fields["reference"])
    if not there.exists():
        try:
            company = services.create_company(**content)
            return Reply(CREATED, CompanyShown.of(company), natural_key=natural_key)
        except ReferenceTaken:
            # A twin was quicker; what it was answered is there as well.
            pass
    stored = stored_for(natural_key) or CompanyShown.of(there.get())
    given = CompanyShown.of(Company(**content))
    same_or_conflict(stored, {field: given[field] for field in content})
    return Reply(CREATED, stored, natural_key=natural_key, is_new=False)
