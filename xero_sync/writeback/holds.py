"""What keeps an entry back before it is sent. Nothing is sent and no attempt burnt."""

from datetime import date, datetime, timedelta

from xero_sync.codat.exceptions import StatementLineAhead, StatementLineTooOld
from xero_sync.models import LenderAccount, SyncRecord
from xero_sync.models.choices import (
    STANDING_STATES,
    ConnectionStatus,
    FeedStatus,
    Reason,
    Step,
)
from xero_sync.writeback.readiness import Readiness

# Xero refuses statement lines older than one year (Codat's page on pushing bank
# transactions to Xero).
LINE_AGE_LIMIT = timedelta(days=365)


def hold_reason(
    *,
    record: SyncRecord,
    ready: Readiness,
    booking: SyncRecord | None = None,
    fixed_account: LenderAccount | None = None,
) -> str:
    """Return why an entry may not be sent now, or "" when it may.

    `booking` is the entry on the lender account that a statement line belongs to;
    `fixed_account` the lender account that the loan's first booking fixed, if any.
    """
    if ready.connection is None:
        return Reason.NO_CONNECTION
    account = fixed_account or (ready.mapping and ready.mapping.lender_account) or None
    if record.step == Step.STATEMENT_LINE and not _feed_covers(record, ready, account):
        return Reason.BANK_FEEDS_OFF
    return (
        _connection_reason(ready)
        or _mapping_reason(ready, account)
        or (
            _line_reason(record, ready.now, booking, account)
            if record.step == Step.STATEMENT_LINE
            else _booking_reason(record, ready)
        )
    )


def _feed_covers(
    record: SyncRecord, ready: Readiness, account: LenderAccount | None
) -> bool:
    if ready.connection is None or not ready.connection.bank_feeds:
        return False
    if account is None:
        return True
    starts = account.feed_start_date
    return bool(account.source_account_id) and not (
        starts and record.value_date < starts
    )


def _connection_reason(ready: Readiness) -> str:
    connection = ready.connection
    if connection is None:
        return Reason.NO_CONNECTION
    if connection.organisation_changed:
        return Reason.ORGANISATION_CHANGED
    if connection.status != ConnectionStatus.LINKED:
        return Reason.NOT_LINKED
    if connection.access_problem:
        return Reason.ACCESS_DENIED
    return "" if connection.writeback_on else Reason.WRITEBACK_OFF


def _mapping_reason(ready: Readiness, account: LenderAccount | None) -> str:
    if ready.mapping is None or ready.connection is None or account is None:
        return Reason.MAPPING_INCOMPLETE
    if account.target_account_id == ready.mapping.nominated_account_id:
        return Reason.MAPPING_INCOMPLETE
    if account.connection_id != ready.connection.pk and (
        account.target_account_id != ready.mapping.lender_target_account_id
    ):
        # The loan was begun in an organisation that this connection does not reach.
        return Reason.ORGANISATION_CHANGED
    return Reason.ACCOUNT_UNUSABLE if ready.connection.unusable_account else ""


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
    now: datetime,
    booking: SyncRecord | None,
    account: LenderAccount | None,
) -> str:
    if booking is None or booking.state not in STANDING_STATES:
        return Reason.AWAITING_BOOKING
    if account is None or account.feed_status != FeedStatus.CONNECTED:
        return Reason.FEED_NOT_CONNECTED
    today = record.loan.company.today(now)
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
