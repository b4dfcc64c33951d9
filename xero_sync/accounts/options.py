"""What a borrower's Xero offers to choose from, and what fits."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from xero_sync.codat.accounts import Account, BankAccount, Supplier
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    MappingIncomplete,
)
from xero_sync.models import Connection
from xero_sync.writeback.lost_choices import tax_rates as tax_rates
from xero_sync.writeback.setup_matching import EXPENSE
from xero_sync.writeback.setup_matching import USABLE as USABLE
from xero_sync.writeback.setup_matching import carries_fees as carries_fees
from xero_sync.writeback.setup_matching import find_supplier as find_supplier
from xero_sync.writeback.setup_matching import is_usable as is_usable


@dataclass(frozen=True)
class Choices:
    """What a borrower's Xero offers, already narrowed to what fits."""

    bank_accounts: list[BankAccount]
    expense_accounts: list[Account]
    suppliers: list[Supplier]
    # They would fit but for the currency they are kept in.
    in_other_currencies: list[BankAccount]


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
    banks = [
        one
        for one in client.list_bank_accounts(company_id, connection_id)
        if takes_payments(one) and one.id not in lender
    ]
    bank_accounts = [one for one in banks if one.currency == currency]
    others = [one for one in banks if one.currency != currency]
    expense_accounts = [
        one
        for one in client.list_accounts(company_id, query="type=Expense")
        if takes_fees(one)
    ]
    suppliers = [one for one in client.list_suppliers(company_id) if is_usable(one)]
    return Choices(bank_accounts, expense_accounts, suppliers, others)


def takes_fees(one: Account) -> bool:
    """Tell whether fees can be entered on an account."""
    return is_usable(one) and not one.is_bank_account and one.type == EXPENSE


def takes_payments(one: BankAccount) -> bool:
    """Tell whether money can be paid into a bank account: a credit card takes none."""
    return is_usable(one) and one.account_type != "Credit"


def check_tax(
    *, connection: Connection, rate_id: str, percent: Decimal, client: CodatClient
) -> None:
    """Compare a tax percent with Xero's, where a lender may read the rates.

    Raises:
        MappingIncomplete: it differs, or there is no such rate that fees can carry.
        CodatError: Codat did not answer.
    """
    rates = tax_rates(connection=connection, client=client)
    fitting = [rate for rate in rates if carries_fees(rate)]
    if rates and rate_id not in {rate.id for rate in fitting}:
        raise MappingIncomplete(
            _("%(id)s is none of those that can be chosen.") % {"id": rate_id},
            field="tax_rate_id",
        )
    for rate in fitting:
        if rate.id == rate_id and rate.effective_rate not in {None, percent}:
            raise MappingIncomplete(
                _("The tax rate %(id)s is %(rate)s per cent in Xero, not %(given)s.")
                % {"id": rate.id, "rate": rate.effective_rate, "given": percent},
                field="tax_percent",
            )
