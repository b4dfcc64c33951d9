"""Accounts, bank accounts and suppliers written into Xero."""

from __future__ import annotations

from xero_sync.sandbox import models
from xero_sync.sandbox.model_nodes import Node
from xero_sync.sandbox.organisation import Account, Contact
from xero_sync.sandbox.posting import Posting
from xero_sync.sandbox.shape import problems

LONGEST_CODE = 10
LONGEST_REGISTRATION = 50
SORT_CODE_DIGITS = 6
CARD_DIGITS = 4
PAYMENTS_ENABLED = ".PaymentsEnabled"


def post_account(posting: Posting) -> tuple[str, str]:
    """Add an account to the chart; return its data type and id.

    Codat's Xero model: a name that ends in `.PaymentsEnabled` switches payments on.

    Raises:
        Refused: Xero does not take it.
    """
    body = posting.body
    _check_shape(posting, models.chart_of_accounts())
    code, name = body["nominalCode"], body["name"]
    _check_code(posting, code)
    payments_enabled = name.endswith(PAYMENTS_ENABLED)
    name = name.removesuffix(PAYMENTS_ENABLED)
    _check_name(posting, "Name", name)
    posting.verdict()
    account = posting.organisation.add_account(
        Account(
            name=name,
            category=body["fullyQualifiedCategory"],
            currency=posting.organisation.base_currency,
            modified=posting.now,
            code=code,
            description=body.get("description"),
            payments_enabled=payments_enabled,
        )
    )
    return "chartOfAccounts", account.id


def post_bank_account(posting: Posting) -> tuple[str, str]:
    """Add a bank account to the chart; return its data type and id.

    No model of Xero's is published; ours takes what Codat's sample body has. Xero's own
    page asks for the last four digits of a card, and has no account name twice.

    Raises:
        Refused: Xero does not take it.
    """
    body, organisation = posting.body, posting.organisation
    _check_shape(posting, models.bank_accounts())
    _check_name(posting, "AccountName", body["accountName"])
    if body.get("nominalCode"):
        _check_code(posting, body["nominalCode"])
    if body["currency"] not in organisation.currencies:
        posting.refuse("Currency", "The organisation does not use this currency.")
    sort_code = body.get("sortCode")
    if sort_code and len(sort_code) != SORT_CODE_DIGITS:
        posting.refuse("SortCode", "Must have 6 digits.")
    number = body["accountNumber"]
    if body["accountType"] == "Credit" and len(number) != CARD_DIGITS:
        posting.refuse("AccountNumber", "Must be the last 4 digits of the card.")
    posting.verdict()
    account = organisation.add_account(
        Account(
            name=body["accountName"],
            category="Asset.Bank",
            currency=body["currency"],
            modified=posting.now,
            code=body.get("nominalCode"),
            account_type=body["accountType"],
            sort_code=sort_code,
            account_number=number,
        )
    )
    return "bankAccounts", account.id


def post_supplier(posting: Posting) -> tuple[str, str]:
    """Add a contact; return its data type and id.

    Raises:
        Refused: Xero does not take it, for one because the name is in use.
    """
    body, organisation = posting.body, posting.organisation
    _check_shape(posting, models.suppliers())
    if organisation.contact_named(body["supplierName"]) is not None:
        posting.refuse("SupplierName", "The contact name is already in use.")
    if len(body.get("registrationNumber") or "") > LONGEST_REGISTRATION:
        posting.refuse("RegistrationNumber", "Max length of 50 characters.")
    for address in body.get("addresses") or []:
        for name, most in models.ADDRESS_LENGTHS.items():
            if len(address.get(name) or "") > most:
                posting.refuse(f"Addresses.{name}", f"Max length of {most} characters.")
    posting.verdict()
    details = {
        name: value
        for name, value in body.items()
        if name not in {"supplierName", "status"}
    }
    contact = Contact(
        name=body["supplierName"].strip(),
        modified=posting.now,
        status="Archived" if body.get("status") == "InActive" else "Active",
        details=details,
    )
    organisation.contacts[contact.id] = contact
    return "suppliers", contact.id


def _check_shape(posting: Posting, model: Node) -> None:
    posting.errors += problems(model, posting.body)
    posting.verdict()


def _check_code(posting: Posting, code: str) -> None:
    if len(code) > LONGEST_CODE:
        posting.refuse("NominalCode", "Max length of 10 characters.")
    if any(it.code == code for it in posting.organisation.accounts.values()):
        posting.refuse("NominalCode", "The code is already in use.")


def _check_name(posting: Posting, item: str, name: str) -> None:
    if posting.organisation.account_named(name) is not None:
        posting.refuse(item, "The account name is already in use.")
