"""Direct costs (spend money) and, when negative, direct incomes (receive money)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from xero_sync.sandbox.model_costs import direct_costs
from xero_sync.sandbox.organisation import Account
from xero_sync.sandbox.posting import Posting, money
from xero_sync.sandbox.shape import is_amount, problems
from xero_sync.sandbox.wire import JsonObject, day

LONGEST_REFERENCE = 255
LONGEST_DESCRIPTION = 4000

# Outside the Xero model, yet Codat's own Xero examples send them.
TOLERATED = frozenset(
    {"subTotal", "contactRef.dataType", "paymentAllocations.payment.currency"}
)


@dataclass(frozen=True)
class CostLine:
    """A line as Xero books it."""

    account: Account
    total: Decimal
    tax: Decimal
    rate: str
    description: str


def post_direct_cost(posting: Posting) -> tuple[str, str]:
    """Book money spent; return its data type and id.

    Codat's Xero model: a negative total turns the record into a direct income, and
    so does the type of the change that is reported.

    Raises:
        Refused: Xero does not take it.
    """
    body = posting.body
    posting.errors += problems(direct_costs(), body, tolerated=TOLERATED)
    if not is_amount(body.get("subTotal")):
        posting.refuse("SubTotal", "SubTotal must be provided.")
    posting.verdict()
    when = posting.day("IssueDate", body["issueDate"])
    if len(body.get("reference") or "") > LONGEST_REFERENCE:
        posting.refuse("Reference", "Must not exceed 255 characters.")
    _check_contact(posting)
    bank = _bank(posting)
    lines = [_line(posting, line) for line in body["lineItems"]]
    _check_sums(posting)
    posting.verdict()
    assert bank is not None  # noqa: S101 - what the verdict has just made sure
    return _book(posting, when, bank, [line for line in lines if line is not None])


def _check_contact(posting: Posting) -> None:
    reference = posting.body["contactRef"]
    if reference.get("dataType", "suppliers") != "suppliers":
        posting.refuse("ContactRef.DataType", "Must be suppliers.")
    if not posting.guid("ContactRef.Id", reference["id"]):
        return
    contact = posting.organisation.contacts.get(reference["id"])
    if contact is None or contact.status != "Active":
        posting.refuse("ContactRef.Id", "Must match the ID of an existing contact.")


def _bank(posting: Posting) -> Account | None:
    allocations = posting.body["paymentAllocations"]
    if len(allocations) != 1:
        posting.refuse("PaymentAllocations", "One payment allocation is allowed.")
        return None
    payment = allocations[0]["payment"]
    bank = posting.bank("Payment.AccountRef.Id", payment["accountRef"]["id"])
    posting.same_currency("Currency", bank, posting.body["currency"])
    if payment.get("currency", posting.body["currency"]) != posting.body["currency"]:
        posting.refuse("Payment.Currency", "Must be the currency of the record.")
    return bank


def _total(line: JsonObject) -> Decimal:
    if line.get("totalAmount") is not None:
        return money(line["totalAmount"])
    return money(line["quantity"] * line["unitAmount"] + line["taxAmount"])


def _line(posting: Posting, line: JsonObject) -> CostLine | None:
    if len(line["description"]) > LONGEST_DESCRIPTION:
        posting.refuse("LineItems.Description", "At most 4000 characters.")
    account = posting.account("LineItems.AccountRef.Id", line["accountRef"]["id"])
    if account is None:
        return None
    total, tax = _total(line), money(line["taxAmount"])
    net = money(line["quantity"] * line["unitAmount"])
    if total not in (net, net + tax):
        posting.refuse("LineItems.TotalAmount", "Must be quantity times unit amount.")
    rate = posting.organisation.tax_rates.get(
        (line.get("taxRateRef") or {}).get("id") or account.tax_rate
    )
    if rate is None or rate.status != "Active":
        posting.refuse("TaxRateRef.Id", "Must match the ID of an existing tax rate.")
        return None
    if not rate.on_purchases:
        # Xero's tax rates say whether they can apply to expenses.
        posting.refuse("TaxRateRef.Id", f"{rate.name} cannot be used on expenses.")
        return None
    if not (line.get("taxRateRef") or {}).get("id"):
        # Codat's Xero model: without a rate the account's own applies, whatever
        # tax the caller stated; the money that left the bank stays the same.
        tax = money(total * rate.percent / (100 + rate.percent))
        if tax != money(line["taxAmount"]):
            posting.warn("LineItems.TaxAmount", f"Tax was computed with {rate.name}.")
    elif rate.percent == 0 and tax != 0:
        posting.refuse("LineItems.TaxAmount", f"{rate.name} does not carry tax.")
    return CostLine(account, total, tax, rate.id, line["description"])


def _check_sums(posting: Posting) -> None:
    body = posting.body
    lines = body["lineItems"]
    totals = [_total(line) for line in lines]
    if any(total == 0 for total in totals):
        posting.refuse("LineItems.TotalAmount", "Must not be zero.")
    if any(total < 0 for total in totals) and any(total > 0 for total in totals):
        posting.refuse("LineItems.TotalAmount", "One negative line: all must be.")
    total = sum(totals, Decimal(0))
    allocated = sum(
        (money(it["allocation"]["totalAmount"]) for it in body["paymentAllocations"]),
        Decimal(0),
    )
    tax = sum((money(line["taxAmount"]) for line in lines), Decimal(0))
    if allocated != total:
        posting.refuse("Allocation.TotalAmount", "Must equal the sum of line items.")
    if money(body["totalAmount"]) != total:
        posting.refuse("TotalAmount", "Must equal the sum of line items.")
    if money(body["taxAmount"]) != tax:
        posting.refuse("TaxAmount", "Must equal the tax of the line items.")
    if money(body["subTotal"]) != total - tax:
        posting.refuse("SubTotal", "Must equal TotalAmount less TaxAmount.")


def _book(
    posting: Posting, when: date, bank: Account, lines: list[CostLine]
) -> tuple[str, str]:
    body, organisation = posting.body, posting.organisation
    total = sum((line.total for line in lines), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0))
    kind = "directCosts" if total > 0 else "directIncomes"
    record_id = posting.post(
        kind,
        when,
        abs(total),
        [
            *((line.account.id, line.total - line.tax) for line in lines),
            (organisation.tax_id, tax),
            (bank.id, -total),
        ],
        currency=body["currency"],
        reference=body.get("reference"),
        description=lines[0].description,
        contact_id=body["contactRef"]["id"],
    )
    record = _record(posting, record_id, when, bank, lines)
    records = organisation.direct_costs if total > 0 else organisation.direct_incomes
    records.append(record)
    return kind, record_id


def _record(
    posting: Posting,
    record_id: str,
    when: date,
    bank: Account,
    lines: list[CostLine],
) -> JsonObject:
    body = posting.body
    total = sum((line.total for line in lines), Decimal(0))
    tax = sum((line.tax for line in lines), Decimal(0))
    paid = {"currency": body["currency"], "currencyRate": Decimal(1)}
    account = {"id": bank.id, "name": bank.name}
    return {
        "id": record_id,
        "reference": body.get("reference") or "",
        "contactRef": {"id": body["contactRef"]["id"], "dataType": "suppliers"},
        "issueDate": day(when),
        **paid,
        "lineItems": [_line_record(line) for line in lines],
        "paymentAllocations": [
            {
                "payment": {
                    "id": record_id,
                    "accountRef": account,
                    **paid,
                    "paidOnDate": day(when),
                    "totalAmount": total,
                },
                "allocation": {
                    **paid,
                    "allocatedOnDate": day(when),
                    "totalAmount": total,
                },
            }
        ],
        "subTotal": total - tax,
        "taxAmount": tax,
        "totalAmount": total,
    }


def _line_record(line: CostLine) -> JsonObject:
    return {
        "description": line.description,
        "accountRef": {"id": line.account.id, "name": line.account.name},
        "taxRateRef": {"id": line.rate},
        "unitAmount": line.total - line.tax,
        "quantity": Decimal(1),
        "subTotal": line.total - line.tax,
        "taxAmount": line.tax,
        "totalAmount": line.total,
        "trackingCategoryRefs": [],
    }
