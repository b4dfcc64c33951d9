"""The two ways an advance of 800 on an invoice of 1000 ends well, for a fee of 50."""

import pytest

from tests.xero_sync.sandbox.builders import NOW, SOURCE_ACCOUNT, Borrower, line
from xero_sync.sandbox.ledger import Unbalanced
from xero_sync.sandbox.posting import Posting


def financed():
    borrower = Borrower()
    borrower.open_feed()
    borrower.write("transfers", borrower.transfer("800.00"))
    return borrower


def balances(borrower):
    books = borrower.books
    return [
        books.balance(borrower.lender),
        books.balance(borrower.nominated),
        books.balance(borrower.expense),
        books.accounts_receivable,
    ]


def test_the_debtor_pays_the_lender():
    borrower = financed()
    borrower.write("payments", borrower.payment("1000.00"))
    borrower.write("directCosts", borrower.fee("50.00"))
    borrower.write("transfers", borrower.transfer("150.00"))
    borrower.write_statement(
        line(1, -800, -800), line(2, 1000, 200), line(3, -50, 150), line(4, -150, 0)
    )

    assert balances(borrower) == [0, 950, 50, 0]
    assert borrower.books.statement_balance(SOURCE_ACCOUNT) == 0
    assert borrower.sandbox.violations == []


def test_the_debtor_pays_the_borrower():
    borrower = financed()
    borrower.write(
        "payments",
        borrower.payment("1000.00", accountRef={"id": borrower.nominated}),
    )
    borrower.write(
        "transfers",
        borrower.transfer("850.00", source=borrower.nominated, target=borrower.lender),
    )
    borrower.write("directCosts", borrower.fee("50.00"))
    borrower.write_statement(line(1, -800, -800), line(2, 850, 50), line(3, -50, 0))

    assert balances(borrower) == [0, 950, 50, 0]
    assert borrower.books.statement_balance(SOURCE_ACCOUNT) == 0


def test_entries_keep_the_order_of_posting():
    borrower = financed()
    borrower.write("payments", borrower.payment("1000.00"))

    assert [it.type for it in borrower.books.entries] == [
        "invoices",
        "transfers",
        "payments",
    ]
    assert all(sum(it.amount for it in e.lines) == 0 for e in borrower.books.entries)


def test_an_entry_that_does_not_balance_is_impossible():
    borrower = Borrower()
    tenant = borrower.books._organisation
    posting = Posting(tenant, {}, NOW)

    with pytest.raises(Unbalanced):
        posting.post("x", NOW.date(), 1, [(borrower.lender, 1)], currency="GBP")
