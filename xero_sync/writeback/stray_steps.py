"""Look up what pushes of unknown origin wrote, one exchange after the other.

First Codat's word on each, until it is final; then the data themselves, refreshed since
that word, where Codat shows them. What nobody can read is left to a person at once.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from xero_sync.codat.calls import LARGEST_PAGE
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.ledger import DirectCost, Payment, Transfer
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import Connection, StrayPush
from xero_sync.models.choices import ConnectionStatus
from xero_sync.writeback import refreshes, stray_marks, strays
from xero_sync.writeback.budget import Budget
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.readback import CLOCK_SKEW, recent_operations
from xero_sync.writeback.transitions import lock_connection

Found = Transfer | DirectCost | Payment

# How often Codat is asked what became of one.
ASKED_EVERY = {
    PushStatus.PENDING: timedelta(minutes=1),
    PushStatus.UNKNOWN: timedelta(minutes=1),
    PushStatus.TIMED_OUT: timedelta(hours=1),
}
TRY_AGAIN_AFTER = timedelta(minutes=1)


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Exchange]:
    """Return the next steps that are due, one for a company.

    Each is put off for the time of a lease before it is made, so that two drains do not
    make the same one; only who still holds it stores what came of it.
    """
    waiting = Connection.objects.filter(stray_look_due_at__lte=now).exclude(
        company__in=busy_companies
    )
    if limit <= 0 or not waiting.exists():
        return []
    work = []
    with transaction.atomic():
        permits = Budget(organisations=(), now=now)
        if database.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(no_key=True, skip_locked=True)
        for row in waiting.order_by("stray_look_due_at")[:limit]:
            lease = now + timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS)
            step = _Step(row, lease)
            found, later = step.next(now)
            wait = permits.take(is_look=True) if found else later
            row.stray_look_due_at = lease if found and not wait else wait
            row.save(update_fields=["stray_look_due_at"])
            if found and not wait:
                work.append(found)
        permits.save()
    return work


@dataclass(frozen=True)
class _Step:
    """One step of a look, held by one drain until `lease_until`."""

    connection: Connection
    lease_until: datetime

    def next(self, now: datetime) -> tuple[Exchange | None, datetime | None]:
        """Return the next exchange, or when the next one comes, if one does."""
        if self.connection.deleted_at:
            return None, None
        unsettled = list(self.connection.stray_pushes.unsettled())
        asks = [
            (one.asked_at + ASKED_EVERY[PushStatus(one.status)], one)
            for one in unsettled
            if one.status in ASKED_EVERY
        ]
        if any(at <= now for at, _ in asks):
            return self._asking([one for _, one in asks], now), None
        unread = [one for one in unsettled if stray_marks.is_to_be_read(one)]
        if unread and self.connection.status == ConnectionStatus.LINKED:
            return self._reading(unread, now), None
        again = [at for at, _ in asks]
        # A connection that is cut may be linked again.
        again += [now + timedelta(hours=1)] if unread else []
        return None, min(again, default=None)

    def _asking(self, pushes: list[StrayPush], now: datetime) -> Exchange:
        company_id = self.connection.codat_company_id
        times = [one.requested_on for one in pushes if one.requested_on]
        since = min(times) - CLOCK_SKEW if len(times) == len(pushes) else None
        asked_at = now

        def call(client: CodatClient) -> list[PushOperation]:
            return recent_operations(client, company_id, since, page_size=LARGEST_PAGE)

        def store(listed: list[PushOperation], now: datetime) -> None:
            told = {one.key: one for one in listed}
            for push in pushes:
                operation = told.get(push.push_operation_key)
                push.asked_at = asked_at
                if operation is not None:
                    push.status = operation.status
                    push.xero_record_id = operation.record_id
                push.save(update_fields=["asked_at", "status", "xero_record_id"])
            # What has reached Codat meanwhile.
            known = self.connection.stray_pushes.values_list(
                "push_operation_key", flat=True
            )
            new = [
                one
                for one in strays.among(self.connection, listed)
                if one.key not in set(known)
            ]
            if new and not strays.may_be_told_yet(self.connection, new):
                row = Connection.objects.get(pk=self.connection.pk)
                strays.hold(row, new, now=now)

        return self._exchange(call, store)

    def _reading(self, unread: list[StrayPush], now: datetime) -> Exchange:
        names = stray_marks.READABLE
        data_type = names[unread[0].data_type.lower()]
        alike = [one for one in unread if names[one.data_type.lower()] == data_type]
        known = refreshes.Refreshes(self.connection, now=now)
        since = max(one.asked_at for one in alike)
        step = known.step_towards(data_type, since=since)
        if step is not None:
            return self._refreshing(step, alike)

        def call(client: CodatClient) -> list[Found]:
            return _read(client, self.connection, data_type)

        def store(found: list[Found], now: datetime) -> None:
            made = {one.id: one for one in found if not one.is_deleted}
            for push in alike:
                one = made.get(push.xero_record_id)
                push.wrote, push.read_at = (_facts(one) if one else {}), now
                push.save(update_fields=["wrote", "read_at"])

        return self._exchange(call, store, unreadable=alike)

    def _refreshing(self, step: Exchange, alike: list[StrayPush]) -> Exchange:
        def done(outcome: Any, now: datetime) -> None:
            if isinstance(outcome, CodatAccessDenied | CodatRejected):
                self._give_up(alike, now)
                return
            step.done(outcome, now)
            is_answered = not isinstance(outcome, CodatError)
            later = refreshes.next_look(now) if is_answered else now + TRY_AGAIN_AFTER
            self._mine().update(stray_look_due_at=later)

        return Exchange(step.company_id, step.call, done)

    def _exchange(
        self,
        call: Callable[[CodatClient], Any],
        store: Callable[[Any, datetime], None],
        *,
        unreadable: Collection[StrayPush] = (),
    ) -> Exchange:
        def done(outcome: Any, now: datetime) -> None:
            if isinstance(outcome, CodatAccessDenied | CodatRejected) and unreadable:
                self._give_up(unreadable, now)
                return
            if isinstance(outcome, CodatError):
                self._mine().update(stray_look_due_at=now + TRY_AGAIN_AFTER)
                return
            with transaction.atomic():
                lock_connection(self.connection, now=now)
                if self._mine().update(stray_look_due_at=now):
                    store(outcome, now)
                    stray_marks.adopt(self.connection, now=now)

        return Exchange(self.connection.company_id, call, done)

    @transaction.atomic
    def _give_up(self, pushes: Collection[StrayPush], now: datetime) -> None:
        """Codat lets nobody read these data: a person looks in Xero."""
        if self._mine().update(stray_look_due_at=now):
            ids = [one.pk for one in pushes]
            StrayPush.objects.filter(pk__in=ids).update(read_at=now)

    def _mine(self) -> QuerySet[Connection]:
        """Return the row, as long as nobody else has taken the step over."""
        return Connection.objects.filter(
            pk=self.connection.pk, stray_look_due_at=self.lease_until
        )


def _read(client: CodatClient, connection: Connection, data_type: str) -> list[Found]:
    ids = (connection.codat_company_id, connection.codat_connection_id)
    if data_type == "transfers":
        return list(client.list_transfers(*ids))
    if data_type == "directCosts":
        return list(client.list_direct_costs(*ids))
    return list(client.list_payments(connection.codat_company_id))


def _facts(one: Found) -> dict[str, str]:
    """Return what tells an entry apart, as it is kept with the push."""
    facts: dict[str, object] = {"date": one.date and one.date.isoformat()}
    if isinstance(one, Transfer):
        facts |= {
            "amount": one.amount,
            "from": one.from_account_id,
            "to": one.to_account_id,
        }
    else:
        facts |= {
            "amount": one.total_amount,
            "reference": one.reference,
            "account": one.account_id,
        }
    return {name: str(value) for name, value in facts.items() if value is not None}
