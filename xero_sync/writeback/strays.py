"""Pushes that no request of ours owns: found, held for, adopted where they bear a mark.

What bears our mark is ours: a fee carries its event's id, a payment that and its
invoice's number. A transfer carries nothing, a statement line cannot be read back, and
Codat's list names neither: whose those are only a person can say. Events may be lost
from our own tables too; once they are recorded again, their entries are found here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from lending.audit import trail
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import (
    Connection,
    RecordChange,
    StrayPush,
    SyncRecord,
    WatchedPush,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.models.choices import (
    DATA_TYPES,
    NOT_SENT_STATES,
    Cause,
    Reason,
    State,
    Step,
)
from xero_sync.models.stray_pushes import Verdict
from xero_sync.writeback import outcomes, reconsider, unknown
from xero_sync.writeback.readback import CLOCK_SKEW
from xero_sync.writeback.transitions import lock_connection

# The names that Codat lists them by; it shows nothing else that we write.
READABLE = {
    "transfers": "transfers",
    "directcosts": "directCosts",
    "payments": "payments",
}
# What we send only to set accounts up: nothing of it can stand twice in the books.
SETUP_TYPES = frozenset({"suppliers", "accounts", "chartofaccounts", "bankaccounts"})


# --- which they are ------------------------------------------------------------------


def among(
    connection: Connection, operations: Iterable[PushOperation]
) -> list[PushOperation]:
    """Return the operations on a connection that wrote, or may, and that nobody owns.

    What failed has written nothing.
    """
    own = {"", str(connection.codat_connection_id)}
    found = {
        one.key: one
        for one in operations
        # What an operation does not say of itself may be ours.
        if one.connection_id.lower() in own and one.status != PushStatus.FAILED
    }
    for rows in (
        WriteAttempt.objects.all(),
        RecordChange.objects.all(),
        SyncRecord.objects.all(),
        # Whether it is its entry's is asked there.
        WatchedPush.objects.all(),
        StrayPush.objects.exclude(verdict=""),
    ):
        known = rows.filter(push_operation_key__in=found)
        for key in known.values_list("push_operation_key", flat=True):
            if key:
                found.pop(key, None)
    return _without_known_records(connection, list(found.values()))


def _without_known_records(
    connection: Connection, found: list[PushOperation]
) -> list[PushOperation]:
    """Leave out what made a record that is known, or that a setup has looked for."""
    made = [one.record_id for one in found if one.record_id]
    if not found:
        return []
    known = SyncRecord.objects.filter(
        company=connection.company_id, xero_record_id__in=made
    )
    records = {*known.values_list("xero_record_id", flat=True)}
    unanswered = WriteRequest.objects.filter(connection=connection, records=None)
    unanswered = unanswered.exclude(attempts__push_operation_key__isnull=False)
    # A setup finds by its name what it has made; of the push it may never have heard.
    if any(one.data_type.lower() in SETUP_TYPES for one in found):
        setups = Counter(unanswered.values_list("data_type", flat=True))
    else:
        setups = Counter()
    left = []
    for one in found:
        kind = next((it for it in setups if _is_of_type(one, it)), None)
        if kind and setups[kind]:
            setups[kind] -= 1
        elif not (one.record_id and one.record_id in records):
            left.append(one)
    return left


def _is_of_type(operation: PushOperation, data_type: str) -> bool:
    names = {data_type.lower()}
    names |= {"accounts", "chartofaccounts"} if names & {"accounts"} else set()
    return operation.data_type.lower() in names


def may_be_told_yet(connection: Connection, found: Sequence[PushOperation]) -> bool:
    """Tell whether each may be what a request became whose answer is still to come.

    After a crash that is so: its entry is looked for, and the push is soon known.
    """
    explained = set()
    under_way = SyncRecord.objects.filter(
        company=connection.company_id,
        state__in=(State.SENDING, State.UNKNOWN),
        push_operation_key=None,
    ).exclude(reason=Reason.NEEDS_PERSON)
    requests = WriteRequest.objects.filter(
        pk__in=under_way.values("request"), connection=connection
    ).select_related("connection")
    for request in requests:
        since = request.created_at - CLOCK_SKEW
        later = [
            one for one in found if not one.requested_on or one.requested_on >= since
        ]
        alike = unknown.foreign_operations(request, later)
        if len(alike) == 1:
            explained.add(alike[0].key)
    return all(one.key in explained for one in found)


# --- hold, and go on -----------------------------------------------------------------


def hold(row: Connection, found: Sequence[PushOperation], *, now: datetime) -> None:
    """Hold the company of a locked connection for pushes that nobody owns."""
    StrayPush.objects.bulk_create(
        (
            StrayPush(
                connection=row,
                push_operation_key=one.key,
                data_type=one.data_type,
                requested_on=one.requested_on,
                status=one.status,
                xero_record_id=one.record_id,
                found_at=now,
                asked_at=now,
            )
            for one in found
        ),
        ignore_conflicts=True,
    )
    if row.held_after_restore_since is None:
        row.held_after_restore_since = now
        trail.record(
            "connection.held_after_restore", row, at=now, after={"pushes": len(found)}
        )
    row.stray_look_due_at = now
    row.save(update_fields=["held_after_restore_since", "stray_look_due_at"])
    reconsider.queued(company_id=row.company_id, now=now)


def settle(
    stray: StrayPush, verdict: Verdict, *, now: datetime, by: str = "", reason: str = ""
) -> None:
    """Store whose a push is, once."""
    stray.verdict, stray.settled_at = verdict, now
    stray.settled_by, stray.settled_reason = by, reason
    stray.save(update_fields=["verdict", "settled_at", "settled_by", "settled_reason"])


def go_on_if_settled(row: Connection, *, now: datetime, by: str = "") -> bool:
    """Let the company of a locked connection go on once all its pushes are settled."""
    if row.held_after_restore_since is None:
        return False
    if row.stray_pushes.unsettled().exists():
        return False
    row.held_after_restore_since = row.stray_look_due_at = None
    row.save(update_fields=["held_after_restore_since", "stray_look_due_at"])
    held = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.AFTER_RESTORE
    )
    reconsider.records(
        records=list(held.select_related("event", "compensates").order_by("event")),
        now=now,
        cause=Cause.PERSON if by else Cause.RECONSIDERED,
        actor=by,
    )
    return True


# --- what bears our mark -------------------------------------------------------------


def adopt_all(*, now: datetime) -> None:
    """Adopt for every held company what entries recorded since can be told to be."""
    live = Connection.objects.live()
    for connection in live.exclude(held_after_restore_since=None):
        adopt(connection, now=now)


@transaction.atomic
def adopt(connection: Connection, *, now: datetime) -> Connection:
    """Let entries stand by the pushes that bear their mark; go on if that is all."""
    if not connection.stray_pushes.unsettled().exists():
        return connection
    row = lock_connection(connection, now=now)
    left = []
    for stray in row.stray_pushes.unsettled().order_by("requested_on", "pk"):
        if stray.status == PushStatus.FAILED:
            settle(stray, Verdict.NOTHING, now=now)
        elif _is_owned(stray):
            settle(stray, Verdict.ADOPTED, now=now)
        else:
            left.append(stray)
    marked = _marked(row) if any(one.wrote.get("reference") for one in left) else {}
    for stray in left:
        mark = (stray.data_type.lower(), stray.wrote.get("reference", ""))
        record = marked.get(mark)
        if record is not None and _is_what_it_wrote(record, stray):
            del marked[mark]
            outcomes.written(
                record,
                cause=Cause.LOOK,
                now=now,
                xero_record_id=stray.xero_record_id,
                push_operation_key=stray.push_operation_key,
                note="a push that was not known here bears its mark",
            )
            settle(stray, Verdict.ADOPTED, now=now)
    go_on_if_settled(row, now=now)
    return row


def _is_owned(stray: StrayPush) -> bool:
    """Tell whether an entry has come to stand by it since."""
    by_record = SyncRecord.objects.none()
    if stray.xero_record_id:
        by_record = SyncRecord.objects.filter(
            company=stray.connection.company_id, xero_record_id=stray.xero_record_id
        )
    key = stray.push_operation_key
    return (
        WriteAttempt.objects.filter(push_operation_key=key).exists()
        or RecordChange.objects.filter(push_operation_key=key).exists()
        or by_record.exists()
    )


def unsent(connection: Connection) -> list[SyncRecord]:
    """Return the entries of a connection's company that a push may turn out to be."""
    asked_about = Q(state=State.UNKNOWN, reason=Reason.NEEDS_PERSON)
    records = SyncRecord.objects.filter(
        Q(state__in=NOT_SENT_STATES) | asked_about, company=connection.company_id
    )
    related = ("event", "loan__company", "lender_account")
    return list(records.select_related(*related).order_by("event", "step"))


def _marked(connection: Connection) -> dict[tuple[str, str], SyncRecord]:
    """Return the entries that are not sent, by what their bytes would name them."""
    marks = {}
    for record in unsent(connection):
        if record.step == Step.DIRECT_COST:
            mark = record.event.external_id
        elif record.step == Step.PAYMENT:
            mark = f"{record.event.external_id} {record.loan.invoice_number}"
        else:
            continue
        marks[(DATA_TYPES[Step(record.step)].lower(), mark)] = record
    return marks


def _is_what_it_wrote(record: SyncRecord, stray: StrayPush) -> bool:
    wrote = stray.wrote
    return (
        stray.status == PushStatus.SUCCESS
        and wrote.get("date") == record.value_date.isoformat()
        and wrote.get("amount") is not None
        and Decimal(wrote["amount"]) == record.event.amount
    )


def proposals(connection: Connection) -> dict[StrayPush, SyncRecord]:
    """Return the one entry that each transfer looks like, where there is just one.

    A transfer bears no mark of ours: a person says whether it is so.
    """
    lenders = set(
        connection.lender_accounts.values_list("target_account_id", flat=True)
    )
    entries: dict[tuple[object, ...], list[SyncRecord]] = {}
    for record in unsent(connection):
        if record.step == Step.TRANSFER:
            content = (
                record.value_date.isoformat(),
                record.event.amount,
                record.lender_effect < 0,
            )
            entries.setdefault(content, []).append(record)
    alike: dict[tuple[object, ...], list[StrayPush]] = {}
    for stray in connection.stray_pushes.unsettled():
        wrote = stray.wrote
        if stray.data_type.lower() == "transfers" and wrote.get("amount"):
            leaves = wrote.get("from") in lenders
            content = (wrote.get("date"), Decimal(wrote["amount"]), leaves)
            alike.setdefault(content, []).append(stray)
    return {
        pushes[0]: entries[content][0]
        for content, pushes in alike.items()
        if len(pushes) == 1 and len(entries.get(content, ())) == 1
    }


def is_to_be_read(push: StrayPush) -> bool:
    """Tell whether what a push wrote is still to be looked for."""
    is_readable = push.data_type.lower() in READABLE
    return is_readable and push.status == PushStatus.SUCCESS and push.read_at is None


def is_being_looked_up(push: StrayPush) -> bool:
    """Tell whether more may soon be known of a push than is."""
    return push.status in {PushStatus.PENDING, PushStatus.UNKNOWN} or is_to_be_read(
        push
    )
