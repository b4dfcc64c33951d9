"""Who may go when: order in a loan, one unanswered request a type, leases, twins."""

from datetime import timedelta

import pytest
from django.conf import settings

from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    ours,
    outcomes,
    pushes,
    record_of,
    sent,
    state_of,
    timeline,
)
from xero_sync.codat.exceptions import CodatNoAnswer
from xero_sync.models import SyncRecord, WriteAttempt
from xero_sync.models.choices import Step
from xero_sync.writeback import claims, decisions, inbox, polling, results, sweep
from xero_sync.writeback.exchange import Sent

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def claim_and_die(world, limit=8):
    """A worker claims, and is never heard of again."""
    return claims.claim(limit=limit, now=world.clock.now).sends


def send(world, claim):
    """A worker makes the exchange of its claim and keeps the answer to itself."""
    started = world.clock.now
    operation = world.client.send_push(
        path=claim.request.path,
        body=bytes(claim.request.body),
        idempotency_key=claim.request.idempotency_key,
    )
    return Sent(claim, operation, started, world.clock.now)


# --- within a loan --------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["failed", "pending", "unknown"])
def test_the_next_booking_of_a_loan_waits_for_the_one_before(world, borrower, trouble):
    fault = {
        "failed": ("push_fails", {}),
        "pending": ("push_slow", {"seconds": 10_000}),
        "unknown": ("push_times_out", {}),
    }[trouble]
    world.sandbox.faults.add(fault[0], match="transfers", **fault[1])
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "fee", "50")
    other = borrower.record(borrower.loan(), "fee", "20")

    world.run(seconds=300, step=20)

    assert state_of(first).startswith(trouble)
    assert state_of(second) == "queued"
    assert state_of(other) == WRITTEN


@pytest.mark.parametrize("decide", ["link", "cancel", "send"])
def test_a_decision_about_a_failed_booking_lets_the_next_one_go(
    world, borrower, decide
):
    world.sandbox.faults.add("push_fails", match="transfers")
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "fee", "50")
    world.run(seconds=100, step=20)
    act = {
        "link": decisions.link_by_hand,
        "cancel": decisions.cancel,
        "send": decisions.send_again,
    }[decide]

    act(
        record=record_of(first),
        reason="Seen in Xero.",
        decided_by="anna",
        now=world.clock.now,
        client=world.client,
    )
    # No sweep: the decision itself makes the work due.
    world.drain()
    for _ in range(20):
        world.wait(15)
        world.drain()

    assert state_of(second) == WRITTEN


def test_an_event_of_another_day_still_goes_in_the_order_of_recording(world, borrower):
    loan = borrower.loan()
    today = borrower.company.today(world.clock.now)
    late = borrower.record(loan, "drawdown", "800", value_date=today)
    early = borrower.record(
        loan, "drawdown", "10", value_date=today - timedelta(days=20)
    )

    world.run()

    ids = [entry.record_id for entry in ours(borrower)]
    assert ids == [record_of(late).xero_record_id, record_of(early).xero_record_id]


def test_the_reversal_of_a_refused_booking_lets_the_next_one_go_at_once(
    world, borrower
):
    world.sandbox.faults.add("push_fails", match="directCosts")
    loan = borrower.loan()
    fee = borrower.record(loan, "fee", "50")
    next_one = borrower.record(loan, "drawdown", "800")
    world.run(seconds=100, step=20)
    assert state_of(next_one) == "queued"
    # Nothing is due any more: the lanes sleep.
    world.drain()

    borrower.reverse(fee)
    world.drain()

    assert state_of(fee) == "cancelled reversed"
    assert sent(next_one)


# --- across loans ---------------------------------------------------------------------


def test_while_a_transfer_is_unknown_no_other_goes_out_for_the_company(world, borrower):
    other_company = world.borrower()
    world.sandbox.faults.add("error_before", match="transfers")
    unknown = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    waiting = borrower.record(borrower.loan(), "drawdown", "70")
    fee = borrower.record(borrower.loan(), "fee", "20")
    abroad = other_company.record(other_company.loan(), "drawdown", "60")

    world.run(seconds=600, step=30)

    assert state_of(unknown) == "unknown no_verdict"
    assert (state_of(waiting), sent(waiting)) == ("queued", [])
    assert state_of(fee) == WRITTEN
    assert state_of(abroad) == WRITTEN

    world.run(seconds=4 * 3_600, step=300)

    assert state_of(unknown) == state_of(waiting) == WRITTEN
    assert_books_follow(borrower)


def test_a_pending_transfer_does_not_hold_back_the_next_loans(world, borrower):
    world.sandbox.faults.add("push_slow", match="transfers", seconds=5_000)
    slow = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()

    quick = borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=300, step=20)

    assert (state_of(slow), state_of(quick)) == ("pending", WRITTEN)


def test_no_company_has_more_than_one_request_a_type_under_way(world, borrower):
    for _ in range(3):
        loan = borrower.loan()
        borrower.record(loan, "drawdown", "10")
        borrower.record(borrower.loan(), "fee", "10")

    claimed = claim_and_die(world)
    again = claim_and_die(world)

    types = [one.request.data_type for one in claimed]
    assert sorted(types) == ["directCosts", "transfers"]
    assert again == []


# --- leases and tokens ----------------------------------------------------------------


def test_a_worker_that_dies_before_sending_loses_nothing(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claim_and_die(world)
    assert (state_of(event), outcomes(event)) == ("sending", [])

    world.wait(settings.WRITEBACK_LEASE_SECONDS - 1)
    world.drain()
    assert state_of(event) == "sending"
    world.wait(2)
    world.run()

    assert [row for row in timeline(event) if row[0] == "unknown"] == [
        ("unknown", "lease_expired", "lease")
    ]
    assert len(sent(event)) == 1
    assert_books_follow(borrower)


def test_a_worker_that_dies_after_sending_is_answered_by_a_replay(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    send(world, claim_and_die(world)[0])

    world.wait(settings.WRITEBACK_LEASE_SECONDS + 1)
    world.run()

    assert len({one.key for one in pushes(world, "transfers")}) == 1
    assert len(ours(borrower, "transfers")) == 1
    assert_books_follow(borrower)


@pytest.mark.parametrize("sent_first", [True, False])
def test_a_worker_that_died_long_ago_is_proven_and_not_repeated(
    world, borrower, sent_first
):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claim = claim_and_die(world)[0]
    if sent_first:
        send(world, claim)

    # Nobody worked for two hours: the key is too old to be trusted.
    world.wait(2 * 3_600)
    sweep.sweep(now=world.clock.now)
    world.drain()
    assert [one.key for one in pushes(world, "transfers")] == (
        [str(claim.request.idempotency_key)] if sent_first else []
    )
    world.run(seconds=3 * 3_600, step=300)

    assert state_of(event) == WRITTEN
    assert len(sent(event)) == (1 if sent_first else 2)
    assert_books_follow(borrower)


def test_a_frozen_worker_that_wakes_up_leaves_its_attempt_and_changes_nothing(
    world, borrower
):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claim = claim_and_die(world)[0]
    world.wait(settings.WRITEBACK_LEASE_SECONDS + 1)
    world.run()
    before = (state_of(event), record_of(event).fence, timeline(event))

    late = Sent(
        claim,
        CodatNoAnswer("Codat's answer did not arrive."),
        world.clock.now,
        world.clock.now,
    )
    results.store([late], now=world.clock.now)

    assert (state_of(event), record_of(event).fence, timeline(event)) == before
    assert outcomes(event)[-1] == "no_answer"
    assert_books_follow(borrower)


@pytest.mark.parametrize("step", [None, Step.STATEMENT_LINE])
def test_an_answer_that_is_stored_too_late_does_not_hide_its_operation(
    world, borrower, step
):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claimed = claim_and_die(world)
    while step and claimed[0].request.data_type != "bankTransactions":
        results.store([send(world, claimed[0])], now=world.clock.now)
        world.sandbox.tick()
        inbox.read(now=world.clock.now)
        while not (claimed := claim_and_die(world)):
            for look in polling.due(limit=1, now=world.clock.now):
                look.done(look.call(world.client), world.clock.now)
    frozen = send(world, claimed[0])
    world.wait(2 * 3_600)
    sweep.sweep(now=world.clock.now)
    assert state_of(event, step) == "unknown lease_expired"

    results.store([frozen], now=world.clock.now)
    assert state_of(event, step) == "unknown lease_expired"
    world.run(seconds=3 * 3_600, step=300)

    assert state_of(event, step) == WRITTEN
    assert len(sent(event, step)) == 1
    assert_books_follow(borrower)


def test_two_workers_that_claim_one_after_the_other_get_different_work(world, borrower):
    other = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    other.record(other.loan(), "drawdown", "800")

    first = claim_and_die(world, limit=1)
    second = claim_and_die(world, limit=1)

    carried = {record.pk for claim in first + second for record in claim.records}
    assert len(first) == len(second) == 1
    assert len(carried) == 2


# --- the accounts of today and of then ------------------------------------------------


def test_what_is_queued_follows_a_new_choice_and_the_lender_account_stays(
    world, borrower
):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    old = borrower.mapping
    other = world.sandbox.add_account(
        borrower.codat_connection, name="Second Current Account", category="Asset.Bank"
    )
    world.sandbox.sync(borrower.codat_connection)
    account = world.choose_accounts(borrower).lender_account
    event = borrower.record(loan, "final_payment", "300")

    # A new lender account and a new nominated account.
    new = world.choose_accounts(
        borrower, lender_account=account, nominated_account_id=other.id
    )
    fresh = borrower.record(borrower.loan(), "drawdown", "70")
    world.run()

    assert new.lender_target_account_id != old.lender_target_account_id
    moved = {one.record_id: one.accounts for one in ours(borrower, "transfers")}
    assert set(moved[record_of(event).xero_record_id]) == {
        other.id,
        old.lender_target_account_id,
    }
    assert set(moved[record_of(fresh).xero_record_id]) == {
        other.id,
        new.lender_target_account_id,
    }
    source = old.lender_account.source_account_id
    assert [line.amount for line in borrower.books.statement(source)] == [-800, 300]
    assert sent(event)[0].mapping == new
    assert world.sandbox.violations == []


def test_a_compensation_moves_the_accounts_of_what_it_compensates(world, borrower):
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    world.run()
    old = borrower.mapping
    other = world.sandbox.add_account(
        borrower.codat_connection, name="Second Current Account", category="Asset.Bank"
    )
    world.sandbox.sync(borrower.codat_connection)
    world.choose_accounts(borrower, nominated_account_id=other.id)

    borrower.reverse(event)
    world.run()

    assert borrower.books.balance(old.nominated_account_id) == 0
    assert borrower.books.balance(old.lender_target_account_id) == 0
    assert borrower.books.balance(other.id) == 0


def test_a_request_that_was_not_taken_in_is_frozen_anew_after_a_new_choice(
    world, borrower
):
    world.sandbox.faults.add("busy", match="transfers", retry_after=60)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    other = world.sandbox.add_account(
        borrower.codat_connection, name="Second Current Account", category="Asset.Bank"
    )
    world.wait(61)
    world.sandbox.sync(borrower.codat_connection)

    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        nominated_account_id=other.id,
    )
    world.run()

    first, second = sent(event)
    assert second.predecessor == first
    assert borrower.books.balance(other.id) == 800
    assert_books_follow(borrower)


# --- several entries of the same kind -------------------------------------------------


def test_every_attempt_carries_the_bytes_of_its_request(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="transfers", times=2)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run()

    request = sent(event)[0]
    assert WriteAttempt.objects.filter(request=request).count() == 3
    assert SyncRecord.objects.get(pk=record_of(event).pk).request == request
    # Other bytes under the key would have been a violation.
    assert world.sandbox.violations == []
