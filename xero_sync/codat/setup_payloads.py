"""The bodies that create accounts and contacts, in Xero and at the bank feed."""

from datetime import date
from decimal import Decimal

from xero_sync.codat.body_values import (
    Body,
    currency_code,
    cut_text,
    exact,
    identifier,
    limited,
    midnight,
    required_text,
    sort_code_digits,
)

NOMINAL_CODE_CHARACTERS = 10
ACCOUNT_NAME_CHARACTERS = 150
ACCOUNT_DESCRIPTION_CHARACTERS = 4_000
CONTACT_NAME_CHARACTERS = 255
FEED_ID_CHARACTERS = 50
FEED_NAME_CHARACTERS = 30
FEED_NUMBER_CHARACTERS = 40

ACCOUNT_CATEGORIES = frozenset(
    f"{kind}.{name}"
    for kind, names in {
        "Asset": "Current Fixed Inventory NonCurrent Prepayment",
        "Expense": "DirectCosts Expense Overhead Superannuation Wages",
        "Income": "Sales Revenue Other",
        "Liability": "Current Depreciation Liability NonCurrent PayAsYouGo"
        " Superannuation WagesPayable",
        "Equity": "Equity",
    }.items()
    for name in names.split()
)
BANK_ACCOUNT_TYPES = frozenset({"Debit", "Credit"})
SOURCE_ACCOUNT_TYPES = frozenset(
    {"checking", "savings", "loan", "creditCard", "prepaidCard"}
)


def account(
    *, name: str, nominal_code: str, category: str, description: str = ""
) -> Body:
    """Return a new account in the chart of accounts, such as one for fees.

    The category is Xero's, for instance Expense.Overhead.
    """
    if category not in ACCOUNT_CATEGORIES:
        raise ValueError("category is not one of Xero's")
    body: Body = {
        "nominalCode": limited("nominal code", nominal_code, NOMINAL_CODE_CHARACTERS),
        "name": required_text("name", name, ACCOUNT_NAME_CHARACTERS),
        "fullyQualifiedCategory": category,
    }
    if description:
        body["description"] = cut_text(description, ACCOUNT_DESCRIPTION_CHARACTERS)
    return body


def supplier(*, name: str, email: str = "") -> Body:
    """Return a new contact; Xero keeps contact names unique."""
    body: Body = {"supplierName": required_text("name", name, CONTACT_NAME_CHARACTERS)}
    if email:
        body["emailAddress"] = identifier("email", email)
    return body


def source_account(
    *,
    account_id: str,
    name: str,
    account_number: str,
    sort_code: str = "",
    currency: str,
    account_type: str = "checking",
    balance: Decimal = Decimal(0),
) -> Body:
    """Return a bank feed's source account; a pound account needs its sort code.

    Xero approves feeds of bank and credit card accounts only, which makes a lender's
    account a checking account whatever it stands for.
    """
    if account_type not in SOURCE_ACCOUNT_TYPES:
        raise ValueError("account type is not one of Codat's")
    body: Body = {
        "id": limited("account id", account_id, FEED_ID_CHARACTERS),
        "accountName": required_text("name", name, FEED_NAME_CHARACTERS),
        "accountType": account_type,
        "accountNumber": limited(
            "account number", account_number, FEED_NUMBER_CHARACTERS
        ),
        "currency": currency_code(currency),
        "balance": exact("balance", balance),
    }
    if sort_code or currency == "GBP":
        body["sortCode"] = sort_code_digits(sort_code)
    return body


def feed_mapping(
    *,
    source_account_id: str,
    target_account_id: str | None = None,
    feed_start_date: date | None = None,
) -> Body:
    """Return the mapping of a source account; without a target Xero makes one."""
    body: Body = {"sourceAccountId": source_account_id}
    if target_account_id is not None:
        body["targetAccountId"] = target_account_id
    if feed_start_date is not None:
        body["feedStartDate"] = midnight(feed_start_date)
    return body


def bank_account(
    *,
    name: str,
    account_number: str,
    sort_code: str = "",
    currency: str,
    account_type: str = "Debit",
) -> Body:
    """Return a plain bank account, for a lender account without bank feeds.

    A credit card's type is Credit. The connection's model says what of it is taken.
    """
    if account_type not in BANK_ACCOUNT_TYPES:
        raise ValueError("account type is not one of Codat's")
    body: Body = {
        "accountName": required_text("name", name, ACCOUNT_NAME_CHARACTERS),
        "accountType": account_type,
        "accountNumber": identifier("account number", account_number),
        "currency": currency_code(currency),
        "status": "Active",
    }
    if sort_code:
        body["sortCode"] = sort_code_digits(sort_code)
    return body
