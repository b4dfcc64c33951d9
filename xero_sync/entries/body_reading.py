"""A body read back: what it moves, from where to where, in the ids it holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from xero_sync.models.choices import Step


@dataclass(frozen=True)
class BookingRead:
    """What a booking's body says; the ids are Xero's, amounts in the currency's units.

    `amount` is what moves from one account to the other, never negative. `net` and
    `tax` are what a fee adds to its account and to tax: negative where it is taken
    back.
    """

    on: date
    amount: Decimal
    from_id: str = ""
    to_id: str = ""
    expense_id: str = ""
    supplier_id: str = ""
    net: Decimal | None = None
    tax: Decimal | None = None
    invoice_id: str = ""
    text: str = ""
    reference: str = ""


@dataclass(frozen=True)
class LineRead:
    """One line of a statement push: money into the account is positive."""

    on: date
    amount: Decimal
    text: str
    reference: str
    source_account_id: str


def read_booking(step: str, body: bytes) -> BookingRead:
    """Read the body of a transfer, a direct cost or a payment."""
    return _READERS[Step(step)](_decoded(body))


def read_line(line_id: str, body: bytes) -> LineRead:
    """Read one line of a statement push.

    Raises:
        KeyError: the push has no line of this id.
    """
    push = _decoded(body)
    for line in push["transactions"]:
        if line["id"] == line_id:
            return LineRead(
                on=_day(line["date"]),
                amount=line["amount"],
                text=line["description"],
                reference=line.get("reference", ""),
                source_account_id=push["accountId"],
            )
    raise KeyError(line_id)


def _decoded(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def _day(moment: str) -> date:
    return date.fromisoformat(moment.partition("T")[0])


def _transfer(body: Any) -> BookingRead:
    return BookingRead(
        on=_day(body["date"]),
        amount=body["from"]["amount"],
        from_id=body["from"]["accountRef"]["id"],
        to_id=body["to"]["accountRef"]["id"],
    )


def _direct_cost(body: Any) -> BookingRead:
    (line,) = body["lineItems"]
    total = body["totalAmount"]
    lender = body["paymentAllocations"][0]["payment"]["accountRef"]["id"]
    return BookingRead(
        on=_day(body["issueDate"]),
        amount=abs(total),
        from_id=lender if total > 0 else "",
        to_id=lender if total < 0 else "",
        expense_id=line["accountRef"]["id"],
        supplier_id=body["contactRef"]["id"],
        net=body["subTotal"],
        tax=body["taxAmount"],
        text=line["description"],
        reference=body.get("reference", ""),
    )


def _payment(body: Any) -> BookingRead:
    return BookingRead(
        on=_day(body["date"]),
        amount=body["totalAmount"],
        to_id=body["accountRef"]["id"],
        invoice_id=body["lines"][0]["links"][0]["id"],
        reference=body.get("reference", ""),
    )


_READERS: dict[Step, Callable[[Any], BookingRead]] = {
    Step.TRANSFER: _transfer,
    Step.DIRECT_COST: _direct_cost,
    Step.PAYMENT: _payment,
}
