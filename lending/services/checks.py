"""What the services refuse before anything is written."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext

from lending import formats
from lending.exceptions import (
    CurrencyMismatch,
    InvalidReference,
    InvalidValue,
    InvoiceOverpaid,
    LoanClosed,
    UnknownEventKind,
    ValueDateNotAllowed,
)
from lending.models import REFERENCE_RULE, EventKind, Loan, LoanEvent, is_reference
from lending.positions import loan_position


def check_reference(reference: str, *, field: str) -> str:
    """Answer a well-formed reference, or raise InvalidReference."""
    if not isinstance(reference, str) or not is_reference(reference):
        message = gettext("%(field)s: “%(value)s” cannot be used. %(rule)s") % {
            "field": field,
            "value": reference,
            "rule": REFERENCE_RULE,
        }
        raise InvalidReference(message, field=field)
    return reference


def check_fields(instance: models.Model, *, skip: tuple[str, ...] = ()) -> None:
    """Run the model's own field checks; the first complaint becomes InvalidValue."""
    try:
        instance.clean_fields(exclude=set(skip))
    except ValidationError as exc:
        field, complaints = next(iter(exc.message_dict.items()))
        message = f"{field}: {' '.join(complaints)}"
        raise InvalidValue(message, field=field) from exc


def check_author(author: str, *, field: str) -> None:
    """Raise InvalidValue unless it is said who did this."""
    if not isinstance(author, str) or not author.strip():
        message = gettext("%(field)s: say who did this.") % {"field": field}
        raise InvalidValue(message, field=field)


def check_kind(kind: str) -> EventKind:
    """Answer a known kind of event, or raise UnknownEventKind."""
    if kind not in EventKind.values:
        message = gettext("kind: “%(kind)s” is not known; use one of %(kinds)s.") % {
            "kind": kind,
            "kinds": ", ".join(EventKind.values),
        }
        raise UnknownEventKind(message, field="kind")
    return EventKind(kind)


def check_currency(loan: Loan, currency: str | None) -> None:
    """Raise CurrencyMismatch if a currency is given that is not the company's."""
    if currency is None or currency == loan.company.currency:
        return
    message = gettext(
        "currency: %(given)s was given but the loan is in %(stored)s; convert the "
        "amount or leave the currency out."
    ) % {"given": currency, "stored": loan.company.currency}
    raise CurrencyMismatch(message, field="currency")


def check_open(loan: Loan) -> None:
    """Raise LoanClosed for a closed loan."""
    if not loan.is_closed:
        return
    message = gettext(
        "loan: %(loan)s is closed; only a reversal of one of its events reopens it."
    ) % {"loan": loan.reference}
    raise LoanClosed(message, field="loan")


def check_date(value: date, *, field: str) -> date:
    """Answer a plain date, or raise InvalidValue; a moment is not one."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    message = gettext(
        "%(field)s: “%(value)s” is not a date; give one, such as date(2026, 3, 31)."
    ) % {"field": field, "value": value}
    raise InvalidValue(message, field=field)


def check_value_date(loan: Loan, value_date: date, *, today: date) -> None:
    """Raise ValueDateNotAllowed for a date before the agreement or after today."""
    if value_date < loan.agreed_on:
        message = gettext(
            "value_date: %(date)s lies before the loan was agreed; use %(agreed)s or "
            "later."
        ) % {"date": value_date, "agreed": loan.agreed_on}
        raise ValueDateNotAllowed(message, field="value_date")
    if value_date > today:
        message = gettext(
            "value_date: %(date)s lies ahead; use %(today)s, today for the company, or "
            "earlier."
        ) % {"date": value_date, "today": today}
        raise ValueDateNotAllowed(message, field="value_date")


def check_invoice_not_overpaid(
    loan: Loan, amount: Decimal, entered: Sequence[LoanEvent] = ()
) -> None:
    """Raise InvoiceOverpaid if one more payment would exceed the invoice.

    `entered` are events of the loan that are not stored yet.
    """
    events = [*loan.events.all(), *entered]
    position = loan_position(loan=loan, events=events)
    surplus = amount - position.receivable
    if surplus <= 0:
        return
    message = gettext(
        "amount: the invoice has %(open)s unpaid, so %(surplus)s is too much; record "
        "at most what is unpaid."
    ) % {
        "open": formats.money(position.receivable, position.currency),
        "surplus": formats.money(surplus, position.currency),
    }
    raise InvoiceOverpaid(message, surplus=surplus)
