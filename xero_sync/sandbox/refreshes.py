"""Codat's cache: refreshed on request, read ever after.

Codat's pages on syncing: before the first sync a read is a 409; a record that was
written shows only after its data type was refreshed; queueing a type that is already
running is refused; bank transactions cannot be read from Xero at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from xero_sync.sandbox.cached_reads import accounting_connection
from xero_sync.sandbox.query import listing
from xero_sync.sandbox.readable import SYNC_ORDER
from xero_sync.sandbox.reading import read
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import Connection, Pull, World
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    answer,
    empty,
    stamp,
)

RUNNING = frozenset({"Initial", "Queued", "Fetching"})
KNOWN = frozenset({*SYNC_ORDER, "bankTransactions", "directIncomes", "billPayments"})
PULL_FIELDS = frozenset(
    {
        "id",
        "companyId",
        "connectionId",
        "dataType",
        "status",
        "requested",
        "completed",
        "progress",
        "isCompleted",
        "isErrored",
    }
)


def start_sync(world: World, connection: Connection, *, initial: bool = False) -> None:
    """Read everything, payments before invoices; what is being read goes on."""
    pulls = [
        start_pull(world, connection, data_type, quiet=initial)
        for data_type in SYNC_ORDER
        if not _is_running(_latest(world, connection, data_type))
    ]
    if initial and pulls:
        world.later(
            world.settings.refresh_seconds,
            lambda: _announce(world, pulls, "read.completed.initial"),
        )


def start_pull(
    world: World, connection: Connection, data_type: str, *, quiet: bool = False
) -> Pull:
    """Queue one data type.

    Raises:
        ApiError: 409, it is running already.
    """
    latest = _latest(world, connection, data_type)
    if _is_running(latest):
        message = f"DatasetAlreadyInProgressException: {data_type} is being fetched."
        raise ApiError(409, message, "PullApi")
    pull = Pull(connection.company_id, connection.id, data_type, world.now)
    world.pulls[pull.id] = pull

    def finish() -> None:
        finish_pull(world, pull)
        if not quiet:
            _announce(world, [pull], "read.completed")

    world.later(world.settings.refresh_seconds, finish)
    return pull


def finish_pull(world: World, pull: Pull) -> None:
    """Take a snapshot of the data type, or note why there is none."""
    pull.completed = world.now
    connection = world.connections.get(pull.connection_id)
    if connection is None:
        pull.status = "Cancelled"
    elif connection.status != "Linked":
        pull.status, pull.error = "AuthError", "The connection is not linked."
    elif pull.data_type not in SYNC_ORDER:
        pull.status, pull.error = "FetchError", "Xero does not return this data type."
    else:
        take_snapshot(world, connection, pull.data_type)
        pull.status = "Complete"


def take_snapshot(world: World, connection: Connection, data_type: str) -> None:
    """Put the records as they are now into the cache."""
    organisation = world.organisation_of(connection)
    payments = connection.snapshots.get("payments")
    connection.snapshots[data_type] = read(organisation, data_type, payments)
    connection.last_sync = world.now


def _announce(world: World, pulls: Iterable[Pull], event_type: str) -> None:
    pulls = list(pulls)
    company = world.companies.get(pulls[0].company_id)
    if company is None:
        return
    types = [
        {
            "connectionId": pull.connection_id,
            "dataType": pull.data_type,
            "recordsModified": pull.status == "Complete",
            "status": pull.status,
        }
        for pull in pulls
    ]
    payload = {"modifiedFromDate": stamp(pulls[0].requested), "dataTypes": types}
    world.emit(event_type, payload, company)


def _latest(world: World, connection: Connection, data_type: str) -> Pull | None:
    found = None
    for pull in world.pulls.values():
        if pull.connection_id == connection.id and pull.data_type == data_type:
            found = pull
    return found


def _is_running(pull: Pull | None) -> bool:
    return pull is not None and pull.status in RUNNING


def refresh_one(world: World, call: Call, company: str, kind: str) -> Reply:
    """`POST …/data/queue/{dataType}`."""
    wanted = call.query.get("connectionId")
    if kind not in KNOWN:
        raise ApiError(404, f"No such data type: {kind}")
    if wanted:
        connection = world.connection(company, wanted)
    else:
        connection = accounting_connection(world, company)
    _check_linked(connection)
    return answer(show_pull(start_pull(world, connection, kind)))


def refresh_all(world: World, _call: Call, company: str) -> Reply:
    """`POST …/data/all`."""
    connection = accounting_connection(world, company)
    _check_linked(connection)
    start_sync(world, connection)
    return empty()


def _check_linked(connection: Connection) -> None:
    if connection.status != "Linked":
        raise ApiError(400, f"Connection {connection.id} is {connection.status}.")


def data_status(world: World, _call: Call, company: str) -> Reply:
    """`GET …/dataStatus`."""
    world.company(company)
    statuses: JsonObject = {}
    for pull in world.pulls.values():
        if pull.company_id != company:
            continue
        status = statuses.setdefault(pull.data_type, {"dataType": pull.data_type})
        status["currentStatus"] = pull.status
        status["latestSyncId"] = pull.id
        if pull.status == "Complete" and pull.completed is not None:
            status["lastSuccessfulSync"] = stamp(pull.completed)
            status["latestSuccessfulSyncId"] = pull.id
    return answer(statuses)


def list_pulls(world: World, call: Call, company: str) -> Reply:
    """`GET …/data/history`."""
    world.company(company)
    pulls = [show_pull(it) for it in world.pulls.values() if it.company_id == company]
    pulls.reverse()
    return listing(call, pulls, name="Dataset", fields=PULL_FIELDS)


def get_pull(world: World, _call: Call, company: str, pull: str) -> Reply:
    """`GET …/data/history/{datasetId}`."""
    return answer(show_pull(_find(world, company, pull)))


def get_validation(world: World, _call: Call, company: str, pull: str) -> Reply:
    """`GET …/sync/{datasetId}/validation`."""
    _find(world, company, pull)
    return answer({"errors": [], "warnings": []})


def _find(world: World, company: str, pull: str) -> Pull:
    world.company(company)
    found = world.pulls.get(pull)
    if found is None or found.company_id != company:
        raise ApiError(404, f"No data set was found with ID {pull}", "PullApi")
    return found


def show_pull(pull: Pull) -> JsonObject:
    """A pull operation as Codat shows it."""
    done = pull.status not in RUNNING
    completed: datetime | None = pull.completed
    shown: JsonObject = {
        "id": pull.id,
        "companyId": pull.company_id,
        "connectionId": pull.connection_id,
        "dataType": pull.data_type,
        "status": pull.status,
        "requested": stamp(pull.requested),
        "progress": 100 if done else 0,
        "isCompleted": pull.status == "Complete",
        "isErrored": done and pull.status != "Complete",
    }
    if completed is not None:
        shown["completed"] = stamp(completed)
    if pull.error is not None:
        shown["errorMessage"] = pull.error
    return shown


_COMPANY = "/companies/{company}"
ROUTES = [
    Route("POST", _COMPANY + "/data/all", refresh_all),
    Route("POST", _COMPANY + "/data/queue/{kind}", refresh_one),
    Route("GET", _COMPANY + "/data/history", list_pulls),
    Route("GET", _COMPANY + "/data/history/{pull}", get_pull),
    Route("GET", _COMPANY + "/sync/{pull}/validation", get_validation),
    Route("GET", _COMPANY + "/dataStatus", data_status),
]
