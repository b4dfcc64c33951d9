"""Look at a company's newest pushes at Codat before its first write after a start.

One call reads the newest page of the list. It mostly reaches back to a push that we
know; where it does not, one more reads all since then. Without an answer nothing is
written: the look is tried ever more seldom, as a send would be.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from xero_sync.codat.calls import LARGEST_PAGE, PAGE_SIZE
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.push import PushOperation
from xero_sync.models import Connection, WriteRequest
from xero_sync.models.choices import DATA_TYPES, ConnectionStatus
from xero_sync.runtime import run
from xero_sync.writeback import push_looks, results, strays
from xero_sync.writeback.backpressure import backoff
from xero_sync.writeback.budget import LATE, Budget
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.push_looks import Wish
from xero_sync.writeback.readback import CLOCK_SKEW, recent_operations
from xero_sync.writeback.transitions import lock_connection, wake

logger = logging.getLogger(__name__)

LINKED = ConnectionStatus.LINKED
# While what we sent last has no answer yet, its push cannot be told from a stray one.
MOST_SECONDS_UNTOLD = 60.0


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Exchange]:
    """Return the looks that this process waits for, one for a company."""
    wishes = push_looks.wanted(now=now)
    if limit <= 0 or not wishes:
        return []
    work = []
    with transaction.atomic():
        permits = Budget(organisations=(), now=now)
        rows = Connection.objects.filter(pk__in=wishes)
        free = rows.exclude(company__in=busy_companies)
        for row in free.order_by("pk")[:limit]:
            wish = wishes[row.pk]
            is_wanted = row.deleted_at is None and row.status == LINKED
            if push_looks.is_answered(row) or not is_wanted:
                # A write that still waits asks anew, or is held for what it lacks.
                push_looks.forget(row.pk)
                wake(company_ids=[row.company_id], at=now)
                continue
            wait = permits.take(is_look=now - wish.wanted_since <= LATE)
            if wait is not None and wait > now + LATE:
                # What is kept for the writes of a day serves this as well.
                wait = permits.take()
            lease = timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS)
            wish.due_at = wait or now + lease
            if wait:
                wake(company_ids=[row.company_id], at=wait)
            else:
                work.append(_look(row, wish))
        permits.save()
    return work


def _look(row: Connection, wish: Wish) -> Exchange:
    since = _known_up_to(row)

    def done(outcome: list[PushOperation] | CodatError, now: datetime) -> None:
        if isinstance(outcome, CodatAccessDenied):
            push_looks.forget(row.pk)
            with transaction.atomic():
                lock_connection(row, now=now)
                results.shut_out(connection_id=row.pk, error=outcome, now=now)
        elif isinstance(outcome, CodatError):
            if isinstance(outcome, CodatRejected):
                # It may be gone at Codat: look at the connection itself.
                Connection.objects.filter(pk=row.pk).update(checked_at=None)
            _put_off(row, wish, backoff(wish.tries + 1), now)
        elif not wish.reads_all and not _reaches(outcome, since):
            wish.reads_all, wish.due_at = True, now
        elif _is_settled(row, wish, outcome, now):
            push_looks.answer(row.pk)

    return Exchange(row.company_id, _reading(row.codat_company_id, wish, since), done)


def _reading(
    company_id: UUID, wish: Wish, since: datetime | None
) -> Callable[[CodatClient], list[PushOperation]]:
    def call(client: CodatClient) -> list[PushOperation]:
        if not wish.reads_all:
            return list(islice(client.list_push_operations(company_id), PAGE_SIZE))
        return recent_operations(client, company_id, since, page_size=LARGEST_PAGE)

    return call


def _known_up_to(row: Connection) -> datetime | None:
    """Return since when a push may be there that we do not know; None: ever since.

    Entries wait for this look, so the newest request of one is older than it. A run
    that sets accounts up does not wait, and says nothing.
    """
    moments = [
        WriteRequest.objects.filter(connection=row, data_type=one).aggregate(
            newest=Max("created_at")
        )["newest"]
        for one in DATA_TYPES.values()
    ]
    newest = max((one for one in moments if one), default=None)
    return newest - CLOCK_SKEW if newest else None


def _reaches(page: list[PushOperation], since: datetime | None) -> bool:
    """Tell whether the newest page shows all there is since a moment."""
    if len(page) < PAGE_SIZE:
        return True
    times = [one.requested_on for one in page if one.requested_on]
    return bool(since and times and min(times) < since)


@transaction.atomic
def _is_settled(
    row: Connection, wish: Wish, operations: list[PushOperation], now: datetime
) -> bool:
    """Store what a look showed; tell whether that is for good."""
    row = lock_connection(row, now=now)
    found = strays.among(row, operations)
    if found and strays.may_be_told_yet(row, found):
        wait = min(backoff(wish.tries + 1), MOST_SECONDS_UNTOLD)
        _put_off(row, wish, wait, now)
        return False
    row.pushes_seen_by = run.current()
    row.save(update_fields=["pushes_seen_by"])
    if found:
        logger.warning(
            "Connection %s is held: %d pushes at Codat are not known here",
            row.pk,
            len(found),
        )
        strays.hold(row, found, now=now)
    return True


def _put_off(row: Connection, wish: Wish, seconds: float, now: datetime) -> None:
    wish.tries += 1
    wish.due_at = now + timedelta(seconds=seconds)
    wake(company_ids=[row.company_id], at=wish.due_at)
