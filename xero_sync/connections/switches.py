"""What a person switches on a borrower's connection, each switch on record."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lending.audit import trail
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    DecisionNotAllowed,
    HeldEventsChanged,
    HeldEventsChoiceMissing,
    MappingIncomplete,
)
from xero_sync.connections import backfill
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
from xero_sync.signals import notify_changes, writeback_switched
from xero_sync.writeback import decisions, feed_refusals, readiness, reconsider
from xero_sync.writeback.transitions import lock_connection, move_many
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
    fingerprint: str | None = None,
) -> Connection:
    """Switch the writing into a borrower's Xero on or off; the history stays.

    While loans are held because it was off, switching on needs `held_events`: "publish"
    (all of them, or with `publish_from` those begun from that day on, the others are
    left out) or "leave_out". A loan goes whole or not at all; see `backfill`. With a
    `fingerprint` it is done only if the choice still does what it did when it was
    shown. What is so already is left as it is. The borrower gets a receipt.

    Raises:
        MappingIncomplete: it cannot be switched on before the accounts are chosen.
        ConnectionNotLinked: it cannot be switched on before the connection is linked.
        HeldEventsChoiceMissing: loans are held and nothing says what becomes of them.
        HeldEventsChanged: the fingerprint is of something else than would be done now.
    """
    row = lock_connection(connection, now=now)
    if on:
        _require_ready(row)
    held = backfill.held(connection=row, now=now)
    if row.writeback_on == on and not (on and held.loans):
        return row
    effect = _effect(held, held_events, publish_from, fingerprint) if on else None
    with notify_changes(row):
        row.writeback_on = on
        row.save(update_fields=["writeback_on"])
    switch = WritebackSwitch.objects.create(
        connection=row,
        on=on,
        held_events=effect.held_events if effect else "",
        publish_from=effect.publish_from if effect else None,
        loans_published=len(effect.published) if effect else None,
        loans_left_out=len(effect.left_out) if effect else None,
        switched_by=switched_by,
        switched_at=now,
    )
    trail.record(
        "connection.writeback_on" if on else "connection.writeback_off",
        row,
        by=switched_by,
        at=now,
        after=_done(effect) if effect else {},
    )
    if effect:
        _settle_held(effect, switched_by, now)
    if on:
        reconsider.company(company_id=row.company_id, now=now)
    else:
        _hold_queued(row, switched_by, now)
    writeback_switched.send(sender=WritebackSwitch, switch=switch)
    return row


def _require_ready(connection: Connection) -> None:
    if connection.status != ConnectionStatus.LINKED or connection.deleted_at:
        raise ConnectionNotLinked(field="connection")
    mapping = readiness.latest_mapping(connection)
    if mapping is None or mapping.lender_account.void_since:
        raise MappingIncomplete(field="mapping")


def _effect(
    held: backfill.Held,
    held_events: str | None,
    publish_from: date | None,
    fingerprint: str | None,
) -> backfill.Effect | None:
    """Return what the choice does; None where there is nothing to choose about."""
    if not held.loans:
        if fingerprint:
            raise HeldEventsChanged
        return None
    if held_events not in HeldEvents.values:
        raise HeldEventsChoiceMissing(field="held_events")
    effect = held.effect(held_events, publish_from)
    if fingerprint and fingerprint != effect.fingerprint:
        raise HeldEventsChanged
    return effect


def _done(effect: backfill.Effect) -> dict[str, object]:
    """Return what the trail keeps of a choice."""
    since = {"publish_from": effect.publish_from} if effect.publish_from else {}
    return {
        "held_events": effect.held_events,
        **since,
        "loans_published": len(effect.published),
        "loans_left_out": len(effect.left_out),
    }


def _settle_held(effect: backfill.Effect, by: str, now: datetime) -> None:
    for one in effect.left_out:
        decisions.leave_out(
            loan=one.loan, records=one.left_to_send, decided_by=by, now=now
        )
    released = sorted(
        (record for loan in effect.published for record in loan.waiting),
        key=lambda record: record.event_id,
    )
    reconsider.records(
        records=released, now=now, cause=Cause.SWITCH, actor=by, is_backfill=True
    )


def _hold_queued(connection: Connection, by: str, now: datetime) -> None:
    queued = SyncRecord.objects.filter(
        company=connection.company_id, state=State.QUEUED
    )
    move_many(
        [(record, {}) for record in queued],
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
