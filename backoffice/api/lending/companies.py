"""Companies: one organisation with one set of books each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework import patterns
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import ApiView, checked, companies_of, company_or_404
from backoffice.api.framework.conflicts import same_or_conflict
from backoffice.api.framework.fields import (
    ChoiceText,
    CodeField,
    ReferenceField,
    StrictSerializer,
    TextField,
)
from backoffice.api.framework.filters import CompanyFilter
from backoffice.api.framework.idempotency import Reply, once, stored_for
from backoffice.api.framework.problems import Problem
from backoffice.api.lending import representations as show
from backoffice.api.lending import schemas
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ReferenceTaken
from lending.models import Company
from lending.models.company import COUNTRY_RULE, CURRENCY_RULE

CREATED = 201


class CompanyBody(StrictSerializer):
    """A borrower's organisation."""

    reference = ReferenceField(help_text="Yours, unique for ever.")
    legal_name = TextField(max_length=200)
    currency = CodeField(
        pattern=patterns.CURRENCY,
        rule=CURRENCY_RULE,
        help_text="ISO 4217, such as GBP.",
    )
    country = CodeField(
        pattern=patterns.COUNTRY, rule=COUNTRY_RULE, help_text="ISO 3166, such as GB."
    )
    borrower_reference = TextField(
        required=False, allow_blank=True, max_length=64, default=""
    )
    contact_email = TextField(
        required=False, allow_blank=True, max_length=254, default=""
    )
    language = ChoiceText(
        choices=Company.Language.choices, default=Company.Language.ENGLISH
    )
    time_zone = TextField(
        required=False, max_length=64, help_text="IANA; whose date counts as today."
    )


class Companies(ApiView):
    """`companies`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.COMPANIES_WRITE}
    filters = CompanyFilter
    leads_to = {"getCompany": "reference"}

    @extend_schema(
        operation_id="listCompanies",
        summary="List companies",
        responses=schemas.page_of(schemas.CompanyShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List the companies that the key may see."""
        return self.listed(companies_of(self.caller), show.company)

    @extend_schema(
        operation_id="createCompany",
        summary="Take on a company",
        request=CompanyBody,
        responses={201: schemas.CompanyShown},
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
        responses=schemas.CompanyShown,
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """Show a company."""
        return Response(show.company(company_or_404(self.caller, reference)))


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
            return Reply(CREATED, show.company(company), natural_key=natural_key)
        except ReferenceTaken:
            # A twin was quicker; what it was answered is there as well.
            pass
    stored = stored_for(natural_key) or show.company(there.get())
    given = show.company(Company(**content))
    same_or_conflict(stored, {field: given[field] for field in content})
    return Reply(CREATED, stored, natural_key=natural_key, is_new=False)
