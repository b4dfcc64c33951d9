"""The calls that write, and those that ask what became of it."""

from __future__ import annotations

from xero_sync.sandbox.feed_mapping import check_bank_feeds
from xero_sync.sandbox.pushes import POSTERS, accept, show
from xero_sync.sandbox.query import listing
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import Connection, World
from xero_sync.sandbox.wire import ApiError, Call, Reply, answer

# the path of a push → its data type
TYPES = {**{name: name for name in POSTERS}, "accounts": "chartOfAccounts"}
del TYPES["chartOfAccounts"]
FIELDS = frozenset(
    {
        "dataType",
        "companyId",
        "pushOperationKey",
        "dataConnectionKey",
        "requestedOnUtc",
        "completedOnUtc",
        "timeoutInMinutes",
        "status",
        "errorMessage",
        "statusCode",
    }
)


def push_type(path: str) -> str | None:
    """The data type which a path writes, if it is a push at all."""
    head, found, tail = path.partition("/push/")
    if not found or "/connections/" not in head:
        return None
    return "bankTransactions" if "/" in tail else TYPES.get(tail)


def push_record(
    world: World, call: Call, company: str, connection: str, kind: str
) -> Reply:
    """`POST …/push/{kind}`."""
    if kind not in TYPES:
        raise ApiError(404, f"{kind} cannot be pushed to Xero")
    found = _writable(world, company, connection)
    return answer(show(accept(world, call, found, TYPES[kind])))


def push_statement(
    world: World, call: Call, company: str, connection: str, account: str
) -> Reply:
    """`POST …/push/bankAccounts/{accountId}/bankTransactions`."""
    found = _writable(world, company, connection)
    if found.organisation_id is not None:
        organisation = world.organisation_of(found)
        check_bank_feeds(organisation)
        if account not in found.feeds and account not in organisation.accounts:
            raise ApiError(404, f"Source account {account} not found", "BankFeedsApi")
    push = accept(world, call, found, "bankTransactions", account)
    return answer(show(push))


def _writable(world: World, company: str, connection: str) -> Connection:
    found = world.connection(company, connection)
    if found.status != "Linked":
        world.violate(f"write to a connection that is {found.status}")
        if world.settings.refuse_unlinked:
            # Which answer Codat gives here is not documented: see `refuse_unlinked`.
            raise ApiError(400, f"Connection {found.id} is {found.status}.")
    return found


def list_pushes(world: World, call: Call, company: str) -> Reply:
    """`GET /companies/{companyId}/push`: of all connections, newest first."""
    world.company(company)
    pushes = [show(it) for it in world.pushes.values() if it.company_id == company]
    pushes.reverse()
    return listing(call, pushes, name="PushOperation", fields=FIELDS)


def get_push(world: World, _call: Call, company: str, push: str) -> Reply:
    """`GET /companies/{companyId}/push/{pushOperationKey}`."""
    world.company(company)
    found = world.pushes.get(push)
    if found is None or found.company_id != company:
        raise ApiError(404, f"No push operation was found with ID {push}", "PushApi")
    return answer(show(found))


_PUSH = "/companies/{company}/connections/{connection}/push"
ROUTES = [
    Route("GET", "/companies/{company}/push", list_pushes),
    Route("GET", "/companies/{company}/push/{push}", get_push),
    Route("POST", _PUSH + "/{kind}", push_record),
    Route("POST", _PUSH + "/bankAccounts/{account}/bankTransactions", push_statement),
]
