"""How a connection stands at Codat, and what depends on it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.client import CodatClient
from xero_sync.codat.companies import Connection as RemoteConnection
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatOutcomeUnknown,
    CodatRejected,
    ConnectionNotLinked,
)
from xero_sync.models import (
    Connection,
)
from xero_sync.models.choices import (
    ConnectionStatus,
)
from xero_sync.organisations import changes as organisations
from xero_sync.signals import notify_changes
from xero_sync.writeback import reconsider
from xero_sync.writeback.transitions import lock_connection
from xero_sync.xero_app import cap

GONE = 404


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
        feed_status.close_all(connection=connection, now=now)
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
        feed_status.look_at_all(connection=connection, client=client, now=now)
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
    with notify_changes(row):
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
        reconsider.refused(
            company_id=row.company_id,
            since=seen_linked_at,
            now=now,
            note="the connection had ended",
        )
        if was_linked:
            reconsider.queued(company_id=row.company_id, now=now)
    elif not was_linked:
        reconsider.doubted(company_id=row.company_id, since=seen_linked_at, now=now)
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
