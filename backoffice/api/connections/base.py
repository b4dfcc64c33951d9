"""What the views of connections share."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.fields import StrictSerializer
from backoffice.api.framework.idempotency import once, once_with_calls
from backoffice.api.framework.problems import Problem
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import one_or_404, seen_by
from xero_sync.codat.client import CodatClient
from xero_sync.connections import switches
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client, page_client

Fields = Mapping[str, Any]


class ConnectionView(ApiView):
    """Shows a connection, or does something with one that lives."""

    def switched(
        self,
        request: Request,
        number: UUID,
        body: type[StrictSerializer],
        act: Callable[[Connection, Fields], Reply],
    ) -> Response:
        """Act on a connection by a checked body, in one transaction.

        Raises:
            Problem: 404, there is no such connection; 409, it is deleted.
        """
        row = live_or_409(self.caller, number)
        fields = checked(body, request)
        return once(request, lambda: act(row, fields))

    # What it asks of Codat is all read within a few seconds, and nothing is written.
    only_reads = False

    def client_for_it(self) -> CodatClient:
        """Return the client for the calls of one request."""
        return page_client() if self.only_reads else paced_client()

    def done_at_codat(
        self,
        request: Request,
        row: Connection,
        body: type[StrictSerializer],
        act: Callable[[Connection, Fields, CodatClient], Reply],
    ) -> Response:
        """Act on a connection by a checked body, with calls of Codat."""
        fields = checked(body, request)

        def run() -> Reply:
            with self.client_for_it() as client:
                return act(row, fields, client)

        return once_with_calls(request, run)


def connection_or_404(caller: Caller, number: UUID) -> Connection:
    """Return a connection with its company.

    Raises:
        Problem: 404.
    """
    known = seen_by(caller, Connection.objects.select_related("company"))
    found: Connection = one_or_404(
        known.filter(pk=number), f"There is no connection {number}."
    )
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


def with_feeds(row: Connection, on: bool, author: str) -> Connection:  # noqa: FBT001
    """Say whether Xero takes statement lines, unless that is said already."""
    if row.bank_feeds == on and not row.feed_refusal:
        return row
    return switches.set_bank_feeds(
        connection=row, on=on, now=database_now(), set_by=author
    )
