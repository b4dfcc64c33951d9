"""What a person may decide about an entry, each with a reason that stays on record.

Codat is looked at first, outside any transaction; the decision then holds for the entry
as it was looked at, or is refused.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    DecisionNotAllowed,
    OrganisationChanged,
    StatementLineAhead,
    StatementLineTooOld,
    WritebackBlocked,
    WritebackSwitchedOff,
)
from xero_sync.models import SyncRecord
from xero_sync.models.choices import (
    BOOKINGS,
    FEED_REFUSALS,
    NOT_SENT_STATES,
    REASONS_FOR_A_PERSON,
    Cause,
    Reason,
    State,
)
from xero_sync.models.state_sets import ANY_REASON, StateSet
from xero_sync.writeback import (
    before_deciding,
    feed_refusals,
    lines,
    outcomes,
    reconsider,
    watching,
)
from xero_sync.writeback.before_deciding import Seen
from xero_sync.writeback.transitions import move, wake

# Where an entry has to stand for each decision; the admin offers them there.
MAY_BE_SENT_AGAIN = StateSet(
    {State.FAILED: ANY_REASON, State.HELD: REASONS_FOR_A_PERSON}
)
MAY_BE_CANCELLED = StateSet(dict.fromkeys(NOT_SENT_STATES, ANY_REASON))
MAY_BE_LINKED = StateSet(dict.fromkeys((*NOT_SENT_STATES, State.UNKNOWN), ANY_REASON))
# Looking for it has come to its end.
MAY_BE_ABSENT = StateSet({State.UNKNOWN: (Reason.NEEDS_PERSON,)})


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
    _require(reason, record, MAY_BE_SENT_AGAIN, _not_sent_again)
    seen = before_deciding.look(record, client=client, now=now)
    with transaction.atomic():
        record = _locked(record, seen, now)
        _require(reason, record, MAY_BE_SENT_AGAIN, _not_sent_again)
        _require_no_alarm(record)
        _watch(record, seen, now)
        if record.reason in FEED_REFUSALS.values():
            # Lines of a feed go in order, so none is tried alone.
            feed_refusals.lift(
                company_id=record.company_id, now=now, by=decided_by, note=reason
            )
        else:
            reconsider.records(
                records=[record],
                now=now,
                cause=Cause.PERSON,
                actor=decided_by,
                note=reason,
            )
        record.refresh_from_db()
        _require_sendable(record)
    return record


def _not_sent_again(record: SyncRecord) -> str:
    return _(
        "This entry is %(state)s; only one that was refused, or that waits for "
        "a person, can be sent again."
    ) % {"state": record.get_state_display()}


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
def leave_out(*, record: SyncRecord, decided_by: str, now: datetime) -> None:
    """Cancel an entry that was held while write-back was off, and its line with it."""
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
    _require(reason, record, MAY_BE_CANCELLED, _not_cancelled)
    seen = before_deciding.look(record, client=client, now=now)
    with transaction.atomic():
        record = _locked(record, seen, now)
        _require(reason, record, MAY_BE_CANCELLED, _not_cancelled)
        _watch(record, seen, now)
        _cancel(
            record,
            reason=Reason.DECIDED,
            cause=Cause.PERSON,
            decided_by=decided_by,
            now=now,
            note=reason,
        )
    return record


@transaction.atomic
def let_go(*, record: SyncRecord, reason: str, decided_by: str, now: datetime) -> None:
    """Cancel what waits of a borrower who is let go; its pushes stay watched.

    Nobody asks Codat about it first: it is not sent again in any case.
    """
    wake(company_ids=[record.company_id], at=now)
    record = SyncRecord.objects.select_for_update().get(pk=record.pk)
    _cancel(
        record,
        reason=Reason.DECIDED,
        cause=Cause.PERSON,
        decided_by=decided_by,
        now=now,
        note=reason,
    )


def _not_cancelled(record: SyncRecord) -> str:
    return _(
        "This entry is %(state)s; only one that has not been sent, or was "
        "refused, can be cancelled."
    ) % {"state": record.get_state_display()}


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
    _require(reason, record, MAY_BE_LINKED, _not_linked)
    seen = before_deciding.look(record, client=client, now=now)
    with transaction.atomic():
        record = _locked(record, seen, now)
        _require(reason, record, MAY_BE_LINKED, _not_linked)
        outcomes.written(
            record,
            to=State.LINKED_BY_HAND,
            reason=Reason.DECIDED,
            cause=Cause.PERSON,
            now=now,
            actor=decided_by,
            note=reason,
            xero_record_id=xero_record_id,
        )
        _watch(record, seen, now)
    return record


def _not_linked(record: SyncRecord) -> str:
    return _("This entry is %(state)s; it cannot be linked by hand.") % {
        "state": record.get_state_display()
    }


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
    _require(reason, record, MAY_BE_ABSENT, _not_absent)
    seen = before_deciding.look(record, client=client, now=now)
    _require_told(record, seen, now)
    with transaction.atomic():
        record = _locked(record, seen, now)
        _require(reason, record, MAY_BE_ABSENT, _not_absent)
        _require_no_alarm(record)
        outcomes.send_anew(
            [record], now=now, note=reason, cause=Cause.PERSON, actor=decided_by
        )
        _watch(record, seen, now)
    return record


def _not_absent(record: SyncRecord) -> str:
    return _(
        "This entry is %(state)s; only one whose outcome could not be found "
        "out needs this answer."
    ) % {"state": record.get_state_display()}


def _require_told(record: SyncRecord, seen: Seen, now: datetime) -> None:
    """Ask anew where a success that may be the entry has come since it was asked.

    Raises:
        DecisionNotAllowed: nobody could have looked for what that push made.
    """
    notes = list(record.changes.values_list("note", flat=True))
    for one in seen.succeeded:
        if any(str(one.key) in note for note in notes):
            continue
        made = one.record_id or _("a record without an id")
        words = _(
            "Push %(key)s, which may be this entry, has succeeded: it made %(record)s "
            "in Xero. Look at that record: link this entry to it, or say once more "
            "that it is not there."
        ) % {"key": one.key, "record": made}
        note = f"push {one.key} may be it and made {one.record_id or 'a record'}"
        with transaction.atomic():
            outcomes.ask_person([_locked(record, seen, now)], now=now, note=note)
        raise DecisionNotAllowed(words)


def _locked(record: SyncRecord, seen: Seen, now: datetime) -> SyncRecord:
    """Lock an entry that is as it was when Codat was looked at.

    Raises:
        DecisionNotAllowed: it has been moved on meanwhile.
    """
    wake(company_ids=[record.company_id], at=now)
    record = SyncRecord.objects.select_for_update().get(pk=record.pk)
    if record.fence != seen.fence:
        raise DecisionNotAllowed(
            _(
                "This entry has changed meanwhile: it is %(state)s. Look at it again "
                "and decide anew."
            )
            % {"state": record.get_state_display()}
        )
    return record


def _watch(record: SyncRecord, seen: Seen, now: datetime) -> None:
    for one in seen.left:
        watching.begin(
            record,
            key=one.key,
            connection=one.connection,
            now=now,
            status=one.status,
            is_ours=one.is_ours,
        )


def _require(
    reason: str,
    record: SyncRecord,
    places: StateSet,
    words: Callable[[SyncRecord], str],
) -> None:
    if not reason.strip():
        raise DecisionNotAllowed(
            _("Give a reason: it stays on the entry's record."), field="reason"
        )
    if not places.include(record.state, record.reason):
        raise DecisionNotAllowed(words(record))


def _require_no_alarm(record: SyncRecord) -> None:
    if record.is_alarmed:
        raise DecisionNotAllowed(
            _(
                "Another push of this entry has succeeded. Look at what it made in "
                "Xero: link the entry to it, or settle the alarm first."
            )
        )
