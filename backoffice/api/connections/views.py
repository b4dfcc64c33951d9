"""Connections to the borrowers' Xero: made at Codat or adopted, switched on and off."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections import representations as show
from backoffice.api.connections import schemas
from backoffice.api.framework import patterns
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import (
    ApiView,
    checked,
    company_or_404,
    says_yes,
    seen_by,
)
from backoffice.api.framework.fields import (
    ChoiceText,
    DayField,
    NoBody,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.idempotency import Reply, once, once_with_calls
from backoffice.api.framework.problems import CONTRADICTORY, Problem, not_found
from backoffice.models import KeyScope
from lending.models import Company
from xero_sync.codat.exceptions import (
    CodatError,
    ConnectionNotLinked,
    ConnectionTaken,
    WritebackBlocked,
)
from xero_sync.connections import adopting, onboarding, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection
from xero_sync.models.choices import HeldEvents
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

OK, CREATED = 200, 201
LINK = "link"
# What a service calls a field that the body calls otherwise.
FIELDS = {"codat_connection_id": "connection_id"}


@extend_schema_field({"type": "string", "format": "uuid", "pattern": patterns.UUID})
class IdField(TextField):
    """An id of Codat's."""

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]
        """Return the id."""
        text = super().to_internal_value(data)
        try:
            found = UUID(text)
        except ValueError:
            found = None
        if found is None or str(found) != text.lower():
            raise serializers.ValidationError(
                "copy the id whole, such as 8a210b68-6988-11ed-a1eb-0242ac120002.",
                code="invalid_id",
            )
        return found


class ConnectionBody(StrictSerializer):
    """Nothing: a connection is made at Codat. Or which one there is to be adopted."""

    create = YesNoField(  # type: ignore[assignment]
        required=False, help_text="True, or left out."
    )
    codat_company_id = IdField(required=False, help_text="Adopt this company's.")
    connection_id = IdField(
        required=False, help_text="Needed if the company has several to Xero."
    )
    bank_feeds = YesNoField(
        required=False, help_text="Whether Xero has enabled bank feeds; later by PUT."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is half one and half the other."""
        adopts = "codat_company_id" in attrs
        if "connection_id" in attrs and not adopts:
            words = {"codat_company_id": ["name the company of the connection."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        if "create" in attrs and attrs["create"] == adopts:
            words = {"create": ["say true, or give codat_company_id to adopt."]}
            raise serializers.ValidationError(words, code=CONTRADICTORY)
        return attrs


class WritebackBody(StrictSerializer):
    """The position of the switch, and what becomes of what was held meanwhile."""

    on = YesNoField()
    held_events = ChoiceText(choices=HeldEvents.choices, required=False)
    publish_from = DayField(
        required=False, help_text="With publish: earlier value dates are left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a choice that nothing asks for."""
        publishes = attrs.get("held_events") == HeldEvents.PUBLISH
        faults = {}
        if "held_events" in attrs and not attrs["on"]:
            faults["held_events"] = ["only switching on needs this."]
        if "publish_from" in attrs and not (attrs["on"] and publishes):
            faults["publish_from"] = ["only held_events “publish” needs this."]
        if faults:
            raise serializers.ValidationError(faults, code=CONTRADICTORY)
        return attrs


class CompanyConnections(ApiView):
    """`companies/{reference}/connections`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="listConnections",
        summary="List a company's connections",
        responses=schemas.ConnectionsShown,
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """List a company's connections: the one that lives, then the deleted ones."""
        company = company_or_404(self.caller, reference)
        rows = company.connections.select_related("company").order_by("-created_at")
        living_first = sorted(rows, key=lambda one: one.deleted_at is not None)
        return Response({"results": show.connections(living_first)})

    @extend_schema(
        operation_id="connectCompany",
        summary="Connect a company, or adopt its connection",
        request=ConnectionBody,
        responses={201: schemas.ConnectionMade},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Connect a company; what was begun or is there already is taken as it is.

        The address for the borrower's consent may work once only: it is never stored,
        and a repeat answers a fresh one. Only the borrower's own page asks them to
        agree to what is read and entered: whoever hands it on has to ask first.
        """
        company = company_or_404(self.caller, reference)
        fields = checked(ConnectionBody, request)
        response = once_with_calls(
            request, lambda: connect(self.caller, company, fields)
        )
        number = UUID(response.data["id"])
        row = connection_or_404(self.caller, number)
        response.data = {**response.data, "link_url": _link_if_answered(row)}
        return response


class OneConnection(ApiView):
    """`connections/{id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    parameters = {"GET": {LINK}}
    calls_codat = {"GET"}

    @extend_schema(
        operation_id="getConnection",
        summary="Show a connection",
        parameters=[
            OpenApiParameter(
                LINK,
                {"type": "boolean"},
                description="`true`: with a fresh `link_url`.",
            )
        ],
        responses=schemas.ConnectionNow,
    )
    def get(self, request: Request, number: UUID) -> Response:
        """Show a connection; with `link=true` where the borrower consents."""
        row = connection_or_404(self.caller, number)
        link = _link(row) if says_yes(request, LINK) else None
        return Response({**show.connection_with_entries(row), "link_url": link})


class Refresh(ApiView):
    """`connections/{id}/refresh`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="refreshConnection",
        summary="Read a connection at Codat now",
        request=NoBody,
        responses=schemas.ConnectionMade,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Read it now; otherwise a webhook, or a check within the day, brings changes.

        What waited for it goes on, and what depends on it is held.
        """
        row = live_or_409(self.caller, number)
        checked(NoBody, request)
        response = once_with_calls(request, lambda: refresh(row))
        row = connection_or_404(self.caller, number)
        response.data = {**response.data, "link_url": _link_if_answered(row)}
        return response


class Writeback(ApiView):
    """`connections/{id}/writeback`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}

    @extend_schema(
        operation_id="getWriteback",
        summary="Show the switch",
        responses=schemas.WritebackShown,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show whether the borrower's Xero is written to."""
        return Response(show.writeback(connection_or_404(self.caller, number)))

    @extend_schema(
        operation_id="switchWriteback",
        summary="Switch write-back on or off",
        request=WritebackBody,
        responses=schemas.WritebackShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Switch it; the position that it has already changes nothing."""
        row = live_or_409(self.caller, number)
        fields = checked(WritebackBody, request)
        return once(request, lambda: switch(self.caller, row, fields))


def connect(caller: Caller, company: Company, fields: Mapping[str, Any]) -> Reply:
    """Connect a company from a checked body."""
    before = company.connections.live().first()
    with paced_client() as client:
        try:
            if "codat_company_id" in fields:
                row = adopting.import_codat_company(
                    company=company,
                    codat_company_id=fields["codat_company_id"],
                    codat_connection_id=fields.get("connection_id"),
                    client=client,
                    now=database_now(),
                )
            else:
                row = onboarding.connect_company(
                    company=company, client=client, now=database_now()
                )
        except ConnectionNotLinked as exc:
            exc.field = FIELDS.get(exc.field, exc.field)
            if isinstance(exc, ConnectionTaken) and not (
                exc.company_id and caller.may_see(exc.company_id)
            ):
                exc.message = "This connection belongs to another company already."
            raise
    if "bank_feeds" in fields:
        row = with_feeds(row, fields["bank_feeds"], caller.author)
    return Reply(CREATED, show.connection(row), is_new=before != row)


def refresh(row: Connection) -> Reply:
    """Read a connection at Codat."""
    with paced_client() as client:
        row = connection_status.refresh(
            connection=row, client=client, now=database_now()
        )
    return Reply(OK, show.connection(row))


def switch(caller: Caller, row: Connection, fields: Mapping[str, Any]) -> Reply:
    """Switch write-back from a checked body."""
    switched = switches.switch_writeback(
        connection=row, switched_by=caller.author, now=database_now(), **fields
    )
    return Reply(OK, show.writeback(switched))


def with_feeds(row: Connection, on: bool, author: str) -> Connection:  # noqa: FBT001
    """Say whether Xero takes statement lines, unless that is said already."""
    if row.bank_feeds == on and not row.feed_refusal:
        return row
    return switches.set_bank_feeds(
        connection=row, on=on, now=database_now(), set_by=author
    )


def connection_or_404(caller: Caller, number: UUID) -> Connection:
    """Return a connection with its company.

    Raises:
        Problem: 404.
    """
    known = seen_by(caller, Connection.objects.select_related("company"))
    found: Connection | None = known.filter(pk=number).first()
    if found is None:
        raise not_found(f"There is no connection {number}.")
    return found


def live_or_409(caller: Caller, number: UUID) -> Connection:
    """Return a connection that can still be acted on.

    Raises:
        Problem: 404, there is none; 409, it is deleted.
    """
    found = connection_or_404(caller, number)
    if found.deleted_at is not None:
        words = "This connection is deleted; connect the company again."
        raise Problem("connection_deleted", words, status=HTTPStatus.CONFLICT)
    return found


def _link(row: Connection) -> str | None:
    with paced_client() as client:
        return onboarding.link_url(connection=row, client=client)


def _link_if_answered(row: Connection) -> str | None:
    """Return the address, or None: what was made stands, and GET asks again."""
    try:
        return _link(row)
    except (CodatError, WritebackBlocked):
        return None
