"""Ask Codat about watched pushes: slowly, and at once when a message names one."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.push import PushOperation
from xero_sync.models import WatchedPush
from xero_sync.writeback import alarms, budget
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.watching import FIRST_LOOK, SLOWEST


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Exchange]:
    """Return the looks at watched pushes that are due, one for each company at most.

    A look is put off before it is made, so that two drains do not make the same one.
    """
    waiting = WatchedPush.objects.filter(next_poll_at__lte=now).exclude(
        record__company__in=busy_companies
    )
    if limit <= 0 or not waiting.exists():
        return []
    with transaction.atomic():
        return _taken(waiting, limit, now)


def _taken(waiting: QuerySet[WatchedPush], limit: int, now: datetime) -> list[Exchange]:
    skip = database.features.has_select_for_update_skip_locked
    found = waiting.select_for_update(of=("self",) if skip else (), skip_locked=skip)
    permits = budget.Budget(organisations=(), now=now)
    work: dict[int, Exchange] = {}
    for watched in found.select_related("record", "connection").order_by(
        "next_poll_at"
    )[:limit]:
        if watched.record.company_id in work:
            continue
        wait = permits.take(is_look=True)
        watched.next_poll_at = wait or now + _pause(watched.polls)
        watched.polls += 0 if wait else 1
        watched.save(update_fields=["next_poll_at", "polls"])
        if not wait:
            work[watched.record.company_id] = _look(watched)
    permits.save()
    return list(work.values())


def _pause(polls: int) -> timedelta:
    return min(SLOWEST, FIRST_LOOK * 2.0 ** min(polls, 10))


def _look(watched: WatchedPush) -> Exchange:
    company_id, key = watched.connection.codat_company_id, watched.push_operation_key

    def call(client: CodatClient) -> PushOperation:
        return client.get_push_operation(company_id, key)

    def done(outcome: PushOperation | CodatError, now: datetime) -> None:
        if isinstance(outcome, PushOperation):
            alarms.note(watched, outcome, now=now)
        elif now >= watched.watched_until:
            WatchedPush.objects.filter(pk=watched.pk).update(next_poll_at=None)

    return Exchange(watched.record.company_id, call, done)
