"""Source accounts: the lender's side of a bank feed, under ids the lender chose."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.shape import is_amount
from xero_sync.sandbox.state import Connection, Feed, World
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

V1_TYPES = frozenset({"Debit", "Credit"})
V2_TYPES = frozenset({"checking", "savings", "loan", "creditCard", "prepaidCard"})
V2_REQUIRED = ("accountName", "accountType", "accountNumber", "currency", "balance")
PROPERTIES = frozenset(
    {
        *V2_REQUIRED,
        "id",
        "sortCode",
        "routingInfo",
        "accountInfo",
        "modifiedDate",
        "status",
        "feedStartDate",
    }
)
LARGEST_BATCH = 50


def show(feed: Feed) -> JsonObject:
    """A source account as Codat shows it."""
    shown = {name: it for name, it in feed.source.items() if it is not None}
    shown["status"] = feed.status
    if feed.feed_start is not None:
        shown["feedStartDate"] = feed.feed_start
    return shown


def find_feed(connection: Connection, account_id: str) -> Feed:
    """The source account of that id.

    Raises:
        ApiError: 404, there is none.
    """
    feed = connection.feeds.get(account_id)
    if feed is None:
        raise ApiError(404, f"Source account {account_id} not found", "BankFeedsApi")
    return feed


def create_feed(world: World, connection: Connection, body: Any) -> Feed:
    """Add a source account.

    Codat's bank-feed pages: an id can be used once, and GBP needs a sort code.

    Raises:
        ApiError: 400, it cannot be added.
    """
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise _bad("Source account id must be provided.")
    if body["id"] in connection.feeds:
        raise _bad(f"Source account {body['id']} already exists.")
    unknown = set(body) - PROPERTIES
    if unknown:
        raise _bad(f"Unknown properties: {', '.join(sorted(unknown))}.")
    _check_types(body)
    kind = body.get("accountType")
    if kind in V2_TYPES:
        missing = [name for name in V2_REQUIRED if body.get(name) in (None, "")]
        if missing:
            raise _bad(f"{', '.join(missing)} must be provided.")
    elif kind is not None and kind not in V1_TYPES:
        raise _bad(f"Unknown account type {kind}.")
    if body.get("currency") == "GBP" and not body.get("sortCode"):
        raise _bad("sortCode must be provided for an account in GBP.")
    source = {name: it for name, it in body.items() if name != "status"}
    source.setdefault("modifiedDate", stamp(world.now))
    balance = body.get("balance")
    feed = Feed(source, Decimal(balance) if balance is not None else Decimal(0))
    connection.feeds[feed.id] = feed
    return feed


def _check_types(body: JsonObject) -> None:
    for name in ("accountName", "accountType", "accountNumber", "sortCode", "currency"):
        text_in(body, name)
    if body.get("balance") is not None and not is_amount(body["balance"]):
        raise _bad("balance must be a number.")


def _bad(message: str) -> ApiError:
    return ApiError(400, message, "BankFeedsApi")


def announce(world: World, connection: Connection, feed: Feed, event: str) -> None:
    """Emit `bankFeeds.sourceAccount.{event}`."""
    company = world.companies.get(connection.company_id)
    payload = {
        "companyId": connection.company_id,
        "connectionId": connection.id,
        # the published samples of both events show a pending account
        "sourceAccount": {**show(feed), "status": "pending"},
    }
    world.emit(f"bankFeeds.sourceAccount.{event}", payload, company)


def disconnect(world: World, connection: Connection, feed: Feed) -> None:
    """The feed is cut, by the borrower in Xero or by the lender."""
    if feed.status != "disconnected":
        feed.status = "disconnected"
        announce(world, connection, feed, "disconnected")


def list_accounts(world: World, _call: Call, company: str, connection: str) -> Reply:
    """`GET …/connectionInfo/bankFeedAccounts`: a bare array."""
    found = world.connection(company, connection)
    return answer([show(feed) for feed in found.feeds.values()])


def create_account(world: World, call: Call, company: str, connection: str) -> Reply:
    """`POST …/connectionInfo/bankFeedAccounts`."""
    found = world.connection(company, connection)
    return answer(show(create_feed(world, found, call.json())))


def create_batch(world: World, call: Call, company: str, connection: str) -> Reply:
    """`POST …/bankFeedAccounts/batch`: 201 if all were added, 207 if some were."""
    found = world.connection(company, connection)
    bodies = call.json()
    if not isinstance(bodies, list) or not 0 < len(bodies) <= LARGEST_BATCH:
        raise _bad("Between 1 and 50 source accounts are expected.")
    results = [_create_one(world, found, body) for body in bodies]
    failures = sum(it["result"]["error"] is not None for it in results)
    if failures == len(results):
        return answer(results, 409)
    return answer(results, 207 if failures else 201)


def _create_one(world: World, connection: Connection, body: Any) -> JsonObject:
    name = body.get("id") if isinstance(body, dict) else None
    try:
        feed = create_feed(world, connection, body)
    except ApiError as exc:
        failed = {"statusCode": exc.status, "error": exc.message}
        return {"sourceAccountId": name, "result": failed}
    made = {"statusCode": 201, "error": None, "account": show(feed)}
    return {"sourceAccountId": feed.id, "result": made}


def update_account(
    world: World, call: Call, company: str, connection: str, account: str
) -> Reply:
    """`PATCH …/bankFeedAccounts/{accountId}`.

    Codat's bank-feed pages: the name can change, the status only to disconnected,
    the balance only while not connected.
    """
    found = world.connection(company, connection)
    feed = find_feed(found, account)
    body = call.json_object()
    _check_types(body)
    if text_in(body, "status") not in {None, feed.status, "disconnected"}:
        raise _bad("The status can only be changed to disconnected.")
    balance = body.get("balance")
    if balance is not None and balance != feed.source.get("balance"):
        if feed.status == "connected":
            raise _bad("The balance of a connected account cannot be changed.")
        feed.source["balance"] = balance
        feed.statement_balance = Decimal(balance)
    if body.get("accountName"):
        feed.source["accountName"] = body["accountName"]
    if body.get("status") == "disconnected":
        disconnect(world, found, feed)
    return answer(show(feed))


def delete_account(
    world: World, _call: Call, company: str, connection: str, account: str
) -> Reply:
    """`DELETE …/bankFeedAccounts/{accountId}`: takes its mapping along."""
    found = world.connection(company, connection)
    del found.feeds[find_feed(found, account).id]
    return empty()


def refuse_credentials(
    world: World, _call: Call, company: str, connection: str
) -> Reply:
    """`…/bankFeedAccounts/credentials`: for another platform than Xero."""
    world.connection(company, connection)
    raise _bad("Credentials are not supported by this platform.")


_ACCOUNTS = (
    "/companies/{company}/connections/{connection}/connectionInfo/bankFeedAccounts"
)
ROUTES = [
    Route("GET", _ACCOUNTS, list_accounts),
    Route("POST", _ACCOUNTS, create_account),
    Route("POST", _ACCOUNTS + "/batch", create_batch),
    Route("POST", _ACCOUNTS + "/credentials", refuse_credentials),
    Route("DELETE", _ACCOUNTS + "/credentials", refuse_credentials),
    Route("PATCH", _ACCOUNTS + "/{account}", update_account),
    Route("DELETE", _ACCOUNTS + "/{account}", delete_account),
]
