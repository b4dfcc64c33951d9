"""What is alarmed is not sent by itself; a stranger's push proves nothing of ours."""

import uuid
from datetime import timedelta

import pytest

from tests.worlds import World
from tests.xero_sync.evidence import ours, record_of, sent, state_of
from tests.xero_sync.writeback.test_watched_pushes import (
    asked,
    decide,
    push_at_codat,
    put,
    run_until_asked,
    standing,
    work,
)
from xero_sync.codat.exceptions import CodatUnavailable, DecisionNotAllowed
from xero_sync.connections import switches
from xero_sync.models import WatchedPush
from xero_sync.writeback import (
    alarms,
    claims,
    deciding,
    decisions,
    inbox,
    reconsider,
    results,
    sweep,
)
from xero_sync.writeback.exchange import Sent

pytestmark = pytest.mark.django_db

AN_HOUR = 3_600


@pytest.fixture(autouse=True)
def no_looks(settings):
    """What is sent hours after the first write goes at once: these count on it."""
    settings.WRITEBACK_LOOK_SECONDS = 0


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def switch(borrower, world, *, on, event=None):
    given = {"held_events": "publish", "publish_from": event.value_date} if on else {}
    switches.switch_writeback(
        connection=borrower.connection,
        on=on,
        switched_by="user:anna",
        now=world.clock.now,
        **given,
    )


def claim_transfer(world):
    found = claims.claim(limit=5, now=world.clock.now).sends
    return next(one for one in found if one.request.data_type == "transfers")


def answered_absent_before(world, borrower, *, hours):
    """An entry that is sent anew while its first push is about to land after all."""
    lands_at = world.clock.now + timedelta(hours=hours)
    event = asked(
        world,
        borrower,
        "push_times_out_but_written",
        seconds=hours * AN_HOUR,
        told=True,
    )
    world.wait((lands_at - world.clock.now).total_seconds() - 30)
    decide("absent", event, world)
    return event


def strangers_push(world, event, fault):
    """Somebody else writes the same through the same connection, and it goes wrong."""
    world.sandbox.faults.add(fault, match="transfers")
    (request,) = sent(event)
    return world.client.send_push(
        path=request.path, body=bytes(request.body), idempotency_key=uuid.uuid4()
    )


def unanswered(world, borrower):
    """An entry whose answer is lost and whose push lands later; nobody repeats it."""
    world.sandbox.faults.add("late_landing", match="transfers", seconds=1_200)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    switch(borrower, world, on=False)
    return event


# --- an alarmed entry is not sent by itself ------------------------------------------


def test_an_unanswered_send_is_not_repeated_once_the_first_has_landed(world, borrower):
    event = answered_absent_before(world, borrower, hours=27)
    world.sandbox.faults.add("lose_reply_before", match="transfers", times=4)

    work(world, times=1, step=1)
    work(world, times=6, step=10)
    work(world, times=20, step=300)

    assert record_of(event).is_alarmed
    assert len(standing(borrower)) == 1


def test_what_codat_was_too_busy_for_is_not_sent_once_the_first_has_landed(
    world, borrower
):
    event = answered_absent_before(world, borrower, hours=27)
    claim, started = claim_transfer(world), world.clock.now
    world.wait(60)
    inbox.read(now=world.clock.now)
    world.drain()
    error = CodatUnavailable("slow down", retry_after=10.0, rate_limited=True)

    results.store([Sent(claim, error, started, world.clock.now)], now=world.clock.now)
    work(world, times=20, step=300)

    assert record_of(event).is_alarmed
    assert len(standing(borrower)) == 1


def test_a_refused_send_is_not_queued_anew_once_the_first_has_landed(world, borrower):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=40 * AN_HOUR, told=True
    )
    decide("absent", event, world)
    since = world.clock.now
    world.sandbox.faults.add("push_slow", match="transfers", seconds=16 * AN_HOUR)
    world.sandbox.faults.add("push_fails", match="transfers")
    work(world, times=20, step=AN_HOUR)

    reconsider.refused(
        company_id=borrower.company.pk, since=since, now=world.clock.now, note="ended"
    )
    work(world, times=20, step=600)

    assert record_of(event).is_alarmed
    assert len(standing(borrower)) == 1


def test_no_other_entry_takes_what_an_alarm_is_about(world, borrower):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=27 * AN_HOUR, told=True
    )
    decide("absent", event, world)
    work(world, times=2, step=60)
    other = borrower.record(
        borrower.loan(), "drawdown", "800", value_date=event.value_date
    )
    world.sandbox.faults.add("lose_reply_before", match="transfers", times=None)
    work(world, times=30, step=600)
    world.sandbox.faults.clear()

    work(world, times=20, step=600)

    alarmed = set(WatchedPush.objects.values_list("xero_record_id", flat=True))
    assert record_of(other).xero_record_id not in alarmed


def test_an_alarm_on_what_a_person_is_asked_about_can_be_settled(world, borrower):
    event = asked(world, borrower)
    decide("absent", event, world)
    left = WatchedPush.objects.get()
    world.sandbox.faults.add("push_times_out", match="transfers")
    run_until_asked(world, event)
    WatchedPush.objects.filter(pk=left.pk).update(
        is_ours=False,
        status="Success",
        alarmed_at=world.clock.now,
        next_poll_at=None,
    )
    put(event, is_alarmed=True)

    decisions.settle_alarm(
        record=record_of(event),
        decided_by="user:anna",
        reason="Somebody else's.",
        now=world.clock.now,
    )
    decide("absent", event, world)

    assert not record_of(event).is_alarmed


def test_an_older_look_does_not_take_back_a_success(world, borrower, monkeypatch):
    event = asked(world, borrower)
    decide("absent", event, world)
    world.sandbox.faults.add("push_times_out", match="transfers")
    run_until_asked(world, event)
    (left,) = WatchedPush.objects.exclude(
        push_operation_key=record_of(event).push_operation_key
    )
    lock = deciding._locked

    def after_it_landed(record, seen, now):
        push = push_at_codat(world, left.push_operation_key)
        push.status, push.record_id = "Success", "late"
        operation = world.client.get_push_operation(
            borrower.connection.codat_company_id, left.push_operation_key
        )
        alarms.note(left, operation, now=now)
        return lock(record, seen, now)

    monkeypatch.setattr(deciding, "_locked", after_it_landed)
    decide("link", event, world)

    left.refresh_from_db()
    assert left.status == "Success"


# --- a stranger's push proves nothing of ours ----------------------------------------


@pytest.mark.parametrize("fault", ["push_times_out", "push_fails"])
def test_a_strangers_push_is_not_taken_for_ours_while_ours_may_land(
    world, borrower, fault
):
    event = unanswered(world, borrower)
    stranger = strangers_push(world, event, fault)
    world.wait(60)

    work(world, times=4, step=60)

    assert state_of(event) == "unknown no_answer"
    assert record_of(event).push_operation_key != stranger.key


def test_ours_that_is_pending_is_seen_beside_a_strangers(world, borrower):
    event = unanswered(world, borrower)
    strangers_push(world, event, "push_times_out")
    world.wait(60)
    world.sandbox.faults.add("push_slow", match="transfers", seconds=72 * AN_HOUR)

    run_until_asked(world, event)
    with pytest.raises(DecisionNotAllowed):
        decide("absent", event, world)
    switch(borrower, world, on=True, event=event)
    work(world, times=60, step=7_200)

    assert len(ours(borrower, "transfers")) == 1


def test_what_a_late_answer_named_is_never_taken_for_absent(world, borrower):
    world.sandbox.faults.add(
        "push_times_out_but_written",
        match="transfers",
        seconds=40 * AN_HOUR,
        told=True,
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claim, started = claim_transfer(world), world.clock.now
    request = claim.request
    answer = world.client.send_push(
        path=request.path,
        body=bytes(request.body),
        idempotency_key=request.idempotency_key,
    )
    world.clock.forward(121)
    sweep.expire_leases(now=world.clock.now)
    results.store([Sent(claim, answer, started, world.clock.now)], now=world.clock.now)
    switch(borrower, world, on=False)

    work(world, times=30, step=600)

    assert state_of(event).startswith("unknown")
