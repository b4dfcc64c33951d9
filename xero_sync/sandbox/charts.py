"""The organisation a borrower brings along: a small, ordinary UK chart of accounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xero_sync.sandbox.organisation import Account, Contact, Organisation, TaxRate

CONTACTS = ("Ridgeway Stores", "Maddox Publishing", "Northern Power", "Petra Paper")
ORDINARY = (
    # code, name, category, default tax rate
    ("200", "Sales", "Income.Sales", "OUTPUT2"),
    ("404", "Bank Fees", "Expense.Overhead", "NONE"),
    ("429", "General Expenses", "Expense.Overhead", "INPUT2"),
    ("437", "Interest Expense", "Expense.Overhead", "NONE"),
    ("610", "Accounts Receivable", "Asset.Current", "NONE"),
    ("820", "VAT", "Liability.Current", "NONE"),
    ("970", "Owner Funds Introduced", "Equity.Equity", "NONE"),
)


def new_organisation(
    name: str,
    *,
    now: datetime,
    base_currency: str = "GBP",
    country: str = "GB",
    bank_feeds: bool = True,
    plan_type: str | None = "Business",
    multicurrency: bool = True,
) -> Organisation:
    """An organisation with bank accounts, expenses, sales, contacts and tax rates."""
    foreign = "EUR" if base_currency != "EUR" else "GBP"
    organisation = Organisation(
        name=name,
        base_currency=base_currency,
        created=now,
        country=country,
        plan_type=plan_type,
        bank_feeds=bank_feeds,
        currencies=[base_currency, foreign] if multicurrency else [base_currency],
    )
    for rate in _tax_rates():
        organisation.tax_rates[rate.id] = rate
    _add_banks(organisation, foreign if multicurrency else None, now)
    _add_chart(organisation, now)
    for contact in CONTACTS:
        added = Contact(name=contact, modified=now)
        organisation.contacts[added.id] = added
    return organisation


def _tax_rates() -> tuple[TaxRate, ...]:
    return (
        TaxRate("NONE", "No VAT", Decimal(0), on_sales=True),
        TaxRate("INPUT2", "20% (VAT on Expenses)", Decimal(20)),
        TaxRate(
            "OUTPUT2",
            "20% (VAT on Income)",
            Decimal(20),
            on_sales=True,
            on_purchases=False,
        ),
        TaxRate("EXEMPTINPUT", "Exempt Expenses", Decimal(0)),
        TaxRate("RRINPUT", "5% (VAT on Expenses)", Decimal(5)),
        TaxRate("ZERORATEDINPUT", "Zero Rated Expenses", Decimal(0)),
    )


def _add_banks(organisation: Organisation, foreign: str | None, now: datetime) -> None:
    def bank(name: str, code: str, currency: str, number: str) -> Account:
        return organisation.add_account(
            Account(
                name=name,
                category="Asset.Bank",
                currency=currency,
                modified=now,
                code=code,
                sort_code="090129",
                account_number=number,
            )
        )

    bank("Business Current Account", "090", organisation.base_currency, "11223344")
    if foreign:
        bank(f"{foreign} Account", "091", foreign, "22334455")
    closed = bank("Old Savings Account", "092", organisation.base_currency, "33445566")
    closed.status = "Archived"


def _add_chart(organisation: Organisation, now: datetime) -> None:
    def ordinary(code: str, name: str, category: str, tax_rate: str) -> Account:
        return organisation.add_account(
            Account(
                name=name,
                category=category,
                currency=organisation.base_currency,
                modified=now,
                code=code,
                tax_rate=tax_rate,
            )
        )

    for row in ORDINARY:
        ordinary(*row)
    closed = ordinary("499", "Old Finance Charges", "Expense.Overhead", "NONE")
    closed.status = "Archived"
    ids = {account.code: account.id for account in organisation.accounts.values()}
    organisation.sales_id = ids["200"]
    organisation.receivables_id = ids["610"]
    organisation.tax_id = ids["820"]
