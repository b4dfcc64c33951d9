"""Reads: always from what Codat has in its cache, never from Xero."""

from __future__ import annotations

from xero_sync.sandbox.query import listing
from xero_sync.sandbox.readable import FIELDS
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import Connection, World
from xero_sync.sandbox.wire import ApiError, Call, JsonObject, Reply, answer

# what is read under another name than it is queued
PATHS = {"accounts": "chartOfAccounts"}
BY_CONNECTION = frozenset({"bankAccounts", "transfers", "directCosts"})


def accounting_connection(world: World, company_id: str) -> Connection:
    """The one accounting connection of a company; linked before others.

    Raises:
        ApiError: 409, there is none to read from.
    """
    world.company(company_id)
    connections = world.connections_of(company_id)
    linked = [it for it in connections if it.status == "Linked"]
    for connection in (*reversed(linked), *reversed(connections)):
        return connection
    raise not_requested()


def not_requested() -> ApiError:
    """The answer before the first synchronisation."""
    return ApiError(409, "The data set has not been requested.")


def snapshot(connection: Connection, data_type: str) -> list[JsonObject]:
    """What the cache has of a data type.

    Raises:
        ApiError: 409, nothing yet.
    """
    if data_type not in connection.snapshots:
        raise not_requested()
    return connection.snapshots[data_type]


def list_records(
    world: World, call: Call, company: str, kind: str, connection: str | None = None
) -> Reply:
    """`GET …/data/{kind}`."""
    source, data_type = _source(world, company, kind, connection)
    records = snapshot(source, data_type)
    return listing(call, records, name=data_type, fields=FIELDS[data_type])


def get_record(
    world: World,
    _call: Call,
    company: str,
    kind: str,
    record: str,
    connection: str | None = None,
) -> Reply:
    """`GET …/data/{kind}/{id}`."""
    source, data_type = _source(world, company, kind, connection)
    for found in snapshot(source, data_type):
        if found["id"] == record:
            return answer(found)
    raise ApiError(404, f"No data available for {kind} for ID {record}")


def _source(
    world: World, company: str, kind: str, connection: str | None
) -> tuple[Connection, str]:
    data_type = PATHS.get(kind, kind)
    if connection is None:
        source = accounting_connection(world, company)
    else:
        source = world.connection(company, connection)
    if data_type == "bankTransactions":
        raise not_requested()  # Xero never returns any
    if data_type not in FIELDS or kind in PATHS.values():
        raise ApiError(404, f"No such data type: {kind}")
    if (data_type in BY_CONNECTION) != (connection is not None):
        raise ApiError(404, f"No such data type here: {kind}")
    return source, data_type


def get_info(world: World, _call: Call, company: str) -> Reply:
    """`GET …/data/info`: the accounting profile."""
    source = accounting_connection(world, company)
    return answer(snapshot(source, "company")[0])


_COMPANY = "/companies/{company}"
_CONNECTION = _COMPANY + "/connections/{connection}"
ROUTES = [
    Route("GET", _COMPANY + "/data/info", get_info),
    Route("GET", _COMPANY + "/data/{kind}", list_records),
    Route("GET", _COMPANY + "/data/{kind}/{record}", get_record),
    Route("GET", _CONNECTION + "/data/{kind}", list_records),
    Route("GET", _CONNECTION + "/data/{kind}/{record}", get_record),
]
