"""The main job, end to end: recorded events stand in the borrower's Xero."""

import json
import struct
from datetime import timedelta
from decimal import Decimal

import pytest

from lending.positions import explain, loan_position
from tests.worlds import World, states
from tests.xero_sync.evidence import (
    assert_balances,
    assert_books_follow,
    assert_statement,
    ours,
    sent,
    statement,
)
from xero_sync.entries import settlement

pytestmark = pytest.mark.django_db

LENDER_ROUTE = (
    ("drawdown", "800"),
    ("invoice_payment", "1000"),
    ("fee", "50"),
    ("residual_release", "150"),
)
BORROWER_ROUTE = (
    ("drawdown", "800"),
    ("invoice_payment", "1000"),
    ("final_payment", "850"),
    ("fee", "50"),
)


def play(borrower, loan, events):
    return [borrower.record(loan, kind, amount) for kind, amount in events]


def all_written(loan):
    return {state for _, _, state in states(loan)} == {"written"}


def test_a_loan_that_the_debtor_pays_to_us_ends_at_zero_in_xero():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    play(borrower, loan, LENDER_ROUTE)

    world.run()

    assert all_written(loan), states(loan)
    assert borrower.balance("L") == 0
    assert borrower.balance("N") == 950
    assert borrower.balance("E") == 50
    assert borrower.books.accounts_receivable == 0
    assert [line.amount for line in statement(borrower)] == [-800, 1000, -50, -150]
    assert_books_follow(borrower)
    assert settlement.is_settled(loan)


def test_a_loan_whose_invoice_is_posted_on_the_nominated_account_ends_at_zero():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan(
        collection_route="borrower", invoice_payment_posting="post_on_nominated"
    )
    play(borrower, loan, BORROWER_ROUTE)

    world.run()

    assert all_written(loan), states(loan)
    assert borrower.balance("N") == 950
    assert borrower.books.accounts_receivable == 0
    assert [line.amount for line in statement(borrower)] == [-800, 850, -50]
    assert_books_follow(borrower)
    assert settlement.is_settled(loan)


def test_an_invoice_payment_that_the_borrower_books_is_not_posted_by_us():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan(collection_route="borrower")
    play(borrower, loan, BORROWER_ROUTE)

    world.run()

    assert ours(borrower, "payments") == []
    assert borrower.books.accounts_receivable == 1000
    nominated = borrower.mapping.nominated_account_id
    borrower.world.sandbox.pay_by_hand(
        borrower.codat_connection,
        borrower.books.invoices[0].id,
        Decimal(1000),
        nominated,
        borrower.company.today(world.clock.now),
    )
    assert borrower.balance("L") == 0
    assert borrower.balance("N") == 950
    assert_balances(borrower)
    assert_statement(borrower)
    assert settlement.is_settled(loan)


def test_a_fee_kept_back_from_the_advance_ends_at_zero():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    events = (
        ("drawdown", "750"),
        ("fee", "50"),
        ("invoice_payment", "1000"),
        ("residual_release", "200"),
    )
    play(borrower, loan, events)

    world.run()

    assert all_written(loan)
    assert borrower.balance("L") == 0
    assert borrower.balance("N") == 950
    assert_books_follow(borrower)


def test_an_invoice_paid_in_two_parts_is_posted_in_two_parts():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    play(borrower, loan, (("drawdown", "800"), ("invoice_payment", "600")))
    world.run()
    play(borrower, loan, (("invoice_payment", "400"), ("fee", "50")))
    play(borrower, loan, (("residual_release", "150"),))

    world.run()

    assert [entry.amount for entry in ours(borrower, "payments")] == [600, 400]
    assert borrower.books.accounts_receivable == 0
    assert all_written(loan)
    assert_books_follow(borrower)


def test_two_equal_part_payments_of_one_day_are_both_posted():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    play(borrower, loan, (("invoice_payment", "500"), ("invoice_payment", "500")))

    world.run()

    assert [entry.amount for entry in ours(borrower, "payments")] == [500, 500]
    assert_books_follow(borrower)


def test_a_debtor_who_never_pays_leaves_the_invoice_open_and_us_at_zero():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    play(borrower, loan, (("drawdown", "800"), ("fee", "50"), ("final_payment", "850")))

    world.run()

    assert borrower.balance("L") == 0
    assert borrower.balance("N") == -50
    assert borrower.books.accounts_receivable == 1000
    assert ours(borrower, "payments") == []
    assert_books_follow(borrower)


def test_the_source_documents_combination_is_written_and_explained():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    play(borrower, loan, BORROWER_ROUTE)

    world.run()

    assert all_written(loan)
    assert borrower.balance("L") == 1000
    assert borrower.balance("N") == -50
    assert_books_follow(borrower)
    words = " ".join(explain(loan_position(loan=loan), loan))
    assert "residual release of £1,000.00" in words
    assert not settlement.is_settled(loan)


def test_a_fee_with_tax_is_split_and_leaves_the_lender_account_whole():
    world = World()
    borrower = world.borrower()
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        tax_rate_id="INPUT2",
        tax_percent=Decimal(20),
    )
    loan = borrower.loan()
    play(borrower, loan, (("drawdown", "800"), ("fee", "49.99")))

    world.run()

    assert borrower.balance("E") == Decimal("41.66")
    assert borrower.books.tax == Decimal("8.33")
    assert borrower.balance("L") == Decimal("-849.99")
    assert_books_follow(borrower)


def test_several_loans_of_a_company_run_side_by_side():
    world = World()
    borrower = world.borrower()
    loans = [borrower.loan() for _ in range(4)]
    for kind, amount in LENDER_ROUTE:
        for loan in loans:
            borrower.record(loan, kind, amount)

    world.run()

    assert all(map(all_written, loans))
    assert borrower.balance("L") == 0
    assert borrower.balance("N") == 4 * 950
    assert_books_follow(borrower)


def test_two_companies_are_never_mixed():
    world = World()
    first, second = world.borrower(), world.borrower()
    play(first, first.loan(), LENDER_ROUTE)
    play(second, second.loan(invoice_amount="77"), (("drawdown", "50"),))

    world.run()

    assert first.balance("N") == 950
    assert second.balance("L") == -50
    for borrower in (first, second):
        assert_books_follow(borrower)


def test_yen_are_written_without_pence():
    world = World()
    borrower = world.borrower(currency="JPY", country="JP", time_zone="Asia/Tokyo")
    loan = borrower.loan(invoice_amount="100000")
    events = play(borrower, loan, (("drawdown", "80000"), ("fee", "500")))
    play(borrower, loan, (("invoice_payment", "100000"), ("residual_release", "19500")))

    world.run()

    body = json.loads(bytes(sent(events[0])[0].body), parse_float=str)
    assert body["from"]["amount"] == 80000
    assert all_written(loan), states(loan)
    assert borrower.balance("L") == 0
    assert_books_follow(borrower)


def compiled(catalogue):
    """A gettext catalogue in the form that `msgfmt` writes."""
    pairs = sorted((one.encode(), other.encode()) for one, other in catalogue.items())
    tables, texts, start = [b"", b""], b"", 28 + 16 * len(pairs)
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<II", len(pair[side]), start + len(texts))
            texts += pair[side] + b"\0"
    places = (28, 28 + 8 * len(pairs), 0, start)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), *places)
    return head + b"".join(tables) + texts


def test_a_french_company_in_euros_reads_its_own_language(settings, tmp_path):
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = "Content-Type: text/plain; charset=UTF-8\n"
    words = {"": head, "Drawdown": "Tirage", "Fee": "Frais prélevés"}
    (folder / "django.mo").write_bytes(compiled(words))
    settings.LOCALE_PATHS = [str(tmp_path)]
    world = World()
    borrower = world.borrower(currency="EUR", country="FR", language="fr")
    loan = borrower.loan()
    play(borrower, loan, LENDER_ROUTE)

    world.run()

    assert all_written(loan), states(loan)
    assert_books_follow(borrower)
    assert statement(borrower)[0].description.startswith("Tirage · ")
    assert ours(borrower, "directCosts")[0].description.startswith("Frais prélevés · ")


def test_a_line_names_the_movement_the_invoice_the_loan_and_the_lender():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800", description="first part")

    world.run()

    line = statement(borrower)[0]
    assert line.description == (
        f"Drawdown · {loan.invoice_number} · {loan.reference} · "
        "Example Invoice Finance · first part"
    )
    assert line.reference == event.external_id
    assert line.counterparty == "Example Invoice Finance"
    assert line.date == event.value_date


def test_events_of_many_days_are_written_each_under_its_own_date():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    today = borrower.company.today(world.clock.now)
    days = [today - timedelta(days=30 - number) for number in range(4)]
    for (kind, amount), day in zip(LENDER_ROUTE, days, strict=True):
        borrower.record(loan, kind, amount, value_date=day)

    world.run()

    assert [entry.date for entry in ours(borrower)] == days
    assert [line.date for line in statement(borrower)] == days
    assert_books_follow(borrower)
