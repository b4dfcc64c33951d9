"""The bodies written to Codat, as Xero wants them.

Each function returns a plain value: same input, same body. What Xero's model of a data
type does not list is not sent, except for three properties that Codat's own schema or
its Xero examples ask for: subTotal, contactRef.dataType and the payment's currency
inside paymentAllocations.

Free text that a person reads is cut to Xero's limit. An identifier, a code or an amount
is never altered: one that cannot be right is refused with ValueError, a float or a
datetime with TypeError. Amounts arrive rounded and leave digit by digit, see `encode`.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from xero_sync.codat.body_values import (
    Body,
    currency_code,
    cut_text,
    exact,
    identifier,
    midnight,
    negated,
    positive,
    reference_to,
    required_text,
)
from xero_sync.codat.body_values import encode as encode
from xero_sync.codat.setup_payloads import account as account
from xero_sync.codat.setup_payloads import bank_account as bank_account
from xero_sync.codat.setup_payloads import feed_mapping as feed_mapping
from xero_sync.codat.setup_payloads import source_account as source_account
from xero_sync.codat.setup_payloads import supplier as supplier

COST_TEXT_CHARACTERS = 4_000
LINE_TEXT_CHARACTERS = 2_000
SHORT_TEXT_CHARACTERS = 255
LINES_PER_PUSH = 1_000


def transfer(
    *, amount: Decimal, value_date: date, from_account_id: str, to_account_id: str
) -> Body:
    """Return a transfer between two bank accounts, by their Xero ids.

    Both sides are unreconciled, so that Xero can match them to statement lines. Xero's
    model has neither a currency nor a description here.
    """
    if from_account_id == to_account_id:
        raise ValueError("a transfer needs two different accounts")
    positive("amount", amount)

    def side(account_id: str) -> Body:
        return {
            "accountRef": reference_to("account id", account_id),
            "amount": amount,
            "status": "Unreconciled",
        }

    return {
        "date": midnight(value_date),
        "from": side(from_account_id),
        "to": side(to_account_id),
    }


def direct_cost(
    *,
    amount: Decimal,
    net: Decimal,
    tax: Decimal,
    currency: str,
    value_date: date,
    reference: str,
    description: str,
    supplier_id: str,
    expense_account_id: str,
    lender_account_id: str,
    tax_rate_id: str,
    negative: bool = False,
) -> Body:
    """Return a fee paid from the lender account; amount is net plus tax.

    The tax rate is always sent, since Xero would otherwise apply the expense account's
    own. With negative, every amount changes its sign: Codat books such a cost as money
    received, which is how a fee is taken back.
    """
    positive("amount", amount)
    if exact("net", net) < 0 or exact("tax", tax) < 0 or net + tax != amount:
        raise ValueError("amount must be net plus tax, none of them negative")
    if negative:
        amount, net, tax = (negated(figure) for figure in (amount, net, tax))
    line = {
        "description": required_text("description", description, COST_TEXT_CHARACTERS),
        "quantity": 1,
        "unitAmount": net,
        "taxAmount": tax,
        "totalAmount": amount,
        "accountRef": reference_to("expense account id", expense_account_id),
        "taxRateRef": reference_to("tax rate id", tax_rate_id),
    }
    contact = reference_to("supplier id", supplier_id)
    return {
        "issueDate": midnight(value_date),
        **_optional(reference=reference),
        "currency": currency_code(currency),
        "subTotal": net,
        "taxAmount": tax,
        "totalAmount": amount,
        "contactRef": {**contact, "dataType": "suppliers"},
        "lineItems": [line],
        "paymentAllocations": [_paid_from(lender_account_id, currency, amount)],
    }


def payment(
    *,
    amount: Decimal,
    currency: str,
    value_date: date,
    reference: str,
    invoice_id: str,
    customer_id: str,
    account_id: str,
) -> Body:
    """Return a payment of one invoice into an account.

    The link's amount is negative: it is what the payment takes off the receivable.
    """
    positive("amount", amount)
    link = {
        "type": "Invoice",
        "id": identifier("invoice id", invoice_id),
        "amount": negated(amount),
    }
    return {
        "customerRef": reference_to("customer id", customer_id),
        "accountRef": reference_to("account id", account_id),
        "totalAmount": amount,
        "currency": currency_code(currency),
        "date": midnight(value_date),
        **_optional(reference=reference),
        "lines": [{"amount": amount, "links": [link]}],
    }


def statement_line(
    *,
    line_id: str,
    value_date: date,
    description: str,
    amount: Decimal,
    balance: Decimal,
    reference: str = "",
    counterparty: str = "",
) -> Body:
    """Return one line of the lender account's statement.

    Money into the account is positive and a Credit, money out of it negative and a
    Debit; balance is the account's balance after the line.
    """
    if not exact("amount", amount):
        raise ValueError("amount must not be zero")
    return {
        "id": identifier("line id", line_id),
        "date": midnight(value_date),
        "description": required_text("description", description, LINE_TEXT_CHARACTERS),
        "amount": amount,
        "balance": exact("balance", balance),
        "transactionType": "Credit" if amount > 0 else "Debit",
        **_optional(reference=reference, counterparty=counterparty),
    }


def bank_transactions(*, source_account_id: str, lines: Sequence[Body]) -> Body:
    """Return the push of statement lines to one source account, oldest first.

    Raises:
        ValueError: no line or over 1,000, lines out of order, one id twice, or balances
            that do not follow from the amounts.
    """
    if not 0 < len(lines) <= LINES_PER_PUSH:
        raise ValueError(f"a push carries 1 to {LINES_PER_PUSH} lines")
    if len({line["id"] for line in lines}) != len(lines):
        raise ValueError("each line needs an id of its own")
    for earlier, later in pairwise(lines):
        if later["date"] < earlier["date"]:
            raise ValueError("lines must come oldest first")
        if later["balance"] != earlier["balance"] + later["amount"]:
            raise ValueError("each balance must be the one before plus the amount")
    return {
        "accountId": identifier("source account id", source_account_id),
        "transactions": list(lines),
    }


def _optional(**texts: str) -> Body:
    """Cut the texts, leaving out the empty ones."""
    cut = {name: cut_text(text, SHORT_TEXT_CHARACTERS) for name, text in texts.items()}
    return {name: text for name, text in cut.items() if text}


def _paid_from(account_id: str, currency: str, amount: Decimal) -> Body:
    account = reference_to("lender account id", account_id)
    return {
        "payment": {"accountRef": account, "currency": currency},
        "allocation": {"totalAmount": amount},
    }
