"""Look whether all that was chosen is still in Xero, one exchange after the other.

Codat's reads are as of its last reading of Xero, so a look first has the four kinds of
data read anew: it sees what Xero held after the look began. Four calls ask for that,
four or more tell that it is done, four read what the choice names.

Where Codat does not answer, the writes wait for ten minutes at most. Then its copy
decides as it is; if not even that can be read, nothing is known to be gone, and the
writes go out: Xero books on nothing that is archived, and the next window looks again.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.pulls import PullOperation
from xero_sync.models import AccountMapping, Connection
from xero_sync.models.choices import ConnectionStatus
from xero_sync.writeback import lost_choices, readiness, refreshes, results
from xero_sync.writeback.budget import LATE, Budget
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.lost_choices import DATA_TYPES, TAX_RATES
from xero_sync.writeback.transitions import lock_connection, wake

logger = logging.getLogger(__name__)

# Writes wait no longer than this for a look that Codat does not answer.
PATIENCE = timedelta(minutes=10)
# A step that Codat did not answer is made again after this long, and then later; what
# it has not read within the first half minute is asked after as seldom.
TRY_AGAIN_AFTER = timedelta(minutes=1)
SOON = timedelta(seconds=30)
STANDSTILL = timedelta(days=1)


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Exchange]:
    """Return the next steps of the looks that are due, one for a company.

    Each is put off for the time of a lease before it is made, so that two drains do not
    make the same one; only who still holds it stores what came of it.
    """
    waiting = Connection.objects.filter(choice_look_due_at__lte=now).exclude(
        company__in=busy_companies
    )
    if limit <= 0 or not waiting.exists():
        return []
    with transaction.atomic():
        # Before the rows, for which nobody waits then: so there is no circle.
        permits = Budget(organisations=(), now=now)
        if database.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(no_key=True, skip_locked=True)
        rows = list(waiting.order_by("choice_look_due_at")[:limit])
        work = [one for row in rows if (one := _begin(row, permits, now))]
        permits.save()
    if ended := [one.company_id for one in rows if one.choice_look_due_at is None]:
        wake(company_ids=ended, at=now)
    return work


def _begin(row: Connection, permits: Budget, now: datetime) -> Exchange | None:
    """Take the permits for the next step of a look; without them it is put off."""
    mapping = readiness.latest_mapping(row)
    begun_at, due_at = row.choice_look_begun_at, row.choice_look_due_at
    if begun_at is None or due_at is None:
        return None
    if mapping is None or not _leads_there(row, mapping):
        _end(row)
        return None
    if now - due_at > STANDSTILL:
        # Nobody was there meanwhile: what was read then is too old.
        begun_at = now
    lease = now + timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS)
    step = _Step(row, mapping, begun_at, lease)
    exchange, calls = step.next(now)
    soon = now + TRY_AGAIN_AFTER
    wait = permits.take(is_look=now - begun_at <= LATE, calls=calls)
    if wait is not None and wait > soon:
        # What is kept for the writes serves them here as well.
        wait = permits.take(calls=calls)
    if wait is not None and wait > soon and not step.has_begun(now):
        # No write goes out until then either.
        begun_at = wait
    row.choice_look_begun_at, row.choice_look_due_at = begun_at, wait or lease
    row.save(update_fields=["choice_look_begun_at", "choice_look_due_at"])
    return None if wait else exchange


def _leads_there(row: Connection, mapping: AccountMapping) -> bool:
    """Tell whether anything is written through a connection by this choice."""
    if row.deleted_at or row.organisation_changed or mapping.lender_account.void_since:
        return False
    return row.status == ConnectionStatus.LINKED and row.writeback_on


def _end(row: Connection, *, looked_at: datetime | None = None) -> None:
    """End the look of a locked row without a finding; given a moment, it serves."""
    row.choice_looked_at = looked_at or row.choice_looked_at
    row.choice_look_begun_at = row.choice_look_due_at = None
    row.save(
        update_fields=["choice_looked_at", "choice_look_begun_at", "choice_look_due_at"]
    )


@dataclass(frozen=True)
class _Step:
    """One step of a look, held by one drain until `lease_until`."""

    connection: Connection
    mapping: AccountMapping
    begun_at: datetime
    lease_until: datetime

    def next(self, now: datetime) -> tuple[Exchange, int]:
        """Return the exchange that brings the look on, and how many calls it makes."""
        is_overdue = now - self.begun_at >= PATIENCE
        known = refreshes.Refreshes(self.connection, now=now)
        # First all are asked for, so that Codat reads them side by side.
        for data_type in () if is_overdue else self._unasked(known) or DATA_TYPES:
            exchange = known.step_towards(data_type, since=self.begun_at)
            if exchange is not None:
                return self._refreshing(data_type, exchange), 1
        return self._reading(is_overdue=is_overdue), len(DATA_TYPES)

    def has_begun(self, now: datetime) -> bool:
        """Tell whether Codat has been asked for anything in this look."""
        known = refreshes.Refreshes(self.connection, now=now)
        return len(self._unasked(known)) < len(DATA_TYPES)

    def _unasked(self, known: refreshes.Refreshes) -> list[str]:
        return [one for one in DATA_TYPES if not known.is_asked(one, self.begun_at)]

    def _refreshing(self, data_type: str, refresh: Exchange) -> Exchange:
        def done(outcome: Any, now: datetime) -> None:
            is_refused = isinstance(outcome, CodatAccessDenied | CodatRejected)
            if is_refused and data_type == TAX_RATES:
                # As for the list: whether a lender may read them is not stated.
                refreshes.note_refused(self.connection, data_type, self.begun_at, now)
                self._put_off(now)
            elif isinstance(outcome, CodatAccessDenied):
                self._shut_out(outcome, now)
            else:
                refresh.done(outcome, now)
                self._put_off(self._next_at(outcome, now))

        return Exchange(refresh.company_id, refresh.call, done)

    def _next_at(self, outcome: Any, now: datetime) -> datetime:
        is_under_way = getattr(outcome, "in_progress", False)
        if isinstance(outcome, CodatError) and not is_under_way:
            return self._again_at(now)
        if isinstance(outcome, PullOperation):
            if outcome.is_errored:
                return self._again_at(now)
            known = refreshes.Refreshes(self.connection, now=now)
            if outcome.is_completed or self._unasked(known):
                return now
        is_soon = now - self.begun_at < SOON
        return refreshes.next_look(now) if is_soon else now + TRY_AGAIN_AFTER

    def _again_at(self, now: datetime) -> datetime:
        """Return when what failed is tried again: ever later, and when patience ends.

        Failures in a row would keep everybody from Codat.
        """
        wait = max(TRY_AGAIN_AFTER, now - self.begun_at)
        return min(now + wait, max(self.begun_at + PATIENCE, now + TRY_AGAIN_AFTER))

    def _reading(self, *, is_overdue: bool) -> Exchange:
        def call(client: CodatClient) -> lost_choices.Seen:
            return lost_choices.read(
                connection=self.connection, mapping=self.mapping, client=client
            )

        def done(outcome: lost_choices.Seen | CodatError, now: datetime) -> None:
            if isinstance(outcome, CodatAccessDenied):
                self._shut_out(outcome, now)
            elif isinstance(outcome, CodatError) and not is_overdue:
                self._put_off(self._again_at(now))
            elif isinstance(outcome, CodatError):
                self._warn(f"could not be looked at: {outcome}")
                self._end(now, looked_at=now)
            else:
                if is_overdue:
                    self._warn("were looked at in Codat's copy as it was")
                self._note(outcome, now)

        return Exchange(self.connection.company_id, call, done)

    @transaction.atomic
    def _note(self, seen: lost_choices.Seen, now: datetime) -> None:
        lock_connection(self.connection, now=now)
        if self._mine().exists():
            lost_choices.note(
                connection=self.connection,
                mapping=self.mapping,
                found=lost_choices.gone(self.mapping, seen),
                now=now,
            )

    def _mine(self) -> QuerySet[Connection]:
        """Return the row, as long as nobody else has taken the step over."""
        return Connection.objects.filter(
            pk=self.connection.pk,
            choice_look_begun_at=self.begun_at,
            choice_look_due_at=self.lease_until,
        )

    def _put_off(self, to: datetime) -> None:
        self._mine().update(choice_look_due_at=to)

    @transaction.atomic
    def _end(self, now: datetime, *, looked_at: datetime | None = None) -> None:
        """End the look without a finding; the writes that waited get their turn."""
        lock_connection(self.connection, now=now)
        for row in self._mine():
            _end(row, looked_at=looked_at)

    def _shut_out(self, error: CodatAccessDenied, now: datetime) -> None:
        """Codat lets nobody in: the writes are held for that, as after a send."""
        with transaction.atomic():
            self._end(now)
            results.shut_out(connection_id=self.connection.pk, error=error, now=now)

    def _warn(self, words: str) -> None:
        logger.warning("The accounts of connection %s %s", self.connection.pk, words)
