"""Payloads with every part given, each of which can be changed."""

from datetime import date
from decimal import Decimal

from xero_sync.codat import payloads

DAY = date(2026, 6, 1)
LENDER = "5ecf9a38-6a1b-4a6f-9d0a-000000000001"
NOMINATED = "5ecf9a38-6a1b-4a6f-9d0a-000000000002"
EXPENSE = "5ecf9a38-6a1b-4a6f-9d0a-000000000003"
SUPPLIER = "5ecf9a38-6a1b-4a6f-9d0a-000000000004"
INVOICE = "5ecf9a38-6a1b-4a6f-9d0a-000000000005"
CUSTOMER = "5ecf9a38-6a1b-4a6f-9d0a-000000000006"


def make_transfer(**overrides):
    return payloads.transfer(
        **{
            "amount": Decimal("800.00"),
            "value_date": DAY,
            "from_account_id": LENDER,
            "to_account_id": NOMINATED,
            **overrides,
        }
    )


def make_cost(**overrides):
    return payloads.direct_cost(
        **{
            "amount": Decimal("50.00"),
            "net": Decimal("41.67"),
            "tax": Decimal("8.33"),
            "currency": "GBP",
            "value_date": DAY,
            "reference": "FEE-0001",
            "description": "Invoice finance fee INV-1",
            "supplier_id": SUPPLIER,
            "expense_account_id": EXPENSE,
            "lender_account_id": LENDER,
            "tax_rate_id": "NONE",
            **overrides,
        }
    )


def make_payment(**overrides):
    return payloads.payment(
        **{
            "amount": Decimal("1000.00"),
            "currency": "GBP",
            "value_date": DAY,
            "reference": "INV-1",
            "invoice_id": INVOICE,
            "customer_id": CUSTOMER,
            "account_id": LENDER,
            **overrides,
        }
    )


def make_line(**overrides):
    return payloads.statement_line(
        **{
            "line_id": "evt-1",
            "value_date": DAY,
            "description": "Advance INV-1",
            "amount": Decimal("-800.00"),
            "balance": Decimal("-800.00"),
            "reference": "INV-1",
            "counterparty": "Lender Ltd",
            **overrides,
        }
    )
