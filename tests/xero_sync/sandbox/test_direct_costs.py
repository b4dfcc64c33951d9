from decimal import Decimal

import pytest

from tests.xero_sync.sandbox.builders import Borrower, messages


def test_a_fee_leaves_the_bank_and_becomes_a_cost():
    borrower = Borrower()

    done = borrower.write("directCosts", borrower.fee("50.00"))

    assert done["status"] == "Success"
    assert borrower.books.balance(borrower.lender) == -50
    assert borrower.books.balance(borrower.expense) == 50
    assert borrower.books.tax == 0
    entry = borrower.books.entries_of("directCosts")[0]
    assert (entry.reference, entry.contact_id) == ("FEE-1", borrower.supplier)
    assert entry.description == "Invoice finance fee"


def test_tax_is_booked_apart():
    borrower = Borrower()
    tax = {"taxAmount": Decimal(10), "taxRateRef": {"id": "INPUT2"}}

    done = borrower.write(
        "directCosts",
        borrower.fee(
            "60.00",
            line={**tax, "unitAmount": Decimal(50)},
            subTotal=Decimal(50),
            taxAmount=Decimal(10),
        ),
    )

    assert done["status"] == "Success"
    assert borrower.books.balance(borrower.expense) == 50
    assert borrower.books.tax == 10
    assert borrower.books.balance(borrower.lender) == -60


def test_without_a_rate_the_default_of_the_account_applies():
    borrower = Borrower()
    borrower.expense = borrower.account("General Expenses")
    body = borrower.fee("60.00")
    del body["lineItems"][0]["taxRateRef"]

    done = borrower.write("directCosts", body)

    assert done["status"] == "Success"
    assert done["validation"]["warnings"]
    assert borrower.books.tax == 10
    assert borrower.books.balance(borrower.lender) == -60


def test_a_negative_fee_becomes_an_income():
    borrower = Borrower()

    done = borrower.write("directCosts", borrower.fee("-50.00"))

    assert done["dataType"] == "directCosts"
    assert done["changes"][0]["recordRef"]["dataType"] == "directIncomes"
    assert borrower.books.balance(borrower.lender) == 50
    assert borrower.books.entries_of("directCosts") == []
    assert len(borrower.books.entries_of("directIncomes")) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"note": "x"},
        {"reference": "x" * 256},
        {"subTotal": None},
        {"totalAmount": Decimal(51)},
        {"taxAmount": Decimal(1)},
        {"currency": "EUR"},
        {"lineItems": []},
        {"paymentAllocations": []},
        {"contactRef": {"id": "8a156a5a-39cb-4f9d-856e-76ef9b9a9607"}},
        {"contactRef": {"id": "lender"}},
    ],
)
def test_a_fee_that_xero_does_not_understand_fails(change):
    borrower = Borrower()

    done = borrower.write("directCosts", borrower.fee(**change))

    assert done["status"] == "Failed"
    assert borrower.books.balance(borrower.lender) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"description": None},
        {"quantity": 2},
        {"taxRateRef": {"id": "UNKNOWN"}},
        {"taxAmount": Decimal(5)},
        {"accountRef": {"id": "8a156a5a-39cb-4f9d-856e-76ef9b9a9607"}},
        {"colour": "red"},
    ],
)
def test_a_line_that_xero_does_not_understand_fails(change):
    borrower = Borrower()

    done = borrower.write("directCosts", borrower.fee(line=change))

    assert done["status"] == "Failed"


def test_an_archived_expense_account_fails():
    borrower = Borrower()
    borrower.expense = borrower.account("Old Finance Charges")

    assert "archived" in messages(borrower.write("directCosts", borrower.fee()))


def test_the_allocation_is_the_sum_of_the_lines():
    borrower = Borrower()
    body = borrower.fee()
    body["paymentAllocations"][0]["allocation"]["totalAmount"] = Decimal(49)

    assert "sum of line items" in messages(borrower.write("directCosts", body))


def test_a_fee_is_paid_from_a_bank_account():
    borrower = Borrower()
    borrower.lender = borrower.expense

    assert "bank account" in messages(borrower.write("directCosts", borrower.fee()))


def test_an_archived_tax_rate_is_taken_on_no_new_entry():
    borrower = Borrower()
    borrower.sandbox.archive_tax_rate(borrower.connection.id, "NONE")

    done = borrower.write("directCosts", borrower.fee())

    assert done["status"] == "Failed"
    assert "tax rate" in str(done["validation"])


def test_a_tax_rate_of_sales_alone_is_taken_on_no_fee():
    borrower = Borrower()
    body = borrower.fee()
    body["lineItems"][0]["taxRateRef"] = {"id": "OUTPUT2"}

    done = borrower.write("directCosts", body)

    assert "cannot be used on expenses" in messages(done)
