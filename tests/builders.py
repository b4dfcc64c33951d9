"""Rows for tests: sensible by default, each field replaceable by keyword.

`make_*` go through the services and need the database; `unsaved_*` are for pure tests.
"""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from lending import services
from lending.models import Company, Loan, LoanEvent

AGREED_ON = date(2026, 3, 2)
VALUE_DATE = date(2026, 3, 10)
TODAY = date(2026, 3, 31)

_numbers = count(1)


def make_company(**overrides: Any) -> Company:
    """A British company."""
    fields: dict[str, Any] = {
        "reference": f"company-{next(_numbers)}",
        "legal_name": "Harbour Joinery Ltd",
        "currency": "GBP",
        "country": "GB",
        "contact_email": "accounts@harbour-joinery.example",
    }
    return services.create_company(**fields | overrides)


def make_loan(**overrides: Any) -> Loan:
    """A loan against an invoice of 1,000 that the debtor pays to us."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "reference": f"loan-{number}",
        "agreed_on": AGREED_ON,
        "invoice_number": f"INV-{number:04}",
        "invoice_amount": "1000",
        "debtor_name": "Northgate Builders",
    }
    fields |= overrides
    fields["invoice_amount"] = Decimal(fields["invoice_amount"])
    fields.setdefault("company", None)
    fields["company"] = fields["company"] or make_company()
    return services.create_loan(**fields)


def make_event(**overrides: Any) -> LoanEvent:
    """A drawdown of 800, or another event; the amount may be given as text."""
    fields: dict[str, Any] = {
        "kind": "drawdown",
        "amount": "800",
        "value_date": VALUE_DATE,
        "recorded_by": "user:anna",
    }
    fields |= overrides
    fields.setdefault("loan", None)
    fields["loan"] = fields["loan"] or make_loan()
    fields["amount"] = Decimal(fields["amount"])
    fields.setdefault("today", max(TODAY, fields["value_date"]))
    event, _ = services.record_event(**fields)
    return event


def reverse(event: LoanEvent, **overrides: Any) -> LoanEvent:
    """The reversal of an event."""
    fields: dict[str, Any] = {"recorded_by": "user:anna", "today": TODAY}
    reversal, _ = services.reverse_event(event=event, **fields | overrides)
    return reversal


def unsaved_loan(**overrides: Any) -> Loan:
    """A loan that was never stored."""
    fields: dict[str, Any] = {
        "company": Company(reference="company", currency="GBP"),
        "reference": "loan",
        "agreed_on": AGREED_ON,
        "invoice_amount": Decimal("1000.00"),
    }
    return Loan(**fields | overrides)


def unsaved_event(**overrides: Any) -> LoanEvent:
    """An event that was never stored, with an id so that others can point at it."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "pk": number,
        "sequence": number,
        "external_id": f"event-{number}",
        "kind": "drawdown",
        "amount": Decimal("800.00"),
        "value_date": VALUE_DATE,
    }
    return LoanEvent(**fields | overrides)
