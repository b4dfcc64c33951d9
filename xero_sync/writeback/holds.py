"""What keeps an entry back before it is sent. Nothing is sent and no attempt burnt."""

from collections.abc import Iterator
from datetime import date, timedelta

from xero_sync.codat.exceptions import StatementLineAhead, StatementLineTooOld
from xero_sync.models import SyncRecord
from xero_sync.models.choices import (
    COVERED_REASONS,
    FEED_REFUSALS,
    STANDING_STATES,
    ConnectionStatus,
    FeedStatus,
    Reason,
    Step,
)
from xero_sync.writeback.readiness import (
    AnyAccount,
    AnyConnection,
    AnyMapping,
    Readiness,
)

# Xero refuses statement lines older than one year (Codat's page on pushing bank
# transactions to Xero).
LINE_AGE_LIMIT = timedelta(days=365)


def hold_reason(
    *,
    record: SyncRecord,
    ready: Readiness,
    booking: SyncRecord | None = None,
    fixed_account: AnyAccount | None = None,
) -> str:
    """Return why an entry may not be sent now, or "" when it may.

    `booking` is the entry on the lender account that a statement line belongs to;
    `fixed_account` the lender account that the loan's first booking fixed, if any.
    """
    if ready.connection is None:
        return Reason.NO_CONNECTION
    account = fixed_account or (ready.mapping and ready.mapping.lender_account) or None
    is_line = record.step == Step.STATEMENT_LINE
    feed = (
        feed_hindrance(ready.connection, account, toggle=ready.feeds_toggle)
        if is_line
        else None
    )
    if feed in COVERED_REASONS:
        return feed or ""
    if is_line and _is_before_feed(record, account):
        return Reason.BEFORE_FEED_START
    return next(hindrances(ready.connection, ready.mapping, account), "") or (
        _line_reason(record, ready, booking, feed)
        if is_line
        else _booking_reason(record, ready)
    )


def hindrances(
    connection: AnyConnection,
    mapping: AnyMapping | None,
    account: AnyAccount | None,
) -> Iterator[Reason]:
    """Give all that keeps back whatever goes through a connection, first things first.

    `account` is the lender account that it is booked on.
    """
    if connection.organisation_changed:
        yield Reason.ORGANISATION_CHANGED
    if connection.held_after_restore_since:
        yield Reason.AFTER_RESTORE
    if connection.status != ConnectionStatus.LINKED:
        yield Reason.NOT_LINKED
    if connection.access_problem:
        yield Reason.ACCESS_DENIED
    if not connection.writeback_on:
        yield Reason.WRITEBACK_OFF
    if (
        mapping is None
        or account is None
        # Its accounts are those of the organisation that was connected before.
        or mapping.lender_account.void_since
        or account.target_account_id == mapping.nominated_account_id
    ):
        yield Reason.MAPPING_INCOMPLETE
    elif account.void_since or (
        account.connection_id != connection.pk
        and account.target_account_id != mapping.lender_target_account_id
    ):
        # The loan was begun in an organisation that this connection does not reach.
        yield Reason.ORGANISATION_CHANGED
    if connection.unusable_account:
        yield Reason.ACCOUNT_UNUSABLE


def feed_hindrance(
    connection: AnyConnection, account: AnyAccount | None, *, toggle: bool | None
) -> Reason | None:
    """Return what keeps back every statement line of a lender account, if anything.

    `toggle` is the lender's own; what nobody set is not off.
    """
    if connection.feed_refusal:
        return FEED_REFUSALS.get(connection.feed_refusal, Reason.FEED_REFUSED)
    if toggle is False:
        return Reason.FEEDS_NOT_APPROVED
    if connection.is_demo:
        # Codat's page on testing: demo companies take no banking transactions.
        return Reason.DEMO_COMPANY
    if not connection.bank_feeds or (account and not account.source_account_id):
        return Reason.BANK_FEEDS_OFF
    if account and account.feed_status != FeedStatus.CONNECTED:
        return Reason.FEED_NOT_CONNECTED
    return None


def _is_before_feed(record: SyncRecord, account: AnyAccount | None) -> bool:
    starts = account.feed_start_date if account else None
    return starts is not None and record.value_date < starts


def _booking_reason(record: SyncRecord, ready: Readiness) -> str:
    original = record.compensates
    if original is not None:
        if original.state not in STANDING_STATES:
            return Reason.AWAITING_ORIGINAL
        if record.step == Step.PAYMENT:
            # Codat offers neither delete nor update for a payment in Xero.
            return Reason.UNDO_BY_HAND
    locked = ready.connection.ledger_lock_date if ready.connection else None
    return Reason.LOCKED_PERIOD if locked and record.value_date <= locked else ""


def _line_reason(
    record: SyncRecord,
    ready: Readiness,
    booking: SyncRecord | None,
    feed: Reason | None,
) -> str:
    if booking is None or booking.state not in STANDING_STATES:
        return Reason.AWAITING_BOOKING
    if feed:
        return feed
    if ready.lacks_feed_consent:
        return Reason.CONSENT_AGAIN
    today = record.loan.company.today(ready.now)
    try:
        check_line_date(record.value_date, today=today)
    except (StatementLineTooOld, StatementLineAhead) as exc:
        return exc.code
    return ""


def check_line_date(value_date: date, *, today: date) -> None:
    """Refuse a date for which Xero takes no statement line.

    Raises:
        StatementLineTooOld: it lies more than a year back.
        StatementLineAhead: it lies ahead of today.
    """
    if value_date < today - LINE_AGE_LIMIT:
        raise StatementLineTooOld(field="value_date")
    if value_date > today:
        raise StatementLineAhead(field="value_date")
