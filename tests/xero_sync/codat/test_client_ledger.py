"""Bookings and accounts: exact amounts, real dates, anything missing."""

import random
from datetime import date
from decimal import Decimal

import pytest

from tests.xero_sync.codat.builders import (
    COMPANY,
    COMPANY_URL,
    CONNECTION,
    CONNECTION_URL,
    page_json,
    read,
)


def read_raw(url, written, call):
    """Answer with JSON as it is written, digits and all."""
    return read(url, written, call)


@pytest.mark.parametrize(
    "written", ["0.3", "0.30", "1234567890.12", "-0.01", "1e3", "9007199254740993", "0"]
)
def test_an_amount_is_read_digit_by_digit(written):
    account = read_raw(
        f"{CONNECTION_URL}/data/bankAccounts",
        f'{{"results":[{{"id":"b","balance":{written}}}],"_links":{{}}}}',
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )[0]

    assert isinstance(account.balance, Decimal)
    assert account.balance == Decimal(written)


def test_amounts_add_up_where_floats_would_not():
    chance = random.Random(20260601)
    amounts = [Decimal(chance.randrange(1, 10**12)).scaleb(-2) for _ in range(500)]
    items = ",".join(
        f'{{"id":"{n}","totalAmount":{amount}}}' for n, amount in enumerate(amounts)
    )

    payments = read_raw(
        f"{COMPANY_URL}/data/payments",
        f'{{"results":[{items}],"_links":{{}}}}',
        lambda c: c.list_payments(COMPANY),
    )

    assert sum(p.total_amount for p in payments) == sum(amounts)


@pytest.mark.parametrize("written", ["null", '"free"', "true", "[]", "{}", '"NaN"'])
def test_what_is_not_an_amount_is_none(written):
    account = read_raw(
        f"{CONNECTION_URL}/data/bankAccounts",
        f'{{"results":[{{"id":"b","balance":{written}}}],"_links":{{}}}}',
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )[0]

    assert account.balance is None


def test_an_invoice_is_read_with_its_allocations():
    invoice = read(
        f"{COMPANY_URL}/data/invoices/inv-1",
        {
            "id": "inv-1",
            "invoiceNumber": "INV-0001",
            "customerRef": {"id": "cus-1", "companyName": "Ridgeway"},
            "issueDate": "2026-05-01T00:00:00",
            "dueDate": "2026-06-30T00:00:00+01:00",
            "paidOnDate": "0001-01-01T00:00:00",
            "currency": "GBP",
            "totalAmount": 1000,
            "amountDue": 400.5,
            "status": "PartiallyPaid",
            "paymentAllocations": [
                {
                    "payment": {
                        "id": "pay-1",
                        "accountRef": {"id": "acc-1"},
                        "paidOnDate": "2026-05-20T00:00:00",
                        "totalAmount": 700,
                        "reference": "BACS",
                    },
                    "allocation": {"totalAmount": 599.5, "currency": "GBP"},
                }
            ],
            "metadata": {"isDeleted": False},
            "modifiedDate": "2026-05-21T10:00:00.1234567Z",
        },
        lambda c: c.get_invoice(COMPANY, "inv-1"),
    )

    (allocation,) = invoice.allocations
    assert (invoice.number, invoice.customer_id) == ("INV-0001", "cus-1")
    assert (invoice.total_amount, invoice.amount_due) == (1000, Decimal("400.5"))
    assert invoice.is_deleted is False
    assert (allocation.amount, allocation.date) == (Decimal("599.5"), date(2026, 5, 20))
    assert (allocation.account_id, allocation.payment_id) == ("acc-1", "pay-1")


def test_a_payment_names_the_invoices_it_pays():
    (payment,) = read(
        f"{COMPANY_URL}/data/payments",
        page_json(
            [
                {
                    "id": "pay-1",
                    "customerRef": {"id": "cus-1"},
                    "accountRef": {"id": "acc-1"},
                    "totalAmount": 4200,
                    "currency": "GBP",
                    "date": "2022-02-17T00:00:00",
                    "reference": "INV-1",
                    "lines": [
                        {
                            "amount": 4200,
                            "links": [
                                {"type": "Invoice", "id": "inv-1", "amount": -4200}
                            ],
                        },
                        {"amount": 0, "links": None},
                    ],
                    "metadata": {"isDeleted": True},
                }
            ]
        ),
        lambda c: c.list_payments(COMPANY),
    )

    (link,) = payment.links
    assert (payment.account_id, payment.date) == ("acc-1", date(2022, 2, 17))
    assert (link.id, link.amount) == ("inv-1", Decimal(-4200))
    assert payment.is_deleted is True


def test_a_transfer_and_a_direct_cost_are_read():
    (transfer,) = read(
        f"{CONNECTION_URL}/data/transfers",
        page_json(
            [
                {
                    "id": "t-1",
                    "date": "2026-06-01T23:59:99",
                    "from": {"accountRef": {"id": "L"}, "amount": 800.00},
                    "to": {"accountRef": {"id": "N"}, "amount": 800.00},
                }
            ]
        ),
        lambda c: c.list_transfers(COMPANY, CONNECTION),
    )
    (cost,) = read(
        f"{CONNECTION_URL}/data/directCosts",
        page_json(
            [
                {
                    "id": "d-1",
                    "reference": "FEE-1",
                    "contactRef": {"id": "sup", "dataType": "suppliers"},
                    "issueDate": "2026-06-30",
                    "currency": "GBP",
                    "lineItems": [{"accountRef": {"id": "E"}}],
                    "paymentAllocations": [{"payment": {"accountRef": {"id": "L"}}}],
                    "subTotal": 41.67,
                    "taxAmount": 8.33,
                    "totalAmount": 50,
                }
            ]
        ),
        lambda c: c.list_direct_costs(COMPANY, CONNECTION),
    )

    assert (transfer.from_account_id, transfer.to_account_id) == ("L", "N")
    assert (transfer.amount, transfer.date) == (800, date(2026, 6, 1))
    assert (cost.reference, cost.supplier_id, cost.account_id) == ("FEE-1", "sup", "L")


def test_an_account_tells_what_it_may_be_used_for():
    (account,) = read(
        f"{COMPANY_URL}/data/accounts",
        page_json(
            [
                {
                    "id": "E",
                    "nominalCode": "404",
                    "name": "Bank Fees",
                    "fullyQualifiedCategory": "Expense.Overhead",
                    "type": "Expense",
                    "status": "Active",
                    "isBankAccount": False,
                    "validDatatypeLinks": [
                        {
                            "property": "Id",
                            "links": ["DirectCost.LineItems.AccountRef.Id"],
                        },
                        {"property": "Id", "links": None},
                    ],
                }
            ]
        ),
        lambda c: c.list_accounts(COMPANY, "type=Expense"),
    )

    assert (account.type, account.nominal_code) == ("Expense", "404")
    assert account.is_bank_account is False


def test_a_tax_rate_tells_what_it_may_be_used_for():
    links = ["Bill.LineItems.TaxRateRef.Id", "Invoice.LineItems.TaxRateRef.Id"]
    told, silent = read(
        f"{COMPANY_URL}/data/taxRates",
        page_json(
            [
                {
                    "id": "INPUT2",
                    "effectiveTaxRate": 20,
                    "validDatatypeLinks": [{"property": "Id", "links": links}],
                },
                {"id": "OTHER", "validDatatypeLinks": None},
            ]
        ),
        lambda c: c.list_tax_rates(COMPANY),
    )

    assert told.used_in == set(links)
    assert silent.used_in == set()


def test_bank_details_are_not_printed():
    (account,) = read(
        f"{CONNECTION_URL}/data/bankAccounts",
        page_json(
            [
                {
                    "id": "b",
                    "sortCode": "112233",
                    "accountNumber": "44556677",
                    "iBan": "G1",
                }
            ]
        ),
        lambda c: c.list_bank_accounts(COMPANY, CONNECTION),
    )

    assert account.sort_code == "112233"
    assert "112233" not in repr(account)
    assert "44556677" not in repr(account)
