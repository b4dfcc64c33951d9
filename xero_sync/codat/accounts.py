"""Accounts, contacts and tax rates of the borrower, read from Codat's cache."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, path


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank account in the books; Xero usually leaves its balance out."""

    id: str
    name: str
    account_type: str
    nominal_code: str
    sort_code: str = field(repr=False)
    account_number: str = field(repr=False)
    currency: str
    balance: Decimal | None
    status: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart; a bank account has the same id here and there."""

    id: str
    nominal_code: str
    name: str
    description: str
    category: str
    currency: str
    type: str
    status: str
    is_bank_account: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class Supplier:
    """A contact one can pay; Xero lists each contact as supplier and customer."""

    id: str
    name: str
    email: str
    status: str
    is_deleted: bool


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax rate by the id that bookings name; the rates are per cent.

    `used_in` has what Codat says may name it, such as `Bill.LineItems.TaxRateRef.Id`;
    it is empty where Codat says nothing.
    """

    id: str
    name: str
    code: str
    effective_rate: Decimal | None
    status: str
    is_deleted: bool
    used_in: frozenset[str]


class AccountOperations(Calls):
    """Read what a mapping chooses from. A list is whole, over all its pages."""

    def list_bank_accounts(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        query: str | None = None,
    ) -> list[BankAccount]:
        """Return the bank accounts behind a connection."""
        connection = path("companies", company_id, "connections", connection_id)
        target = f"{connection}/data/bankAccounts"
        return self._all(target, _bank_account, query=query)

    def list_accounts(
        self, company_id: str | UUID, query: str | None = None
    ) -> list[Account]:
        """Return the chart of accounts, for instance with the query `type=Expense`."""
        return self._all(_data(company_id, "accounts"), _account, query=query)

    def list_suppliers(
        self, company_id: str | UUID, query: str | None = None
    ) -> list[Supplier]:
        """Return the suppliers, archived ones included."""
        return self._all(_data(company_id, "suppliers"), _supplier, query=query)

    def list_tax_rates(
        self, company_id: str | UUID, query: str | None = None
    ) -> list[TaxRate]:
        """Return the tax rates; a lender's key may be refused them with 403 or 404."""
        return self._all(_data(company_id, "taxRates"), _tax_rate, query=query)


def _data(company_id: str | UUID, data_type: str) -> str:
    return path("companies", company_id, "data", data_type)


def _bank_account(source: Fields) -> BankAccount:
    return BankAccount(
        id=values.text(source, "id"),
        name=values.text(source, "accountName"),
        account_type=values.text(source, "accountType"),
        nominal_code=values.text(source, "nominalCode"),
        sort_code=values.text(source, "sortCode"),
        account_number=values.text(source, "accountNumber"),
        currency=values.text(source, "currency"),
        balance=values.money(source, "balance"),
        status=values.text(source, "status"),
        is_deleted=values.is_deleted(source),
    )


def _account(source: Fields) -> Account:
    return Account(
        id=values.text(source, "id"),
        nominal_code=values.text(source, "nominalCode"),
        name=values.text(source, "name"),
        description=values.text(source, "description"),
        category=values.text(source, "fullyQualifiedCategory"),
        currency=values.text(source, "currency"),
        type=values.text(source, "type"),
        status=values.text(source, "status"),
        is_bank_account=values.flag(source, "isBankAccount"),
        is_deleted=values.is_deleted(source),
    )


def _supplier(source: Fields) -> Supplier:
    return Supplier(
        id=values.text(source, "id"),
        name=values.text(source, "supplierName"),
        email=values.text(source, "emailAddress"),
        status=values.text(source, "status"),
        is_deleted=values.is_deleted(source),
    )


def _tax_rate(source: Fields) -> TaxRate:
    return TaxRate(
        id=values.text(source, "id"),
        name=values.text(source, "name"),
        code=values.text(source, "code"),
        effective_rate=values.money(source, "effectiveTaxRate"),
        status=values.text(source, "status"),
        is_deleted=values.is_deleted(source),
        used_in=_used_in(source),
    )


def _used_in(source: Fields) -> frozenset[str]:
    links = values.records(source, "validDatatypeLinks", _links)
    return frozenset(link for found in links for link in found)


def _links(source: Fields) -> tuple[str, ...]:
    return values.texts(source, "links")
