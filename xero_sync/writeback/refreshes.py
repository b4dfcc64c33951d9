"""Fresh reads: Codat answers from a cache, so a read needs a refresh finished before.

Nothing waits here. Each call returns the one exchange that brings a refresh a step
further, or None when it is done.
"""

from datetime import datetime, timedelta

from django.conf import settings

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.pulls import PullOperation
from xero_sync.models import DataRefresh
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.readiness import AnyConnection

# A refresh that Codat has not finished after this long is asked for again.
GIVEN_UP_AFTER = timedelta(minutes=30)


class Refreshes:
    """The latest refreshes of a connection, all as they stood at one moment.

    Other drains go on meanwhile: answers that fit different moments could together
    show a refresh that was never made.
    """

    def __init__(self, connection: AnyConnection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now
        known = DataRefresh.objects.filter(connection=connection.pk)
        self._latest = {refresh.data_type: refresh for refresh in known}

    def step_towards(
        self,
        data_type: str,
        *,
        since: datetime,
        finished_since: datetime | None = None,
    ) -> Exchange | None:
        """Return the next exchange towards a refresh asked for at `since` or later.

        One that had finished before `finished_since` is asked for again.
        """
        latest = self._asked_since(data_type, since)
        if latest is None or self._is_stuck(latest):
            return _request(self._connection, data_type, self._now)
        if latest.completed_at is None:
            return _look(self._connection, latest)
        if finished_since is not None and latest.completed_at < finished_since:
            return _request(self._connection, data_type, self._now)
        return None

    def is_asked(self, data_type: str, since: datetime) -> bool:
        """Tell whether a refresh asked for since is under way or has finished."""
        latest = self._asked_since(data_type, since)
        return latest is not None and not self._is_stuck(latest)

    def is_current(
        self, data_type: str, *, since: datetime, finished_since: datetime
    ) -> bool:
        """Tell whether a refresh asked for since is under way or newly finished."""
        latest = self._asked_since(data_type, since)
        if latest is None or self._is_stuck(latest):
            return False
        return latest.completed_at is None or latest.completed_at >= finished_since

    def completed_at(self, data_type: str, *, since: datetime) -> datetime | None:
        """Return when a refresh that was asked for since finished, if one has."""
        latest = self._asked_since(data_type, since)
        return latest.completed_at if latest else None

    def _asked_since(self, data_type: str, since: datetime) -> DataRefresh | None:
        latest = self._latest.get(data_type)
        return latest if latest and latest.requested_at >= since else None

    def _is_stuck(self, refresh: DataRefresh) -> bool:
        unfinished = refresh.completed_at is None
        return unfinished and refresh.requested_at < self._now - GIVEN_UP_AFTER


def note_refused(
    connection: AnyConnection, data_type: str, asked_at: datetime, now: datetime
) -> None:
    """Remember that Codat lets nobody refresh a data type: its copy stays as it is."""
    DataRefresh.objects.update_or_create(
        connection_id=connection.pk,
        data_type=data_type,
        defaults={
            "operation_id": None,
            "requested_at": asked_at,
            "completed_at": now,
            "failed": "refused",
        },
    )


def next_look(now: datetime) -> datetime:
    """Return when a refresh under way is looked at again."""
    return now + timedelta(seconds=settings.WRITEBACK_REFRESH_SECONDS)


def _request(connection: AnyConnection, data_type: str, asked_at: datetime) -> Exchange:
    def call(client: CodatClient) -> PullOperation:
        return client.refresh_data_type(
            connection.codat_company_id, data_type, connection.codat_connection_id
        )

    def done(outcome: PullOperation | CodatError, _now: datetime) -> None:
        if isinstance(outcome, CodatError):
            # Also when one is under way already: it began before we asked.
            return
        DataRefresh.objects.update_or_create(
            connection_id=connection.pk,
            data_type=data_type,
            defaults={
                "operation_id": outcome.id,
                "requested_at": asked_at,
                "completed_at": None,
                "failed": "",
            },
        )

    return Exchange(connection.company_id, call, done)


def _look(connection: AnyConnection, refresh: DataRefresh) -> Exchange:
    def call(client: CodatClient) -> PullOperation:
        return client.get_pull_operation(
            connection.codat_company_id, str(refresh.operation_id)
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
