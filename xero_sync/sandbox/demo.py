"""Ready-made borrowers to try the product with."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from xero_sync.sandbox.sandbox import Sandbox

BORROWERS = ("Harbour Bakery Ltd", "Quayside Joinery Ltd")
INVOICES = ((21, "1000.00"), (14, "2450.50"), (3, "780.25"))


def seed_demo(sandbox: Sandbox) -> None:
    """Add two linked borrowers with open invoices."""
    today = sandbox.now.date()
    for borrower in BORROWERS:
        company = sandbox.add_company(borrower)
        connection = sandbox.add_connection(company.id)
        for number, (age, total) in enumerate(INVOICES, start=1):
            issued = today - timedelta(days=age)
            sandbox.add_invoice(
                connection.id,
                number=f"INV-{number:04}",
                total=Decimal(total),
                issue_date=issued,
                due_date=issued + timedelta(days=30),
            )
