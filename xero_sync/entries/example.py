"""A loan as it usually goes, for a borrower who has none yet; nothing is stored."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from lending.models import CollectionRoute, Company, EventKind, Loan, LoanEvent
from lending.money import quantize

# So long after the advance the invoice is paid.
PAID_AFTER = timedelta(days=30)
INVOICE = Decimal(1000)
REFERENCE = "EXAMPLE"
NUMBER = "INV-1000"

# Kind, amount, and whether it comes with the payment of the invoice.
_EVENTS: dict[str, tuple[tuple[EventKind, int, bool], ...]] = {
    CollectionRoute.LENDER: (
        (EventKind.DRAWDOWN, 800, False),
        (EventKind.FEE, 50, False),
        (EventKind.INVOICE_PAYMENT, 1000, True),
        (EventKind.RESIDUAL_RELEASE, 150, True),
    ),
    CollectionRoute.BORROWER: (
        (EventKind.DRAWDOWN, 800, False),
        (EventKind.FEE, 50, False),
        (EventKind.INVOICE_PAYMENT, 1000, True),
        (EventKind.FINAL_PAYMENT, 850, True),
    ),
}


def routes_of(company: Company) -> list[str]:
    """Return the routes that the company's loans take; without loans all there are."""
    taken = set(company.loans.values_list("collection_route", flat=True))
    return [one for one in CollectionRoute.values if one in taken or not taken]


def loans(
    *, company: Company, routes: Iterable[str], today: date
) -> list[tuple[Loan, list[LoanEvent]]]:
    """Return an unsaved loan of each route, with its events in order.

    Its invoice is of 1,000 in the company's currency, the advance 800, the fee 50.
    """
    with translation.override(company.language):
        debtor = _("Your customer")
    return [_loan(company, route, today, debtor) for route in routes]


def _loan(
    company: Company, route: str, today: date, debtor: str
) -> tuple[Loan, list[LoanEvent]]:
    loan = Loan(
        company=company,
        reference=REFERENCE,
        agreed_on=today,
        invoice_number=NUMBER,
        invoice_amount=quantize(INVOICE, company.currency),
        debtor_name=debtor,
        collection_route=route,
    )
    events = [
        LoanEvent(
            loan=loan,
            sequence=sequence,
            external_id=f"{REFERENCE}-{sequence}",
            kind=kind,
            amount=quantize(Decimal(amount), company.currency),
            value_date=today + PAID_AFTER if is_later else today,
        )
        for sequence, (kind, amount, is_later) in enumerate(_EVENTS[route], start=1)
    ]
    return loan, events
