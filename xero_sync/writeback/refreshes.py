"""Fresh reads: Codat answers from a cache, so a read needs a refresh finished before.

Nothing waits here. Each call returns the one exchange that brings a refresh a step
further, or None when it is done.
"""

from datetime import datetime, timedelta

from django.conf import settings

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.pulls import PullOperation
from xero_sync.models import Connection, DataRefresh
from xero_sync.writeback.exchange import Exchange

# A refresh that Codat has not finished after this long is asked for again.
GIVEN_UP_AFTER = timedelta(minutes=30)


def step_towards(
    *,
    connection: Connection,
    data_type: str,
    since: datetime,
    now: datetime,
    finished_since: datetime | None = None,
) -> Exchange | None:
    """Return the next exchange towards a refresh asked for at `since` or later.

    One that had finished before `finished_since` is asked for again.
    """
    latest = _latest(connection, data_type)
    if latest is None or latest.requested_at < since or _is_stuck(latest, now):
        return _request(connection, data_type, now)
    if latest.completed_at is None:
        return _look(connection, latest)
    if finished_since is not None and latest.completed_at < finished_since:
        return _request(connection, data_type, now)
    return None


def is_current(
    connection: Connection,
    data_type: str,
    since: datetime,
    finished_since: datetime,
    now: datetime,
) -> bool:
    """Tell whether a refresh asked for since then is under way or newly finished."""
    latest = _latest(connection, data_type)
    if latest is None or latest.requested_at < since or _is_stuck(latest, now):
        return False
    return latest.completed_at is None or latest.completed_at >= finished_since


def completed_at(
    *, connection: Connection, data_type: str, since: datetime
) -> datetime | None:
    """Return when a refresh that was asked for since then finished, if one has."""
    latest = _latest(connection, data_type)
    if latest is None or latest.requested_at < since:
        return None
    return latest.completed_at


def _latest(connection: Connection, data_type: str) -> DataRefresh | None:
    return DataRefresh.objects.filter(
        connection=connection, data_type=data_type
    ).first()


def next_look(now: datetime) -> datetime:
    """Return when a refresh under way is looked at again."""
    return now + timedelta(seconds=settings.WRITEBACK_REFRESH_SECONDS)


def _is_stuck(refresh: DataRefresh, now: datetime) -> bool:
    unfinished = refresh.completed_at is None
    return unfinished and refresh.requested_at < now - GIVEN_UP_AFTER


def _request(connection: Connection, data_type: str, asked_at: datetime) -> Exchange:
    def call(client: CodatClient) -> PullOperation:
        return client.refresh_data_type(
            connection.codat_company_id, data_type, connection.codat_connection_id
        )

    def done(outcome: PullOperation | CodatError, _now: datetime) -> None:
        if isinstance(outcome, CodatError):
            # Also when one is under way already: it began before we asked.
            return
        DataRefresh.objects.update_or_create(
            connection=connection,
            data_type=data_type,
            defaults={
                "operation_id": outcome.id,
                "requested_at": asked_at,
                "completed_at": None,
                "failed": "",
            },
        )

    return Exchange(connection.company_id, call, done)


def _look(connection: Connection, refresh: DataRefresh) -> Exchange:
    def call(client: CodatClient) -> PullOperation:
        return client.get_pull_operation(
            connection.codat_company_id, refresh.operation_id
        )

    def done(outcome: PullOperation | CodatError, now: datetime) -> None:
        if isinstance(outcome, CodatError):
            return
        if outcome.is_errored:
            # Asked for again at the next look.
            DataRefresh.objects.filter(pk=refresh.pk).delete()
        elif outcome.is_completed:
            DataRefresh.objects.filter(
                pk=refresh.pk, operation_id=refresh.operation_id
            ).update(completed_at=now)

    return Exchange(connection.company_id, call, done)
