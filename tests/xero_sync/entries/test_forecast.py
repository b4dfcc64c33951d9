"""What a borrower is told will stand in their Xero, row by row."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.entries.forecasts import (
    by_choice,
    by_mapping,
    choice_of,
    rows_of,
)
from xero_sync.codat.exceptions import SameAccountTwice
from xero_sync.connections import switches
from xero_sync.entries import forecast
from xero_sync.entries.chosen import Chosen
from xero_sync.entries.fates import Fate
from xero_sync.models import LenderAccount, LoanInXero, SyncRecord

pytestmark = pytest.mark.django_db

LENDER = "Example Invoice Finance"
BANK = "Business Current Account"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def moves(row):
    """The row in a few words: kind, amount, from, to."""
    ends = [str(one) if one else "" for one in (row.from_account, row.to_account)]
    return (row.kind.value, str(row.amount), *ends)


def stands(loan):
    """L, N, E, T and AR after all."""
    found = loan.position
    return (
        found.lender_account,
        found.nominated_account,
        found.fee_expense,
        found.tax,
        found.receivable,
    )


def fates(seen):
    return [row.fate for row in rows_of(seen)]


def test_without_loans_an_example_of_each_route_is_shown(borrower):
    seen = by_choice(borrower)

    by_lender, by_borrower = seen.loans
    assert seen.is_example
    assert seen.loans_in_all == 0
    assert [moves(row) for row in by_lender.rows] == [
        ("drawdown", "800.00", LENDER, BANK),
        ("fee", "50.00", LENDER, ""),
        ("invoice_payment", "1000.00", "", LENDER),
        ("residual_release", "150.00", LENDER, BANK),
    ]
    assert [moves(row) for row in by_borrower.rows] == [
        ("drawdown", "800.00", LENDER, BANK),
        ("fee", "50.00", LENDER, ""),
        ("invoice_payment", "1000.00", "", ""),
        ("final_payment", "850.00", BANK, LENDER),
    ]
    assert stands(by_lender) == stands(by_borrower) == (0, 950, 50, 0, 0)
    assert by_borrower.rows[2].fate == Fate.LEFT_TO_BORROWER


def test_a_row_names_what_the_body_holds(borrower):
    seen = by_choice(borrower, tax_rate_id="INPUT2", tax_percent=Decimal(20))

    advance, fee, paid, _ = seen.loans[0].rows
    assert str(fee.expense_account) == "Bank Fees"
    assert (fee.net, fee.tax, fee.supplier) == (
        Decimal("41.67"),
        Decimal("8.33"),
        LENDER,
    )
    assert fee.text == f"Fee · INV-1000 · EXAMPLE · {LENDER}"
    assert paid.invoice == "INV-1000"
    assert (advance.line.amount, paid.line.amount) == (-800, 1000)
    assert advance.line.text == f"Drawdown · INV-1000 · EXAMPLE · {LENDER}"
    assert stands(seen.loans[0])[2:4] == (Decimal("41.67"), Decimal("8.33"))


def test_what_is_still_to_be_made_has_its_name_already(borrower):
    seen = by_choice(
        borrower,
        lender_account=Chosen("Our lender"),
        expense_account=Chosen("Finance fees"),
        supplier=Chosen("The lender"),
    )

    advance, fee = seen.loans[0].rows[:2]
    assert moves(advance) == ("drawdown", "800.00", "Our lender", BANK)
    assert (str(fee.expense_account), fee.supplier) == ("Finance fees", "The lender")
    assert seen.has_lines
    assert advance.line.amount == -800


def test_an_example_is_in_the_companys_currency_and_units(world):
    borrower = world.borrower(row=make_company(currency="JPY", country="JP"))

    seen = by_mapping(borrower)

    assert seen.currency == "JPY"
    assert [str(row.amount) for row in seen.loans[0].rows] == [
        "800",
        "50",
        "1000",
        "150",
    ]


def test_an_example_takes_the_routes_of_the_loans_there_are(borrower):
    borrower.loan(collection_route="borrower")

    seen = by_mapping(borrower)

    assert [one.loan.collection_route for one in seen.loans] == ["borrower"]


def test_nothing_is_stored_and_codat_is_not_asked(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    borrower.reverse(event)
    before = {model: model.objects.count() for model in apps.get_models()}
    asked = len(world.wire.received)

    with CaptureQueriesContext(database) as queries:
        by_choice(borrower, lender_account=Chosen("Another"))
        by_mapping(borrower)

    said = [query["sql"].split()[0] for query in queries.captured_queries]
    assert set(said) == {"SELECT"}
    assert {model: model.objects.count() for model in before} == before
    assert len(world.wire.received) == asked


def test_queries_do_not_grow_with_the_loans(world, borrower):
    def count():
        with CaptureQueriesContext(database) as queries:
            by_mapping(borrower)
        return len(queries)

    def begin():
        loan = borrower.loan()
        borrower.record(loan, "drawdown", "800")
        fee = borrower.record(loan, "fee", "50")
        world.run()
        borrower.reverse(fee)

    begin()
    first = count()
    begin()

    assert count() == first


def test_the_newest_loans_are_shown_and_all_are_counted(borrower):
    today = borrower.company.today(borrower.world.clock.now)
    for back in range(1, forecast.MOST_LOANS + 3):
        loan = borrower.loan(agreed_on=today - timedelta(days=back), in_xero=False)
        borrower.record(loan, "drawdown", str(back))

    seen = by_mapping(borrower)

    assert [row.amount for row in rows_of(seen)] == [1, 2, 3, 4, 5]
    assert seen.loans_in_all == 7
    assert not seen.is_example


def test_of_a_long_loan_the_latest_rows_are_shown_and_all_are_summed(borrower):
    loan = borrower.loan()
    for cents in range(1, forecast.MOST_ROWS + 4):
        borrower.record(loan, "fee", f"0.{cents:02}")

    (seen,) = by_mapping(borrower).loans

    assert seen.rows_in_all == forecast.MOST_ROWS + 3
    assert len(seen.rows) == forecast.MOST_ROWS
    assert seen.rows[0].amount == Decimal("0.04")
    assert seen.position.fee_expense == Decimal("2.76")


def test_what_was_sent_is_shown_as_it_was_sent(world, borrower):
    loan = borrower.loan()
    borrower.record(loan, "fee", "60")
    world.run()
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        expense_account_id=borrower.books.account("Interest Expense").id,
        tax_rate_id="INPUT2",
        tax_percent=Decimal(20),
    )
    borrower.record(loan, "fee", "60")

    old, new = rows_of(by_mapping(borrower))

    assert (old.fate, new.fate) == (Fate.STANDS, Fate.COMES)
    assert (str(old.expense_account), old.tax) == ("Bank Fees", 0)
    assert (str(new.expense_account), new.tax) == ("Interest Expense", 10)
    assert (old.line.amount, new.line.amount) == (-60, -60)


def test_what_was_taken_back_before_it_was_sent_is_not_entered(borrower):
    borrower.reverse(borrower.record(borrower.loan(), "drawdown", "800"))

    (seen,) = by_mapping(borrower).loans

    assert [row.fate for row in seen.rows] == [Fate.REVERSED] * 2
    assert [row.line for row in seen.rows] == [None] * 2
    assert stands(seen) == (0, 0, 0, 0, 1000)


def test_what_is_taken_back_later_goes_the_other_way(world, borrower):
    loan = borrower.loan()
    recorded = [
        borrower.record(loan, "drawdown", "800"),
        borrower.record(loan, "fee", "50"),
        borrower.record(loan, "invoice_payment", "1000"),
    ]
    world.run()
    for event in recorded:
        borrower.reverse(event)

    advance, fee, paid = rows_of(by_mapping(borrower))[3:]

    assert moves(advance) == ("drawdown", "800.00", BANK, LENDER)
    assert moves(fee) == ("fee", "50.00", "", LENDER)
    assert (fee.net, fee.line.amount) == (-50, 50)
    assert paid.fate == Fate.UNDO_BY_HAND
    assert moves(paid) == ("invoice_payment", "1000.00", "", "")
    assert paid.line.amount == -1000


def test_what_was_in_the_books_already_is_not_entered_but_counted(borrower):
    borrower.record(borrower.loan(), "drawdown", "800", already_in_books=True)

    (seen,) = by_mapping(borrower).loans

    assert [row.fate for row in seen.rows] == [Fate.ALREADY_IN_BOOKS]
    assert moves(seen.rows[0]) == ("drawdown", "800.00", "", "")
    assert seen.rows[0].line is None
    assert stands(seen)[:2] == (-800, 800)


def test_what_was_left_out_is_neither_entered_nor_counted(world, borrower):
    for on, choice in ((False, None), (True, "leave_out")):
        switches.switch_writeback(
            connection=borrower.connection_row,
            on=on,
            switched_by="test",
            now=world.clock.now,
            held_events=choice,
        )
        if not on:
            borrower.record(borrower.loan(), "drawdown", "800")

    (seen,) = by_mapping(borrower).loans

    assert [row.fate for row in seen.rows] == [Fate.LEFT_OUT]
    assert stands(seen)[:2] == (0, 0)


def test_an_invoice_payment_on_the_bank_account_moves_no_lender_account(borrower):
    loan = borrower.loan(
        collection_route="borrower", invoice_payment_posting="post_on_nominated"
    )
    borrower.record(loan, "invoice_payment", "1000")

    (row,) = rows_of(by_mapping(borrower))

    assert moves(row) == ("invoice_payment", "1000.00", "", BANK)
    assert row.line is None


def test_without_a_bank_feed_no_lines_are_promised(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    switches.set_bank_feeds(
        connection=borrower.connection_row, on=False, now=world.clock.now, set_by="test"
    )

    seen = by_mapping(borrower)

    assert not seen.has_lines
    assert rows_of(seen)[0].line is None
    assert not by_choice(borrower, with_feed=False).has_lines


def test_a_line_dated_before_the_feed_starts_is_not_promised(borrower):
    today = borrower.company.today(borrower.world.clock.now)
    LenderAccount.objects.update(feed_start_date=today)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "700", value_date=today - timedelta(days=1))
    borrower.record(loan, "drawdown", "100", value_date=today)

    early, late = rows_of(by_mapping(borrower))

    assert (early.line, late.line.amount) == (None, -100)


def test_the_lender_account_cannot_be_the_bank_account(borrower):
    chosen = choice_of(borrower).lender_account

    with pytest.raises(SameAccountTwice) as refused:
        by_choice(borrower, nominated_account=chosen)

    assert refused.value.field == "nominated_account_id"


def test_a_loan_begun_with_an_account_keeps_it(borrower):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "100")
    # So it is when the first booking was linked by hand.
    LoanInXero.objects.create(loan=loan, lender_account=borrower.lender_account)

    (row,) = rows_of(by_choice(borrower, lender_account=Chosen("Another")))

    assert moves(row) == ("drawdown", "100.00", LENDER, BANK)


def test_what_cannot_be_put_into_words_says_so_and_hides_nothing_else(world, borrower):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "700")
    world.run()
    borrower.record(loan, "drawdown", "100")
    chosen = choice_of(borrower)

    seen = by_choice(
        borrower,
        lender_account=Chosen("Another"),
        nominated_account=chosen.lender_account,
    )

    assert fates(seen) == [Fate.STANDS, Fate.NOT_SENDABLE]
    assert stands(seen.loans[0])[0] == -700


def test_what_is_under_way_is_shown_as_it_was_sent(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {
        "pending",
        "held",
    }

    (row,) = rows_of(by_mapping(borrower))

    assert row.fate == Fate.UNDER_WAY
    assert moves(row) == ("drawdown", "800.00", LENDER, BANK)
