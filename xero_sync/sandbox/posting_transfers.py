"""Transfers between two bank accounts of one organisation."""

from __future__ import annotations

from xero_sync.sandbox import models
from xero_sync.sandbox.posting import Posting, money
from xero_sync.sandbox.shape import problems
from xero_sync.sandbox.wire import day


def post_transfer(posting: Posting) -> tuple[str, str]:
    """Book a transfer; return its data type and id.

    Codat's Xero model: both sides name an existing bank account, carry the same
    amount above zero, and a status each; there is no currency, so none is converted.

    Raises:
        Refused: Xero does not take it.
    """
    body = posting.body
    posting.errors += problems(models.transfers(), body)
    posting.verdict()
    when = posting.day("Date", body["date"])
    out, into = body["from"], body["to"]
    source = posting.bank("From.AccountRef.Id", out["accountRef"]["id"])
    target = posting.bank("To.AccountRef.Id", into["accountRef"]["id"])
    amount = money(out["amount"])
    if amount <= 0:
        posting.refuse("From.Amount", "From.Amount must be greater than zero.")
    if out["amount"] != into["amount"]:
        posting.refuse("To.Amount", "To.Amount must be equal to From.Amount.")
    if source is not None and source is target:
        posting.refuse("To.AccountRef.Id", "The accounts of a transfer must differ.")
    if source is not None and target is not None and source.currency != target.currency:
        posting.refuse("To.AccountRef.Id", "Accounts must share one currency.")
    posting.verdict()
    assert source is not None  # noqa: S101 - what the verdict has just made sure
    assert target is not None  # noqa: S101
    record_id = posting.post(
        "transfers",
        when,
        amount,
        [(source.id, -amount), (target.id, amount)],
        currency=source.currency,
    )
    sides = {
        name: {
            "accountRef": {"id": account.id, "dataType": "bankAccounts"},
            "currency": account.currency,
            "amount": amount,
            "status": body[name]["status"],
        }
        for name, account in (("from", source), ("to", target))
    }
    posting.organisation.transfers.append({"id": record_id, "date": day(when), **sides})
    return "transfers", record_id
