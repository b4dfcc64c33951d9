"""The sandbox's own controls, under `/_sandbox/`, without a key: loopback only.

Every name of the Python API is here in camelCase; dates are ISO, money is a number.

Arrange (POST, a JSON object; the answer is what was made):

- `companies`: name, companyId, description, tags.
- `connections`: companyId, connectionId, status, organisation, baseCurrency, country,
  bankFeeds, planType, multicurrency.
- `invoices`: connectionId, number, total, issueDate, dueDate, customer, currency,
  status, tax, amountDue.
- `suppliers`: connectionId, name, status.
- `accounts`: connectionId, name, category, code, currency, taxRate, paymentsEnabled,
  accountType, sortCode, accountNumber.
- `archive`: connectionId, accountId. `lock-date`: connectionId, locked (or null).
- `payments` (by the borrower, by hand): connectionId, invoiceId, amount, accountId,
  date. `credits`: connectionId, invoiceId, amount.
- `status`: connectionId, status. `consent`: connectionId, organisation,
  sameOrganisation, outcome.
- `disconnect`: connectionId, sourceAccountId.
- `sync`: connectionId, dataTypes (all when left out).
- `settings`: any of pushSeconds, feedSeconds, refreshSeconds, acceptRepeatedLineIds,
  refuseUnlinked, integrationEnabled, connectionCap, linkBase, redirectUrl.
- `limits`: any of enabled, perMinute, daily, dailyPerCompany, concurrent.
- `faults`: kind, match, times, and the parameters of the kind; DELETE disarms all.
- `tick`: lets happen what is due.

Look (GET): `state`, `books/{connectionId}`, `violations`, `requests`, `events`,
`faults`.

The page a `linkUrl` leads to is `link/{connectionId}`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from xero_sync.sandbox.link_page import link_page
from xero_sync.sandbox.sandbox import Sandbox
from xero_sync.sandbox.views import camel, show, show_books, show_state
from xero_sync.sandbox.wire import ApiError, Call, JsonObject, Reply, answer, empty

PREFIX = "/_sandbox"
DATES = frozenset({"issue_date", "due_date", "date", "locked"})
MONEY = frozenset({"total", "tax", "amount", "amount_due"})
Action = Callable[..., Any]


def handle(
    sandbox: Sandbox,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Reply:
    """Answer a call to the controls, or else let the sandbox answer it.

    Raises:
        LostReply: the connection drops instead.
    """
    call = Call.parse(method, target, headers, body)
    if call.path.startswith(PREFIX):
        return _control(sandbox, call)
    return sandbox.handle(method, target, headers, body)


def _control(sandbox: Sandbox, call: Call) -> Reply:
    name = call.path.removeprefix(PREFIX).strip("/")
    try:
        if name.startswith("link/"):
            return link_page(sandbox, call, name.removeprefix("link/"))
        if call.method == "GET":
            return answer(_look(sandbox, name))
        if call.method == "DELETE" and name == "faults":
            sandbox.faults.clear()
            return empty()
        return answer(_arrange(sandbox, name, call.json_object()))
    except ApiError as exc:
        return exc.reply()
    except KeyError as exc:
        return ApiError(404, f"Nothing known as {exc.args[0]}").reply()
    except (TypeError, ValueError, ArithmeticError) as exc:
        return ApiError(400, str(exc)).reply()


def _look(sandbox: Sandbox, name: str) -> Any:
    kind, _, which = name.partition("/")
    if kind == "books" and which:
        return show_books(sandbox.books(which))
    looks: dict[str, Callable[[], Any]] = {
        "state": lambda: show_state(sandbox),
        "violations": lambda: list(sandbox.violations),
        "requests": lambda: [show(it) for it in sandbox.requests],
        "events": lambda: list(sandbox.events),
        "faults": lambda: [show(it) for it in sandbox.faults.armed],
    }
    if kind not in looks or which:
        raise ApiError(404, f"No such control: {name}")
    return looks[kind]()


def _arrange(sandbox: Sandbox, name: str, body: JsonObject) -> Any:
    actions: dict[str, Action] = {
        "companies": sandbox.add_company,
        "connections": sandbox.add_connection,
        "invoices": sandbox.add_invoice,
        "suppliers": sandbox.add_supplier,
        "accounts": sandbox.add_account,
        "archive": sandbox.archive_account,
        "lock-date": sandbox.set_ledger_lock_date,
        "payments": sandbox.pay_by_hand,
        "credits": sandbox.credit_invoice,
        "status": sandbox.set_connection_status,
        "consent": sandbox.consent,
        "disconnect": sandbox.disconnect_feed,
        "tick": sandbox.tick,
    }
    if name == "faults":
        return show(sandbox.faults.add(**body))
    if name == "sync":
        sandbox.sync(body["connectionId"], *body.get("dataTypes", []))
        return None
    if name in {"settings", "limits"}:
        return _configure(getattr(sandbox, name), _arguments(body))
    if name not in actions:
        raise ApiError(404, f"No such control: {name}")
    arguments = _arguments(body)
    inspect.signature(actions[name]).bind(**arguments)
    return show(actions[name](**arguments))


def _arguments(body: JsonObject) -> dict[str, Any]:
    return {_snake(name): _value(_snake(name), it) for name, it in body.items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in DATES:
        return date.fromisoformat(value)
    if name in MONEY:
        return Decimal(value)
    return value


def _configure(target: Any, values: dict[str, Any]) -> JsonObject:
    known = {it.name for it in fields(target)}
    for name, value in values.items():
        if name not in known:
            raise ApiError(400, f"No such setting: {name}")
        setattr(target, name, float(value) if name.endswith("_seconds") else value)
    return {camel(name): show(getattr(target, name)) for name in values}
