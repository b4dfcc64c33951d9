"""Double-entry books: every entry balances, every balance is the sum of lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    """One side of an entry: debit positive, credit negative."""

    account_id: str
    amount: Decimal


@dataclass(frozen=True)
class Entry:
    """A posting in the books."""

    type: str
    record_id: str
    date: date
    amount: Decimal
    lines: tuple[Line, ...]
    posted_at: datetime
    currency: str
    reference: str | None = None
    description: str | None = None
    contact_id: str | None = None
    invoice_id: str | None = None
    push_operation_key: str | None = None

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts which the entry touches, in the order of its lines."""
        return tuple(line.account_id for line in self.lines)

    def effect_on(self, account_id: str) -> Decimal:
        """What the entry does to one account, debit positive."""
        amounts = (line.amount for line in self.lines if line.account_id == account_id)
        return sum(amounts, Decimal(0))


@dataclass(frozen=True)
class StatementLine:
    """A line of a bank-feed statement: it is not a posting."""

    id: str
    date: date
    description: str
    amount: Decimal
    balance: Decimal
    transaction_type: str
    posted_at: datetime
    reference: str | None = None
    counterparty: str | None = None
    push_operation_key: str | None = None


class Unbalanced(Exception):
    """Debits and credits of an entry differ."""


@dataclass
class Ledger:
    """All entries of one organisation, in posting order."""

    entries: list[Entry] = field(default_factory=list)

    def post(self, entry: Entry) -> None:
        """Add an entry.

        Raises:
            Unbalanced: the lines do not add up to zero.
        """
        if sum((line.amount for line in entry.lines), Decimal(0)) != 0:
            raise Unbalanced(entry)
        self.entries.append(entry)

    def balance(self, account_id: str) -> Decimal:
        """The book balance of an account, debit positive."""
        effects = (entry.effect_on(account_id) for entry in self.entries)
        return sum(effects, Decimal(0))
