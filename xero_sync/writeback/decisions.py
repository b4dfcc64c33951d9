"""What a person may decide about an entry, each with a reason that stays on record.

Codat is looked at first, outside any transaction; the decision then holds for the entry
as it was looked at, or is refused.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lending.models import Loan
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    DecisionNotAllowed,
    OrganisationChanged,
    StatementLineAhead,
    StatementLineTooOld,
    WritebackBlocked,
    WritebackSwitchedOff,
)
from xero_sync.models import LoanInXero, SyncRecord
from xero_sync.models.choices import (
    BOOKINGS,
    FEED_REFUSALS,
    NOT_SENT_STATES,
    REASONS_FOR_A_PERSON,
    UNDER_WAY_STATES,
    Cause,
    Reason,
    State,
)
from xero_sync.models.state_sets import ANY_REASON, StateSet
from xero_sync.writeback import (
    feed_refusals,
    lines,
    outcomes,
    reconsider,
    watching,
)
from xero_sync.writeback.deciding import decided, require_reason
from xero_sync.writeback.transitions import lock_entry, move

# Where an entry has to stand for each decision; the admin offers them there.
MAY_BE_SENT_AGAIN = StateSet(
    {State.FAILED: ANY_REASON, State.HELD: REASONS_FOR_A_PERSON}
)
MAY_BE_CANCELLED = StateSet(dict.fromkeys(NOT_SENT_STATES, ANY_REASON))
MAY_BE_LINKED = StateSet(dict.fromkeys((*NOT_SENT_STATES, State.UNKNOWN), ANY_REASON))
# Looking for it has come to its end.
MAY_BE_ABSENT = StateSet({State.UNKNOWN: (Reason.NEEDS_PERSON,)})

NOT_SENT_AGAIN = gettext_lazy(
    "This entry is %(state)s; only one that was refused, or that waits for a person, "
    "can be sent again."
)
NOT_CANCELLED = gettext_lazy(
    "This entry is %(state)s; only one that has not been sent, or was refused, can be "
    "cancelled."
)
NOT_LINKED = gettext_lazy("This entry is %(state)s; it cannot be linked by hand.")
NOT_ABSENT = gettext_lazy(
    "This entry is %(state)s; only one whose outcome could not be found out needs this "
    "answer."
)


def send_again(
    *,
    record: SyncRecord,
    reason: str,
    decided_by: str,
    now: datetime,
    client: CodatClient,
) -> SyncRecord:
    """Queue a refused entry, or one held for a person, with a fresh request.

    Raises:
        DecisionNotAllowed: it is not refused or held for a person, or an earlier push
            of it is still on its way or has succeeded, or what keeps it from being
            sent still does; then the code is that reason.
        CodatNotAsked: whether a push is on its way could not be found out.
    """
    with decided(
        record,
        reason,
        where=MAY_BE_SENT_AGAIN,
        refusal=NOT_SENT_AGAIN,
        client=client,
        now=now,
        is_sent_anew=True,
    ) as held:
        if held.reason in FEED_REFUSALS.values():
            # Lines of a feed go in order, so none is tried alone.
            feed_refusals.lift(
                company_id=held.company_id, now=now, by=decided_by, note=reason
            )
        else:
            reconsider.records(
                records=[held],
                now=now,
                cause=Cause.PERSON,
                actor=decided_by,
                note=reason,
            )
        held.refresh_from_db()
        _require_sendable(held)
    return held


# What keeps an entry from being sent whatever a person decides about it, as said where
# it is met directly.
STILL_BLOCKED: dict[str, type[WritebackBlocked]] = {
    Reason.WRITEBACK_OFF: WritebackSwitchedOff,
    Reason.ORGANISATION_CHANGED: OrganisationChanged,
    Reason.TOO_OLD: StatementLineTooOld,
    Reason.DATED_AHEAD: StatementLineAhead,
}


def _require_sendable(record: SyncRecord) -> None:
    if record.state != State.HELD:
        return
    if record.reason in STILL_BLOCKED:
        words = STILL_BLOCKED[record.reason]().message
        raise DecisionNotAllowed(words, code=record.reason)
    if record.reason in REASONS_FOR_A_PERSON:
        raise DecisionNotAllowed(
            _("It cannot be sent yet: %(reason)s.")
            % {"reason": record.get_reason_display()},
            code=record.reason,
        )


@transaction.atomic
def leave_out(
    *, loan: Loan, records: Iterable[SyncRecord], decided_by: str, now: datetime
) -> None:
    """Cancel what a loan has not sent, and for good whatever is recorded of it later.

    `records` are those entries, held while write-back was off.
    """
    LoanInXero.objects.update_or_create(loan=loan, defaults={"left_out_at": now})
    for record in records:
        # A booking takes its line with it.
        record.refresh_from_db()
        if record.state in NOT_SENT_STATES:
            _cancel(
                record,
                reason=Reason.LEFT_OUT,
                cause=Cause.SWITCH,
                decided_by=decided_by,
                now=now,
            )


def cancel(
    *,
    record: SyncRecord,
    reason: str,
    decided_by: str,
    now: datetime,
    client: CodatClient,
) -> SyncRecord:
    """Give an entry up that has not been sent or was refused; its line goes with it.

    Raises:
        DecisionNotAllowed: it is under way or stands in Xero, or an earlier push of it
            is still on its way or has succeeded.
        CodatNotAsked: whether a push is on its way could not be found out.
    """
    with decided(
        record,
        reason,
        where=MAY_BE_CANCELLED,
        refusal=NOT_CANCELLED,
        client=client,
        now=now,
    ) as held:
        _cancel(
            held,
            reason=Reason.DECIDED,
            cause=Cause.PERSON,
            decided_by=decided_by,
            now=now,
            note=reason,
        )
    return held


@transaction.atomic
def let_go(*, record: SyncRecord, reason: str, decided_by: str, now: datetime) -> None:
    """Cancel what waits of a borrower who is let go; its pushes stay watched.

    Nobody asks Codat about it first: it is not sent again in any case.
    """
    _cancel(
        lock_entry(record, now=now),
        reason=Reason.DECIDED,
        cause=Cause.PERSON,
        decided_by=decided_by,
        now=now,
        note=reason,
    )


def _cancel(
    record: SyncRecord,
    *,
    reason: str,
    cause: str,
    decided_by: str,
    now: datetime,
    note: str = "",
) -> None:
    line = lines.line_of(record) if record.step in BOOKINGS else None
    for one in (record, line):
        if one is not None and one.state in NOT_SENT_STATES:
            move(
                one,
                to=State.CANCELLED,
                reason=reason,
                cause=cause,
                now=now,
                actor=decided_by,
                note=note,
            )
    reconsider.compensations(record=record, now=now)
    outcomes.settle_reversal(record, now)


def link_by_hand(
    *,
    record: SyncRecord,
    reason: str,
    decided_by: str,
    now: datetime,
    client: CodatClient,
    xero_record_id: str = "",
) -> SyncRecord:
    """Take a person's word that an entry stands in Xero.

    Raises:
        DecisionNotAllowed: it stands in Xero already, or a push of it is still on its
            way or has succeeded.
        CodatNotAsked: whether a push is on its way could not be found out.
    """
    with decided(
        record,
        reason,
        where=MAY_BE_LINKED,
        refusal=NOT_LINKED,
        client=client,
        now=now,
    ) as held:
        outcomes.written(
            held,
            to=State.LINKED_BY_HAND,
            reason=Reason.DECIDED,
            cause=Cause.PERSON,
            now=now,
            actor=decided_by,
            note=reason,
            xero_record_id=xero_record_id,
        )
    return held


def answer_absent(
    *,
    record: SyncRecord,
    reason: str,
    decided_by: str,
    now: datetime,
    client: CodatClient,
) -> SyncRecord:
    """Take a person's word that an unknown entry is not in Xero, and send it anew.

    Raises:
        DecisionNotAllowed: its outcome is known, or is still being looked for, or a
            push that is or may be its own is on its way or has succeeded.
        CodatNotAsked: whether a push is on its way could not be found out.
    """
    with decided(
        record,
        reason,
        where=MAY_BE_ABSENT,
        refusal=NOT_ABSENT,
        client=client,
        now=now,
        is_sent_anew=True,
    ) as held:
        outcomes.send_anew(
            [held], now=now, note=reason, cause=Cause.PERSON, actor=decided_by
        )
    return held


@transaction.atomic
def settle_alarm(
    *, record: SyncRecord, reason: str, decided_by: str, now: datetime
) -> SyncRecord:
    """Take a person's word that Xero has been put right, or was right.

    Raises:
        DecisionNotAllowed: there is no alarm, or the entry is still under way.
    """
    require_reason(reason)
    record = lock_entry(record, now=now)
    if not record.is_alarmed:
        raise DecisionNotAllowed(
            _("This entry has no alarm: no push succeeded beside it.")
        )
    is_asked_about = record.reason == Reason.NEEDS_PERSON
    if record.state in UNDER_WAY_STATES and not is_asked_about:
        raise DecisionNotAllowed(
            _(
                "This entry is %(state)s: what becomes of it decides what is to be "
                "mended in Xero. Wait for its outcome, or link it by hand if it "
                "stands there."
            )
            % {"state": record.get_state_display()}
        )
    record.watched_pushes.alarms().update(
        settled_at=now, settled_by=decided_by, settled_reason=reason
    )
    record.is_alarmed = False
    record.save(update_fields=["is_alarmed"])
    watching.tell(record, cause=Cause.SETTLED, now=now, note=reason, actor=decided_by)
    return record
