"""The bodies of money writes: exact, balanced, and nothing Xero does not know."""

import json
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from xero_sync.codat import payloads

DAY = date(2026, 6, 1)
LENDER = "5ecf9a38-6a1b-4a6f-9d0a-000000000001"
NOMINATED = "5ecf9a38-6a1b-4a6f-9d0a-000000000002"
EXPENSE = "5ecf9a38-6a1b-4a6f-9d0a-000000000003"
SUPPLIER = "5ecf9a38-6a1b-4a6f-9d0a-000000000004"
INVOICE = "5ecf9a38-6a1b-4a6f-9d0a-000000000005"
CUSTOMER = "5ecf9a38-6a1b-4a6f-9d0a-000000000006"


def make_transfer(**overrides):
    return payloads.transfer(
        **{
            "amount": Decimal("800.00"),
            "value_date": DAY,
            "from_account_id": LENDER,
            "to_account_id": NOMINATED,
            **overrides,
        }
    )


def make_cost(**overrides):
    return payloads.direct_cost(
        **{
            "amount": Decimal("50.00"),
            "net": Decimal("41.67"),
            "tax": Decimal("8.33"),
            "currency": "GBP",
            "value_date": DAY,
            "reference": "FEE-0001",
            "description": "Invoice finance fee INV-1",
            "supplier_id": SUPPLIER,
            "expense_account_id": EXPENSE,
            "lender_account_id": LENDER,
            "tax_rate_id": "NONE",
            **overrides,
        }
    )


def make_payment(**overrides):
    return payloads.payment(
        **{
            "amount": Decimal("1000.00"),
            "currency": "GBP",
            "value_date": DAY,
            "reference": "INV-1",
            "invoice_id": INVOICE,
            "customer_id": CUSTOMER,
            "account_id": LENDER,
            **overrides,
        }
    )


def make_line(**overrides):
    return payloads.statement_line(
        **{
            "line_id": "evt-1",
            "value_date": DAY,
            "description": "Advance INV-1",
            "amount": Decimal("-800.00"),
            "balance": Decimal("-800.00"),
            "reference": "INV-1",
            "counterparty": "Lender Ltd",
            **overrides,
        }
    )


def test_a_transfer_is_unreconciled_on_both_sides():
    body = make_transfer()

    assert payloads.encode(body) == (
        b'{"date":"2026-06-01T00:00:00",'
        b'"from":{"accountRef":{"id":"%b"},"amount":800.00,"status":"Unreconciled"},'
        b'"to":{"accountRef":{"id":"%b"},"amount":800.00,"status":"Unreconciled"}}'
        % (LENDER.encode(), NOMINATED.encode())
    )


def test_a_direct_cost_is_written_as_xero_wants_it():
    body = make_cost()

    assert (
        payloads.encode(body)
        == (
            '{"issueDate":"2026-06-01T00:00:00","reference":"FEE-0001","currency":"GBP",'
            '"subTotal":41.67,"taxAmount":8.33,"totalAmount":50.00,'
            f'"contactRef":{{"id":"{SUPPLIER}","dataType":"suppliers"}},'
            '"lineItems":[{"description":"Invoice finance fee INV-1","quantity":1,'
            '"unitAmount":41.67,"taxAmount":8.33,"totalAmount":50.00,'
            f'"accountRef":{{"id":"{EXPENSE}"}},"taxRateRef":{{"id":"NONE"}}}}],'
            f'"paymentAllocations":[{{"payment":{{"accountRef":{{"id":"{LENDER}"}},'
            '"currency":"GBP"},"allocation":{"totalAmount":50.00}}]}'
        ).encode()
    )


def test_a_payment_takes_its_amount_off_the_invoice():
    body = make_payment()

    assert (
        payloads.encode(body)
        == (
            f'{{"customerRef":{{"id":"{CUSTOMER}"}},"accountRef":{{"id":"{LENDER}"}},'
            '"totalAmount":1000.00,"currency":"GBP","date":"2026-06-01T00:00:00",'
            '"reference":"INV-1","lines":[{"amount":1000.00,'
            f'"links":[{{"type":"Invoice","id":"{INVOICE}","amount":-1000.00}}]}}]}}'
        ).encode()
    )


def test_a_statement_line_goes_to_the_source_account_with_its_balance():
    body = payloads.bank_transactions(source_account_id="loan-7", lines=[make_line()])

    assert payloads.encode(body) == (
        b'{"accountId":"loan-7","transactions":[{"id":"evt-1",'
        b'"date":"2026-06-01T00:00:00","description":"Advance INV-1",'
        b'"amount":-800.00,"balance":-800.00,"transactionType":"Debit",'
        b'"reference":"INV-1","counterparty":"Lender Ltd"}]}'
    )


def property_names(value, prefix=""):
    if isinstance(value, dict):
        for name, item in value.items():
            yield f"{prefix}{name}"
            yield from property_names(item, f"{prefix}{name}.")
    elif isinstance(value, list):
        for item in value:
            yield from property_names(item, prefix)


def test_nothing_is_sent_that_xero_has_no_place_for():
    sides = "accountRef accountRef.id amount status"
    known = {
        "transfer": {
            "date",
            *(f"{side}.{name}" for side in ("from", "to") for name in sides.split()),
            "from",
            "to",
        },
        "payment": set(
            "customerRef customerRef.id accountRef accountRef.id totalAmount currency"
            " date reference lines lines.amount lines.links lines.links.type"
            " lines.links.id lines.links.amount".split()
        ),
        "direct_cost": set(
            "issueDate reference currency taxAmount totalAmount contactRef contactRef.id"
            " lineItems lineItems.description lineItems.quantity lineItems.unitAmount"
            " lineItems.taxAmount lineItems.totalAmount lineItems.accountRef"
            " lineItems.accountRef.id lineItems.taxRateRef lineItems.taxRateRef.id"
            " paymentAllocations paymentAllocations.payment"
            " paymentAllocations.payment.accountRef"
            " paymentAllocations.payment.accountRef.id paymentAllocations.allocation"
            " paymentAllocations.allocation.totalAmount".split()
        ),
    }
    beyond = {
        "subTotal",
        "contactRef.dataType",
        "paymentAllocations.payment.currency",
    }

    sent = {
        "transfer": set(property_names(make_transfer())),
        "payment": set(property_names(make_payment())),
        "direct_cost": set(property_names(make_cost())),
    }

    assert sent["transfer"] == known["transfer"]
    assert sent["payment"] == known["payment"]
    assert sent["direct_cost"] == known["direct_cost"] | beyond


def test_a_fee_taken_back_has_every_amount_negative():
    chance = random.Random(7)
    for _ in range(200):
        net = Decimal(chance.randrange(1, 10**8)).scaleb(-2)
        tax = Decimal(chance.randrange(0, 10**7)).scaleb(-2)
        there = make_cost(amount=net + tax, net=net, tax=tax)
        back = make_cost(amount=net + tax, net=net, tax=tax, negative=True)

        for pair in zip(figures(there), figures(back), strict=True):
            assert sum(pair) == 0
        assert all(figure <= 0 for figure in figures(back))
        assert b"-0.00" not in payloads.encode(back)


def figures(value):
    if isinstance(value, Decimal):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [figure for item in value for figure in figures(item)]
    return []


def test_the_parts_of_a_cost_always_make_up_its_total():
    chance = random.Random(11)
    for _ in range(200):
        net = Decimal(chance.randrange(1, 10**10)).scaleb(-2)
        tax = Decimal(chance.randrange(0, 10**9)).scaleb(-2)

        body = make_cost(amount=net + tax, net=net, tax=tax)

        line = body["lineItems"][0]
        paid = body["paymentAllocations"][0]["allocation"]["totalAmount"]
        assert body["subTotal"] + body["taxAmount"] == body["totalAmount"] == paid
        assert line["quantity"] * line["unitAmount"] + line["taxAmount"] == paid


def test_the_two_sides_of_a_transfer_cancel():
    chance = random.Random(13)
    for _ in range(200):
        amount = Decimal(chance.randrange(1, 10**12)).scaleb(-2)

        body = make_transfer(amount=amount)

        assert body["from"]["amount"] == body["to"]["amount"] == amount


def test_a_payment_and_its_link_cancel():
    chance = random.Random(17)
    for _ in range(200):
        amount = Decimal(chance.randrange(1, 10**12)).scaleb(-2)

        (line,) = make_payment(amount=amount)["lines"]

        assert line["amount"] + line["links"][0]["amount"] == 0


def test_a_statement_of_any_lines_ends_at_the_sum_of_its_amounts():
    chance = random.Random(19)
    for _ in range(50):
        opening = balance = Decimal(chance.randrange(-(10**6), 10**6)).scaleb(-2)
        lines = []
        for number in range(chance.randrange(1, 40)):
            amount = Decimal(chance.choice([-1, 1]) * chance.randrange(1, 10**6))
            balance += amount.scaleb(-2)
            lines.append(
                make_line(
                    line_id=str(number), amount=amount.scaleb(-2), balance=balance
                )
            )

        body = payloads.bank_transactions(source_account_id="sa", lines=lines)

        sent = body["transactions"]
        assert sent[-1]["balance"] == opening + sum(line["amount"] for line in sent)
        for line in sent:
            kind = "Credit" if line["amount"] > 0 else "Debit"
            assert line["transactionType"] == kind


def test_every_amount_survives_the_way_there_and_back():
    chance = random.Random(23)
    for _ in range(500):
        digits = chance.randrange(0, 5)
        amount = Decimal(chance.randrange(-(10**15), 10**15)).scaleb(-digits)

        written = payloads.encode({"amount": amount})

        read = json.loads(written, parse_float=Decimal, parse_int=Decimal)["amount"]
        assert read == amount
        assert read.as_tuple().exponent == amount.as_tuple().exponent


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Decimal("800.00"), b"800.00"),
        (Decimal("8E+2"), b"800"),
        (Decimal("1E-2"), b"0.01"),
        (Decimal("1234567890.12"), b"1234567890.12"),
        (Decimal("0.1") + Decimal("0.2"), b"0.3"),
        (Decimal("-0.01"), b"-0.01"),
    ],
)
def test_an_amount_keeps_its_digits_on_the_wire(amount, written):
    assert payloads.encode(amount) == written


def test_a_body_is_compact_utf_8_in_the_order_it_was_built():
    body = {"b": [1, True, None], "a": {"z": 'Zoë "Ltd"', "ü": ()}}

    assert payloads.encode(body) == (
        '{"b":[1,true,null],"a":{"z":"Zoë \\"Ltd\\"","\\u00fc":[]}}'.encode()
    )


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


def test_the_same_input_gives_the_same_bytes():
    for make in (make_transfer, make_cost, make_payment, make_line):
        assert payloads.encode(make()) == payloads.encode(make())
