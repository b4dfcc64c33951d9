"""What a borrower's Xero offers to choose from, and what fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from xero_sync.codat.accounts import Account, BankAccount, Supplier, TaxRate
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatRejected,
    MappingIncomplete,
)
from xero_sync.models import Connection
from xero_sync.writeback.names import likeness, plain

ACTIVE = "Active"
# Where a fee account may stand in Xero's chart.
EXPENSE = "Expense"


@dataclass(frozen=True)
class Choices:
    """What a borrower's Xero offers, already narrowed to what fits."""

    bank_accounts: list[BankAccount]
    expense_accounts: list[Account]
    suppliers: list[Supplier]


@dataclass(frozen=True)
class SupplierMatch:
    """The suppliers that are called exactly so, and those that nearly are."""

    exact: list[Supplier]
    near: list[Supplier]


def choices(*, connection: Connection, client: CodatClient) -> Choices:
    """Read what can be mapped: active accounts in the company's currency, suppliers.

    Raises:
        CodatError: Codat did not answer, or has not read these data yet (409).
    """
    company_id, connection_id = (
        connection.codat_company_id,
        connection.codat_connection_id,
    )
    lender = set(connection.lender_accounts.values_list("target_account_id", flat=True))
    currency = connection.company.currency
    bank_accounts = [
        one
        for one in client.list_bank_accounts(company_id, connection_id)
        if takes_payments(one) and one.currency == currency and one.id not in lender
    ]
    expense_accounts = [
        one
        for one in client.list_accounts(company_id, query="type=Expense")
        if takes_fees(one)
    ]
    suppliers = [one for one in client.list_suppliers(company_id) if is_usable(one)]
    return Choices(bank_accounts, expense_accounts, suppliers)


def is_usable(one: BankAccount | Account | Supplier) -> bool:
    """Tell whether a record in Xero can still be booked on."""
    return one.status in {ACTIVE, "Unknown", ""} and not one.is_deleted


def takes_fees(one: Account) -> bool:
    """Tell whether fees can be entered on an account."""
    return is_usable(one) and not one.is_bank_account and one.type == EXPENSE


def takes_payments(one: BankAccount) -> bool:
    """Tell whether money can be paid into a bank account: a credit card takes none."""
    return is_usable(one) and one.account_type != "Credit"


def tax_rates(*, connection: Connection, client: CodatClient) -> list[TaxRate]:
    """Return the tax rates, or none where a lender may not read them.

    Raises:
        CodatError: Codat did not answer.
    """
    try:
        return client.list_tax_rates(connection.codat_company_id)
    except (CodatAccessDenied, CodatRejected):
        return []


def check_tax(
    *, connection: Connection, rate_id: str, percent: Decimal, client: CodatClient
) -> None:
    """Compare a tax percent with Xero's, where a lender may read the rates.

    Raises:
        MappingIncomplete: it differs, or there is no such rate.
        CodatError: Codat did not answer.
    """
    rates = tax_rates(connection=connection, client=client)
    if rates and rate_id not in {rate.id for rate in rates}:
        raise MappingIncomplete(
            _("%(id)s is none of those that can be chosen.") % {"id": rate_id},
            field="tax_rate_id",
        )
    for rate in rates:
        if rate.id == rate_id and rate.effective_rate not in {None, percent}:
            raise MappingIncomplete(
                _("The tax rate %(id)s is %(rate)s per cent in Xero, not %(given)s.")
                % {"id": rate.id, "rate": rate.effective_rate, "given": percent},
                field="tax_percent",
            )


def find_expense_account(
    *, connection: Connection, client: CodatClient, nominal_code: str
) -> Account | None:
    """Return the active expense account of this code, as far as Codat has read it.

    Raises:
        MappingIncomplete: the code belongs to an account that is no expense account.
        CodatError: Codat did not answer.
    """
    for account in client.list_accounts(connection.codat_company_id):
        if account.nominal_code != nominal_code or account.is_deleted:
            continue
        if account.type == EXPENSE and is_usable(account):
            return account
        raise MappingIncomplete(
            _("The code %(code)s belongs to %(name)s already; choose another.")
            % {"code": nominal_code, "name": account.name},
            field="nominal_code",
        )
    return None


def find_supplier(*, name: str, suppliers: Iterable[Supplier]) -> SupplierMatch:
    """Search for a name: equal up to case and punctuation, or nearly equal.

    The nearest come first. They are candidates for a person, and decide nothing.
    """
    wanted = plain(name)
    exact, near = [], []
    for supplier in suppliers:
        if plain(supplier.name) == wanted:
            exact.append(supplier)
        elif alike := likeness(supplier.name, name):
            near.append((alike, supplier))
    near.sort(key=lambda one: (-one[0], one[1].name))
    return SupplierMatch(exact, [supplier for _alike, supplier in near])


def check_clear(match: SupplierMatch) -> None:
    """Refuse where only a person can say which supplier is meant.

    Raises:
        MappingIncomplete: several are called so, or none but some nearly.
    """
    candidates = match.exact or match.near
    if candidates and len(match.exact) != 1:
        raise MappingIncomplete(
            _("Choose one of these suppliers: %(names)s.")
            % {"names": ", ".join(f"{one.name} ({one.id})" for one in candidates)},
            field="supplier",
        )
