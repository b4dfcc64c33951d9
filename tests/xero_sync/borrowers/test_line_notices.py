"""Borrowers hear of lines that did not get through: once a cause, and of the end."""

from datetime import timedelta

import pytest

from tests.worlds import World
from tests.xero_sync.evidence import line_of, line_state
from xero_sync import jobs
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.borrowers import line_notices, remarks
from xero_sync.models import BorrowerNotice
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import decisions

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def told(borrower):
    """The kinds of mail that the borrower is owed, in order."""
    line_notices.tell(now=borrower.world.clock.now)
    mails = BorrowerNotice.objects.filter(company=borrower.company)
    return list(mails.order_by("pk").values_list("kind", flat=True))


def rejected(world, borrower, amount="800"):
    world.sandbox.faults.add("push_fails", match="bankTransactions", message="No.")
    event = borrower.record(borrower.loan(), "drawdown", amount)
    world.run(seconds=60)
    assert line_state(event) == "failed refused_by_xero"
    return event


def send_again(world, event):
    decisions.send_again(
        record=line_of(event), reason="Mended.", decided_by="a", now=world.clock.now
    )
    world.run(seconds=120)


def test_a_rejected_line_is_told_of_once_and_its_arrival_as_well(world, borrower):
    event = rejected(world, borrower)
    later = borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=120)
    assert told(borrower) == told(borrower) == ["lines_rejected"]

    send_again(world, event)

    assert line_state(event) == line_state(later) == "written"
    both = ["lines_rejected", "lines_sent_again"]
    assert told(borrower) == told(borrower) == both


def test_each_rejection_is_a_cause_of_its_own(world, borrower):
    event = rejected(world, borrower)
    told(borrower)
    world.sandbox.faults.add("push_fails", match="bankTransactions", message="No.")

    send_again(world, event)

    assert line_state(event) == "failed refused_by_xero"
    assert told(borrower) == ["lines_rejected"] * 2


def test_lines_missed_while_the_feed_was_cut_are_told_of_once(world, borrower):
    account = bank_feeds.disconnect(
        account=borrower.lender_account, client=world.client, by="", now=world.clock.now
    )
    assert told(borrower) == []
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    event = borrower.record(loan, "fee", "50")
    world.run(seconds=120, step=10)
    assert line_state(event) == "held feed_not_connected"
    assert told(borrower) == ["lines_missed"]

    bank_feeds.connect(
        account=account, client=world.client, by="user:anna", now=world.clock.now
    )
    world.run()

    assert line_state(event) == "written"
    assert told(borrower) == ["lines_missed", "lines_sent_again"]


def test_a_refused_feed_is_told_of_once_and_has_a_plain_sentence(world, borrower):
    world.sandbox.faults.add("status_403", match="bankTransactions")
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=60)

    assert told(borrower) == ["lines_missed"]
    (remark,) = remarks.of_company(borrower.company, borrower.connection)
    assert remark.code == "invalid-organisation-bank-feeds"


def test_lines_that_an_outage_keeps_for_a_day_are_told_of_once_and_their_arrival(
    world, borrower
):
    loan = borrower.loan()
    world.sandbox.faults.add(
        "error_before", match="bankTransactions", times=None, status=503
    )
    events = [borrower.record(loan, "drawdown", amount) for amount in ("800", "70")]
    world.run(seconds=20 * 3_600, step=1_800)
    assert told(borrower) == []

    world.run(seconds=6 * 3_600, step=1_800)
    later = borrower.record(loan, "drawdown", "9")
    world.run(seconds=6 * 3_600, step=1_800)
    assert told(borrower) == told(borrower) == ["lines_missed"]

    world.sandbox.faults.clear()
    world.run(seconds=12 * 3_600, step=600)

    assert {line_state(event) for event in (*events, later)} == {"written"}
    assert told(borrower) == told(borrower) == ["lines_missed", "lines_sent_again"]


def test_a_line_that_was_given_up_has_not_arrived(world, borrower):
    event = rejected(world, borrower)
    told(borrower)

    decisions.cancel(
        record=line_of(event), reason="No.", decided_by="a", now=world.clock.now
    )

    assert told(borrower) == ["lines_rejected"]


def test_a_borrower_whose_lines_get_through_hears_nothing(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    assert told(borrower) == []


def test_the_sweep_tells(world, borrower):
    rejected(world, borrower)

    jobs.sweep()

    notice = BorrowerNotice.objects.get()
    assert notice.kind == "lines_rejected"
    assert database_now() - notice.created_at < timedelta(minutes=1)
