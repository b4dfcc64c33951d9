"""Where a bank feed stands: read at Codat, stored with its time, and what follows."""

import logging
import uuid
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.codat.bank_feeds import FeedMapping
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatError,
    CodatUnavailable,
    MappingIncomplete,
)
from xero_sync.models import Connection, FeedAct, FeedActKind, LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.writeback import reconsider

logger = logging.getLogger(__name__)


def ids_of(connection: Connection) -> tuple[uuid.UUID, uuid.UUID]:
    """Return what Codat calls a connection: its company's id and its own."""
    return connection.codat_company_id, connection.codat_connection_id


def mapping_of(account: LenderAccount, client: CodatClient) -> FeedMapping:
    """Read what Codat says of one account's feed, with what it may be connected to.

    Raises:
        MappingIncomplete: Codat does not know the source account.
        CodatError: Codat did not answer.
    """
    for mapping in client.get_bank_feed_mapping(*ids_of(account.connection)):
        if mapping.source_account_id == account.source_account_id:
            return mapping
    raise MappingIncomplete(
        _("Codat does not know the source account %(id)s.")
        % {"id": account.source_account_id},
        field="lender_account",
    )


def look(
    *, account: LenderAccount, client: CodatClient, now: datetime
) -> LenderAccount:
    """Read the state of an account's feed, and release the lines that waited for it."""
    if not account.source_account_id or account.feed_status == FeedStatus.CLOSED:
        return account
    try:
        mapping = mapping_of(account, client)
    except MappingIncomplete:
        return store(account, status=FeedStatus.DISCONNECTED, now=now)
    return store(
        account, status=mapping.status, target=mapping.target_account_id, now=now
    )


def look_at_all(*, connection: Connection, client: CodatClient, now: datetime) -> None:
    """Look at a connection's feeds; one that cannot be read keeps nothing else back.

    Raises:
        CodatUnavailable: Codat takes no more calls now.
    """
    feeds = connection.lender_accounts.filter(void_since=None)
    for account in feeds.exclude(source_account_id=""):
        try:
            look(account=account, client=client, now=now)
        except CodatUnavailable:
            # To go on asking would be too much; the caller hears of it.
            raise
        except CodatError as exc:
            # Unread for longer than its connection, it is looked at again soon.
            logger.warning("The feed of account %s was not read: %s", account.pk, exc)


def close_all(*, connection: Connection, now: datetime, by: str = "") -> None:
    """Store that a connection's feeds are closed: Codat deletes them along with it."""
    fed = connection.lender_accounts.exclude(source_account_id="")
    for account in fed.exclude(feed_status=FeedStatus.CLOSED):
        store(account, status=FeedStatus.CLOSED, now=now, by=by)


@transaction.atomic
def store(
    account: LenderAccount,
    *,
    status: str,
    now: datetime,
    target: str = "",
    kind: str = FeedActKind.SEEN,
    by: str = "",
) -> LenderAccount:
    """Store a feed's state, and hold or release the lines that depend on it."""
    row = LenderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    before = row.feed_status
    row.feed_status = _state_of(row, status, target)
    # An id once learnt stays: a feed that is cut off does not move the account.
    row.target_account_id = row.target_account_id or target
    row.feed_checked_at = now
    if row.feed_status != before:
        row.feed_status_since = now
    if row.feed_status != before or kind != FeedActKind.SEEN:
        note(row, kind, before=before, after=row.feed_status, by=by, at=now)
    row.save(
        update_fields=[
            "feed_status",
            "feed_status_since",
            "feed_checked_at",
            "target_account_id",
        ]
    )
    reconsider.company(company_id=row.connection.company_id, now=now)
    return row


def _state_of(row: LenderAccount, status: str, target: str) -> FeedStatus:
    if status == FeedStatus.CONNECTED and target not in {"", row.target_account_id}:
        # Lines would go to one account and bookings to another.
        return FeedStatus.ELSEWHERE if row.target_account_id else FeedStatus.CONNECTED
    return FeedStatus(status) if status in FeedStatus.values else FeedStatus.UNKNOWN


@transaction.atomic
def set_start(
    *, account: LenderAccount, starts_on: date | None, now: datetime, by: str = ""
) -> LenderAccount:
    """Set from which value date on lines go; neither Codat nor Xero sees to it."""
    row = LenderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    if row.feed_start_date == starts_on:
        return row
    before, after = (
        one.isoformat() if one else "" for one in (row.feed_start_date, starts_on)
    )
    row.feed_start_date = starts_on
    row.save(update_fields=["feed_start_date"])
    note(row, FeedActKind.START, before=before, after=after, by=by, at=now)
    reconsider.company(company_id=row.connection.company_id, now=now)
    return row


def note(
    account: LenderAccount,
    kind: str,
    *,
    at: datetime,
    before: str = "",
    after: str = "",
    by: str = "",
) -> None:
    """Write down what was done or seen, for good."""
    FeedAct.objects.create(
        account=account, kind=kind, before=before, after=after, by=by, at=at
    )
