"""The end of a connection to a borrower's Xero: disconnected, or deleted for good."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections import representations as show
from backoffice.api.connections import schemas
from backoffice.api.connections.views import OK, connection_or_404, live_or_409
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.fields import StrictSerializer, TextField, YesNoField
from backoffice.api.framework.idempotency import Reply, once_with_calls
from backoffice.api.framework.problems import Problem
from backoffice.models import KeyScope
from xero_sync.codat.exceptions import ConnectionNotLinked
from xero_sync.connections import offboarding
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client


class DisconnectBody(StrictSerializer):
    """Why it is disconnected, if that is to be kept."""

    reason = TextField(required=False, allow_blank=True, max_length=500)


class OffBoardBody(DisconnectBody):
    """The company's reference once more, and what becomes of entries that wait."""

    confirmation = TextField(
        max_length=64, help_text="The company's reference, to confirm."
    )
    leave_out = YesNoField(
        required=False,
        help_text="True: entries that wait are cancelled and never written. It needs "
        "a reason. Otherwise such entries are a reason to refuse.",
    )


class Disconnect(ApiView):
    """`connections/{id}/disconnect`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="disconnect",
        summary="Disconnect from Xero",
        request=DisconnectBody,
        responses=schemas.ConnectionShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Cut a linked connection, until the borrower links it again.

        Nothing is read or written meanwhile; entries wait, and go on in order
        afterwards. One that is unlinked already is answered as it is.
        """
        row = live_or_409(self.caller, number)
        fields = checked(DisconnectBody, request)
        return once_with_calls(request, lambda: disconnect(self.caller, row, fields))


class OffBoard(ApiView):
    """`connections/{id}/off-board`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="offBoard",
        summary="Delete a connection for good",
        request=OffBoardBody,
        responses=schemas.ConnectionShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Let a borrower go: the connection is deleted at Codat and cannot return.

        Our history stays. While entries wait or are under way it is refused.
        """
        row = connection_or_404(self.caller, number)
        fields = checked(OffBoardBody, request)
        return once_with_calls(request, lambda: off_board(self.caller, row, fields))


def disconnect(caller: Caller, row: Connection, fields: Mapping[str, Any]) -> Reply:
    """Disconnect from a checked body.

    Raises:
        Problem: 409, it is not linked.
    """
    with paced_client() as client:
        try:
            row = offboarding.disconnect(
                connection=row,
                client=client,
                disconnected_by=caller.author,
                now=database_now(),
                **fields,
            )
        except ConnectionNotLinked as exc:
            raise Problem(exc.code, str(exc), status=HTTPStatus.CONFLICT) from exc
    return Reply(OK, show.connection(row))


def off_board(caller: Caller, row: Connection, fields: Mapping[str, Any]) -> Reply:
    """Let a borrower go from a checked body."""
    with paced_client() as client:
        row = offboarding.off_board(
            connection=row,
            client=client,
            off_boarded_by=caller.author,
            now=database_now(),
            **fields,
        )
    return Reply(OK, show.connection(row))
