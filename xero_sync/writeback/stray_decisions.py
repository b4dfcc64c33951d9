"""What a person says of pushes that we do not know, each with a reason on record."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.codat.exceptions import DecisionNotAllowed
from xero_sync.codat.push import PushStatus
from xero_sync.models import Connection, StrayPush, SyncRecord
from xero_sync.models.choices import DATA_TYPES, Cause, Reason, State, Step
from xero_sync.models.stray_pushes import Verdict
from xero_sync.writeback import outcomes, readiness, reconsider, stray_marks, strays
from xero_sync.writeback.deciding import require_reason
from xero_sync.writeback.decisions import MAY_BE_LINKED
from xero_sync.writeback.stray_marks import is_being_looked_up
from xero_sync.writeback.transitions import lock_connection, lock_entry

LINES = DATA_TYPES[Step.STATEMENT_LINE].lower()
# A fee taken back is listed under the type that Codat turned it into.
LISTED_AS = {"directincomes": DATA_TYPES[Step.DIRECT_COST].lower()}


@transaction.atomic
def name_ours(
    *,
    connection: Connection,
    pushes: Sequence[StrayPush],
    records: Sequence[SyncRecord],
    reason: str,
    decided_by: str,
    now: datetime,
) -> Connection:
    """Take a person's word that pushes are entries of ours, which are linked to them.

    One push and one entry; of statement lines any number of both, for one push may
    carry many. The company goes on if that was all.

    Raises:
        DecisionNotAllowed: they do not fit together, or one is settled, or on its way.
    """
    row = _held(connection, reason, now)
    locked = _unsettled(row, pushes)
    _require_fitting(row, locked, records)
    for record in records:
        _link(row, record, locked[0], reason=reason, by=decided_by, now=now)
    for push in locked:
        strays.settle(push, Verdict.OURS, now=now, by=decided_by, reason=reason)
    _record(row, "pushes_named_ours", locked, decided_by, reason, now, len(records))
    strays.go_on_if_settled(row, now=now, by=decided_by)
    return row


@transaction.atomic
def name_proposed(
    *, connection: Connection, reason: str, decided_by: str, now: datetime
) -> Connection:
    """Take a person's word that each transfer is the one entry that it looks like.

    Raises:
        DecisionNotAllowed: there is nothing to propose.
    """
    row = _held(connection, reason, now)
    found = stray_marks.proposals(row)
    if not found:
        raise DecisionNotAllowed(_("No push looks like just one entry of ours."))
    for push, record in found.items():
        _link(row, record, push, reason=reason, by=decided_by, now=now)
        strays.settle(push, Verdict.OURS, now=now, by=decided_by, reason=reason)
    _record(row, "pushes_named_ours", list(found), decided_by, reason, now, len(found))
    strays.go_on_if_settled(row, now=now, by=decided_by)
    return row


@transaction.atomic
def name_anothers(
    *,
    connection: Connection,
    pushes: Sequence[StrayPush],
    reason: str,
    decided_by: str,
    now: datetime,
) -> Connection:
    """Take a person's word that pushes are another system's; it is never asked again.

    Raises:
        DecisionNotAllowed: one is settled already.
    """
    row = _held(connection, reason, now)
    locked = _unsettled(row, pushes)
    for push in locked:
        strays.settle(push, Verdict.ANOTHERS, now=now, by=decided_by, reason=reason)
    _record(row, "pushes_named_anothers", locked, decided_by, reason, now)
    strays.go_on_if_settled(row, now=now, by=decided_by)
    return row


@transaction.atomic
def let_go(
    *, connection: Connection, reason: str, decided_by: str, now: datetime
) -> Connection:
    """Let a company go on, whatever the pushes are that are left.

    What bears our mark is adopted first, so that it does not go out once more.

    Raises:
        DecisionNotAllowed: it is not held, or more will be known in a moment.
    """
    row = stray_marks.adopt(_held(connection, reason, now), now=now)
    left = list(row.stray_pushes.unsettled())
    if any(is_being_looked_up(one) for one in left):
        raise DecisionNotAllowed(
            _(
                "What some of these pushes became, or wrote, is still being looked up. "
                "Try again in a few minutes, or say whose they are."
            )
        )
    for push in left:
        strays.settle(push, Verdict.LET_GO, now=now, by=decided_by, reason=reason)
    _record(row, "let_go_after_restore", left, decided_by, reason, now)
    strays.go_on_if_settled(row, now=now, by=decided_by)
    return row


def _held(connection: Connection, reason: str, now: datetime) -> Connection:
    require_reason(reason)
    row = lock_connection(connection, now=now)
    if row.held_after_restore_since is None:
        raise DecisionNotAllowed(
            _("The company is not held for pushes of unknown origin.")
        )
    return row


def _unsettled(row: Connection, pushes: Sequence[StrayPush]) -> list[StrayPush]:
    ids = [one.pk for one in pushes]
    found = list(row.stray_pushes.unsettled().filter(pk__in=ids).order_by("pk"))
    if not ids or len(found) != len(set(ids)):
        raise DecisionNotAllowed(
            _("Name pushes of this company of which nobody has said whose they are."),
            field="pushes",
        )
    return found


def _require_fitting(
    row: Connection, pushes: Sequence[StrayPush], records: Sequence[SyncRecord]
) -> None:
    if any(one.status == PushStatus.PENDING for one in pushes):
        raise DecisionNotAllowed(
            _(
                "Codat still lists one of these pushes as Pending: it may yet fail. "
                "Decide when it has an outcome."
            ),
            field="pushes",
        )
    types = {LISTED_AS.get(it, it) for it in (one.data_type.lower() for one in pushes)}
    entries = {DATA_TYPES[Step(one.step)].lower() for one in records}
    is_pair = len(pushes) == len(records) == 1
    fits = types <= entries | {""} and len(entries) == 1
    if not (fits and (is_pair or types == {LINES})):
        raise DecisionNotAllowed(
            _(
                "A push is one entry of its kind. Only of statement lines may several "
                "be named together."
            ),
            field="records",
        )
    if any(one.company_id != row.company_id for one in records):
        raise DecisionNotAllowed(
            _("The entry belongs to another company."), field="records"
        )


def _link(
    row: Connection,
    record: SyncRecord,
    push: StrayPush,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> None:
    record = lock_entry(record, now=now)
    if not MAY_BE_LINKED.include(record.state, record.reason):
        raise DecisionNotAllowed(
            _("The entry is %(state)s; it cannot be linked by hand.")
            % {"state": record.get_state_display()},
            field="records",
        )
    if record.step == Step.STATEMENT_LINE:
        # The statement's balance is counted by account.
        ready = readiness.of(company_id=row.company_id, now=now)
        reconsider.fix_account(record, ready)
    outcomes.written(
        record,
        to=State.LINKED_BY_HAND,
        reason=Reason.DECIDED,
        cause=Cause.PERSON,
        now=now,
        actor=by,
        note=reason,
        xero_record_id=push.xero_record_id,
        push_operation_key=push.push_operation_key,
    )


def _record(
    row: Connection,
    verb: str,
    pushes: Sequence[StrayPush],
    by: str,
    reason: str,
    now: datetime,
    entries: int = 0,
) -> None:
    after = {"pushes": len(pushes), "entries": entries}
    trail.record(f"connection.{verb}", row, by=by, at=now, reason=reason, after=after)
