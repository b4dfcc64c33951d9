"""What a person switches on a borrower's connection, each switch on record."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    DecisionNotAllowed,
    HeldEventsChoiceMissing,
    MappingIncomplete,
)
from xero_sync.models import (
    Connection,
    SyncRecord,
    WritebackSwitch,
)
from xero_sync.models.choices import (
    Cause,
    ConnectionStatus,
    HeldEvents,
    Reason,
    State,
)
from xero_sync.signals import notify_changes
from xero_sync.writeback import decisions, feed_refusals, readiness, reconsider
from xero_sync.writeback.transitions import lock_connection, move
from xero_sync.xero_app import cap


@transaction.atomic
def mark_demo(
    *,
    connection: Connection,
    is_demo: bool,
    marked_by: str,
    now: datetime,
    reason: str = "",
) -> Connection:
    """Say whether a connection leads to a demo company, which takes no place.

    What Xero says of its demo company counts whatever is marked.
    """
    row = lock_connection(connection, now=now)
    if row.marked_demo == is_demo:
        return row
    row.marked_demo = is_demo
    if is_demo:
        row.over_cap_since = None
    elif row.status == ConnectionStatus.LINKED:
        cap.take_place(row, now=now)
    row.save(update_fields=["marked_demo", "over_cap_since"])
    verb = "connection.marked_demo" if is_demo else "connection.unmarked_demo"
    trail.record(verb, row, by=marked_by, at=now, reason=reason)
    cap.settle()
    reconsider.company(company_id=row.company_id, now=now)
    return row


@transaction.atomic
def switch_writeback(
    *,
    connection: Connection,
    on: bool,
    switched_by: str,
    now: datetime,
    held_events: str | None = None,
    publish_from: date | None = None,
) -> Connection:
    """Switch the writing into a borrower's Xero on or off; the history stays.

    While entries are held because it was off, switching on needs `held_events`:
    "publish" (those with a value date from `publish_from` on, the others are left out)
    or "leave_out". What is so already is left as it is.

    Raises:
        MappingIncomplete: it cannot be switched on before the accounts are chosen.
        ConnectionNotLinked: it cannot be switched on before the connection is linked.
        HeldEventsChoiceMissing: entries are held and nothing says what becomes of them.
    """
    row = lock_connection(connection, now=now)
    if on:
        _require_ready(row)
    waiting = SyncRecord.objects.filter(
        company=row.company_id, state=State.HELD, reason=Reason.WRITEBACK_OFF
    )
    held = list(waiting.select_related("event", "compensates").order_by("event"))
    if row.writeback_on == on and not (on and held):
        return row
    if on and held:
        _require_choice(held_events, publish_from)
    with notify_changes(row):
        row.writeback_on = on
        row.save(update_fields=["writeback_on"])
    WritebackSwitch.objects.create(
        connection=row,
        on=on,
        held_events=held_events or "",
        publish_from=publish_from,
        switched_by=switched_by,
        switched_at=now,
    )
    chosen = {"held_events": held_events, "publish_from": publish_from}
    trail.record(
        "connection.writeback_on" if on else "connection.writeback_off",
        row,
        by=switched_by,
        at=now,
        after={name: value for name, value in chosen.items() if value},
    )
    if on:
        _settle_held(held, held_events, publish_from, switched_by, now)
        reconsider.company(company_id=row.company_id, now=now)
    else:
        _hold_queued(row, switched_by, now)
    return row


def _require_ready(connection: Connection) -> None:
    if connection.status != ConnectionStatus.LINKED or connection.deleted_at:
        raise ConnectionNotLinked(field="connection")
    mapping = readiness.latest_mapping(connection)
    if mapping is None or mapping.lender_account.void_since:
        raise MappingIncomplete(field="mapping")


def _require_choice(held_events: str | None, publish_from: date | None) -> None:
    if held_events not in HeldEvents.values:
        raise HeldEventsChoiceMissing(field="held_events")
    if held_events == HeldEvents.PUBLISH and publish_from is None:
        raise HeldEventsChoiceMissing(
            _("Say from which value date on the held events are published."),
            field="publish_from",
        )


def _settle_held(
    held: list[SyncRecord],
    held_events: str | None,
    publish_from: date | None,
    by: str,
    now: datetime,
) -> None:
    publish = held_events == HeldEvents.PUBLISH
    for record in held:
        if publish and publish_from and record.value_date >= publish_from:
            continue
        record.refresh_from_db()
        if record.state == State.HELD:
            decisions.leave_out(record=record, decided_by=by, now=now)
    released = [one for one in held if one.state == State.HELD]
    reconsider.records(
        records=released, now=now, cause=Cause.SWITCH, actor=by, is_backfill=True
    )


def _hold_queued(connection: Connection, by: str, now: datetime) -> None:
    queued = SyncRecord.objects.filter(
        company=connection.company_id, state=State.QUEUED
    )
    for record in queued:
        move(
            record,
            to=State.HELD,
            reason=Reason.WRITEBACK_OFF,
            cause=Cause.SWITCH,
            now=now,
            actor=by,
        )


@transaction.atomic
def set_bank_feeds(
    *, connection: Connection, on: bool, now: datetime, set_by: str
) -> Connection:
    """Record whether Xero takes statement lines for this organisation, and who says so.

    What Xero refused is forgotten: switched on again, the lines that were held for it
    are tried once more.
    """
    row = lock_connection(connection, now=now)
    if row.deleted_at:
        raise DecisionNotAllowed(_("The connection is deleted."), field="connection")
    if row.bank_feeds != on or row.feed_refusal:
        refusal = {"feed_refusal": row.feed_refusal} if row.feed_refusal else {}
        verb = "connection.bank_feeds_on" if on else "connection.bank_feeds_off"
        trail.record(verb, row, by=set_by, at=now, before=refusal)
    with notify_changes(row):
        row.bank_feeds = on
        feed_refusals.clear(row)
    feed_refusals.reconsider_lines(company_id=row.company_id, now=now, by=set_by)
    reconsider.company(company_id=row.company_id, now=now)
    return row
