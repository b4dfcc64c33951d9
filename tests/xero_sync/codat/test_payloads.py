"""The bodies of money writes: exact, balanced, and nothing Xero does not know."""

import json
import random
from decimal import Decimal

import pytest

from tests.xero_sync.codat.payload_builders import (
    CUSTOMER,
    EXPENSE,
    INVOICE,
    LENDER,
    NOMINATED,
    SUPPLIER,
    make_cost,
    make_line,
    make_payment,
    make_transfer,
)
from xero_sync.codat import payloads


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


TRANSFER_MODEL = """
    date from from.accountRef from.accountRef.id from.amount from.status
    to to.accountRef to.accountRef.id to.amount to.status
"""


PAYMENT_MODEL = """
    customerRef customerRef.id accountRef accountRef.id totalAmount currency date
    reference lines lines.amount lines.links lines.links.type lines.links.id
    lines.links.amount
"""


COST_MODEL = """
    issueDate reference currency taxAmount totalAmount contactRef contactRef.id
    lineItems lineItems.description lineItems.quantity lineItems.unitAmount
    lineItems.taxAmount lineItems.totalAmount lineItems.accountRef
    lineItems.accountRef.id lineItems.taxRateRef lineItems.taxRateRef.id
    paymentAllocations paymentAllocations.payment paymentAllocations.payment.accountRef
    paymentAllocations.payment.accountRef.id paymentAllocations.allocation
    paymentAllocations.allocation.totalAmount
"""


BEYOND_COST_MODEL = "subTotal contactRef.dataType paymentAllocations.payment.currency"


@pytest.mark.parametrize(
    ("make", "model"),
    [
        (make_transfer, TRANSFER_MODEL),
        (make_payment, PAYMENT_MODEL),
        (make_cost, COST_MODEL + BEYOND_COST_MODEL),
    ],
)
def test_nothing_is_sent_that_xero_has_no_place_for(make, model):
    assert set(property_names(make())) == set(model.split())


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


def test_the_same_input_gives_the_same_bytes():
    for make in (make_transfer, make_cost, make_payment, make_line):
        assert payloads.encode(make()) == payloads.encode(make())
