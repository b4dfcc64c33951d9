"""The main job, end to end: recorded events stand in the borrower's Xero."""

from decimal import Decimal

import pytest

from lending.positions import loan_position
from tests.worlds import World, states

pytestmark = pytest.mark.django_db


def test_a_loan_that_the_debtor_pays_to_us_ends_at_zero_in_xero():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    borrower.record(loan, "invoice_payment", "1000")
    borrower.record(loan, "fee", "50")
    borrower.record(loan, "residual_release", "150")

    world.run()

    assert {state for _, _, state in states(loan)} == {"written"}, states(loan)
    assert borrower.balance("L") == 0
    assert borrower.balance("N") == 950
    assert borrower.balance("E") == 50
    assert borrower.books.accounts_receivable == 0
    assert borrower.statement_balance == 0
    assert [
        entry.amount for entry in borrower.books.entries if entry.push_operation_key
    ]
    assert world.sandbox.violations == []
    position = loan_position(loan=loan)
    assert position.lender_account == Decimal(0)
