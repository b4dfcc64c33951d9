"""Connections: the way from a company to its Xero organisation."""

from __future__ import annotations

from secrets import token_hex

from xero_sync.sandbox.charts import new_organisation
from xero_sync.sandbox.integrations import INTEGRATIONS, SOURCE_ID
from xero_sync.sandbox.organisation import Organisation
from xero_sync.sandbox.query import listing
from xero_sync.sandbox.refreshes import start_sync
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import Connection, World
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    answer,
    empty,
    stamp,
    text_in,
)

FIELDS = frozenset(
    {
        "id",
        "integrationId",
        "integrationKey",
        "sourceId",
        "sourceType",
        "platformName",
        "status",
        "lastSync",
        "created",
    }
)
STATUSES = frozenset({"PendingAuth", "Linked", "Unlinked", "Deauthorized"})


def show_connection(world: World, connection: Connection) -> JsonObject:
    """A connection as Codat shows it, with a fresh link each time.

    Codat's page on links: with one-time passwords a link works once.
    """
    password = token_hex(4)
    connection.one_time_passwords.add(password)
    integration = INTEGRATIONS[connection.platform]
    base = world.settings.link_base
    shown: JsonObject = {
        "id": connection.id,
        "integrationId": integration.id,
        "integrationKey": connection.platform,
        "sourceId": SOURCE_ID,
        "sourceType": "Accounting",
        "platformName": integration.name,
        "linkUrl": f"{base}/_sandbox/link/{connection.id}?otp={password}",
        "status": connection.status,
        "created": stamp(connection.created),
        "dataConnectionErrors": list(connection.errors),
    }
    if connection.last_sync is not None:
        shown["lastSync"] = stamp(connection.last_sync)
    return shown


def announce(world: World, connection: Connection, event: str) -> None:
    """Emit `connection.{event}`."""
    company = world.companies.get(connection.company_id)
    payload = {"connection": show_connection(world, connection)}
    world.emit(f"connection.{event}", payload, company)


def open_connection(
    world: World, company_id: str, platform: str = "gbol", id_: str | None = None
) -> Connection:
    """Add a connection that nobody has authorised yet."""
    connection = Connection(company_id, world.now, platform=platform)
    connection.id = id_ or connection.id
    world.connections[connection.id] = connection
    announce(world, connection, "created")
    return connection


def link(world: World, connection: Connection, organisation: Organisation) -> None:
    """Finish the consent: linked to that organisation, and read from it.

    Another organisation than before means other ids: nothing that was mapped or read
    is of use any more.
    """
    if connection.organisation_id != organisation.id:
        connection.snapshots.clear()
        for feed in connection.feeds.values():
            feed.status = "disconnected" if feed.target_id else feed.status
    world.organisations[organisation.id] = organisation
    connection.organisation_id = organisation.id
    change_status(world, connection, "Linked")


def change_status(world: World, connection: Connection, status: str) -> None:
    """Move a connection to another state, and say so."""
    before, connection.status = connection.status, status
    world.count_active()
    if status == before:
        return
    for error in connection.errors:
        error["status"] = "Resolved"
    if status == "Linked":
        announce(
            world, connection, "connected" if before == "PendingAuth" else "reconnected"
        )
        if connection.organisation_id is not None:
            start_sync(world, connection, initial=not connection.snapshots)
    elif status in {"Unlinked", "Deauthorized"}:
        if status == "Deauthorized":
            connection.errors.append(_error(world, "401", "The token was revoked."))
        announce(world, connection, "disconnected")


def withdraw(world: World, connection_id: str, *, seconds: float) -> None:
    """The borrower withdraws their consent, and gives it again after a while."""
    connection = world.connections.get(connection_id)
    if connection is not None:
        change_status(world, connection, "Deauthorized")
        world.returning.add(connection_id)
        world.later(seconds, lambda: give_again(world, connection_id))


def give_again(world: World, connection_id: str) -> None:
    """Link a connection again whose consent was withdrawn."""
    world.returning.discard(connection_id)
    connection = world.connections.get(connection_id)
    if connection is not None and connection.status == "Deauthorized":
        change_status(world, connection, "Linked")


def fail_consent(world: World, connection: Connection, code: int, text: str) -> None:
    """The borrower came back from the link page without a connection."""
    connection.errors.append(_error(world, str(code), text))
    announce(world, connection, "failed")


def _error(world: World, code: str, text: str) -> JsonObject:
    return {
        "statusCode": code,
        "statusText": text,
        "errorMessage": text,
        "erroredOnUtc": stamp(world.now),
        "status": "Active",
    }


def find_organisation(world: World, name: str) -> Organisation | None:
    """The organisation of that id or name."""
    for organisation in world.organisations.values():
        if name in {organisation.id, organisation.name}:
            return organisation
    return None


def organisation_for(world: World, connection: Connection) -> Organisation:
    """The organisation a borrower picks when nothing else is said."""
    known = connection.organisation_id or connection.offered_id
    if known is not None:
        return world.organisations[known]
    company = world.companies[connection.company_id]
    return find_organisation(world, company.name) or new_organisation(
        company.name, now=world.now
    )


def remove_connection(world: World, connection: Connection) -> None:
    """Delete a connection, with the source accounts that hang on it."""
    del world.connections[connection.id]
    world.count_active()
    announce(world, connection, "deleted")


def create_connection(world: World, call: Call, company: str) -> Reply:
    """`POST /companies/{companyId}/connections`."""
    world.company(company)
    platform = text_in(call.json_object(), "platformKey")
    if platform is None or platform not in INTEGRATIONS:
        raise ApiError(404, f"Platform {platform} not found", "ClientsApi")
    if not world.settings.integration_enabled:
        raise ApiError(400, f"Platform {platform} is not enabled.", "ClientsApi")
    return answer(show_connection(world, open_connection(world, company, platform)))


def list_connections(world: World, call: Call, company: str) -> Reply:
    """`GET /companies/{companyId}/connections`."""
    world.company(company)
    shown = [show_connection(world, it) for it in world.connections_of(company)]
    return listing(call, shown, name="DataConnection", fields=FIELDS)


def get_connection(world: World, _call: Call, company: str, connection: str) -> Reply:
    """`GET /companies/{companyId}/connections/{connectionId}`."""
    return answer(show_connection(world, world.connection(company, connection)))


def unlink_connection(world: World, call: Call, company: str, connection: str) -> Reply:
    """`PATCH …/connections/{connectionId}`: only Linked can be unlinked."""
    found = world.connection(company, connection)
    status = call.json_object().get("status")
    if status != "Unlinked":
        raise ApiError(400, f"A connection cannot be set to {status}.", "ClientsApi")
    if found.status not in {"Linked", "Unlinked"}:
        raise ApiError(400, f"A {found.status} connection cannot be unlinked.")
    change_status(world, found, "Unlinked")
    return answer(show_connection(world, found))


def delete_connection(
    world: World, _call: Call, company: str, connection: str
) -> Reply:
    """`DELETE …/connections/{connectionId}`: 200 without a body."""
    remove_connection(world, world.connection(company, connection))
    return empty(200)


_CONNECTIONS = "/companies/{company}/connections"
ROUTES = [
    Route("GET", _CONNECTIONS, list_connections),
    Route("POST", _CONNECTIONS, create_connection),
    Route("GET", _CONNECTIONS + "/{connection}", get_connection),
    Route("PATCH", _CONNECTIONS + "/{connection}", unlink_connection),
    Route("DELETE", _CONNECTIONS + "/{connection}", delete_connection),
]
