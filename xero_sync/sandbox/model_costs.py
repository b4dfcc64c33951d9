"""The published create model of a direct cost (money spent) in Xero."""

from __future__ import annotations

from xero_sync.sandbox.model_nodes import (
    GUID,
    MUST,
    Node,
    listed,
    moment,
    number,
    record,
    reference,
    text,
)

NEGATIVE = "When negative, the item becomes a direct income and is pushed as one."


def direct_costs() -> Node:
    """A direct cost."""
    return record(
        "Direct Cost",
        {
            "issueDate": moment("Issue Date", field="IssueDate", info=[MUST]),
            "reference": text(
                "Reference", required=False, info=["Must not exceed 255 characters."]
            ),
            "currency": text("Currency", info=[MUST]),
            "currencyRate": number("Currency HttpExchange Rate", required=False),
            "taxAmount": number("Tax Amount", field="TaxAmount", info=[MUST]),
            "totalAmount": number("Total Amount", field="TotalAmount", info=[MUST]),
            "contactRef": reference(
                "Contact Ref",
                "ContactRef",
                GUID,
                "Must match the ID of an existing contact.",
            ),
            "paymentAllocations": listed("Payment Allocations", _allocation()),
            "lineItems": listed("Direct Transaction Lines", _line()),
        },
        warn=[NEGATIVE],
    )


def _allocation() -> dict[str, Node]:
    account = reference("Account Reference", "AccountRef", "Must be a bank account.")
    total = number(
        "Total Amount",
        field="Allocation.TotalAmount",
        warn=["Must be equal to the sum of line items."],
    )
    return {
        "payment": record("Payment", {"accountRef": account}),
        "allocation": record("Allocation", {"totalAmount": total}),
    }


def _line() -> dict[str, Node]:
    return {
        "description": text(
            "Description", info=["Must not be longer than 4000 characters long."]
        ),
        "quantity": number("Quantity", info=[MUST]),
        "unitAmount": number("Unit Amount", info=[MUST]),
        "totalAmount": number("Total Amount", required=False, warn=[NEGATIVE]),
        "taxAmount": number("Tax Amount", info=[MUST]),
        "accountRef": reference("Nominal Account Reference", "AccountRef", GUID),
        "trackingCategoryRefs": listed(
            "Tracking Category References",
            {"id": text("Identifier")},
            required=False,
            info=["Maximum of 2 Tracking Categories."],
        ),
        "taxRateRef": reference(
            "Tax Rate Reference",
            "TaxRateRef",
            "Must match the ID of an existing tax rate.",
            required=False,
        ),
        "itemRef": reference("Item Reference", "ItemRef", GUID, required=False),
    }
