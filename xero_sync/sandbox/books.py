"""The borrower's books, for assertions."""

from __future__ import annotations

from decimal import Decimal

from xero_sync.sandbox.ledger import Entry, StatementLine
from xero_sync.sandbox.organisation import Account, Invoice, Organisation
from xero_sync.sandbox.state import Connection


class Books:
    """What is posted in one organisation, and on the statements of its feeds."""

    def __init__(self, organisation: Organisation, connection: Connection) -> None:
        self._organisation = organisation
        self._connection = connection

    @property
    def organisation(self) -> str:
        """The name of the organisation."""
        return self._organisation.name

    @property
    def entries(self) -> list[Entry]:
        """All entries in posting order; each was checked to balance when posted."""
        return list(self._organisation.ledger.entries)

    def entries_of(self, kind: str) -> list[Entry]:
        """The entries of one type: `transfers`, `payments`, `directCosts`…"""
        return [entry for entry in self.entries if entry.type == kind]

    def balance(self, account_id: str) -> Decimal:
        """The book balance of an account, debit positive."""
        return self._organisation.ledger.balance(account_id)

    def receivable(self, invoice_id: str) -> Decimal:
        """What is still due on an invoice."""
        return self._organisation.invoices[invoice_id].amount_due

    @property
    def accounts_receivable(self) -> Decimal:
        """The balance of the receivables account."""
        return self.balance(self._organisation.receivables_id)

    @property
    def tax(self) -> Decimal:
        """The balance of the tax account, debit (reclaimable) positive."""
        return self.balance(self._organisation.tax_id)

    @property
    def accounts(self) -> list[Account]:
        """The chart of accounts, bank accounts included."""
        return list(self._organisation.accounts.values())

    def account(self, name: str) -> Account:
        """The account of that name.

        Raises:
            KeyError: there is none.
        """
        found = self._organisation.account_named(name)
        if found is None:
            raise KeyError(name)
        return found

    def statement(self, source_account_id: str) -> list[StatementLine]:
        """The statement lines of a source account, in the order they came."""
        return list(self._connection.feeds[source_account_id].lines)

    def statement_balance(self, source_account_id: str) -> Decimal:
        """The balance after the last statement line."""
        return self._connection.feeds[source_account_id].statement_balance

    def feed(self, source_account_id: str) -> dict[str, str | None]:
        """The status and the target account of a source account."""
        feed = self._connection.feeds[source_account_id]
        return {"status": feed.status, "targetAccountId": feed.target_id}

    @property
    def invoices(self) -> list[Invoice]:
        """All sales invoices."""
        return list(self._organisation.invoices.values())

    @property
    def source_accounts(self) -> list[str]:
        """The ids of the source accounts."""
        return list(self._connection.feeds)
