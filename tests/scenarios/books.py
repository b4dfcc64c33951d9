"""What stands in a borrower's books, and what should: compared by content alone.

Nothing here trusts our own evidence: an entry is told by its type, amount, accounts,
date and reference, as an accountant would.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

from lending.models import LoanEvent
from lending.positions import effect_of
from tests.scenarios.borrowers import Borrower

Content = tuple[Any, ...]
BOOKED = ("transfers", "directCosts", "directIncomes", "payments")
BY_HAND = "byHand"


def expected(borrower: Borrower, event: LoanEvent) -> Content | None:
    """What the booking of an event looks like; None if it has none."""
    loan = event.loan
    effect = effect_of(event, loan)
    if event.kind == "fee":
        kind = "directIncomes" if event.is_reversal else "directCosts"
        return (kind, event.value_date, effect.lender, Decimal(0), event.external_id)
    if event.kind == "invoice_payment":
        if not effect.lender and loan.invoice_payment_posting != "post_on_nominated":
            return None
        reference = f"{event.external_id} {loan.invoice_number}"
        return (
            "payments",
            event.value_date,
            effect.lender,
            effect.nominated,
            None if event.is_reversal else reference,
        )
    return ("transfers", event.value_date, effect.lender, effect.nominated, None)


def content_of(borrower: Borrower, entry: Any) -> Content:
    """What an entry in the books looks like, in the same terms."""
    nominated = sum((entry.effect_on(one) for one in borrower.nominated), Decimal(0))
    is_fee = entry.type in {"directCosts", "directIncomes"}
    return (
        "payments" if entry.type == BY_HAND else entry.type,
        entry.date,
        entry.effect_on(borrower.lender_id),
        Decimal(0) if is_fee else nominated,
        entry.reference if entry.type in {"payments", *BOOKED[1:3]} else None,
    )


def posted(borrower: Borrower) -> list[Any]:
    """What was booked through us, or by hand for us, in posting order."""
    return [
        entry
        for entry in borrower.books.entries
        if (entry.push_operation_key and entry.type in BOOKED) or entry.type == BY_HAND
    ]


def counted(borrower: Borrower) -> Counter[Content]:
    """How often each content stands in the books."""
    return Counter(content_of(borrower, entry) for entry in posted(borrower))


def lines(borrower: Borrower) -> list[Any]:
    """The lines of the lender account's statement."""
    return [
        replace(line, id=borrower.renamed.get(line.id, line.id))
        for line in borrower.books.statement(borrower.source_id)
    ]


def remove(borrower: Borrower, push_operation_key: str) -> None:
    """Take out what a push has booked, as a person does in Xero."""
    tenant = borrower.books._organisation
    for entry in posted(borrower):
        if entry.push_operation_key == push_operation_key:
            tenant.ledger.entries.remove(entry)
            if entry.invoice_id:
                tenant.invoices[entry.invoice_id].amount_due += entry.amount
