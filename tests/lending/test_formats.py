"""Money, days, moments and countries as people read them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone, translation

from lending import formats
from lending.exceptions import UnknownCurrency

AT = datetime(2026, 10, 31, 11, 43, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "english", "french"),
    [
        ("1250.5", "GBP", "£1,250.50", "1\u202f250,50\xa0£"),
        ("-1250.50", "EUR", "−€1,250.50", "−1\u202f250,50\xa0€"),
        ("3", "USD", "US$3.00", "3,00\xa0$US"),
        ("1250", "JPY", "JP¥1,250", "1\u202f250\xa0JPY"),
        ("0.125", "KWD", "KWD0.125", "0,125\xa0KWD"),
        ("1250.5", "HUF", "HUF1,250.50", "1\u202f250,50\xa0HUF"),
        ("0", "GBP", "£0.00", "0,00\xa0£"),
    ],
)
def test_an_amount_has_its_sign_and_digits(amount, currency, english, french):
    with translation.override("en"):
        assert formats.money(Decimal(amount), currency) == english
    with translation.override("fr"):
        assert formats.money(Decimal(amount), currency) == french


@pytest.mark.parametrize("last", ["1", "5", "9"])
def test_no_digit_of_a_large_amount_is_lost(last):
    # More than a double holds, and than all the loans of a company will ever add up to.
    amount = Decimal(f"123456789012345678901.00{last}")

    assert formats.money(amount, "KWD") == f"KWD123,456,789,012,345,678,901.00{last}"


def test_money_is_no_float_and_its_currency_is_known():
    with pytest.raises(AttributeError):
        formats.money(0.1, "GBP")
    with pytest.raises(UnknownCurrency, match=r"^currency: “XQQ”") as refused:
        formats.money(Decimal(1), "XQQ")

    assert refused.value.field == "currency"


def test_days_and_moments_follow_the_language():
    with translation.override("en"):
        assert formats.day(AT.date()) == "31 Oct 2026"
        assert formats.moment(AT) == "31 Oct 2026, 11:43"
        assert formats.instant(AT) == "31 Oct 2026, 11:43:05 GMT"
    with translation.override("fr"):
        assert formats.day(AT.date()) == "31 oct. 2026"
        assert formats.moment(AT) == "31 oct. 2026, 11:43"
        assert formats.instant(AT) == "31 oct. 2026, 11:43:05 GMT"
    with translation.override(None, deactivate=True):
        assert formats.moment(AT) == "31 Oct 2026, 11:43"


def test_moments_follow_the_time_zone():
    paris = ZoneInfo("Europe/Paris")

    with timezone.override(paris):
        assert formats.moment(AT) == "31 Oct 2026, 12:43"
        assert formats.instant(AT) == "31 Oct 2026, 12:43:05 CET"
    assert formats.moment(AT, paris) == "31 Oct 2026, 12:43"
    assert formats.moment(AT, ZoneInfo("Pacific/Auckland")) == "1 Nov 2026, 00:43"


def test_what_has_no_date_is_a_dash():
    assert {formats.day(None), formats.moment(None), formats.instant(None)} == {"–"}


def test_a_naive_moment_is_no_moment():
    with pytest.raises(ValueError, match="naive"):
        formats.moment(AT.replace(tzinfo=None))


def test_django_s_own_columns_look_the_same():
    with translation.override("en"), timezone.override(UTC):
        from django.utils import formats as django_formats

        assert django_formats.localize(AT) == formats.moment(AT)
        assert django_formats.localize(date(2026, 3, 1)) == formats.day(
            date(2026, 3, 1)
        )


def test_a_country_is_named_in_the_language():
    with translation.override("en"):
        assert formats.country("GB") == "United Kingdom"
    with translation.override("fr"):
        assert formats.country("GB") == "Royaume-Uni"


def test_nobody_else_spells_money_or_dates():
    # Evidence of an exchange is shown to the microsecond, which no language spells.
    by_hand = r"date_format\(|localize\(|number_format\(|strftime|:,\.\df|"
    ours = re.compile(by_hand + r'\|date\b(?!:"H:i:s\.u")')
    folders = ("lending", "xero_sync", "backoffice", "templates")

    found = [
        path
        for folder in folders
        for path in (settings.BASE_DIR / folder).rglob("*.*")
        if path.suffix in {".py", ".html", ".txt"} and ours.search(path.read_text())
    ]

    assert found == []
