"""Bank feeds of a connection: whether there are any, and where each one leads."""

from collections.abc import Callable
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.connections import representations as show
from backoffice.api.connections import schemas
from backoffice.api.connections.views import (
    OK,
    connection_or_404,
    live_or_409,
    with_feeds,
)
from backoffice.api.framework.base import ApiView, checked
from backoffice.api.framework.fields import StrictSerializer, TextField, YesNoField
from backoffice.api.framework.idempotency import Reply, once, once_with_calls
from backoffice.api.framework.problems import not_found
from backoffice.models import KeyScope
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.bank_feeds import source_accounts
from xero_sync.codat.client import CodatClient
from xero_sync.models import Connection, LenderAccount
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client


class BankFeedsBody(StrictSerializer):
    """Whether Xero takes statement lines for this organisation."""

    on = YesNoField()


class FeedBody(StrictSerializer):
    """Which feed it is about."""

    source_account_id = TextField(
        max_length=50, help_text="From `accounts` of this connection's bank feeds."
    )


class ConnectFeedBody(FeedBody):
    """A feed, and the account in Xero that it is to bring its lines into."""

    target_account_id = TextField(
        required=False,
        max_length=64,
        help_text="Left out: the one it had, or at first a new one.",
    )


class RenameFeedBody(FeedBody):
    """A feed, and what its source account is to be called."""

    name = TextField(
        max_length=source_accounts.NAME_CHARACTERS, help_text="On one line."
    )


class BankFeeds(ApiView):
    """`connections/{id}/bank-feeds`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "PUT": KeyScope.MAPPINGS_WRITE}

    @extend_schema(
        operation_id="getBankFeeds",
        summary="Show where the bank feeds stand",
        responses=schemas.BankFeedsShown,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show what bank feeds rest on, each source account, and its waiting lines."""
        return Response(show.bank_feeds(connection_or_404(self.caller, number)))

    @extend_schema(
        operation_id="setBankFeeds",
        summary="Say whether Xero takes statement lines",
        request=BankFeedsBody,
        responses=schemas.ConnectionShown,
    )
    def put(self, request: Request, number: UUID) -> Response:
        """Say whether Xero takes statement lines; those that waited are sent."""
        row = live_or_409(self.caller, number)
        on = checked(BankFeedsBody, request)["on"]

        def put_on() -> Reply:
            return Reply(OK, show.connection(with_feeds(row, on, self.caller.author)))

        return once(request, put_on)


class ConnectFeed(ApiView):
    """`connections/{id}/bank-feeds/connect`."""

    scopes = {"POST": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="connectFeed",
        summary="Connect a feed to an account in Xero",
        request=ConnectFeedBody,
        responses=schemas.SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Connect a feed; one that is connected so already is answered as it is.

        Xero may take a while to make a new account: until then it is `connecting`.
        Lines that waited go on in order, each once.
        """
        row = live_or_409(self.caller, number)
        fields = checked(ConnectFeedBody, request)
        account = _feed_or_404(row, fields.pop("source_account_id"))

        def connect(client: CodatClient) -> LenderAccount:
            return bank_feeds.connect(
                account=account,
                client=client,
                by=self.caller.author,
                now=database_now(),
                **fields,
            )

        return once_with_calls(request, lambda: _reply(connect))


class DisconnectFeed(ApiView):
    """`connections/{id}/bank-feeds/disconnect`."""

    scopes = {"POST": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="disconnectFeed",
        summary="Disconnect a feed",
        request=FeedBody,
        responses=schemas.SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Cut a feed off: its lines wait, and the account in Xero stays.

        One that is cut off already is answered as it is.
        """
        row = live_or_409(self.caller, number)
        fields = checked(FeedBody, request)
        account = _feed_or_404(row, fields["source_account_id"])

        def disconnect(client: CodatClient) -> LenderAccount:
            return bank_feeds.disconnect(
                account=account,
                client=client,
                by=self.caller.author,
                now=database_now(),
            )

        return once_with_calls(request, lambda: _reply(disconnect))


class RenameFeed(ApiView):
    """`connections/{id}/bank-feeds/rename`."""

    scopes = {"POST": KeyScope.MAPPINGS_WRITE}
    calls_codat = {"POST"}

    @extend_schema(
        operation_id="renameFeed",
        summary="Rename a feed's source account",
        request=RenameFeedBody,
        responses=schemas.SourceAccountShown,
    )
    def post(self, request: Request, number: UUID) -> Response:
        """Rename a source account; the account in Xero keeps its name."""
        row = live_or_409(self.caller, number)
        fields = checked(RenameFeedBody, request)
        account = _feed_or_404(row, fields["source_account_id"])

        def rename(client: CodatClient) -> LenderAccount:
            return bank_feeds.rename(
                account=account,
                name=fields["name"],
                client=client,
                by=self.caller.author,
                now=database_now(),
            )

        return once_with_calls(request, lambda: _reply(rename))


def _reply(act: Callable[[CodatClient], LenderAccount]) -> Reply:
    with paced_client() as client:
        return Reply(OK, show.bank_feed(act(client)))


def _feed_or_404(row: Connection, source_account_id: str) -> LenderAccount:
    """Return the account of a connection that a feed brings its lines into.

    Raises:
        Problem: 404.
    """
    found = row.lender_accounts.filter(source_account_id=source_account_id).first()
    if found is None:
        raise not_found(f"This connection has no bank feed “{source_account_id}”.")
    return found
