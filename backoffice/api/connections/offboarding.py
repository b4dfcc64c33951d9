"""The end of a connection to a borrower's Xero: disconnected, or deleted for good."""

from http import HTTPStatus
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections.answers import ConnectionShown
from backoffice.api.connections.base import (
    ConnectionView,
    Fields,
    connection_or_404,
    live_or_409,
)
from backoffice.api.connections.bodies import DisconnectBody, OffBoardBody
from backoffice.api.framework.base import OK
from backoffice.api.framework.problems import Problem
from backoffice.api.framework.replies import Reply
from backoffice.models import KeyScope
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import ConnectionNotLinked
from xero_sync.connections import offboarding
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now


class Disconnect(ConnectionView):
    """`connections/{id}/disconnect`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="disconnect",
        summary="Disconnect from Xero",
        request=DisconnectBody,
        responses=ConnectionShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Cut a linked connection, until the borrower links it again.

        Nothing is read or written meanwhile; entries wait, and go on in order
        afterwards. One that is unlinked already is answered as it is.
        """
        row = live_or_409(self.caller, number)
        return self.done_at_codat(request, row, DisconnectBody, self._disconnect)

    def _disconnect(
        self, row: Connection, fields: Fields, client: CodatClient
    ) -> Reply:
        try:
            row = offboarding.disconnect(
                connection=row,
                client=client,
                disconnected_by=self.caller.author,
                now=database_now(),
                **fields,
            )
        except ConnectionNotLinked as exc:
            raise Problem(exc.code, str(exc), status=HTTPStatus.CONFLICT) from exc
        return Reply(OK, ConnectionShown.of(row))


class OffBoard(ConnectionView):
    """`connections/{id}/off-board`."""

    scopes = {"POST": KeyScope.COMPANIES_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="offBoard",
        summary="Delete a connection for good",
        request=OffBoardBody,
        responses=ConnectionShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Let a borrower go: the connection is deleted at Codat and cannot return.

        Our history stays. While entries wait or are under way it is refused.
        """
        row = connection_or_404(self.caller, number)
        return self.done_at_codat(request, row, OffBoardBody, self._off_board)

    def _off_board(self, row: Connection, fields: Fields, client: CodatClient) -> Reply:
        row = offboarding.off_board(
            connection=row,
            client=client,
            off_boarded_by=self.caller.author,
            now=database_now(),
            **fields,
        )
        return Reply(OK, ConnectionShown.of(row))
