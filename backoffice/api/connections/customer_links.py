"""Links to a customer's own pages, where they consent, choose and switch."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections.answers import CustomerLinkMade, CustomerLinkShown
from backoffice.api.connections.bodies import CustomerLinkBody
from backoffice.api.connections.queries import CustomerLinkQuery
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import CREATED, OK, ApiView, checked
from backoffice.api.framework.fields import NoBody
from backoffice.api.framework.idempotency import once
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import company_or_404, one_or_404, seen_by
from backoffice.models import KeyScope
from xero_sync.borrowers import links
from xero_sync.models import BorrowerLink
from xero_sync.runtime.clock import database_now


class CustomerLinks(ApiView):
    """`companies/{reference}/customer-links`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.COMPANIES_WRITE}
    queries = {"GET": CustomerLinkQuery}

    @extend_schema(
        operation_id="listCustomerLinks",
        summary="List the links to a customer's pages",
        responses=page_of(CustomerLinkShown),
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """List the links that a customer and their accountant were given.

        No address is among them: we keep none.
        """
        company = company_or_404(self.caller, reference)
        return self.listed(company.borrower_links.all(), CustomerLinkShown)

    @extend_schema(
        operation_id="createCustomerLink",
        summary="Make a link to a customer's pages",
        request=CustomerLinkBody,
        responses={201: CustomerLinkMade},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Make a link; its address is in this answer and in no other.

        Whoever has the address can open the customer's pages: hand it to nobody else.
        There they read what is read and entered, agree, and are sent to Xero.
        """
        company = company_or_404(self.caller, reference)
        fields = checked(CustomerLinkBody, request)

        def make() -> Reply:
            link, address = links.hand_out(
                company=company, by=self.caller.author, now=database_now(), **fields
            )
            shown = CustomerLinkMade.of(link, url=address)
            return Reply(CREATED, shown, is_secret=True)

        return once(request, make)


class RevokeCustomerLink(ApiView):
    """`customer-links/{id}/revoke`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}

    @extend_schema(
        operation_id="revokeCustomerLink",
        summary="Revoke a link to a customer's pages",
        request=NoBody,
        responses=CustomerLinkShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Let it open no more, and end its visits; one that is revoked stays so."""
        link = _link_or_404(self.caller, number)
        checked(NoBody, request)

        def revoke() -> Reply:
            links.revoke(link=link, by=self.caller.author, now=database_now())
            link.refresh_from_db()
            return Reply(OK, CustomerLinkShown.of(link))

        return once(request, revoke)


def _link_or_404(caller: Caller, number: UUID) -> BorrowerLink:
    known = seen_by(caller, BorrowerLink.objects.select_related("company"))
    found: BorrowerLink = one_or_404(
        known.filter(pk=number), f"There is no customer's link {number}."
    )
    return found
