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
from xero_sync.models import Connection, LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.writeback import reconsider
from xero_sync.writeback.feed_states import note as note
from xero_sync.writeback.feed_states import store as store

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
def set_start(
    *, account: LenderAccount, starts_on: date | None, now: datetime, by: str = ""
) -> LenderAccount:
    """Set from which value date on lines go; neither Codat nor Xero sees to it."""
    row = LenderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    if row.feed_start_date == starts_on:
        return row
    before, row.feed_start_date = row.feed_start_date, starts_on
    row.save(update_fields=["feed_start_date"])
    states = {"before": before, "after": starts_on}
    note(row, "feed.start_changed", field="feed_start_date", by=by, at=now, **states)
    reconsider.company(company_id=row.connection.company_id, now=now)
    return row
