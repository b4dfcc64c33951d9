"""When a person is asked: where Codat's final word on a push does not come.

Age alone proves nothing: the engine, or Codat, may have stood still for days. So it is
judged only with an answer in hand that was asked for when the entry was old enough.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from xero_sync.codat.push import PushOperation
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Cause, ConnectionStatus, Reason, State, Step
from xero_sync.writeback import outcomes
from xero_sync.writeback.watching import WATCHED_FOR

# What timed out is read back for so long after Codat was heard past the limit.
LAST_READING = timedelta(hours=1)
# What was left to a person is asked about this often, for as long as a watched push.
WATCHED_EVERY = timedelta(hours=6)


@transaction.atomic
def take(
    group: Sequence[SyncRecord],
    operation: PushOperation | None,
    *,
    asked_at: datetime,
    now: datetime,
) -> None:
    """Store what Codat says of a push; past the limit only a final word is waited for.

    None says that Codat answered and did not know it. Then, and where the data can be
    read, one more look goes another way before a person is asked.
    """
    if operation is not None:
        outcomes.apply_operation(
            records=group, operation=operation, cause=Cause.LOOK, now=now
        )
    first = group[0]
    if not is_overdue(first, asked_at=asked_at):
        return
    is_in_doubt = operation is None or may_be_read_back(first)
    if is_in_doubt and told_at(first) is None:
        for record in group:
            SyncRecord.objects.filter(pk=record.pk, fence=record.fence).update(
                checked_at=asked_at, next_poll_at=now
            )
    else:
        note = _words(first) if operation else "Codat does not know the push"
        leave_to_person(group, now=now, note=note)


def is_overdue(record: SyncRecord, *, asked_at: datetime) -> bool:
    """Tell whether an answer asked for then ends the wait for a final word."""
    is_awaited = (
        record.state in {State.PENDING, State.UNKNOWN}
        and record.reason != Reason.NEEDS_PERSON
    )
    return is_awaited and asked_at >= _limit(record)


def told_at(record: SyncRecord) -> datetime | None:
    """Return when Codat was first heard past the limit without a final word."""
    checked_at = record.checked_at
    return checked_at if checked_at and checked_at >= _limit(record) else None


def _limit(record: SyncRecord) -> datetime:
    # Xero's daily limit holds a push for a day at most.
    return record.state_since + timedelta(seconds=settings.WRITEBACK_TIMED_OUT_SECONDS)


def may_be_read_back(record: SyncRecord) -> bool:
    """Tell whether the data themselves may show what became of an unknown entry."""
    return record.state == State.UNKNOWN and can_be_read(record) and is_linked(record)


def can_be_read(record: SyncRecord) -> bool:
    """Tell whether Codat shows entries of this kind when its data are refreshed.

    Neither statement lines, nor a fee taken back: Codat turns a negative direct cost
    into a direct income, and a lending client cannot read those.
    """
    is_refund = record.step == Step.DIRECT_COST and record.lender_effect > 0
    return record.step != Step.STATEMENT_LINE and not is_refund


def is_linked(record: SyncRecord) -> bool:
    """Tell whether the Xero that an entry was sent to can be read.

    Codat's own push operations can be read in any case.
    """
    request = record.request
    return bool(request and request.connection.status == ConnectionStatus.LINKED)


def leave_to_person(group: Sequence[SyncRecord], *, now: datetime, note: str) -> None:
    """Ask a person about an entry, and go on watching the push that it came with."""
    outcomes.ask_person(group, now=now, note=note)
    for record in group:
        SyncRecord.objects.filter(
            pk=record.pk, fence=record.fence, push_operation_key__isnull=False
        ).update(next_poll_at=now + WATCHED_EVERY)


def _words(record: SyncRecord) -> str:
    if record.state == State.PENDING:
        return "pending at Codat for too long"
    if can_be_read(record) and not is_linked(record):
        return "the connection is not linked"
    return "timed out at Codat"


def next_watch(record: SyncRecord, *, now: datetime) -> datetime | None:
    """Return when an entry that was left to a person is looked at again, if ever."""
    ends_at = record.state_since + WATCHED_FOR
    return now + WATCHED_EVERY if now < ends_at else None
