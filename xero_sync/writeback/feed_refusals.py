"""Xero's refusal of a bank feed: tried once, remembered, lifted by a person.

The refusal concerns every line of the connection, so no other one is tried after it.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from lending.audit import trail
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import FEED_REFUSALS, Cause, State, Step
from xero_sync.signals import notify_changes
from xero_sync.writeback import reconsider
from xero_sync.writeback.transitions import lock_connection


def is_one(problem: str) -> bool:
    """Tell whether one of Xero's problem codes is about bank feeds."""
    return problem in FEED_REFUSALS


def remember(*, connection_id: UUID, problem: str, now: datetime) -> None:
    """Remember what Xero refused; lines are held for it from now on."""
    row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
    with notify_changes(row):
        row.bank_feeds = False
        row.feed_refusal, row.feed_refused_at = problem, now
        # It may be the first sign that the feed was cut off: look at it.
        row.checked_at = None
        row.save(
            update_fields=[
                "bank_feeds",
                "feed_refusal",
                "feed_refused_at",
                "checked_at",
            ]
        )


@transaction.atomic
def lift(*, company_id: int, now: datetime, by: str, note: str) -> int:
    """Take a person's word that the cause is mended: bank feeds are on again.

    Returns:
        How many lines go on; another refusal holds them again, after one more try.
    """
    live = Connection.objects.live().filter(company=company_id).first()
    if live is not None:
        row = lock_connection(live, now=now)
        if row.feed_refusal or not row.bank_feeds:
            trail.record(
                "connection.bank_feeds_on",
                row,
                by=by,
                at=now,
                reason=note,
                before={"feed_refusal": row.feed_refusal},
            )
        with notify_changes(row):
            row.bank_feeds = True
            clear(row)
    return reconsider_lines(company_id=company_id, now=now, by=by, note=note)


def clear(row: Connection) -> None:
    """Store a connection's row with its bank feeds as they are, and no refusal."""
    row.feed_refusal, row.feed_refused_at = "", None
    row.save(update_fields=["bank_feeds", "feed_refusal", "feed_refused_at"])


@transaction.atomic
def reconsider_lines(
    *, company_id: int, now: datetime, by: str = "", note: str = ""
) -> int:
    """Give the lines that were held for a refusal their new place; return how many go.

    Called once the refusal is no longer on the connection's row.
    """
    held = SyncRecord.objects.filter(
        company=company_id,
        step=Step.STATEMENT_LINE,
        state=State.HELD,
        reason__in=FEED_REFUSALS.values(),
    )
    return reconsider.records(
        records=list(held.select_related("event", "compensates").order_by("event")),
        now=now,
        cause=Cause.PERSON if by else Cause.RECONSIDERED,
        actor=by,
        note=note,
    )
