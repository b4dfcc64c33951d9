"""How people read money, days, moments and countries, in the language in use.

Babel (CLDR) knows how each language writes them; the language and the time zone are
those that Django has active. Machines read ISO 8601 and `money.as_text` instead.
"""

from copy import copy
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_percent
from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import get_language

from lending.money import minor_digits, quantize

# CLDR's plain English is American; in this product the day stands before the month.
ENGLISH = "en-GB"
NOTHING = "–"


def money(amount: Decimal, currency: str) -> str:
    """Spell an amount: `£1,250.00`, in French `1 250,00 £`; every digit is kept.

    Raises:
        UnknownCurrency: see `money.minor_digits`.
    """
    locale = _locale()
    digits = minor_digits(currency)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    spelt = format_currency(
        quantize(amount, currency),
        currency,
        format=pattern,
        locale=locale,
        currency_digits=False,
    )
    # CLDR's French tells sterling from other pounds, which no accountant writes; and a
    # hyphen is no minus.
    return spelt.replace("£GB", "£").replace("-", "\N{MINUS SIGN}")


def percent(rate: Decimal) -> str:
    """Spell a rate given in per cent: `20%`, in French `20 %`; three digits at most."""
    locale = _locale()
    pattern = copy(locale.percent_formats[None])
    pattern.frac_prec = (0, 3)
    return format_percent(rate / 100, format=pattern, locale=locale)


def day(on: date | None) -> str:
    """Spell a date: `31 Oct 2026`, in French `31 oct. 2026`."""
    return NOTHING if on is None else format_date(on, locale=_locale())


def long_day(on: date) -> str:
    """Spell a date in a sentence: `1 December 2026`, in French `1er décembre 2026`."""
    spelt = format_date(on, "long", locale=_locale())
    # CLDR has no ordinals; French dates the first of a month with one.
    if on.day == 1 and _locale().language == "fr":
        return spelt.replace("1 ", "1er ", 1)
    return spelt


def moment(at: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Spell a moment, `31 Oct 2026, 11:43`, in a zone or in the one that is active."""
    return NOTHING if at is None else _moment(localtime(at, zone), "short")


def instant(at: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Spell a moment to the second, with its zone: `31 Oct 2026, 11:43:05 GMT`."""
    if at is None:
        return NOTHING
    local = localtime(at, zone)
    return f"{_moment(local, 'medium')} {local.tzname()}"


def country(code: str) -> str:
    """Name a country: `United Kingdom`, in French `Royaume-Uni`."""
    return str(_locale().territories.get(code, code))


def _moment(local: datetime, width: Literal["short", "medium"]) -> str:
    locale = _locale()
    time = format_time(local, width, tzinfo=local.tzinfo, locale=locale)
    joined: str = locale.datetime_formats["medium"]
    return joined.format(time, day(local.date()))


def _locale() -> Locale:
    return _of(get_language() or settings.LANGUAGE_CODE)


@cache
def _of(language: str) -> Locale:
    return Locale.parse(ENGLISH if language.startswith("en") else language, sep="-")
