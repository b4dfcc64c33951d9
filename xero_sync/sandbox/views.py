"""How the controls show what the sandbox holds."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from xero_sync.sandbox.state import Connection
from xero_sync.sandbox.wire import JsonObject, stamp

if TYPE_CHECKING:
    from xero_sync.sandbox.books import Books
    from xero_sync.sandbox.sandbox import Sandbox

BRIEF: dict[type, tuple[str, ...]] = {
    Connection: ("id", "company_id", "platform", "status", "organisation_id")
}


def show(value: Any) -> Any:
    """A value as JSON can carry it, names in camelCase."""
    if is_dataclass(value) and not isinstance(value, type):
        names = BRIEF.get(type(value)) or tuple(it.name for it in fields(value))
        return {camel(name): show(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {str(name): show(it) for name, it in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [show(it) for it in value]
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, float) else value


def camel(name: str) -> str:
    """`issue_date` → `issueDate`."""
    return re.sub(r"_([a-z])", lambda match: match.group(1).upper(), name)


def show_state(sandbox: Sandbox) -> JsonObject:
    """The companies with their connections."""
    return {
        "companies": [
            {
                **show(company),
                "connections": [show(it) for it in sandbox.connections_of(company.id)],
            }
            for company in sandbox.companies
        ]
    }


def show_books(books: Books) -> JsonObject:
    """A set of books: entries, balances, receivables, statements."""
    return {
        "organisation": books.organisation,
        "entries": [
            {**show(entry), "accounts": list(entry.accounts)} for entry in books.entries
        ],
        "accounts": [
            {**show(account), "balance": books.balance(account.id)}
            for account in books.accounts
        ],
        "balances": {it.id: books.balance(it.id) for it in books.accounts},
        "receivables": {it.id: it.amount_due for it in books.invoices},
        "invoices": [{**show(it), "status": it.status} for it in books.invoices],
        "accountsReceivable": books.accounts_receivable,
        "tax": books.tax,
        "statements": {
            name: {
                "lines": [show(line) for line in books.statement(name)],
                "balance": books.statement_balance(name),
                **show(books.feed(name)),
            }
            for name in books.source_accounts
        },
    }
