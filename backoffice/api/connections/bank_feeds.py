"""Bank feeds of a connection: whether there are any, and where each one leads."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections.answers import (
    BankFeedsShown,
    ConnectionShown,
    SourceAccountShown,
)
from backoffice.api.connections.base import (
    ConnectionView,
    Fields,
    connection_or_404,
    live_or_409,
    with_feeds,
)
from backoffice.api.connections.bodies import (
    BankFeedsBody,
    ConnectFeedBody,
    FeedBody,
    RenameFeedBody,
)
from backoffice.api.framework.base import OK
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import one_or_404
from backoffice.models import KeyScope
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.codat.client import CodatClient
from xero_sync.models import Connection, LenderAccount
from xero_sync.runtime.clock import database_now


class BankFeeds(ConnectionView):
    """`connections/{id}/bank-feeds`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}

    @extend_schema(
        operation_id="getBankFeeds",
        summary="Show where the bank feeds stand",
        responses=BankFeedsShown,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show what bank feeds rest on, each source account, and its waiting lines."""
        return Response(BankFeedsShown.of(connection_or_404(self.caller, number)))

    @extend_schema(
        operation_id="setBankFeeds",
        summary="Say whether Xero takes statement lines",
        request=BankFeedsBody,
        responses=ConnectionShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Say whether Xero takes statement lines; those that waited are sent."""
        return self.switched(request, number, BankFeedsBody, self._put_on)

    def _put_on(self, row: Connection, fields: Fields) -> Reply:
        row = with_feeds(row, fields["on"], self.caller.author)
        return Reply(OK, ConnectionShown.of(row))


class FeedView(ConnectionView):
    """Does something with one feed."""

    scopes = {"POST": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"POST"}

    def done_with_feed(
        self,
        request: Request,
        number: UUID,
        body: type[FeedBody],
        service: Callable[..., LenderAccount],
    ) -> Response:
        """Act on the feed that the body names, and answer where it stands."""
        row = live_or_409(self.caller, number)

        def act(row: Connection, fields: Fields, client: CodatClient) -> Reply:
            given: dict[str, Any] = dict(fields)
            account = service(
                account=_feed_or_404(row, given.pop("source_account_id")),
                client=client,
                by=self.caller.author,
                now=database_now(),
                **given,
            )
            return Reply(OK, SourceAccountShown.of(account))

        return self.done_at_codat(request, row, body, act)


class ConnectFeed(FeedView):
    """`connections/{id}/bank-feeds/connect`."""

    @extend_schema(
        operation_id="connectFeed",
        summary="Connect a feed to an account in Xero",
        request=ConnectFeedBody,
        responses=SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Connect a feed; one that is connected so already is answered as it is.

        Xero may take a while to make a new account: until then it is `connecting`.
        Lines that waited go on in order, each once.
        """
        return self.done_with_feed(request, number, ConnectFeedBody, bank_feeds.connect)


class DisconnectFeed(FeedView):
    """`connections/{id}/bank-feeds/disconnect`."""

    @extend_schema(
        operation_id="disconnectFeed",
        summary="Disconnect a feed",
        request=FeedBody,
        responses=SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Cut a feed off: its lines wait, and the account in Xero stays.

        One that is cut off already is answered as it is.
        """
        return self.done_with_feed(request, number, FeedBody, bank_feeds.disconnect)


class RenameFeed(FeedView):
    """`connections/{id}/bank-feeds/rename`."""

    @extend_schema(
        operation_id="renameFeed",
        summary="Rename a feed's source account",
        request=RenameFeedBody,
        responses=SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Rename a source account; the account in Xero keeps its name."""
        return self.done_with_feed(request, number, RenameFeedBody, bank_feeds.rename)


def _feed_or_404(row: Connection, source_account_id: str) -> LenderAccount:
    """Return the account of a connection that a feed brings its lines into.

    Raises:
        Problem: 404.
    """
    found: LenderAccount = one_or_404(
        row.lender_accounts.filter(source_account_id=source_account_id),
        f"This connection has no bank feed “{source_account_id}”.",
    )
    return found
