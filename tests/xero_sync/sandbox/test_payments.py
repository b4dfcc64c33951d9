from datetime import date
from decimal import Decimal

import pytest

from tests.xero_sync.sandbox.builders import Borrower, messages


def test_a_payment_lowers_the_receivable():
    borrower = Borrower()

    done = borrower.write("payments", borrower.payment("600.00"))

    assert done["status"] == "Success"
    assert borrower.books.balance(borrower.lender) == 600
    assert borrower.books.receivable(borrower.invoice.id) == 400
    assert borrower.books.accounts_receivable == 400
    entry = borrower.books.entries_of("payments")[0]
    assert (entry.invoice_id, entry.reference) == (borrower.invoice.id, "INV-1")


def test_a_payment_does_not_exceed_what_is_due():
    borrower = Borrower()
    borrower.write("payments", borrower.payment("600.00"))

    done = borrower.write("payments", borrower.payment("400.01"))

    assert "exceeds the amount due" in messages(done)


def test_a_paid_invoice_takes_no_payment():
    borrower = Borrower()
    borrower.sandbox.pay_by_hand(
        borrower.connection.id,
        borrower.invoice.id,
        Decimal(1000),
        borrower.nominated,
        date(2026, 5, 29),
    )

    done = borrower.write("payments", borrower.payment())

    assert "Paid" in messages(done)


@pytest.mark.parametrize("status", ["Void", "Draft"])
def test_only_an_approved_invoice_takes_a_payment(status):
    borrower = Borrower()
    borrower.invoice = borrower.sandbox.add_invoice(
        borrower.connection.id,
        number="INV-2",
        total=Decimal(1000),
        issue_date=date(2026, 5, 1),
        status=status,
    )

    done = borrower.write("payments", borrower.payment())

    assert status in messages(done)
    assert borrower.books.accounts_receivable == 1000


def test_the_payer_is_the_customer_of_the_invoice():
    borrower = Borrower()

    done = borrower.write(
        "payments", borrower.payment(customerRef={"id": borrower.supplier})
    )

    assert "customer of the invoice" in messages(done)


@pytest.mark.parametrize(
    "change",
    [
        {"note": "thanks"},
        {"currency": "EUR"},
        {"lines": []},
        {"accountRef": {}},
        {"date": None},
        {"totalAmount": Decimal(999)},
    ],
)
def test_a_payment_that_xero_does_not_understand_fails(change):
    borrower = Borrower()

    assert borrower.write("payments", borrower.payment(**change))["status"] == "Failed"


def test_the_account_is_a_bank_or_takes_payments():
    borrower = Borrower()
    open_account = borrower.sandbox.add_account(
        borrower.connection.id,
        name="Clearing",
        category="Asset.Current",
        payments_enabled=True,
    )

    refused = borrower.write(
        "payments", borrower.payment(accountRef={"id": borrower.expense})
    )
    taken = borrower.write(
        "payments", borrower.payment(accountRef={"id": open_account.id})
    )

    assert (refused["status"], taken["status"]) == ("Failed", "Success")


def test_an_archived_account_takes_no_payment():
    borrower = Borrower()
    borrower.sandbox.archive_account(borrower.connection.id, borrower.lender)

    assert "archived" in messages(borrower.write("payments", borrower.payment()))


def test_a_link_of_the_wrong_sign_is_taken_with_a_warning():
    borrower = Borrower()
    body = borrower.payment()
    body["lines"][0]["links"][0]["amount"] = Decimal(1000)

    done = borrower.write("payments", body)

    assert done["status"] == "Success"
    assert done["validation"]["warnings"]


def test_a_credit_note_lowers_what_can_be_paid():
    borrower = Borrower()
    borrower.sandbox.credit_invoice(
        borrower.connection.id, borrower.invoice.id, Decimal(100)
    )

    refused = borrower.write("payments", borrower.payment("1000.00"))
    taken = borrower.write("payments", borrower.payment("900.00"))

    assert (refused["status"], taken["status"]) == ("Failed", "Success")
    assert borrower.books.accounts_receivable == 0
