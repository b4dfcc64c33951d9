"""How much may move before somebody says it twice: an extra zero is the case.

A movement beyond its invoice, or above what the settings allow for one event or for a
day, is only recorded when its amount was repeated and a reason given. Two that are
recorded at the same moment may both pass the day's ceiling: it guards against a
mistake, not against somebody who may record and means harm.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet, Sum
from django.utils.timezone import make_aware
from django.utils.translation import gettext

from lending import formats
from lending.exceptions import CeilingExceeded, InvalidValue
from lending.models import EventKind, Loan, LoanEvent

ZERO = Decimal(0)
# How what a service did is signed; people have no ceiling of a day to themselves.
SERVICE = "api:"


def check(
    *,
    loan: Loan,
    kind: EventKind,
    amount: Decimal,
    recorded_by: str,
    today: date,
    entered: Sequence[LoanEvent],
    moved: dict[object, Decimal],
    confirmed_amount: Decimal | None,
    reason: str,
) -> str:
    """Return which ceilings a movement passes, in words; "" if none.

    `entered` are events that are not stored yet. `moved` keeps for the events of one
    batch what the day has moved before it, so that it is read once.

    Raises:
        CeilingExceeded: it passes one, and the amount was not repeated, or another.
        InvalidValue: the amount was repeated and no reason given.
    """
    if confirmed_amount is not None and confirmed_amount != amount:
        message = gettext(
            "confirmed_amount: it has to repeat the amount, %(amount)s; nothing was "
            "recorded."
        ) % {"amount": formats.money(amount, loan.company.currency)}
        raise CeilingExceeded(message, field="confirmed_amount")
    passed = "; ".join(
        [
            *_of_the_invoice(loan, kind, amount),
            *_of_one_event(loan, amount),
            *_of_a_day(loan, amount, recorded_by, today, entered, moved),
        ]
    )
    if passed and confirmed_amount is None:
        message = gettext(
            "amount: %(passed)s. If it is right all the same, give the amount once "
            "more (confirmed_amount) and say why (reason)."
        ) % {"passed": passed}
        raise CeilingExceeded(message, field="amount")
    if passed and not reason.strip():
        message = gettext("reason: say why the amount is right all the same.")
        raise InvalidValue(message, field="reason")
    return passed


def _of_the_invoice(loan: Loan, kind: EventKind, amount: Decimal) -> list[str]:
    # What the invoice's own payments may come to is checked for itself.
    if kind == EventKind.INVOICE_PAYMENT or amount <= loan.invoice_amount:
        return []
    words = gettext("%(amount)s is more than the invoice of %(invoice)s")
    return [words % _money(loan, amount=amount, invoice=loan.invoice_amount)]


def _of_one_event(loan: Loan, amount: Decimal) -> list[str]:
    most = settings.EVENT_CEILINGS.get(loan.company.currency)
    if most is None or amount <= most:
        return []
    words = gettext("%(amount)s is more than one event may move, %(most)s")
    return [words % _money(loan, amount=amount, most=most)]


def _of_a_day(
    loan: Loan,
    amount: Decimal,
    recorded_by: str,
    today: date,
    entered: Sequence[LoanEvent],
    known: dict[object, Decimal],
) -> list[str]:
    currency = loan.company.currency
    zone = ZoneInfo(loan.company.time_zone)
    begins = make_aware(datetime.combine(today, time.min), zone)
    counted = LoanEvent.objects.filter(
        recorded_at__gte=begins, reverses=None, already_in_books=False
    )
    beside = [one for one in entered if not one.already_in_books]
    passed = []
    most = settings.COMPANY_DAY_CEILINGS.get(currency)
    if most is not None:
        theirs = [one for one in beside if one.loan.company_id == loan.company_id]
        before = counted.filter(loan__company=loan.company)
        moved = amount + _once(known, ("company", loan.company_id), before)
        moved += sum((one.amount for one in theirs), ZERO)
        if moved > most:
            words = gettext(
                "%(moved)s in one day is more than a company may move, %(most)s"
            )
            passed.append(words % _money(loan, moved=moved, most=most))
    most = settings.SERVICE_DAY_CEILINGS.get(currency)
    if most is not None and recorded_by.startswith(SERVICE):
        alike = [one for one in beside if one.loan.company.currency == currency]
        before = counted.filter(
            recorded_by=recorded_by, loan__company__currency=currency
        )
        moved = amount + _once(known, ("service", currency, begins), before)
        moved += sum((one.amount for one in alike), ZERO)
        if moved > most:
            words = gettext(
                "%(moved)s in one day is more than a service may move, %(most)s"
            )
            passed.append(words % _money(loan, moved=moved, most=most))
    return passed


def _once(
    known: dict[object, Decimal], what: object, events: QuerySet[LoanEvent]
) -> Decimal:
    if what not in known:
        known[what] = events.aggregate(all=Sum("amount"))["all"] or ZERO
    return known[what]


def _money(loan: Loan, **amounts: Decimal) -> Mapping[str, str]:
    currency = loan.company.currency
    return {name: formats.money(amount, currency) for name, amount in amounts.items()}
