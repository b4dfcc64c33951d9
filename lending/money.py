"""Amounts of money: what a currency allows, exact to its smallest unit.

Amounts are `Decimal` throughout; this is the one place that rounds. Fund and test codes
of ISO 4217 (CLF, UYW, XXX and the like) are refused: no invoice is made out in them,
and without them fifteen significant digits hold every amount, which SQLite keeps exact.
"""

import re
from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext

from lending.exceptions import AmountNotAllowed, UnknownCurrency

INTEGER_DIGITS = 12
HUNDRED = Decimal(100)


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_MINOR_UNITS = _codes(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
)
THREE_DIGITS = _codes("BHD IQD JOD KWD LYD OMR TND")
TWO_DIGITS = _codes(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP
    LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST
    XCD XCG YER ZAR ZMW ZWG
    """
)


def minor_digits(currency: str) -> int:
    """Digits after the decimal point in a currency.

    Raises:
        UnknownCurrency: not an ISO 4217 currency in use, in capitals.
    """
    if currency in TWO_DIGITS:
        return 2
    if currency in NO_MINOR_UNITS:
        return 0
    if currency in THREE_DIGITS:
        return 3
    raise UnknownCurrency(
        gettext(
            "currency: “%(currency)s” is not known; give an ISO 4217 code such as GBP."
        )
        % {"currency": currency},
        field="currency",
    )


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


def as_words(amount: Decimal, currency: str) -> str:
    """Spell an amount for a person in the language in use: `GBP 1,250.00`."""
    number = number_format(
        quantize(amount, currency),
        decimal_pos=minor_digits(currency),
        force_grouping=True,
    )
    return f"{currency} {number}"


def _too_fine(field: str, currency: str) -> AmountNotAllowed:
    words = gettext("%(currency)s has %(digits)d digits after the point; round it.")
    digits = minor_digits(currency)
    return _refused(field, words % {"currency": currency, "digits": digits})


def _refused(field: str, reason: str) -> AmountNotAllowed:
    return AmountNotAllowed(f"{field}: {reason}", field=field)
