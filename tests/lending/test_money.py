"""Amounts: what a currency allows, and splits that lose nothing."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending import money
from lending.exceptions import AmountNotAllowed, LendingError, UnknownCurrency

CURRENCIES = ["GBP", "JPY", "KWD"]


@pytest.mark.parametrize(
    ("currency", "digits"), [("GBP", 2), ("EUR", 2), ("JPY", 0), ("BHD", 3), ("KWD", 3)]
)
def test_a_currency_has_its_own_smallest_unit(currency, digits):
    assert money.minor_digits(currency) == digits


# What CLDR counts for price tags, and books do not.
@pytest.mark.parametrize(
    ("currency", "digits"), [("HUF", 2), ("COP", 2), ("IDR", 2), ("IQD", 3)]
)
def test_books_have_the_digits_of_iso_4217(currency, digits):
    assert money.minor_digits(currency) == digits


def test_every_amount_fits_what_sqlite_keeps_exact():
    tender = money._tender(date.min, date.max)

    assert len(tender) > 200
    assert max(map(money.minor_digits, tender)) == 3


def test_a_currency_that_has_gone_is_spelled_and_not_lent_in():
    assert money.minor_digits("HRK") == 2

    with pytest.raises(UnknownCurrency, match="HRK"):
        money.check_currency("HRK")


@pytest.mark.parametrize("code", ["GBP", "EUR", "CHF", "XOF", "VES", "HUF"])
def test_tender_of_today_is_lent_in(code):
    money.check_currency(code)


@pytest.mark.parametrize(
    "code",
    ["", "gbp", "GB", "XXX", "XTS", "XAU", "XDR", "CLF", "UYW", "POUNDS", "GBP\n"],
)
def test_a_code_that_is_no_currency_is_refused(code):
    with pytest.raises(UnknownCurrency, match="ISO 4217") as refused:
        money.minor_digits(code)
    with pytest.raises(UnknownCurrency):
        money.check_currency(code)

    assert refused.value.field == "currency"


@pytest.mark.parametrize(
    "amount",
    [
        800.0,
        800,
        "800",
        None,
        True,
        Decimal("0"),
        Decimal("-0.01"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("0.001"),
        Decimal("1E-400"),
        Decimal("1.00000000000000000000000000000000000001"),
        Decimal("1000000000000"),
        Decimal("1E+400"),
    ],
)
def test_an_amount_the_currency_does_not_have_is_refused(amount):
    with pytest.raises(AmountNotAllowed, match=r"^amount: ") as refused:
        money.validate_amount(amount, "GBP")

    assert refused.value.field == "amount"
    assert refused.value.code == "amount_not_allowed"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("800", "GBP", "800.00"),
        ("0.01", "GBP", "0.01"),
        ("999999999999.99", "GBP", "999999999999.99"),
        ("1.5000", "GBP", "1.50"),
        ("8E2", "GBP", "800.00"),
        ("12", "JPY", "12"),
        ("0.125", "BHD", "0.125"),
    ],
)
def test_an_amount_is_answered_in_the_smallest_unit(amount, currency, expected):
    assert str(money.validate_amount(Decimal(amount), currency)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1",
        "+1",
        " 1",
        "1\n",
        "1.",
        ".5",
        "1,5",
        "1 000",
        "1e2",
        "1.005",
        "1234567890123",
        "٣",
        "NaN",
        12,
        12.5,
        None,
    ],
)
def test_any_other_spelling_of_an_amount_is_refused(text):
    with pytest.raises(AmountNotAllowed):
        money.parse_amount(text, "GBP")


def test_the_spelling_follows_the_currency():
    assert money.parse_amount("12.5", "GBP") == Decimal("12.50")
    assert money.parse_amount("12.125", "KWD") == Decimal("12.125")
    with pytest.raises(AmountNotAllowed, match="JPY has 0 digits after"):
        money.parse_amount("12.5", "JPY")
    with pytest.raises(AmountNotAllowed, match="GBP has 2 digits after the point"):
        money.parse_amount("0.001", "GBP")


def test_the_refusal_names_the_field_that_was_meant():
    with pytest.raises(AmountNotAllowed, match=r"^invoice_amount: ") as refused:
        money.validate_amount(Decimal(0), "GBP", field="invoice_amount")

    assert refused.value.field == "invoice_amount"


@given(
    units=st.integers(min_value=1, max_value=10**12 - 1),
    currency=st.sampled_from(CURRENCIES),
)
def test_what_is_spelled_reads_back_the_same(units, currency):
    amount = Decimal(units).scaleb(-money.minor_digits(currency))

    assert money.parse_amount(money.as_text(amount, currency), currency) == amount


@given(text=st.text(max_size=20))
def test_no_text_makes_the_parser_fail_in_another_way(text):
    try:
        amount = money.parse_amount(text, "GBP")
    except LendingError:
        return
    assert amount > 0


@pytest.mark.parametrize(
    ("amount", "percent", "net", "tax"),
    [
        ("60.00", "20", "50.00", "10.00"),
        ("50.00", "0", "50.00", "0.00"),
        ("0.01", "20", "0.01", "0.00"),
        ("0.03", "20", "0.02", "0.01"),
        ("100.00", "5.5", "94.79", "5.21"),
    ],
)
def test_the_tax_is_taken_out_of_the_amount(amount, percent, net, tax):
    split = money.split_tax(Decimal(amount), Decimal(percent), "GBP")

    assert split == (Decimal(net), Decimal(tax))


def test_a_negative_tax_is_refused():
    with pytest.raises(AmountNotAllowed) as refused:
        money.split_tax(Decimal(50), Decimal(-1), "GBP")

    assert refused.value.field == "tax_percent"


def test_nothing_is_lost_in_a_split():
    chance = Random(20260310)

    for _ in range(2_000):
        currency = chance.choice(CURRENCIES)
        digits = money.minor_digits(currency)
        amount = Decimal(chance.randint(1, 10**9)).scaleb(-digits)
        percent = Decimal(chance.randint(0, 3_000)).scaleb(-2)
        net, tax = money.split_tax(amount, percent, currency)
        assert net + tax == amount
        assert tax >= 0
        assert net > 0
        assert net == money.quantize(net, currency)


def test_a_half_is_rounded_up():
    assert money.quantize(Decimal("0.005"), "GBP") == Decimal("0.01")
    assert money.quantize(Decimal("2.5"), "JPY") == Decimal(3)
