"""The money of one loan from beginning to end, as an accountant would check it.

Invoice 1,000, advance 800, fee 50. Each line is an event and what the borrower's books
say after it: the lender account, the nominated bank account, the cost and what the
debtor still owes. They add up to the invoice on every line. The right end is always the
same: lender account 0, bank 950, cost 50, nothing owed.
"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lending import services
from lending.exceptions import LoanNotSettled
from lending.money import split_tax
from lending.positions import explain, loan_position
from tests.builders import make_event, make_loan, reverse

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


def follow(loan, lines):
    """Record each line's event and compare the accounts after it."""
    for kind, amount, *accounts in lines:
        make_event(loan=loan, kind=kind, amount=amount)
        position = loan_position(loan=loan)
        assert [
            position.lender_account,
            position.nominated_account,
            position.fee_expense,
            position.receivable,
        ] == accounts, f"after {kind} {amount}"
        assert sum(accounts) == loan.invoice_amount
    return loan_position(loan=loan)


def debtor_pays_us(**overrides):
    return make_loan(collection_route="lender", **overrides)


def debtor_pays_borrower(**overrides):
    return make_loan(collection_route="borrower", **overrides)


#     kind                amount   lender   bank  cost  owed


def test_the_debtor_pays_us():
    end = follow(
        debtor_pays_us(),
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, 200, 800, 0, 0),
            ("fee", 50, 150, 800, 50, 0),
            ("residual_release", 150, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_debtor_pays_the_borrower():
    end = follow(
        debtor_pays_borrower(),
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, -800, 1800, 0, 0),
            ("final_payment", 850, 50, 950, 0, 0),
            ("fee", 50, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_borrower_hands_the_whole_receipt_over():
    end = follow(
        debtor_pays_borrower(),
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, -800, 1800, 0, 0),
            ("final_payment", 1000, 200, 800, 0, 0),
            ("fee", 50, 150, 800, 50, 0),
            ("residual_release", 150, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_fee_is_kept_back_from_the_advance_and_the_debtor_pays_us():
    end = follow(
        debtor_pays_us(),
        [
            ("drawdown", 750, -750, 750, 0, 1000),
            ("fee", 50, -800, 750, 50, 1000),
            ("invoice_payment", 1000, 200, 750, 50, 0),
            ("residual_release", 200, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_fee_is_kept_back_from_the_advance_and_the_debtor_pays_the_borrower():
    end = follow(
        debtor_pays_borrower(),
        [
            ("drawdown", 750, -750, 750, 0, 1000),
            ("fee", 50, -800, 750, 50, 1000),
            ("invoice_payment", 1000, -800, 1750, 50, 0),
            ("final_payment", 800, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_fee_is_settled_apart():
    end = follow(
        debtor_pays_us(),
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, 200, 800, 0, 0),
            ("residual_release", 200, 0, 1000, 0, 0),
            ("final_payment", 50, 50, 950, 0, 0),
            ("fee", 50, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


def test_the_debtor_pays_in_two_parts():
    loan = debtor_pays_us()

    halfway = follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 600, -200, 800, 0, 400),
        ],
    )

    assert not halfway.is_settled
    assert explain(halfway, loan)[0] == (
        "£400.00 of the invoice is unpaid; an invoice payment of £400.00 would "
        "settle it."
    )

    end = follow(
        loan,
        [
            ("invoice_payment", 400, 200, 800, 0, 0),
            ("fee", 50, 150, 800, 50, 0),
            ("residual_release", 150, 0, 950, 50, 0),
        ],
    )

    assert end.is_settled


@pytest.mark.parametrize("agree", [debtor_pays_us, debtor_pays_borrower])
def test_the_debtor_never_pays_and_the_borrower_stands_in(agree):
    loan = agree()

    end = follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("final_payment", 850, 50, -50, 0, 1000),
            ("fee", 50, 0, -50, 50, 1000),
        ],
    )

    assert end.lender_account == 0
    assert not end.is_settled
    [sentence] = explain(end, loan)
    assert sentence == (
        "£1,000.00 of the invoice is unpaid; an invoice payment of £1,000.00 "
        "would settle it."
    )


def test_a_credit_note_after_the_advance_leaves_the_borrower_to_pay_the_rest():
    loan = debtor_pays_us()

    short = follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 820, 20, 800, 0, 180),
            ("fee", 50, -30, 800, 50, 180),
        ],
    )

    assert "a final payment of £30.00 would settle it" in explain(short, loan)[1]

    follow(loan, [("final_payment", 30, 0, 770, 50, 180)])

    with pytest.raises(LoanNotSettled, match=r"£180\.00 of the invoice is unpaid"):
        services.close_loan(loan=loan, closed_by="user:anna", now=NOW)
    services.close_loan(
        loan=loan, closed_by="user:anna", now=NOW, reason="Credit note CN-7 of 180."
    )
    loan.refresh_from_db()
    assert loan.is_closed


def test_payment_to_us_and_final_payment_together_do_not_come_to_zero():
    loan = debtor_pays_us()

    end = follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("final_payment", 850, 50, -50, 0, 1000),
            ("fee", 50, 0, -50, 50, 1000),
            ("invoice_payment", 1000, 1000, -50, 50, 0),
        ],
    )

    assert not end.is_settled
    [sentence] = explain(end, loan)
    assert sentence == (
        "The lender account stands at £1,000.00, not at zero; a residual release of "
        "£1,000.00 would settle it."
    )

    settled = follow(loan, [("residual_release", 1000, 0, 950, 50, 0)])

    assert settled.is_settled


def test_a_residual_sent_the_wrong_way_is_wrong_by_twice_its_amount():
    loan = debtor_pays_us()

    wrong = follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, 200, 800, 0, 0),
            ("fee", 50, 150, 800, 50, 0),
            ("final_payment", 150, 300, 650, 50, 0),
        ],
    )

    assert "a residual release of £300.00 would settle it" in explain(wrong, loan)[0]

    mistake = loan.events.get(kind="final_payment")
    reverse(mistake)
    settled = follow(loan, [("residual_release", 150, 0, 950, 50, 0)])

    assert settled.is_settled


def test_a_zero_lender_account_is_not_enough_while_the_invoice_is_owed():
    end = follow(
        debtor_pays_us(),
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("final_payment", 850, 50, -50, 0, 1000),
            ("fee", 50, 0, -50, 50, 1000),
        ],
    )

    assert end.lender_account == 0
    assert not end.is_settled


def test_the_tax_in_a_fee_stands_apart_from_the_cost():
    loan = debtor_pays_us()
    follow(
        loan,
        [
            ("drawdown", 800, -800, 800, 0, 1000),
            ("invoice_payment", 1000, 200, 800, 0, 0),
            ("fee", 60, 140, 800, 60, 0),
            ("residual_release", 140, 0, 940, 60, 0),
        ],
    )

    def fee_tax(event):
        return split_tax(event.amount, Decimal(20), "GBP")[1]

    end = loan_position(loan=loan, fee_tax=fee_tax)

    assert (end.fee_expense, end.tax) == (50, 10)
    assert end.lender_account == 0
    assert end.nominated_account == 940
