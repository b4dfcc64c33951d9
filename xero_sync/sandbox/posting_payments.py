"""Payments of sales invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from xero_sync.sandbox import models
from xero_sync.sandbox.organisation import Account, Invoice
from xero_sync.sandbox.posting import Posting, money
from xero_sync.sandbox.shape import problems
from xero_sync.sandbox.wire import JsonObject, day


def post_payment(posting: Posting) -> tuple[str, str]:
    """Book the payment of one invoice; return its data type and id.

    Codat's payment page: a line is positive and its link takes the same sum off the
    receivable, so it is negative. The Xero model words that the other way round, so
    sums are compared without their signs.

    Raises:
        Refused: Xero does not take it.
    """
    body = posting.body
    posting.errors += problems(models.payments(), body)
    posting.verdict()
    when = posting.day("Date", body["date"])
    amount = money(body["totalAmount"])
    account = posting.account("AccountRef.Id", body["accountRef"]["id"])
    if account is not None and not account.takes_payments:
        posting.refuse("AccountRef.Id", "Must be a BANK account or take payments.")
    if amount <= 0:
        posting.refuse("TotalAmount", "TotalAmount must be greater than 0.")
    invoice = _invoice(posting, amount)
    posting.same_currency("Currency", account, body["currency"])
    posting.verdict()
    assert account is not None  # noqa: S101 - what the verdict has just made sure
    assert invoice is not None  # noqa: S101
    record_id = book_payment(
        posting, invoice, account, amount, when, body.get("reference")
    )
    return "payments", record_id


def _invoice(posting: Posting, amount: Decimal) -> Invoice | None:
    links = [link for line in posting.body["lines"] for link in line["links"]]
    _check_sums(posting, links, amount)
    if len(links) != 1 or links[0]["type"] != "Invoice":
        posting.refuse("Lines.Links", "The payment must link to one invoice.")
        return None
    if not posting.guid("Links.Id", links[0]["id"]):
        return None
    invoice = posting.organisation.invoices.get(links[0]["id"])
    if invoice is None:
        posting.refuse("Links.Id", "Links.Id must match the ID of an invoice.")
        return None
    _check_invoice(posting, invoice, amount)
    return invoice


def _check_sums(posting: Posting, links: list[JsonObject], amount: Decimal) -> None:
    by_line = sum((money(line["amount"]) for line in posting.body["lines"]), Decimal(0))
    by_link = sum((abs(money(link["amount"])) for link in links), Decimal(0))
    if by_line != amount:
        posting.refuse("Lines.Amount", "The lines must add up to TotalAmount.")
    if by_link != amount:
        posting.refuse("Links.Amount", "The links must add up to TotalAmount.")
    if any(link["amount"] > 0 for link in links):
        posting.warn("Links.Amount", "A link lowers the receivable: it is negative.")


def _check_invoice(posting: Posting, invoice: Invoice, amount: Decimal) -> None:
    if invoice.status not in {"Submitted", "PartiallyPaid"}:
        posting.refuse("Links.Id", f"The invoice is {invoice.status}.")
    elif amount > invoice.amount_due:
        posting.refuse("TotalAmount", "Payment exceeds the amount due on the invoice.")
    if posting.body["customerRef"]["id"] != invoice.contact_id:
        posting.refuse("CustomerRef.Id", "Must be the customer of the invoice.")
    if posting.body["currency"] != invoice.currency:
        posting.refuse("Currency", "Must be the currency of the invoice.")


def book_payment(
    posting: Posting,
    invoice: Invoice,
    account: Account,
    amount: Decimal,
    when: date,
    reference: str | None,
) -> str:
    """Write a payment down: money in, receivable down."""
    organisation = posting.organisation
    record_id = posting.post(
        "payments",
        when,
        amount,
        [(account.id, amount), (organisation.receivables_id, -amount)],
        currency=invoice.currency,
        reference=reference,
        contact_id=invoice.contact_id,
        invoice_id=invoice.id,
    )
    invoice.amount_due -= amount
    invoice.paid_on = when if invoice.amount_due == 0 else None
    invoice.modified = posting.now
    contact = organisation.contacts[invoice.contact_id]
    link = {"type": "Invoice", "id": invoice.id, "amount": -amount}
    organisation.payments.append(
        {
            "id": record_id,
            "customerRef": {"id": contact.id, "companyName": contact.name},
            "accountRef": {"id": account.id, "name": account.name},
            "totalAmount": amount,
            "currency": invoice.currency,
            "currencyRate": Decimal(1),
            "date": day(when),
            "reference": reference or "",
            "lines": [{"amount": amount, "links": [{**link, "currencyRate": 1}]}],
        }
    )
    return record_id
