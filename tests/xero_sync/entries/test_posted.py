"""What a borrower sees of their entries: where each is, why, and what to do."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from tests.worlds import World
from xero_sync.entries import posted
from xero_sync.entries.posted import Filter
from xero_sync.models import Connection, SyncRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def shown(borrower, **chosen):
    return posted.page_of(borrower.company, **chosen).entries


def test_a_whole_life_is_told_in_plain_words(world, borrower):
    today = borrower.company.today(world.clock.now)
    loan = borrower.loan(debtor_name="Ridgeway Stores plc")
    borrower.record(loan, "drawdown", "800", value_date=today - timedelta(days=3))
    borrower.record(loan, "invoice_payment", "1000")
    borrower.record(loan, "fee", "50")
    borrower.record(loan, "residual_release", "150")
    world.run()

    page = posted.page_of(borrower.company)

    bookings = [one for one in page.entries if one.kind != "Bank statement line"]
    assert [(one.kind, one.detail, one.money) for one in bookings] == [
        ("Balance paid out", "to Business Current Account", "−£150.00"),
        ("Our fee", "", "−£50.00"),
        (
            "Your customer’s payment",
            f"Ridgeway Stores plc, {loan.invoice_number}",
            "£1,000.00",
        ),
        ("Advance", "to Business Current Account", "−£800.00"),
    ]
    assert bookings[-1].on == today - timedelta(days=3)
    assert {one.state for one in page.entries} == {"In Xero"}
    (financing,) = page.financings
    assert (financing.reference, financing.invoice) == (
        loan.reference,
        loan.invoice_number,
    )
    assert (financing.invoice_amount, financing.balance) == ("£1,000.00", "£0.00")
    assert page.counts == posted.Counts(all=8, posted=8, waiting=0, needs_you=0)


def test_a_line_follows_its_booking_and_says_what_it_is_of(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")

    booking, line = shown(borrower)

    assert (booking.kind, line.kind, line.detail) == (
        "Advance",
        "Bank statement line",
        "Advance",
    )


def test_each_entry_has_one_reference_without_an_id(world, borrower):
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    borrower.record(loan, "fee", "50")

    references = [one.reference for one in shown(borrower)]

    assert references == [
        f"{loan.reference}/2",
        f"{loan.reference}/2b",
        f"{loan.reference}/1",
        f"{loan.reference}/1b",
    ]
    told = str(shown(borrower))
    assert not re.search(r"[0-9a-f]{8}-?[0-9a-f]{4}", told)
    assert event.external_id not in told


def test_a_fee_names_its_tax(world, borrower):
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        tax_rate_id="INPUT2",
        tax_percent=Decimal(20),
    )
    borrower.record(borrower.loan(), "fee", "720")

    assert shown(borrower)[0].detail == "£600.00 and £120.00 tax"
    with translation.override("fr"):
        detail = shown(borrower)[0].detail
    assert re.sub(r"\s", " ", detail) == "600,00 £ HT et 120,00 £ de TVA"


def test_what_waits_says_why_and_whose_move_it_is(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")

    entry = shown(borrower)[0]

    assert (entry.state, entry.why) == ("Waiting", "Posting is off.")
    assert entry.to_do == "Switch posting on when you want us to enter it."
    assert entry.needs_you
    with translation.override("fr"):
        entry = shown(borrower)[0]
    assert (entry.kind, entry.state, entry.why) == (
        "Avance versée",
        "En attente",
        "L’enregistrement est désactivé.",
    )


def test_a_queued_entry_says_what_goes_before_it(world, borrower):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    borrower.record(loan, "fee", "50")

    fee = shown(borrower)[0]

    assert (fee.kind, fee.state) == ("Our fee", "On its way")
    assert fee.why == "It waits for an earlier entry of the same financing."


def test_what_may_stand_twice_is_said_and_nothing_is_to_be_removed(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    SyncRecord.objects.filter(step="transfer").update(is_alarmed=True)

    entry = shown(borrower)[0]

    assert (entry.state, entry.why) == (
        "In Xero",
        "It may stand in your Xero twice. We are checking this.",
    )


def test_an_entry_that_takes_another_back_is_called_so(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    borrower.reverse(event)

    entry = shown(borrower)[0]

    assert (entry.kind, entry.money) == ("Taken back: Advance", "£800.00")


def test_the_filters_part_what_is_in_xero_from_what_waits(world, borrower):
    first, second = borrower.loan(), borrower.loan(in_xero=False)
    borrower.record(first, "drawdown", "800")
    world.run()
    borrower.record(second, "invoice_payment", "1000")
    world.run(seconds=120)

    kinds = {
        which: [(one.loan, one.kind) for one in shown(borrower, show=which)]
        for which in Filter
    }

    payment, line = "Your customer’s payment", "Bank statement line"
    waiting = [(second.reference, payment), (second.reference, line)]
    in_xero = [(first.reference, "Advance"), (first.reference, line)]
    assert kinds[Filter.POSTED] == in_xero
    assert kinds[Filter.WAITING] == waiting
    assert kinds[Filter.NEEDS_YOU] == [(second.reference, payment)]
    assert kinds[Filter.ALL] == waiting + in_xero
    counts = posted.counts_of(borrower.company)
    assert {one: counts.of(one) for one in Filter} == {
        one: len(found) for one, found in kinds.items()
    }


def test_lines_that_nobody_misses_are_not_among_what_waits(world, borrower):
    Connection.objects.update(bank_feeds=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120)

    assert shown(borrower, show=Filter.WAITING) == []
    assert shown(borrower)[1].state == "Not needed"


def test_one_loan_is_shown_alone_and_another_companys_never(world, borrower):
    first, second = borrower.loan(), borrower.loan()
    stranger = world.borrower()
    other = stranger.loan()
    for one, loan in ((borrower, first), (borrower, second), (stranger, other)):
        one.record(loan, "drawdown", "800")

    assert {one.loan for one in shown(borrower)} == {first.reference, second.reference}
    assert {one.loan for one in shown(borrower, loan=first.reference)} == {
        first.reference
    }
    assert shown(borrower, loan=other.reference) == []
    assert list(posted.entries_of(borrower.company, loan=other.reference)) == []


def test_pages_hold_so_many_and_one_beyond_the_last_is_the_last(world, borrower):
    loan = borrower.loan()
    for _ in range(3):
        borrower.record(loan, "drawdown", "10")

    pages = [posted.page_of(borrower.company, number=n, size=4) for n in (1, 2, 9)]

    assert [len(one.entries) for one in pages] == [4, 2, 2]
    assert [(one.number, one.pages) for one in pages] == [(1, 2), (2, 2), (2, 2)]
    # Where the lender account will stand is that of the loan, not of the page.
    assert {one.balance for page in pages for one in page.financings} == {"−£30.00"}


def test_a_page_costs_no_more_queries_for_more_entries(
    world, borrower, django_assert_max_num_queries
):
    for _ in range(6):
        borrower.record(borrower.loan(), "drawdown", "10")

    with django_assert_max_num_queries(8):
        assert len(shown(borrower)) == 12


def test_what_was_reversed_before_it_went_leaves_nothing_on_the_lender_account(
    world, borrower
):
    borrower.reverse(borrower.record(borrower.loan(), "drawdown", "800"))

    page = posted.page_of(borrower.company)

    assert {one.state for one in page.entries} == {"Closed by us"}
    assert page.financings[0].balance == "£0.00"
