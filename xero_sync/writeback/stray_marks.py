"""Whose a push is that we do not know, as far as what it wrote can tell.

What bears our mark is ours: a fee carries its event's id, a payment that and its
invoice's number. A transfer carries nothing, a statement line cannot be read back, and
Codat's list names neither: whose those are only a person can say. Events may be lost
from our own tables too; once they are recorded again, their entries are found here.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from xero_sync.codat.push import PushStatus
from xero_sync.models import (
    Connection,
    RecordChange,
    StrayPush,
    SyncRecord,
    WriteAttempt,
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
from xero_sync.writeback import outcomes
from xero_sync.writeback.strays import go_on_if_settled, settle
from xero_sync.writeback.transitions import lock_connection

# The names that Codat lists them by; it shows nothing else that we write.
READABLE = {
    "transfers": "transfers",
    "directcosts": "directCosts",
    "payments": "payments",
}


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
