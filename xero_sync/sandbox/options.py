"""The options endpoints: which properties a write may contain."""

from __future__ import annotations

from collections.abc import Callable

from xero_sync.sandbox import models
from xero_sync.sandbox.model_costs import direct_costs
from xero_sync.sandbox.model_nodes import Node
from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import World
from xero_sync.sandbox.wire import ApiError, Call, Reply, answer

MODELS: dict[str, Callable[[], Node]] = {
    "transfers": models.transfers,
    "directCosts": direct_costs,
    "payments": models.payments,
    "suppliers": models.suppliers,
    "chartOfAccounts": models.chart_of_accounts,
    "bankAccounts": models.bank_accounts,
}


def get_model(
    world: World, _call: Call, company: str, connection: str, kind: str
) -> Reply:
    """`GET …/options/{dataType}`."""
    world.connection(company, connection)
    if kind not in MODELS:
        raise ApiError(404, f"{kind} cannot be pushed to Xero")
    return answer(MODELS[kind]())


def get_statement_model(
    world: World, _call: Call, company: str, connection: str, account: str
) -> Reply:
    """`GET …/options/bankAccounts/{accountId}/bankTransactions`."""
    found = world.connection(company, connection)
    if account not in found.feeds:
        raise ApiError(404, f"Source account {account} not found", "BankFeedsApi")
    return answer(models.bank_transactions())


_OPTIONS = "/companies/{company}/connections/{connection}/options"
ROUTES = [
    Route("GET", _OPTIONS + "/{kind}", get_model),
    Route(
        "GET",
        _OPTIONS + "/bankAccounts/{account}/bankTransactions",
        get_statement_model,
    ),
]
