"""The mapping of source accounts to bank accounts in Xero.

Codat's Xero bank-feed pages: without a target a new Xero account is made, but only
when the mapping is read the next time; until then there is no target id. Asking again
meanwhile makes a second account. A 200 may carry an `error`.
"""

from __future__ import annotations

from datetime import timedelta

from xero_sync.sandbox.organisation import Account, Organisation
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.source_accounts import announce, find_feed
from xero_sync.sandbox.state import Connection, Feed, World
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Problem,
    Reply,
    answer,
    read_day,
    text_in,
)

CARDS = frozenset({"creditCard", "Credit"})
# Xero approves feeds of bank accounts and of credit cards only.
UNFIT = frozenset({"loan", "prepaidCard"})


def check_bank_feeds(organisation: Organisation) -> None:
    """Stop where the organisation has no bank feeds.

    Raises:
        Problem: 403, in Xero's own words.
    """
    if not organisation.bank_feeds:
        raise Problem(
            403,
            "invalid-organisation-bank-feeds",
            "Invalid organisation",
            "The organisation does not support automated bank feeds.",
        )


def get_mapping(world: World, _call: Call, company: str, connection: str) -> Reply:
    """`GET …/bankFeedAccounts/mapping`; this is when awaited accounts are made."""
    found = world.connection(company, connection)
    if found.status == "Linked":
        for feed in found.feeds.values():
            _make_accounts(world, found, feed)
            progress(world, found, feed)
    return answer([_show(world, found, feed) for feed in found.feeds.values()])


def _make_accounts(world: World, connection: Connection, feed: Feed) -> None:
    organisation = world.organisation_of(connection)
    for _ in range(feed.awaited_accounts):
        name = str(feed.source.get("accountName") or feed.id)
        feed.target_id = organisation.add_account(
            Account(
                name=_free_name(organisation, name),
                category="Asset.Bank",
                currency=feed.source.get("currency") or organisation.base_currency,
                modified=world.now,
                account_type="Credit" if _is_card(feed) else "Debit",
                sort_code=feed.source.get("sortCode"),
                account_number=feed.source.get("accountNumber"),
            )
        ).id
    feed.awaited_accounts = 0


def _free_name(organisation: Organisation, name: str) -> str:
    number, candidate = 1, name
    while organisation.account_named(candidate) is not None:
        number += 1
        candidate = f"{name} ({number})"
    return candidate


def progress(world: World, connection: Connection, feed: Feed) -> None:
    """Connect a feed that has its account and waited long enough."""
    if (
        feed.status == "connecting"
        and feed.target_id is not None
        and feed.ready_at is not None
        and world.now >= feed.ready_at
    ):
        feed.status = "connected"
        announce(world, connection, feed, "connected")


def _is_card(feed: Feed) -> bool:
    return feed.source.get("accountType") in CARDS


def _show(world: World, connection: Connection, feed: Feed) -> JsonObject:
    source = feed.source
    shown: JsonObject = {
        "sourceAccountId": feed.id,
        "sourceAccountName": source.get("accountName"),
        "sourceAccountNumber": source.get("accountNumber"),
        "sourceBalance": source.get("balance"),
        "sourceCurrency": source.get("currency"),
        "targetAccountId": feed.target_id,
        "status": feed.status,
        "targetAccountOptions": _options(world, connection, feed),
        "feedStartDate": feed.feed_start,
    }
    if feed.target_id is not None and connection.organisation_id is not None:
        target = world.organisation_of(connection).accounts.get(feed.target_id)
        shown["targetAccountName"] = target.name if target else None
    keep = {"targetAccountId"}
    return {name: it for name, it in shown.items() if it is not None or name in keep}


def _options(world: World, connection: Connection, feed: Feed) -> list[JsonObject]:
    if connection.organisation_id is None:
        return []
    organisation = world.organisation_of(connection)
    options = []
    for account in organisation.accounts.values():
        if not _fits(account, feed) or _fed_elsewhere(world, connection, account.id):
            continue
        option = {
            "id": account.id,
            "name": account.name,
            "sortCode": account.sort_code,
            "accountNumber": account.account_number,
        }
        options.append({name: it for name, it in option.items() if it is not None})
    return options


def _fits(account: Account, feed: Feed) -> bool:
    return (
        account.is_bank
        and account.is_active
        and account.currency == feed.source.get("currency", account.currency)
        and (account.account_type == "Credit") == _is_card(feed)
    )


def _fed_elsewhere(world: World, connection: Connection, account_id: str) -> bool:
    return any(
        feed.target_id == account_id and feed.status != "disconnected"
        for other in world.connections.values()
        if other.company_id != connection.company_id
        for feed in other.feeds.values()
    )


def create_mapping(world: World, call: Call, company: str, connection: str) -> Reply:
    """`POST …/bankFeedAccounts/mapping`."""
    found = world.connection(company, connection)
    body = call.json_object()
    if body.get("feedStartDate") and read_day(body["feedStartDate"]) is None:
        raise ApiError(400, "feedStartDate is not a date.", "BankFeedsApi")
    feed = find_feed(found, str(body.get("sourceAccountId")))
    check_bank_feeds(world.live_organisation_of(found))
    target_id = text_in(body, "targetAccountId") or None
    error = _refusal(world, found, feed, target_id)
    if error is None:
        feed.feed_start = body.get("feedStartDate") or feed.feed_start
        _connect(world, found, feed, target_id)
    return answer(
        {
            "sourceAccountId": feed.id,
            "targetAccountId": feed.target_id,
            "status": feed.status,
            "error": error,
        }
    )


def _refusal(
    world: World, connection: Connection, feed: Feed, target_id: str | None
) -> str | None:
    organisation = world.organisation_of(connection)
    if feed.source.get("accountType") in UNFIT:
        return "Xero does not accept feeds of this account type."
    if feed.source.get("currency") not in {None, *organisation.currencies}:
        return "The organisation does not use the currency of the account."
    if target_id is None:
        return None
    if _fed_elsewhere(world, connection, target_id):
        raise ApiError(
            400,
            "The target account is already connected to another company. "
            "Disconnect it there or choose another account.",
            "BankFeedsApi",
        )
    account = organisation.bank_account(target_id)
    if account is None or not _fits(account, feed):
        return "The target account does not fit the source account."
    if any(
        other.target_id == target_id and other is not feed
        for other in connection.feeds.values()
    ):
        return "The target account is fed by another source account."
    if feed.status == "connected" and feed.target_id != target_id:
        return "The source account is connected to another account."
    return None


def _connect(
    world: World, connection: Connection, feed: Feed, target_id: str | None
) -> None:
    if feed.status == "connected" and target_id in {None, feed.target_id}:
        return
    if feed.target_id not in {None, target_id}:
        feed.lines.clear()
        feed.opens_anew = True
    if target_id is None:
        feed.awaited_accounts += 1
    feed.target_id = target_id
    feed.status = "connecting"
    seconds = world.settings.feed_seconds
    feed.ready_at = world.now + timedelta(seconds=seconds)
    world.later(seconds, lambda: progress(world, connection, feed))


def get_info(world: World, _call: Call, company: str, connection: str) -> Reply:
    """`GET …/bankFeeds/info`: the organisation as a bank feed sees it."""
    found = world.connection(company, connection)
    organisation = world.live_organisation_of(found)
    return answer(
        {
            "companyName": organisation.name,
            "baseCurrency": organisation.base_currency,
            "planType": organisation.plan_type,
            "multicurrencyEnabled": len(organisation.currencies) > 1,
            "currencies": list(organisation.currencies),
        }
    )


_CONNECTION = "/companies/{company}/connections/{connection}"
ROUTES = [
    Route("GET", _CONNECTION + "/bankFeedAccounts/mapping", get_mapping),
    Route("POST", _CONNECTION + "/bankFeedAccounts/mapping", create_mapping),
    Route("GET", _CONNECTION + "/bankFeeds/info", get_info),
]
