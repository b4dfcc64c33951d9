"""The daily check of connections: what a webhook does not tell is found."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from xero_sync.accounts import mapping
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.connections import status as connection_status
from xero_sync.models import (
    CheckFailureKind,
    Connection,
    ConnectionCheckFailure,
    ConnectionCheckRun,
)
from xero_sync.models.choices import ConnectionStatus, FeedStatus
from xero_sync.xero_app import cap

logger = logging.getLogger(__name__)

# Access that Codat has refused is asked for again after this long.
REFUSED_AGAIN_AFTER = timedelta(minutes=10)
# After this long only a webhook, the daily check or a person brings a consent in.
CONSENT_AWAITED_FOR = timedelta(hours=1)
CONSENT_LOOKED_FOR_EVERY = timedelta(minutes=1)


def doubtful(*, now: datetime) -> list[Connection]:
    """Return live connections that have to be looked at now.

    Where Codat has refused us, a look every few minutes tells when it lets us in again.
    A borrower who was just sent to Xero is back in minutes, and a webhook can be lost.
    """
    refused = ~Q(access_problem="") & Q(checked_at__lte=now - REFUSED_AGAIN_AFTER)
    awaited = Q(
        status=ConnectionStatus.PENDING_AUTH,
        created_at__gt=now - CONSENT_AWAITED_FOR,
        checked_at__lte=now - CONSENT_LOOKED_FOR_EVERY,
    )
    # Xero makes a new account and connects its feed in its own time.
    connecting = Q(
        lender_accounts__feed_status=FeedStatus.CONNECTING,
        lender_accounts__feed_status_since__gt=now - CONSENT_AWAITED_FOR,
        checked_at__lte=now - CONSENT_LOOKED_FOR_EVERY,
    )
    # The connection was read, and then its feed could not be.
    unread = Q(
        status=ConnectionStatus.LINKED,
        lender_accounts__void_since=None,
        lender_accounts__feed_checked_at__lt=F("checked_at"),
        checked_at__lte=now - REFUSED_AGAIN_AFTER,
    ) & ~Q(lender_accounts__feed_status=FeedStatus.CLOSED)
    doubted = Q(checked_at=None) | refused | awaited | connecting | unread
    return list(Connection.objects.live().filter(doubted).distinct()[:20])


def check_all(
    *,
    client: CodatClient,
    now: datetime,
    unless_since: datetime | None = None,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], None] = time.sleep,
) -> tuple[int, int]:
    """Look at every live connection and at the accounts chosen in it.

    Those longest unchecked come first; those checked at `unless_since` or later are
    left out. One that fails does not stop the others, `stop` does. What was done is
    recorded as a run, unless there was nothing to do.

    Returns:
        How many were checked, and how many could not be.
    """
    began = time.monotonic()
    checked = 0
    failures: dict[UUID, CheckFailureKind] = {}
    waiting = Connection.objects.live().order_by(F("checked_at").asc(nulls_first=True))
    if unless_since is not None:
        waiting = waiting.filter(Q(checked_at=None) | Q(checked_at__lt=unless_since))
    for connection in waiting:
        if stop():
            break
        try:
            row = connection_status.refresh(
                connection=connection, client=client, now=now
            )
            mapping.revalidate(connection=row, client=client, now=now, wait=wait)
        except CodatError as exc:
            logger.warning("The check of connection %s failed: %s", connection.pk, exc)
            failures[connection.pk] = CheckFailureKind(exc.kind)
            continue
        if row.access_problem:
            failures[connection.pk] = CheckFailureKind.ACCESS_DENIED
        else:
            checked += 1
    cap.settle()
    if checked or failures:
        took = timedelta(seconds=time.monotonic() - began)
        _record(checked, failures, started_at=now, ended_at=now + took)
    return checked, len(failures)


@transaction.atomic
def _record(
    checked: int,
    failures: Mapping[UUID, CheckFailureKind],
    *,
    started_at: datetime,
    ended_at: datetime,
) -> None:
    run = ConnectionCheckRun.objects.create(
        started_at=started_at, ended_at=ended_at, checked=checked, failed=len(failures)
    )
    ConnectionCheckFailure.objects.bulk_create(
        ConnectionCheckFailure(run=run, connection_id=connection_id, kind=kind)
        for connection_id, kind in failures.items()
    )
