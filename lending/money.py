"""Amounts of money: what a currency allows, exact to its smallest unit.

Amounts are `Decimal` throughout; this is the one place that rounds. Which currencies
there are is CLDR's knowledge. Fund, metal and test codes (CLF, XAU, XXX and the like)
are refused: no invoice is made out in them, and without them fifteen significant digits
hold every amount, which SQLite keeps exact.
How people read an amount is in `formats`.
"""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision, get_territory_currencies
from django.utils.timezone import localdate
from django.utils.translation import gettext

from lending.exceptions import AmountNotAllowed, UnknownCurrency

INTEGER_DIGITS = 12
HUNDRED = Decimal(100)
# CLDR says how prices are tagged; the books of these have more digits (ISO 4217).
TWO_IN_BOOKS = "AFN ALL COP HUF IDR IRR KPW LAK LBP MGA MMK SOS SYP YER"
DIGITS_IN_BOOKS = {**dict.fromkeys(TWO_IN_BOOKS.split(), 2), "IQD": 3}


@lru_cache(maxsize=4)
def _tender(first: date, last: date) -> frozenset[str]:
    """Return the currencies that some country had between two days."""
    return frozenset(
        currency
        for country in get_global("territory_currencies")
        for currency in get_territory_currencies(country, first, last)
    )


def check_currency(currency: str) -> None:
    """Refuse a code that is no country's money today, such as XAU or DEM.

    Raises:
        UnknownCurrency: it is not; the message names the field.
    """
    today = localdate()
    if currency not in _tender(today, today):
        raise _unknown(currency)


def minor_digits(currency: str) -> int:
    """Digits after the decimal point in a currency, be it still in use or not.

    What was lent in a currency has to be spelled after that currency has gone.

    Raises:
        UnknownCurrency: not the ISO 4217 code of any country's money, in capitals.
    """
    if currency not in _tender(date.min, date.max):
        raise _unknown(currency)
    return DIGITS_IN_BOOKS.get(currency, get_currency_precision(currency))


def quantize(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest unit."""
    unit = Decimal(1).scaleb(-minor_digits(currency))
    return amount.quantize(unit, rounding=ROUND_HALF_UP)


def validate_amount(
    amount: Decimal, currency: str, *, field: str = "amount"
) -> Decimal:
    """Answer the amount in the currency's units, or refuse it.

    Raises:
        AmountNotAllowed: not a Decimal, not finite, not positive, too large, or finer
            than the currency's smallest unit. The message begins with `field`.
        UnknownCurrency: see `minor_digits`.
    """
    if not isinstance(amount, Decimal):
        raise _refused(field, gettext("give an exact decimal number, never a float."))
    if not amount.is_finite() or amount <= 0:
        raise _refused(
            field, gettext("must be more than zero; the kind gives the direction.")
        )
    if amount >= Decimal(10) ** INTEGER_DIGITS:
        raise _refused(
            field,
            gettext("must have at most %(digits)d digits before the point.")
            % {"digits": INTEGER_DIGITS},
        )
    quantized = quantize(amount, currency)
    if quantized != amount:
        raise _too_fine(field, currency)
    return quantized


def parse_amount(text: str, currency: str, *, field: str = "amount") -> Decimal:
    """Read an amount as callers write it: ASCII digits, a point, no sign, no grouping.

    Raises:
        AmountNotAllowed: any other spelling, or an amount `validate_amount` refuses.
        UnknownCurrency: see `minor_digits`.
    """
    digits = minor_digits(currency)
    pattern = rf"\d{{1,{INTEGER_DIGITS}}}(?:\.(\d+))?"
    match = re.fullmatch(pattern, text, re.ASCII) if isinstance(text, str) else None
    if match is None:
        raise _refused(
            field,
            gettext("write it as text, such as “%(example)s” in %(currency)s.")
            % {"example": quantize(Decimal(1250), currency), "currency": currency},
        )
    if len(match[1] or "") > digits:
        raise _too_fine(field, currency)
    return validate_amount(Decimal(text), currency, field=field)


def split_tax(
    amount: Decimal, percent: Decimal, currency: str
) -> tuple[Decimal, Decimal]:
    """Split an amount that includes tax into net and tax; together they are the amount.

    The tax is rounded half up, the net takes the rest.
    """
    if percent < 0:
        raise AmountNotAllowed(
            gettext("tax percent: must not be negative."), field="tax_percent"
        )
    total = quantize(amount, currency)
    tax = quantize(total - total * HUNDRED / (HUNDRED + percent), currency)
    return total - tax, tax


def as_text(amount: Decimal, currency: str) -> str:
    """Spell an amount for a machine: `1250.00`."""
    return str(quantize(amount, currency))


def _unknown(currency: str) -> UnknownCurrency:
    words = gettext(
        "currency: “%(currency)s” is not known; give an ISO 4217 code such as GBP."
    )
    return UnknownCurrency(words % {"currency": currency}, field="currency")


def _too_fine(field: str, currency: str) -> AmountNotAllowed:
    words = gettext("%(currency)s has %(digits)d digits after the point; round it.")
    digits = minor_digits(currency)
    return _refused(field, words % {"currency": currency, "digits": digits})


def _refused(field: str, reason: str) -> AmountNotAllowed:
    return AmountNotAllowed(f"{field}: {reason}", field=field)
