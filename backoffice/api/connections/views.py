"""Connections to the borrowers' Xero: made at Codat or adopted, switched on and off."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections.answers import (
    ConnectionNow,
    ConnectionShown,
    ConnectionsShown,
    HeldShown,
    WritebackShown,
)
from backoffice.api.connections.base import (
    ConnectionView,
    Fields,
    connection_or_404,
    live_or_409,
    with_feeds,
)
from backoffice.api.connections.bodies import ConnectionBody, WritebackBody
from backoffice.api.connections.queries import HeldQuery
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import CREATED, OK, checked
from backoffice.api.framework.fields import NoBody
from backoffice.api.framework.idempotency import once_with_calls
from backoffice.api.framework.permissions import require_scope
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import company_or_404
from backoffice.models import KeyScope
from lending.models import Company
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    ConnectionTaken,
)
from xero_sync.connections import adopting, backfill, onboarding, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

# What a service calls a field that the body calls otherwise.
FIELDS = {"codat_connection_id": "connection_id"}


class CompanyConnections(ConnectionView):
    """`companies/{reference}/connections`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="listConnections",
        summary="List a company's connections",
        responses=ConnectionsShown,
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """List a company's connections: the one that lives, then the deleted ones."""
        company = company_or_404(self.caller, reference)
        rows = company.connections.select_related("company").order_by("-created_at")
        living_first = sorted(rows, key=lambda one: one.deleted_at is not None)
        return Response(ConnectionsShown.of(results=living_first))

    @extend_schema(
        operation_id="connectCompany",
        summary="Connect a company, or adopt its connection",
        request=ConnectionBody,
        responses={201: ConnectionShown},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Connect a company; what was begun or is there already is taken as it is.

        Their consent is given on the borrower's own pages, where they read what is
        read and entered: make them a link by `customer-links`.
        """
        company = company_or_404(self.caller, reference)
        fields = checked(ConnectionBody, request)
        if "bank_feeds" in fields:
            require_scope(self.caller.key, KeyScope.MAPPINGS_WRITE)
        return once_with_calls(request, lambda: connect(self.caller, company, fields))


class OneConnection(ConnectionView):
    """`connections/{id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getConnection",
        summary="Show a connection",
        responses=ConnectionNow,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show a connection."""
        return Response(ConnectionNow.of(connection_or_404(self.caller, number)))


class Refresh(ConnectionView):
    """`connections/{id}/refresh`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="refreshConnection",
        summary="Read a connection at Codat now",
        request=NoBody,
        responses=ConnectionShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Read it now; otherwise a webhook, or a check within the day, brings changes.

        What waited for it goes on, and what depends on it is held.
        """
        row = live_or_409(self.caller, number)
        return self.done_at_codat(request, row, NoBody, _refresh)


class Writeback(ConnectionView):
    """`connections/{id}/writeback`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}

    @extend_schema(
        operation_id="getWriteback",
        summary="Show the switch",
        responses=WritebackShown,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show whether the borrower's Xero is written to."""
        return Response(WritebackShown.of(connection_or_404(self.caller, number)))

    @extend_schema(
        operation_id="switchWriteback",
        summary="Switch write-back on or off",
        request=WritebackBody,
        responses=WritebackShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Switch it; the position that it has already changes nothing."""
        return self.switched(request, number, WritebackBody, self._switch)

    def _switch(self, row: Connection, fields: Fields) -> Reply:
        switched = switches.switch_writeback(
            connection=row,
            switched_by=self.caller.author,
            now=database_now(),
            **fields,
        )
        return Reply(OK, WritebackShown.of(switched))


class HeldWriteback(ConnectionView):
    """`connections/{id}/writeback/held`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    queries = {"GET": HeldQuery}

    @extend_schema(
        operation_id="getHeldWriteback",
        summary="Show what is held while write-back is off",
        responses=HeldShown,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show the held loans, and for each choice what it does to them.

        A loan is published whole or not at all, and always if some of it is in Xero.
        """
        row = connection_or_404(self.caller, number)
        held = backfill.held(connection=row, now=database_now())
        choices = held.effects(self.given.get("publish_from"))
        totals = [held] if held.loans else []
        count = len(held.loans)
        shown = HeldShown.of(held, count=count, totals=totals, choices=choices)
        return Response(shown)


def connect(caller: Caller, company: Company, fields: Fields) -> Reply:
    """Connect a company from a checked body."""
    before = company.connections.live().first()
    with paced_client() as client:
        try:
            row = _connected(company, fields, client)
        except ConnectionNotLinked as exc:
            exc.field = FIELDS.get(exc.field, exc.field)
            if isinstance(exc, ConnectionTaken) and not (
                exc.company_id and caller.may_see(exc.company_id)
            ):
                exc.message = "This connection belongs to another company already."
            raise
    if "bank_feeds" in fields:
        row = with_feeds(row, fields["bank_feeds"], caller.author)
    return Reply(CREATED, ConnectionShown.of(row), is_new=before != row)


def _connected(company: Company, fields: Fields, client: CodatClient) -> Connection:
    if "codat_company_id" not in fields:
        return onboarding.connect_company(
            company=company, client=client, now=database_now()
        )
    return adopting.import_codat_company(
        company=company,
        codat_company_id=fields["codat_company_id"],
        codat_connection_id=fields.get("connection_id"),
        client=client,
        now=database_now(),
    )


def _refresh(row: Connection, fields: Fields, client: CodatClient) -> Reply:  # noqa: ARG001
    row = connection_status.refresh(connection=row, client=client, now=database_now())
    return Reply(OK, ConnectionShown.of(row))
