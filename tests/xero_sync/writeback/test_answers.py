"""Whatever comes back from Codat, or does not: one entry in Xero, and the evidence."""

from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from itertools import pairwise
from uuid import uuid4

import pytest

from tests.marks import more
from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_pushes,
    line_state,
    ours,
    outcomes,
    pushes,
    record_of,
    sent,
    state_of,
    timeline,
)
from xero_sync.codat import payloads
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatError,
    CodatNoAnswer,
    CodatRejected,
    CodatUnavailable,
)
from xero_sync.codat.push import push_path
from xero_sync.models import WriteAttempt
from xero_sync.writeback import claims, results
from xero_sync.writeback.exchange import Sent

pytestmark = pytest.mark.django_db

WRITTEN = "written"
HOUR = 3_600


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def advance(borrower):
    return borrower.record(borrower.loan(), "drawdown", "800")


def keys(world, data_type="transfers"):
    return [one.key for one in pushes(world, data_type)]


def assert_one_transfer(borrower):
    assert [entry.amount for entry in ours(borrower, "transfers")] == [800]
    assert_books_follow(borrower)


# --- not taken in: the same bytes under the same key, later ---------------------------


def test_a_request_that_never_left_goes_out_later_under_its_key(world, borrower):
    world.wire.is_reachable = False
    event = advance(borrower)
    world.run(seconds=60)
    assert state_of(event) == "queued"
    request = sent(event)[0]

    world.wire.is_reachable = True
    world.run()

    assert sent(event) == [request]
    assert set(keys(world)) == {str(request.idempotency_key)}
    assert set(outcomes(event)) == {"unavailable", "accepted"}
    assert_one_transfer(borrower)


def test_the_waits_between_vain_tries_grow(world, borrower):
    world.wire.is_reachable = False
    event = advance(borrower)

    world.run(seconds=600, step=5)

    tries = WriteAttempt.objects.filter(request__data_type="transfers").order_by("pk")
    started = [one.started_at for one in tries]
    assert state_of(event) == "queued"
    assert 4 <= len(started) <= 8
    assert started[-1] - started[-2] > 2 * (started[1] - started[0])


def test_after_a_429_nobody_calls_before_the_time_it_names(world, borrower):
    other = world.borrower()
    world.sandbox.faults.add("busy", match="transfers", retry_after=120)
    event = advance(borrower)
    world.drain()
    calls = len(world.sandbox.requests)

    other.record(other.loan(), "invoice_payment", "1000")
    advance(other)
    world.run(seconds=110, step=10)
    assert len(world.sandbox.requests) == calls
    world.run()

    assert outcomes(event) == ["unavailable", "accepted"]
    assert len(sent(event)) == 1
    assert len(set(keys(world))) == 2
    assert_one_transfer(borrower)
    assert_books_follow(other)


def test_a_429_may_name_its_time_as_a_date(world, borrower):
    until = world.clock.now + timedelta(seconds=90)
    world.sandbox.faults.add(
        "busy", match="transfers", retry_after=format_datetime(until)
    )
    event = advance(borrower)

    world.run(seconds=70, step=10)
    assert len(pushes(world, "transfers")) == 1
    world.run()

    assert state_of(event) == WRITTEN
    assert_one_transfer(borrower)


def test_a_429_without_a_time_is_waited_for_as_well(world, borrower):
    world.sandbox.faults.add("busy", match="transfers", times=2)
    event = advance(borrower)
    world.drain()
    world.drain()
    assert len(pushes(world, "transfers")) == 1

    world.run()

    assert outcomes(event) == ["unavailable", "unavailable", "accepted"]
    assert len(set(keys(world))) == 1
    assert_one_transfer(borrower)


@pytest.mark.parametrize(
    "match", ["GET .*/push/", "POST .*/data/queue/invoices", "GET .*/data/invoices"]
)
def test_a_429_to_a_look_binds_the_sends_as_well(world, borrower, match):
    world.sandbox.settings.push_seconds = 30
    world.sandbox.faults.add("webhook_lost", times=None)
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.sandbox.faults.add("busy", match=match, retry_after=300)

    world.run(seconds=60)
    advance(borrower)
    world.run()

    assert state_of(event) == WRITTEN
    assert world.sandbox.violations == []


# --- no answer ------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lose_reply_after", "lose_reply_before"])
def test_a_lost_reply_is_asked_for_again_under_the_same_key(world, borrower, fault):
    world.sandbox.faults.add(fault, match="transfers")
    event = advance(borrower)
    world.drain()
    assert state_of(event) == "unknown no_answer"

    world.run()

    assert outcomes(event) == ["no_answer", "accepted"]
    assert len(sent(event)) == len(set(keys(world))) == 1
    assert_one_transfer(borrower)


def test_a_request_that_lands_after_its_connection_broke_is_booked_once(
    world, borrower
):
    world.sandbox.faults.add("late_landing", match="transfers", seconds=20)
    event = advance(borrower)

    world.run()

    assert len(set(keys(world))) == 1
    assert state_of(event) == WRITTEN
    assert_one_transfer(borrower)


def test_a_409_is_repeated_under_the_same_key(world, borrower):
    world.sandbox.faults.add("in_progress", match="transfers", times=3)
    event = advance(borrower)
    world.drain()
    assert state_of(event) == "unknown no_answer"

    world.run()

    assert outcomes(event) == ["no_answer"] * 3 + ["accepted"]
    assert len(set(keys(world))) == 1
    assert_one_transfer(borrower)


# --- an answer without a verdict ------------------------------------------------------


@pytest.mark.parametrize("status", [500, *more(502, 503)])
def test_a_5xx_before_the_effect_gets_a_new_key_only_after_proof(
    world, borrower, status
):
    world.sandbox.faults.add("error_before", match="transfers", status=status)
    event = advance(borrower)
    world.run(seconds=HOUR, step=30)
    assert state_of(event) == "unknown no_verdict"
    assert len(set(keys(world))) == 1
    assert outcomes(event) == ["no_verdict"] * 3
    times = [one.time for one in pushes(world, "transfers")]
    assert all(
        (later - earlier).total_seconds() >= 5 for earlier, later in pairwise(times)
    )

    world.run(seconds=3 * HOUR, step=300)

    first, second = sent(event)
    assert second.predecessor == first
    assert second.created_at - first.created_at >= timedelta(seconds=5_400)
    assert second.idempotency_key != first.idempotency_key
    assert_one_transfer(borrower)


def test_a_5xx_after_the_effect_is_found_among_the_operations(world, borrower):
    world.sandbox.faults.add("error_after", match="transfers")
    event = advance(borrower)

    world.run(seconds=3 * HOUR, step=60)

    assert len(sent(event)) == 1
    assert outcomes(event) == ["no_verdict"] * 3
    record = record_of(event)
    operation = ours(borrower, "transfers")[0].push_operation_key
    assert str(record.push_operation_key) == operation
    assert ("written", "", "look") in timeline(event)
    assert_one_transfer(borrower)


@pytest.mark.parametrize("fault", ["error_before", "error_after"])
@pytest.mark.parametrize(
    ("kind", "amount", "data_type"),
    [("fee", "50", "directCosts"), ("invoice_payment", "1000", "payments")],
)
def test_fees_and_payments_are_proven_in_the_same_way(
    world, borrower, fault, kind, amount, data_type
):
    world.sandbox.faults.add(fault, match=data_type)
    event = borrower.record(borrower.loan(), kind, amount)

    world.run(seconds=4 * HOUR, step=120)

    assert state_of(event) == WRITTEN
    assert len(ours(borrower, data_type)) == 1
    assert len(sent(event)) == (1 if fault == "error_after" else 2)
    assert_books_follow(borrower)


@pytest.mark.parametrize("fault", ["error_before", "error_after", "lose_reply_after"])
def test_a_line_is_proven_by_the_operations_alone(world, borrower, fault):
    world.sandbox.faults.add(fault, match="bankTransactions")
    event = advance(borrower)

    world.run(seconds=4 * HOUR, step=120)

    assert line_state(event) == WRITTEN
    assert len({one.key for one in line_pushes(world)}) == (
        2 if fault == "error_before" else 1
    )
    assert_books_follow(borrower)


def test_the_compensation_of_a_fee_is_proven_although_it_changes_its_type(
    world, borrower
):
    event = borrower.record(borrower.loan(), "fee", "50")
    world.run()
    world.sandbox.faults.add("error_after", match="directCosts")

    reversal = borrower.reverse(event)
    world.run(seconds=4 * HOUR, step=120)

    assert state_of(reversal) == WRITTEN
    assert len(ours(borrower, "directIncomes")) == 1
    assert borrower.balance("L") == borrower.balance("E") == 0
    assert_books_follow(borrower)


def test_an_answer_that_cannot_be_read_is_asked_for_again(world, borrower):
    world.sandbox.faults.add("bad_json", match="transfers")
    event = advance(borrower)
    world.drain()
    assert state_of(event) == "unknown no_verdict"

    world.run()

    assert outcomes(event) == ["no_verdict", "accepted"]
    unreadable = WriteAttempt.objects.get(outcome="no_verdict")
    assert unreadable.answer == "<html>oops"
    assert_one_transfer(borrower)


def test_two_equal_transfers_of_one_day_are_not_taken_for_each_other(world, borrower):
    today = borrower.company.today(world.clock.now)
    first = borrower.record(borrower.loan(), "drawdown", "800", value_date=today)
    world.run()
    world.sandbox.faults.add("error_before", match="transfers")

    second = borrower.record(borrower.loan(), "drawdown", "800", value_date=today)
    world.run(seconds=4 * HOUR, step=120)

    assert state_of(first) == state_of(second) == WRITTEN
    assert len(ours(borrower, "transfers")) == 2
    assert_books_follow(borrower)


def test_a_transfer_without_a_known_id_is_not_taken_for_an_unknown_one(world, borrower):
    today = borrower.company.today(world.clock.now)
    world.sandbox.faults.add("push_success_without_record_id", match="transfers")
    borrower.record(borrower.loan(), "drawdown", "800", value_date=today)
    world.run()
    world.sandbox.faults.add("error_before", match="transfers")

    second = borrower.record(borrower.loan(), "drawdown", "800", value_date=today)
    world.run(seconds=4 * HOUR, step=120)

    assert state_of(second) == "unknown needs_person"
    assert len(ours(borrower, "transfers")) == 1


def test_several_operations_that_could_be_it_are_left_to_a_person(world, borrower):
    world.sandbox.faults.add("error_before", match="transfers")
    event = advance(borrower)
    world.drain()
    for _ in range(2):
        push_by_somebody_else(world, borrower)

    world.run(seconds=HOUR, step=60)

    assert state_of(event) == "unknown needs_person"
    assert len(set(keys(world))) == 3


def push_by_somebody_else(world, borrower):
    chosen = borrower.mapping
    body = payloads.transfer(
        amount=Decimal("10.00"),
        value_date=borrower.company.today(world.clock.now),
        from_account_id=chosen.nominated_account_id,
        to_account_id=chosen.lender_target_account_id,
    )
    connection = borrower.connection_row
    return world.client.send_push(
        path=push_path(
            connection.codat_company_id, connection.codat_connection_id, "transfers"
        ),
        body=payloads.encode(body),
        idempotency_key=uuid4(),
    )


# --- refused --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_codat_refuses_waits_for_a_person(world, borrower, status):
    world.wire.canned.append(("/push/transfers", status))
    event = advance(borrower)

    world.run(seconds=600, step=60)

    assert state_of(event) == "failed refused_by_codat"
    attempt = WriteAttempt.objects.get(request=sent(event)[0])
    assert (attempt.outcome, attempt.status_code) == ("refused", status)
    assert "No." in record_of(event).failure
    assert ours(borrower) == []


def test_a_403_with_xeros_own_problem_waits_for_a_person(world, borrower):
    world.sandbox.faults.add(
        "status_403", match="transfers", problem="invalid-organisation"
    )
    event = advance(borrower)

    world.run(seconds=600, step=60)

    assert state_of(event) == "failed refused_by_codat"
    assert outcomes(event) == ["access_denied"]
    assert borrower.connection.access_problem == ""


def test_lines_of_an_organisation_without_bank_feeds_are_held_and_bookings_go_on(
    world, borrower
):
    world.sandbox.faults.add("status_403", match="bankTransactions")
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "fee", "50")

    world.run(seconds=600, step=60)

    assert line_state(first) == line_state(second) == "held feed_refused"
    assert (state_of(first), state_of(second)) == (WRITTEN, WRITTEN)
    assert borrower.connection.bank_feeds is False
    assert borrower.connection.feed_refusal == "invalid-organisation-bank-feeds"
    assert len(line_pushes(world)) == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_what_xero_refuses_is_failed_in_xeros_words(world, borrower, at_once):
    world.sandbox.faults.add("push_fails", match="transfers", message="Not so.")
    if at_once:
        world.sandbox.faults.add("webhook_before_reply", match="transfers")
    event = advance(borrower)

    world.run(seconds=600, step=60)

    assert state_of(event) == "failed refused_by_xero"
    assert record_of(event).failure == "Not so."
    assert line_state(event) == "held awaiting_booking"
    assert outcomes(event) == ["accepted"]


def test_a_success_that_names_no_record_is_a_success(world, borrower):
    world.sandbox.faults.add("push_success_without_record_id", match="transfers")
    event = advance(borrower)

    world.run()

    assert state_of(event) == line_state(event) == WRITTEN
    assert record_of(event).xero_record_id == ""


def test_the_remarks_of_a_success_are_kept_on_the_timeline(world, borrower):
    event = advance(borrower)
    world.run()

    record = record_of(event)

    assert record.xero_record_id == ours(borrower, "transfers")[0].record_id
    assert record.changes.order_by("pk").last().push_operation_key


@pytest.mark.parametrize("lost", ["lose_reply_after", "lose_reply_before"])
@pytest.mark.parametrize("second", [400, 429, *more(401, 402, 404)])
def test_a_refusal_after_a_lost_reply_does_not_settle_the_first_try(
    world, borrower, lost, second
):
    world.sandbox.faults.add(lost, match="transfers")
    event = advance(borrower)
    world.drain()
    assert state_of(event) == "unknown no_answer"
    world.wire.canned.append(("/push/transfers", second))

    world.wait(10)
    world.drain()
    assert state_of(event).startswith("unknown")
    world.run(seconds=4 * HOUR, step=120)

    assert state_of(event) == WRITTEN
    assert_one_transfer(borrower)


# --- timed out at Codat ---------------------------------------------------------------


def test_what_timed_out_and_was_written_all_the_same_is_found(world, borrower):
    world.sandbox.faults.add(
        "push_times_out_but_written", match="transfers", seconds=3 * HOUR
    )
    event = advance(borrower)
    world.run(seconds=600, step=30)
    assert state_of(event) == "unknown timed_out"

    world.run(seconds=12 * HOUR, step=600)

    assert state_of(event) == WRITTEN
    assert len(sent(event)) == len(keys(world)) == 1
    assert_one_transfer(borrower)


def test_what_timed_out_and_was_not_written_is_never_sent_again_by_itself(
    world, borrower
):
    world.sandbox.faults.add("push_times_out", match="transfers")
    event = advance(borrower)
    world.run(seconds=23 * HOUR, step=1_800)
    assert state_of(event) == "unknown timed_out"

    world.run(seconds=3 * HOUR, step=1_800)

    assert state_of(event) == "unknown needs_person"
    assert len(keys(world)) == 1
    assert ours(borrower) == []


# --- whatever the error is called -----------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "outcome", "state"),
    [
        (CodatUnavailable, "unavailable", "queued"),
        (CodatNoAnswer, "no_answer", "unknown no_answer"),
        (CodatRejected, "refused", "failed refused_by_codat"),
        (CodatAccessDenied, "access_denied", "held access_denied"),
        (CodatError, "no_verdict", "unknown no_verdict"),
    ],
)
def test_a_narrower_error_is_settled_as_what_it_is(
    world, borrower, kind, outcome, state
):
    narrower = type("Narrower", (kind,), {})
    event = advance(borrower)
    now = world.clock.now
    (claim,) = claims.claim(limit=1, now=now).sends

    results.store([Sent(claim, narrower("Narrower."), now, now)], now=now)

    assert outcomes(event) == [outcome]
    assert state_of(event) == state
