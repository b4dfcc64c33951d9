"""A borrower's connection: adopted, looked at, switched on and off."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync import feed_states, organisations
from xero_sync.codat.client import CodatClient
from xero_sync.codat.companies import Connection as RemoteConnection
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatOutcomeUnknown,
    CodatRejected,
    ConnectionNotLinked,
    ConnectionTaken,
    DecisionNotAllowed,
    HeldEventsChoiceMissing,
    MappingIncomplete,
)
from xero_sync.models import (
    Connection,
    ConnectionAct,
    SyncRecord,
    WritebackSwitch,
)
from xero_sync.models.choices import (
    Cause,
    ConnectionActKind,
    ConnectionStatus,
    HeldEvents,
    Reason,
    State,
)
from xero_sync.signals import telling
from xero_sync.writeback import decisions, feed_refusals, readiness, reconsider
from xero_sync.writeback.moves import lock_connection, move
from xero_sync.xero_app import cap

XERO = "gbol"
GONE = 404


def import_codat_company(
    *,
    company: Company,
    codat_company_id: UUID,
    codat_connection_id: UUID | None,
    client: CodatClient,
    now: datetime,
) -> Connection:
    """Adopt a company and its Xero connection that exist at Codat already.

    Without a connection id the company's only Xero connection is taken.

    Raises:
        ConnectionNotLinked: there is no such connection, or more than one.
        ConnectionTaken: it is another company's.
        CodatError: Codat did not answer, or refused.
    """
    found = _choose(
        client.list_connections(codat_company_id), wanted=codat_connection_id
    )
    other = company.connections.live().exclude(codat_connection_id=UUID(found.id))
    if other.exists():
        raise ConnectionNotLinked(
            _("The company has a connection already; it has to be deleted first."),
            field="codat_connection_id",
        )
    try:
        connection, is_new = Connection.objects.get_or_create(
            codat_connection_id=UUID(found.id),
            defaults={
                "company": company,
                "codat_company_id": codat_company_id,
                "status": status_of(found),
            },
        )
    except IntegrityError as exc:
        raise ConnectionNotLinked(
            _("The company, or this company of Codat's, has a live connection."),
            field="codat_company_id",
        ) from exc
    if not is_new and connection.company_id != company.pk:
        raise ConnectionTaken(
            _("This connection belongs to the company %(reference)s already.")
            % {"reference": connection.company.reference},
            company_id=connection.company_id,
        )
    return refresh(connection=connection, client=client, now=now)


def _choose(
    found: Iterable[RemoteConnection], *, wanted: UUID | None
) -> RemoteConnection:
    fitting = [
        one
        for one in found
        if (one.id == str(wanted) if wanted else one.platform_key in {XERO, ""})
    ]
    if len(fitting) == 1:
        return fitting[0]
    raise ConnectionNotLinked(
        _("Codat knows %(count)d fitting Xero connections of this company; name one.")
        % {"count": len(fitting)},
        field="codat_connection_id",
    )


def require_linked(
    *, connection: Connection, client: CodatClient, now: datetime
) -> Connection:
    """Return a connection that is linked, by asking Codat if we know no better.

    Raises:
        ConnectionNotLinked: it is not.
        CodatError: Codat did not answer.
    """
    if connection.status != ConnectionStatus.LINKED:
        connection = refresh(connection=connection, client=client, now=now)
    if connection.status != ConnectionStatus.LINKED:
        raise ConnectionNotLinked
    return connection


def refresh(
    *, connection: Connection, client: CodatClient, now: datetime
) -> Connection:
    """Read a connection at Codat and release or hold what depends on it.

    What cannot be read leaves everything as it was: an outage at Codat proves nothing.
    """
    try:
        remote = client.get_connection(
            connection.codat_company_id, connection.codat_connection_id
        )
    except CodatRejected as exc:
        if exc.status_code != GONE:
            raise
        feed_states.close_all(connection=connection, now=now)
        return store_status(connection, status=ConnectionStatus.DELETED, now=now)
    except CodatAccessDenied as exc:
        Connection.objects.filter(pk=connection.pk).update(
            access_problem=f"HTTP {exc.status_code}", checked_at=now
        )
        connection.refresh_from_db()
        return connection
    status = status_of(remote)
    facts: dict[str, object] = {}
    if status == ConnectionStatus.LINKED:
        facts = organisations.read(connection, client)
        feed_states.look_at_all(connection=connection, client=client, now=now)
    return store_status(
        connection, status=status, now=now, made_at=remote.created, **facts
    )


def status_of(remote: RemoteConnection) -> ConnectionStatus:
    """Return how a connection stands at Codat.

    Raises:
        CodatOutcomeUnknown: Codat calls it something that we do not know.
    """
    try:
        return ConnectionStatus(remote.status)
    except ValueError as exc:
        raise CodatOutcomeUnknown(
            _("Codat gives a connection a status that we do not know: “%(status)s”.")
            % {"status": remote.status[:50]}
        ) from exc


@transaction.atomic
def store_status(
    connection: Connection,
    *,
    status: str,
    now: datetime,
    made_at: datetime | None = None,
    **facts: object,
) -> Connection:
    """Take over what Codat says of a connection; release or hold what depends on it."""
    row = lock_connection(connection, now=now)
    seen_linked_at, was_linked = (
        row.last_linked_at,
        row.status == ConnectionStatus.LINKED,
    )
    with telling(row):
        organisations.take_over(row, facts)
        if status == ConnectionStatus.LINKED:
            _note_linked(row, made_at=made_at, now=now)
        else:
            row.over_cap_since = None
        if status != ConnectionStatus.LINKED or row.checked_at is not None:
            # What has just refused us (then nothing is checked) is given some time,
            # although the connection reads as linked.
            row.access_problem = ""
        row.status = status
        row.checked_at = now
        if status == ConnectionStatus.DELETED:
            row.deleted_at = row.deleted_at or now
        row.save()
    if status != ConnectionStatus.LINKED:
        cap.settle()
        reconsider.refused(company_id=row.company_id, since=seen_linked_at, now=now)
        if was_linked:
            reconsider.queued(company_id=row.company_id, now=now)
    reconsider.company(company_id=row.company_id, now=now)
    return row


def _note_linked(row: Connection, *, made_at: datetime | None, now: datetime) -> None:
    """Date the consent; one that was given before we looked is as old as it can be."""
    is_new_to_us = row.consented_at is None and row.status == ConnectionStatus.LINKED
    if row.status != ConnectionStatus.LINKED or is_new_to_us:
        row.consented_at = min(made_at or now, now) if is_new_to_us else now
        cap.take_place(row, now=now)
    if row.is_demo:
        # Its plan may be read only after it became linked.
        row.over_cap_since = None
    row.last_linked_at = now


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
    kind = ConnectionActKind
    ConnectionAct.objects.create(
        connection=row,
        kind=kind.MARKED_DEMO if is_demo else kind.UNMARKED_DEMO,
        reason=reason,
        acted_by=marked_by,
        acted_at=now,
    )
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
    with telling(row):
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
        ConnectionAct.objects.create(
            connection=row,
            kind=(
                ConnectionActKind.BANK_FEEDS_ON
                if on
                else ConnectionActKind.BANK_FEEDS_OFF
            ),
            detail=row.feed_refusal,
            acted_by=set_by,
            acted_at=now,
        )
    with telling(row):
        row.bank_feeds = on
        feed_refusals.clear(row)
    feed_refusals.reconsider_lines(company_id=row.company_id, now=now, by=set_by)
    reconsider.company(company_id=row.company_id, now=now)
    return row
