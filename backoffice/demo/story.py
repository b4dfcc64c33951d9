"""The two loans that the demo shows, from drawdown to settlement."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from backoffice.demo.borrower import RECORDED_BY, Borrower, agree_loan, today_of
from backoffice.demo.sandbox import Sandbox
from lending import formats, services
from lending.models import CollectionRoute, Loan
from xero_sync.models import Connection

BORROWER = Borrower("harbour-joinery", "Harbour Joinery Ltd", "00801850")
INVOICE_AMOUNT = Decimal(1_000)
DAYS_DRAWN, DAYS_PAID = 30, 1

# Reference, route, and what happens: the kind, the amount, how many days ago.
LOANS = (
    (
        "loan-a",
        CollectionRoute.LENDER,
        (
            ("drawdown", 800, DAYS_DRAWN),
            ("invoice_payment", 1_000, DAYS_PAID),
            ("fee", 50, DAYS_PAID),
            ("residual_release", 150, DAYS_PAID),
        ),
    ),
    (
        "loan-b",
        CollectionRoute.BORROWER,
        (
            ("drawdown", 800, DAYS_DRAWN),
            ("invoice_payment", 1_000, DAYS_PAID),
            ("fee", 50, DAYS_PAID),
            ("final_payment", 850, DAYS_PAID),
        ),
    ),
)


def agree_loans(connection: Connection, sandbox: Sandbox) -> list[Loan]:
    """Agree a loan of each route; the borrower's invoices are in his Xero."""
    agreed_on = today_of(connection.company) - timedelta(days=DAYS_DRAWN + 1)
    return [
        agree_loan(
            connection,
            sandbox,
            reference=reference,
            invoice_number=f"INV-{reference[-1].upper()}",
            invoice_amount=INVOICE_AMOUNT,
            agreed_on=agreed_on,
            route=route,
        )
        for reference, route, _ in LOANS
    ]


def record_lives(loans: list[Loan]) -> Iterator[str]:
    """Record all that happens on the loans; yield each event in words."""
    for loan, (_, _, events) in zip(loans, LOANS, strict=True):
        today = today_of(loan.company)
        for number, (kind, amount, days_ago) in enumerate(events, start=1):
            event, _ = services.record_event(
                loan=loan,
                kind=kind,
                amount=Decimal(amount),
                value_date=today - timedelta(days=days_ago),
                recorded_by=RECORDED_BY,
                today=today,
                external_id=f"{loan.reference}-{number}",
            )
            moved = formats.money(event.amount, loan.company.currency)
            on = formats.day(event.value_date)
            yield f"{event.external_id} {kind} {moved} on {on}"
