"""How a bank feed stands, as we have read it, and what follows from that."""

from datetime import datetime

from django.db import transaction

from lending.audit import trail
from xero_sync.models import LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.writeback import reconsider

SEEN = "feed.seen"


@transaction.atomic
def store(
    account: LenderAccount,
    *,
    status: str,
    now: datetime,
    target: str = "",
    verb: str = SEEN,
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
    if row.feed_status != before or verb != SEEN:
        states = {"before": before, "after": row.feed_status}
        note(row, verb, field="feed_status", by=by, at=now, **states)
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


def note(
    account: LenderAccount,
    verb: str,
    *,
    at: datetime,
    by: str = "",
    field: str = "",
    before: object = None,
    after: object = None,
) -> None:
    """Write down what was done to a feed, or seen of it, with what it changed."""
    trail.record(
        verb,
        account,
        by=by,
        at=at,
        company_id=account.connection.company_id,
        before={field: before} if before is not None else {},
        after={field: after} if field else {},
    )
