"""What a body refuses, and what it cuts."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.xero_sync.codat.payload_builders import (
    DAY,
    LENDER,
    make_cost,
    make_line,
    make_payment,
    make_transfer,
)
from xero_sync.codat import payloads


@pytest.mark.parametrize(
    "value", [0.3, {"amount": 800.0}, [1.5], object(), {1, 2}, DAY]
)
def test_what_has_no_exact_json_form_is_refused(value):
    with pytest.raises(TypeError, match="cannot hold"):
        payloads.encode(value)


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity")])
def test_a_number_that_is_none_is_refused(amount):
    with pytest.raises(ValueError, match="finite"):
        payloads.encode({"amount": amount})
    with pytest.raises(ValueError, match="finite"):
        make_transfer(amount=amount)


@pytest.mark.parametrize("make", [make_transfer, make_payment, make_cost])
@pytest.mark.parametrize("amount", [Decimal(0), Decimal("-0.01")])
def test_an_amount_of_nothing_or_less_is_refused(make, amount):
    with pytest.raises(ValueError, match="greater than zero"):
        make(amount=amount)


@pytest.mark.parametrize("make", [make_transfer, make_payment, make_cost, make_line])
def test_a_float_is_refused(make):
    with pytest.raises(TypeError, match="Decimal"):
        make(amount=800.0)


@pytest.mark.parametrize("make", [make_transfer, make_payment, make_cost, make_line])
def test_a_moment_is_refused_where_a_day_is_meant(make):
    with pytest.raises(TypeError, match="day"):
        make(value_date=datetime(2026, 6, 1, 23, 30, tzinfo=UTC))


def test_a_transfer_to_itself_is_refused():
    with pytest.raises(ValueError, match="two different"):
        make_transfer(to_account_id=LENDER)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (make_transfer, "from_account_id"),
        (make_transfer, "to_account_id"),
        (make_cost, "supplier_id"),
        (make_cost, "expense_account_id"),
        (make_cost, "lender_account_id"),
        (make_cost, "tax_rate_id"),
        (make_cost, "description"),
        (make_payment, "invoice_id"),
        (make_payment, "customer_id"),
        (make_payment, "account_id"),
        (make_line, "line_id"),
        (make_line, "description"),
    ],
)
def test_what_xero_requires_cannot_be_left_empty(make, name):
    with pytest.raises(ValueError, match="missing"):
        make(**{name: ""})


@pytest.mark.parametrize("currency", ["", "gbp", "GBPX", "£"])
def test_a_currency_is_three_capital_letters(currency):
    for make in (make_cost, make_payment):
        with pytest.raises(ValueError, match="currency"):
            make(currency=currency)


@pytest.mark.parametrize(
    ("net", "tax"), [("41.67", "8.34"), ("50.01", "-0.01"), ("-1.00", "51.00")]
)
def test_a_cost_that_does_not_add_up_is_refused(net, tax):
    with pytest.raises(ValueError, match="net plus tax"):
        make_cost(net=Decimal(net), tax=Decimal(tax))


def test_long_texts_are_cut_to_what_xero_takes():
    long = "é" * 5_000

    assert len(make_cost(reference=long)["reference"]) == 255
    assert len(make_cost(description=long)["lineItems"][0]["description"]) == 4_000
    assert len(make_payment(reference=long)["reference"]) == 255
    line = make_line(description=long, reference=long, counterparty=long)
    assert len(line["description"]) == 2_000
    assert (len(line["reference"]), len(line["counterparty"])) == (255, 255)


def test_a_text_is_put_on_one_line_without_what_cannot_be_printed():
    line = make_line(description=" Advance\r\n\tINV-1\x00\x07 \ud800 · 貸付 ")

    assert line["description"] == "Advance INV-1 · 貸付"
    payloads.encode(line)


def test_optional_texts_are_left_out_when_empty():
    assert "reference" not in make_cost(reference="")
    assert "reference" not in make_payment(reference=" ")
    line = make_line(reference="", counterparty="")
    assert "reference" not in line
    assert "counterparty" not in line


def test_a_line_of_nothing_is_refused():
    with pytest.raises(ValueError, match="zero"):
        make_line(amount=Decimal("0.00"))


def lines_of(number):
    return [
        make_line(line_id=str(n), amount=Decimal("1.00"), balance=Decimal(n).scaleb(0))
        for n in range(1, number + 1)
    ]


def test_a_push_carries_a_thousand_lines_and_no_more():
    body = payloads.bank_transactions(source_account_id="sa", lines=lines_of(1_000))

    assert len(body["transactions"]) == 1_000
    with pytest.raises(ValueError, match="1000"):
        payloads.bank_transactions(source_account_id="sa", lines=lines_of(1_001))
    with pytest.raises(ValueError, match="1000"):
        payloads.bank_transactions(source_account_id="sa", lines=[])


def test_lines_out_of_order_are_refused():
    first = make_line(line_id="1", balance=Decimal(-800))
    second = make_line(
        line_id="2", balance=Decimal(-1600), value_date=date(2026, 5, 31)
    )

    with pytest.raises(ValueError, match="oldest first"):
        payloads.bank_transactions(source_account_id="sa", lines=[first, second])


def test_lines_with_one_id_are_refused():
    with pytest.raises(ValueError, match="id of its own"):
        payloads.bank_transactions(
            source_account_id="sa", lines=[make_line(), make_line()]
        )


def test_a_balance_that_does_not_follow_is_refused():
    first = make_line(line_id="1", balance=Decimal(-800))
    second = make_line(line_id="2", balance=Decimal(-1599))

    with pytest.raises(ValueError, match="balance"):
        payloads.bank_transactions(source_account_id="sa", lines=[first, second])
