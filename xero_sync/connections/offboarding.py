"""How a connection ends: disconnected, so that it can return, or deleted for good.

Codat's pages differ: the one on connections unlinks, the one on Xero's certification
deletes. Here a disconnection unlinks, which keeps source accounts and mappings, and a
borrower who leaves is deleted, which Codat cannot take back.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lending.audit import trail
from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatError,
    CodatRejected,
    ConnectionNotLinked,
    DecisionNotAllowed,
    EntriesWaiting,
)
from xero_sync.connections import status as connection_status
from xero_sync.connections import switches
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import (
    NOT_SENT_STATES,
    UNDER_WAY_STATES,
    ConnectionStatus,
)
from xero_sync.runtime import leases
from xero_sync.writeback import decisions

ENDING = "ending"


def disconnect(
    *,
    connection: Connection,
    client: CodatClient,
    disconnected_by: str,
    now: datetime,
    reason: str = "",
) -> Connection:
    """Cut a linked connection at Codat, until the borrower links it again.

    Nothing is read or written any more. Entries that wait are kept and go on in order
    after the reconnection. One that is unlinked already is left as it is.

    Raises:
        ConnectionNotLinked: it is not linked; Codat was not asked.
        AlreadyUnderWay: somebody else is ending it at this moment.
        CodatError: Codat did not answer, or refused; it is as it was.
    """
    with leases.alone(act=ENDING, on=connection.pk) as lease:
        if lease is None:
            raise AlreadyUnderWay
        connection.refresh_from_db()
        if connection.status == ConnectionStatus.UNLINKED:
            return connection
        if connection.status != ConnectionStatus.LINKED:
            raise ConnectionNotLinked(
                _(
                    "Only a linked connection can be disconnected, not this one: "
                    "%(status)s."
                )
                % {"status": connection.get_status_display()}
            )
        return _unlink(connection, client, disconnected_by, now, reason)


def _unlink(
    connection: Connection,
    client: CodatClient,
    by: str,
    now: datetime,
    reason: str,
) -> Connection:
    try:
        status = connection_status.status_of(
            client.unlink_connection(
                connection.codat_company_id, connection.codat_connection_id
            )
        )
    except CodatError:
        # The answer may have been lost on its way, or the borrower was quicker.
        found = connection_status.refresh(connection=connection, client=client, now=now)
        if found.status == ConnectionStatus.LINKED:
            raise
        status = ConnectionStatus(found.status)
    with transaction.atomic():
        row = connection_status.store_status(
            connection=connection, status=status, now=now
        )
        trail.record("connection.disconnected", row, by=by, at=now, reason=reason)
    return row


def waiting_entries(connection: Connection) -> QuerySet[SyncRecord]:
    """Return the entries that keep a borrower from being let go.

    Statement lines that no bank feed covers wait for nothing.
    """
    open_entries = SyncRecord.objects.open().filter(company=connection.company_id)
    return open_entries.exclude(pk__in=_uncovered(connection))


def _uncovered(connection: Connection) -> QuerySet[SyncRecord]:
    of_company = SyncRecord.objects.filter(company=connection.company_id)
    return of_company.filter(state="held", reason="bank_feeds_off")


def off_board(
    *,
    connection: Connection,
    confirmation: str,
    client: CodatClient,
    off_boarded_by: str,
    now: datetime,
    reason: str = "",
    leave_out: bool = False,
) -> Connection:
    """Delete a connection at Codat for good; our own history stays.

    `confirmation` is the company's reference, typed by whoever asks for it. While
    entries wait it is refused; with `leave_out` and a reason those that were not sent
    are cancelled. Write-back is switched off first. Where Codat has deleted the
    connection already, the rest is done.

    Raises:
        DecisionNotAllowed: the confirmation or the reason is missing.
        EntriesWaiting: entries wait, or are under way.
        AlreadyUnderWay: somebody else is ending it at this moment.
        CodatError: Codat did not answer, or refused; the connection is as it was, with
            write-back off.
    """
    _check_words(connection, confirmation, reason, leave_out=leave_out)
    with leases.alone(act=ENDING, on=connection.pk) as lease:
        if lease is None:
            raise AlreadyUnderWay
        connection.refresh_from_db()
        if _is_let_go(connection):
            return connection
        _require_settled(connection, leave_out=leave_out)
        if connection.deleted_at is None:
            switches.switch_writeback(
                connection=connection, on=False, switched_by=off_boarded_by, now=now
            )
            # What was under way when it was switched off is seen now.
            _require_settled(connection, leave_out=leave_out)
        left_out = _to_be_left_out(connection)
        if connection.deleted_at is None:
            _delete(connection, client, now)
        feed_status.close_all(connection=connection, now=now, by=off_boarded_by)
        return _let_go(connection, left_out, off_boarded_by, now, reason)


def _is_let_go(connection: Connection) -> bool:
    """Tell whether it was off-boarded before, or followed by another connection."""
    followers = connection.company.connections.live().exclude(pk=connection.pk)
    return connection.off_boarded_at is not None or followers.exists()


def _check_words(
    connection: Connection, confirmation: str, reason: str, *, leave_out: bool
) -> None:
    if confirmation.strip() != connection.company.reference:
        raise DecisionNotAllowed(
            _("Type the company's reference, %(reference)s, to confirm.")
            % {"reference": connection.company.reference},
            field="confirmation",
        )
    if leave_out and not reason.strip():
        raise DecisionNotAllowed(
            _("Give a reason: it stays on the record of each entry."), field="reason"
        )


def _require_settled(connection: Connection, *, leave_out: bool) -> None:
    waiting = waiting_entries(connection)
    under_way = waiting.filter(state__in=UNDER_WAY_STATES).count()
    if under_way:
        raise EntriesWaiting(
            ngettext(
                "%(count)d entry is under way; wait until its outcome is known, or "
                "decide on it.",
                "%(count)d entries are under way; wait until their outcome is known, "
                "or decide on them.",
                under_way,
            )
            % {"count": under_way}
        )
    if not leave_out and (count := waiting.count()):
        raise EntriesWaiting(
            ngettext(
                "%(count)d entry waits to be written. Settle it first, or leave it out "
                "knowingly: it is cancelled and never written.",
                "%(count)d entries wait to be written. Settle them first, or leave "
                "them out knowingly: they are cancelled and never written.",
                count,
            )
            % {"count": count},
            field="leave_out",
        )


def _delete(connection: Connection, client: CodatClient, now: datetime) -> None:
    try:
        client.delete_connection(
            connection.codat_company_id, connection.codat_connection_id
        )
    except CodatError as exc:
        if isinstance(exc, CodatRejected) and exc.status_code == connection_status.GONE:
            return
        found = connection_status.refresh(connection=connection, client=client, now=now)
        if found.status != ConnectionStatus.DELETED:
            raise


def _to_be_left_out(connection: Connection) -> list[SyncRecord]:
    """Return what is not sent; what is recorded from now on was not decided on."""
    of_company = SyncRecord.objects.filter(company=connection.company_id)
    return list(of_company.filter(state__in=NOT_SENT_STATES).order_by("event"))


@transaction.atomic
def _let_go(
    connection: Connection,
    left_out: list[SyncRecord],
    by: str,
    now: datetime,
    reason: str,
) -> Connection:
    row = connection_status.store_status(
        connection=connection, status=ConnectionStatus.DELETED, now=now
    )
    words = reason or _("The borrower was let go.")
    _cancel(left_out, reason=words, by=by, now=now)
    row.off_boarded_at = now
    row.save(update_fields=["off_boarded_at"])
    trail.record(
        "connection.off_boarded",
        row,
        by=by,
        at=now,
        reason=reason,
        after={"entries_left_out": len(left_out)} if left_out else {},
    )
    return row


def _cancel(
    records: Iterable[SyncRecord], *, reason: str, by: str, now: datetime
) -> None:
    for record in records:
        record.refresh_from_db()
        # A booking takes its line with it.
        if record.state in NOT_SENT_STATES:
            decisions.let_go(record=record, reason=reason, decided_by=by, now=now)
