"""A Xero organisation: chart of accounts, contacts, invoices and what was posted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from xero_sync.sandbox.ledger import Ledger
from xero_sync.sandbox.wire import JsonObject, new_id

PENNY = Decimal("0.01")


@dataclass
class Account:
    """An account of the chart; a bank account is one of them."""

    name: str
    category: str
    currency: str
    modified: datetime
    id: str = field(default_factory=new_id)
    code: str | None = None
    status: str = "Active"
    description: str | None = None
    tax_rate: str = "NONE"
    payments_enabled: bool = False
    account_type: str = "Debit"
    sort_code: str | None = None
    account_number: str | None = None

    @property
    def is_bank(self) -> bool:
        """Whether it is a bank account."""
        return self.category == "Asset.Bank"

    @property
    def is_active(self) -> bool:
        """Whether it can be posted to."""
        return self.status == "Active"

    @property
    def takes_payments(self) -> bool:
        """Whether a payment may be posted to it: a bank, or switched on by hand."""
        return self.is_bank or self.payments_enabled


@dataclass
class Contact:
    """A contact: Xero shows every one as supplier and as customer."""

    name: str
    modified: datetime
    id: str = field(default_factory=new_id)
    status: str = "Active"
    details: JsonObject = field(default_factory=dict)


@dataclass
class Invoice:
    """A sales invoice."""

    number: str | None
    contact_id: str
    currency: str
    issue_date: date
    due_date: date | None
    total: Decimal
    tax: Decimal
    modified: datetime
    id: str = field(default_factory=new_id)
    amount_due: Decimal = Decimal(0)
    fixed_status: str | None = None
    paid_on: date | None = None

    @property
    def status(self) -> str:
        """Codat's status: drafts and voids are fixed, the rest follows the money."""
        if self.fixed_status is not None:
            return self.fixed_status
        if self.amount_due == 0:
            return "Paid"
        return "Submitted" if self.amount_due == self.total else "PartiallyPaid"


@dataclass(frozen=True)
class TaxRate:
    """A tax rate, by the code Xero knows it under, and what it may be used for."""

    id: str
    name: str
    percent: Decimal
    on_sales: bool = False
    on_purchases: bool = True
    status: str = "Active"


@dataclass
class Organisation:
    """The borrower's tenant in Xero."""

    name: str
    base_currency: str
    created: datetime
    country: str = "GB"
    plan_type: str | None = "Business"
    bank_feeds: bool = True
    currencies: list[str] = field(default_factory=list)
    id: str = field(default_factory=new_id)
    lock_date: date | None = None
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    payments: list[JsonObject] = field(default_factory=list)
    transfers: list[JsonObject] = field(default_factory=list)
    direct_costs: list[JsonObject] = field(default_factory=list)
    direct_incomes: list[JsonObject] = field(default_factory=list)
    tax_rates: dict[str, TaxRate] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    receivables_id: str = ""
    tax_id: str = ""
    sales_id: str = ""

    def add_account(self, account: Account) -> Account:
        """Add an account to the chart."""
        self.accounts[account.id] = account
        return account

    def bank_account(self, account_id: str) -> Account | None:
        """The bank account of that id, archived or not."""
        account = self.accounts.get(account_id)
        return account if account is not None and account.is_bank else None

    def account_named(self, name: str) -> Account | None:
        """The account of that name."""
        for account in self.accounts.values():
            if account.name.lower() == name.lower():
                return account
        return None

    def contact_named(self, name: str) -> Contact | None:
        """The contact of that name: names are unique in Xero."""
        for contact in self.contacts.values():
            if contact.name.strip().lower() == name.strip().lower():
                return contact
        return None

    def is_locked(self, when: date) -> bool:
        """Whether the books are closed for that day."""
        return self.lock_date is not None and when <= self.lock_date
