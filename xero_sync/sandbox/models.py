"""The "create models" which Codat publishes for Xero: what a write may contain.

Codat's options endpoint serves them, and the push validation reads the same nodes:
a property which a model does not list is refused. For bank accounts and bank
transactions no Xero model is published; ours follow the documented sample bodies.
"""

from __future__ import annotations

from xero_sync.sandbox.model_nodes import (
    GUID,
    MUST,
    Node,
    listed,
    moment,
    node,
    number,
    record,
    reference,
    text,
)


def _transfer_side(side: str, other: str) -> Node:
    return record(
        f"Transfered {side}",
        {
            "accountRef": reference(
                "Account Reference",
                "AccountRef",
                "Must match the ID of an existing bank account.",
            ),
            "amount": number(
                "Amount",
                field=f"{side}.Amount",
                warn=[
                    f"Must be equal to {other}.Amount.",
                    "Must be greater than zero.",
                ],
            ),
            "status": text(
                "Status",
                options=("Unknown", "Unreconciled", "Reconciled"),
                field=f"{side}.Status",
                info=[MUST],
            ),
        },
    )


def transfers() -> Node:
    """A transfer: neither currency nor text of ours, but a status on each side."""
    return record(
        "Transfer",
        {
            "date": moment("Transfer Date"),
            "from": _transfer_side("From", "To"),
            "to": _transfer_side("To", "From"),
        },
    )


def payments() -> Node:
    """A payment of an invoice."""
    link = {
        "id": text("Identifier", field="Links.Id", warn=[GUID], info=[MUST]),
        "amount": number("Amount", field="Links.Amount", info=[MUST]),
        "type": text(
            "Link Type",
            options=("Invoice", "CreditNote", "Payment"),
            field="Links.Type",
            info=[MUST],
        ),
    }
    return record(
        "Payment",
        {
            "customerRef": reference("Customer Reference", "CustomerRef", GUID),
            "accountRef": reference("Nominal Account Reference", "AccountRef", GUID),
            "totalAmount": number("Total Amount", field="TotalAmount", info=[MUST]),
            "date": moment("Date", info=[MUST]),
            "reference": text("Reference", required=False),
            "currencyRate": number("Currency HttpExchange Rate", required=False),
            "currency": text("Currency", info=[MUST]),
            "lines": listed(
                "Lines", {"amount": number("Amount"), "links": listed("Links", link)}
            ),
        },
    )


def chart_of_accounts() -> Node:
    """A nominal account."""
    families = {
        "Asset": "Current Fixed Inventory NonCurrent Prepayment",
        "Expense": "DirectCosts Expense Overhead Superannuation Wages",
        "Income": "Sales Revenue Other",
        "Liability": (
            "Current Depreciation Liability NonCurrent PayAsYouGo Superannuation "
            "WagesPayable"
        ),
        "Equity": "Equity",
    }
    categories = [
        f"{family}.{kind}"
        for family, kinds in families.items()
        for kind in kinds.split()
    ]
    return record(
        "Nominal Account",
        {
            "nominalCode": text(
                "Nominal Code",
                field="NominalCode",
                warn=["Max length of 10 characters."],
            ),
            "name": text(
                "Name",
                info=["Payments are enabled if the name ends in .PaymentsEnabled."],
            ),
            "description": text("Description", required=False),
            "fullyQualifiedCategory": text(
                "Fully Qualified Category", options=categories
            ),
        },
    )


def suppliers() -> Node:
    """A contact."""
    lines = {
        name: text(name, required=False, warn=[f"Max length of {most} characters."])
        for name, most in ADDRESS_LENGTHS.items()
    }
    lines["type"] = text("Type", options=("Billing", "Delivery"))
    return record(
        "Suppliers",
        {
            "supplierName": text("Name"),
            "phone": text(
                "Phone",
                required=False,
                warn=["Country, area, and number are space separated"],
            ),
            "emailAddress": text("Email", required=False),
            "registrationNumber": text(
                "Registration Number",
                required=False,
                warn=["Max length of 50 characters"],
            ),
            "taxNumber": text("Tax Number", required=False),
            "status": text("Status", options=("Active", "InActive"), required=False),
            "addresses": listed("Addresses", lines, required=False),
        },
    )


ADDRESS_LENGTHS = {
    "line1": 500,
    "line2": 500,
    "city": 255,
    "region": 255,
    "country": 50,
    "postalCode": 50,
}


def bank_accounts() -> Node:
    """A bank account; no model of Xero's is published, ours follows Codat's sample."""
    return record(
        "Bank Account",
        {
            "accountName": text("Name"),
            "accountType": text("Account Type", options=("Debit", "Credit")),
            "nominalCode": text("Nominal Code", required=False),
            "sortCode": text("Sort Code", required=False),
            "accountNumber": text("Account Number"),
            "iBan": text("IBAN", required=False),
            "institution": text("Institution", required=False),
            "currency": text("Currency"),
            "status": text("Status", options=("Active",), required=False),
        },
    )


def bank_transactions() -> Node:
    """Lines of a bank-feed statement."""
    line = {
        "id": text("Identifier"),
        "date": moment("Date"),
        "description": text("Description"),
        "amount": number("Amount"),
        "balance": number("Balance"),
        "transactionType": text("Transaction Type", options=TRANSACTION_TYPES),
        "reference": text("Reference", required=False),
        "counterparty": text("Counterparty", required=False),
        "reconciled": node("Boolean", "Reconciled", required=False),
    }
    return record(
        "Bank Transactions",
        {
            "accountId": text("Account Identifier"),
            "transactions": listed("Transactions", line),
        },
    )


TRANSACTION_TYPES = (
    "Unknown",
    "Credit",
    "Debit",
    "Int",
    "Div",
    "Fee",
    "SerChg",
    "Dep",
    "Atm",
    "Pos",
    "Xfer",
    "Check",
    "Payment",
    "Cash",
    "DirectDep",
    "DirectDebit",
    "RepeatPmt",
    "Other",
)
