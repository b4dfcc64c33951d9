"""An entry is never twice in Xero without an alarm, nor by an answer taken too early.

Whatever the order in which a person answers, a push lands and a webhook comes.
"""

from datetime import timedelta

import pytest

from tests.marks import more
from tests.worlds import World
from tests.xero_sync.evidence import ours, record_of, sent, state_of
from xero_sync.codat.exceptions import CodatNotAsked, DecisionNotAllowed
from xero_sync.connections import switches
from xero_sync.entries import settlement
from xero_sync.entries import wording as entry_wording
from xero_sync.models import SyncRecord, WatchedPush
from xero_sync.writeback import (
    alarms,
    claims,
    decisions,
    due,
    outcomes,
    results,
    sweep,
)
from xero_sync.writeback.exchange import Sent
from xero_sync.writeback.watching import WATCHED_FOR

pytestmark = pytest.mark.django_db

A_DAY = 86_400
WRITTEN = "written"
DECISIONS = {
    "send again": decisions.send_again,
    "cancel": decisions.cancel,
    "link": decisions.link_by_hand,
    "absent": decisions.answer_absent,
}


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


def decide(name, event, world, **given):
    fields = {
        "reason": "Looked in Xero.",
        "decided_by": "anna",
        "client": world.client,
        "now": world.clock.now,
    }
    return DECISIONS[name](record=record_of(event), **fields | given)


def asked(world, borrower, fault="push_times_out", **given):
    """An event whose booking waits for a person, a day after its push."""
    world.sandbox.faults.add(fault, match="transfers", **given)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    run_until_asked(world, event)
    assert state_of(event) == "unknown needs_person"
    return event


def run_until_asked(world, event):
    """Let time pass until a person is asked, for somewhat more than a day at most."""
    for seconds in [3_600] * 24 + [900] * 16:
        world.run(seconds=seconds, step=seconds)
        if state_of(event) == "unknown needs_person":
            return


def put(event, **fields):
    SyncRecord.objects.filter(pk=record_of(event).pk).update(**fields)


def push_at_codat(world, key):
    return world.sandbox._world.pushes[str(key)]


def standing(borrower):
    return [entry.record_id for entry in ours(borrower, "transfers")]


def waits_for_a_person(event):
    return SyncRecord.objects.needing_a_decision().filter(event=event).exists()


def work(world, *, times, step):
    """Let the product work on, whether anything is open or not."""
    for _ in range(times):
        world.wait(step)
        sweep.sweep(now=world.clock.now)
        world.drain()


# --- an answer is taken only when nothing is on its way ---------------------------


def test_nothing_is_sent_anew_while_codat_lists_its_push_as_pending(world, borrower):
    event = asked(world, borrower, "push_slow", seconds=2 * A_DAY)
    key = record_of(event).push_operation_key
    before = record_of(event).fence

    for name in ("absent", "link"):
        with pytest.raises(DecisionNotAllowed, match=f"push {key} .* as Pending"):
            decide(name, event, world)
    assert record_of(event).fence == before
    world.run(seconds=2 * A_DAY, step=3_600)

    assert state_of(event) == WRITTEN
    assert len(standing(borrower)) == 1


@pytest.mark.parametrize("name", ["absent", "link"])
def test_nothing_is_decided_when_codat_cannot_be_asked(world, borrower, name):
    event = asked(world, borrower)
    before = record_of(event).fence
    world.wire.is_reachable = False

    with pytest.raises(CodatNotAsked, match="nothing was decided"):
        decide(name, event, world)

    assert record_of(event).fence == before
    assert not WatchedPush.objects.exists()


def test_a_list_that_cannot_be_read_in_time_is_no_answer(world, borrower, monkeypatch):
    event = asked(world, borrower)
    monkeypatch.setattr("xero_sync.writeback.before_deciding.PATIENCE_SECONDS", -1)

    with pytest.raises(CodatNotAsked, match="too long"):
        decide("absent", event, world)


def test_what_was_never_sent_is_decided_without_codat(world, borrower):
    world.wire.is_reachable = False
    event = borrower.record(borrower.loan(), "drawdown", "800")

    decide("cancel", event, world)

    assert state_of(event) == "cancelled decided"


def without_an_answer(world, borrower, **slow):
    """An entry whose push nobody knows: its answers were lost, and its key is old."""
    world.sandbox.faults.add("lose_reply_after", match="transfers", times=None)
    if slow:
        world.sandbox.faults.add("push_slow", match="transfers", **slow)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    put(event, state="unknown", reason="needs_person", next_poll_at=None)
    world.sandbox.faults.clear()
    return event


@pytest.mark.parametrize("name", ["absent", "link"])
def test_a_pending_push_that_nobody_owns_may_be_the_entrys(world, borrower, name):
    event = without_an_answer(world, borrower, seconds=A_DAY)
    world.wait(6_000)

    with pytest.raises(DecisionNotAllowed, match="may be this entry's"):
        decide(name, event, world)

    assert state_of(event) == "unknown needs_person"


@pytest.mark.parametrize("name", ["absent", "link"])
def test_what_may_still_reach_codat_is_waited_for(world, borrower, name):
    world.sandbox.faults.add(
        "late_landing", match="transfers", times=None, seconds=5_000
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    put(event, state="unknown", reason="needs_person", next_poll_at=None)

    with pytest.raises(DecisionNotAllowed, match="still be on its way to Codat"):
        decide(name, event, world)

    world.sandbox.faults.clear()
    world.wait(5_500)
    put(event, reason="no_answer", next_poll_at=world.clock.now)
    world.run()
    assert state_of(event) == WRITTEN
    assert len(standing(borrower)) == 1


def test_a_success_that_nobody_was_told_of_is_named_before_it_is_denied(
    world, borrower
):
    event = without_an_answer(world, borrower)
    world.wait(6_000)
    (made,) = standing(borrower)

    with pytest.raises(DecisionNotAllowed, match=f"it made {made} in Xero"):
        decide("absent", event, world)

    assert state_of(event) == "unknown needs_person"
    assert made in record_of(event).changes.latest("pk").note
    decide("absent", event, world)
    assert state_of(event) == "queued"


@pytest.mark.parametrize(("status", "becomes"), [("Success", WRITTEN), ("Failed", "f")])
def test_an_outcome_that_has_just_come_is_taken_over_instead(
    world, borrower, status, becomes
):
    event = asked(world, borrower, "push_slow", seconds=25 * 3_600 + 5_000)
    # Its webhook is lost, and nobody polls for what a person was asked about.
    world.sandbox.faults.add("webhook_lost", times=None)
    world.sandbox.faults.add("push_fails", match="transfers")
    world.clock.forward(2 * A_DAY)
    push = push_at_codat(world, record_of(event).push_operation_key)
    world.sandbox.tick()
    if status == "Failed":
        push.status = "Failed"

    with pytest.raises(DecisionNotAllowed, match=f"just told .* {status}"):
        decide("absent", event, world)
    world.drain()

    assert state_of(event).startswith(becomes)


@pytest.mark.parametrize("name", ["send again", *more("cancel", "link")])
@pytest.mark.parametrize("word", ["Pending", "Success"])
def test_an_older_push_of_a_refused_entry_is_looked_at_as_well(
    world, borrower, name, word
):
    event = asked(world, borrower, "push_times_out_but_written", seconds=3 * A_DAY)
    older = record_of(event).push_operation_key
    decide("absent", event, world)
    world.sandbox.faults.add("push_fails", match="transfers")
    work(world, times=3, step=60)
    assert state_of(event) == "failed refused_by_xero"
    push = push_at_codat(world, older)
    push.status = word

    with pytest.raises(DecisionNotAllowed, match=str(older)):
        decide(name, event, world)

    # What is in Xero after all is taken over, so that it is not sent again.
    assert state_of(event) == {"Pending": "failed refused_by_xero"}.get(word, WRITTEN)


def test_a_refused_entry_whose_older_push_timed_out_may_be_sent_again(world, borrower):
    event = asked(world, borrower)
    decide("absent", event, world)
    world.sandbox.faults.add("push_fails", match="transfers")
    work(world, times=3, step=60)

    decide("send again", event, world)
    world.run()

    assert state_of(event) == WRITTEN
    assert WatchedPush.objects.watched().count() == 1


def test_an_entry_that_moves_while_codat_is_asked_is_not_decided(
    world, borrower, monkeypatch
):
    event = asked(world, borrower)
    answer = world.sandbox.handle

    def meanwhile(*args):
        record = record_of(event)
        outcomes.ask_person([record], now=world.clock.now, note="again")
        return answer(*args)

    monkeypatch.setattr(world.sandbox, "handle", meanwhile)

    with pytest.raises(DecisionNotAllowed, match="changed meanwhile"):
        decide("absent", event, world)

    assert state_of(event) == "unknown needs_person"


# --- what timed out stays watched --------------------------------------------------


def test_a_push_that_timed_out_is_watched_and_the_entry_says_so(world, borrower):
    event = asked(world, borrower)
    key = record_of(event).push_operation_key

    decide("absent", event, world)

    watched = WatchedPush.objects.get()
    assert (watched.push_operation_key, watched.status) == (key, "TimedOut")
    assert watched.watched_until == world.clock.now + WATCHED_FOR
    change = record_of(event).changes.latest("pk")
    assert (change.cause, change.to_state) == ("watched", "queued")
    assert str(key) in change.note
    (words,) = entry_wording.watched(record_of(event))
    assert f"Push {key} is watched until" in words
    assert any(words in line for line in entry_wording.describe(record_of(event)))


def test_it_is_asked_about_ever_more_rarely_and_not_for_ever(world, borrower):
    event = asked(world, borrower)
    key = record_of(event).push_operation_key
    decide("link", event, world)
    asked_before = len(world.sandbox.requests)

    for _ in range(24 * 32):
        world.wait(3_600)
        world.drain()

    looks = [
        one
        for one in world.sandbox.requests[asked_before:]
        if one.method == "GET" and one.path.endswith(f"/push/{key}")
    ]
    assert 30 < len(looks) < 40
    assert not WatchedPush.objects.watched().exists()
    assert list(entry_wording.watched(record_of(event))) == []
    assert state_of(event) == "linked_by_hand decided"


def test_codats_final_word_ends_the_watch(world, borrower):
    event = asked(world, borrower)
    key = record_of(event).push_operation_key
    decide("link", event, world)
    push_at_codat(world, key).status = "Failed"

    work(world, times=2, step=3_600)

    assert not WatchedPush.objects.watched().exists()
    assert not record_of(event).is_alarmed


def test_what_is_watched_counts_among_the_work_that_will_be_due(world, borrower):
    event = asked(world, borrower)
    decide("link", event, world)

    rows, moment = due.work()[due.Work.WATCHED]

    assert rows.get().push_operation_key == record_of(event).push_operation_key
    assert getattr(rows.get(), moment) > world.clock.now


# --- an alarm that a person sees ---------------------------------------------------


def doubled(world, borrower, *, webhook=True, lands=27 * 3_600):
    """An entry that was sent anew, and whose first push landed afterwards."""
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=lands, told=True
    )
    decide("absent", event, world)
    work(world, times=2, step=60)
    assert state_of(event) == WRITTEN
    if not webhook:
        world.sandbox.faults.add("webhook_lost", times=None)
    assert len(standing(borrower)) == 1
    return event


@pytest.mark.parametrize("webhook", [True, False])
def test_an_earlier_push_that_lands_is_an_alarm(world, borrower, webhook):
    event = doubled(world, borrower, webhook=webhook)
    older = WatchedPush.objects.get().push_operation_key
    assert not record_of(event).is_alarmed

    world.clock.forward(2 * 3_600)
    if webhook:
        # Told by Codat, long before it would be asked.
        WatchedPush.objects.update(next_poll_at=world.clock.now + timedelta(days=1))
    work(world, times=3, step=3_600)

    record = record_of(event)
    first, second = standing(borrower)
    assert (record.state, record.xero_record_id) == (WRITTEN, first)
    assert record.is_alarmed
    assert waits_for_a_person(event)
    change = record.changes.latest("pk")
    assert (change.cause, change.from_state, change.to_state) == (
        "landed",
        WRITTEN,
        WRITTEN,
    )
    (advice,) = alarms.advice(record)
    for expected in (str(older), first, second, "remove one"):
        assert expected in advice
    assert "may stand twice" in entry_wording.state_of(record)


def test_a_loan_is_not_settled_while_an_entry_may_stand_twice(world, borrower):
    loan = borrower.loan()
    for kind, amount in (
        ("drawdown", "800"),
        ("invoice_payment", "1000"),
        ("residual_release", "200"),
    ):
        event = borrower.record(loan, kind, amount)
    world.run(seconds=3_600, step=60)
    assert settlement.is_settled(loan)

    put(event, is_alarmed=True)

    assert not settlement.is_settled(loan)


def test_a_person_settles_the_alarm_with_a_reason(world, borrower):
    event = doubled(world, borrower)
    work(world, times=3, step=3_600)
    act = {"record": record_of(event), "decided_by": "anna", "now": world.clock.now}
    with pytest.raises(DecisionNotAllowed) as refused:
        decisions.settle_alarm(**act, reason=" ")
    assert refused.value.field == "reason"

    decisions.settle_alarm(**act, reason="Removed the second one in Xero.")

    assert not waits_for_a_person(event)
    assert alarms.advice(record_of(event)) == []
    change = record_of(event).changes.latest("pk")
    assert (change.cause, change.actor) == ("settled", "anna")
    watched = WatchedPush.objects.get()
    assert watched.settled_reason == "Removed the second one in Xero."
    with pytest.raises(DecisionNotAllowed, match="has no alarm"):
        decisions.settle_alarm(**act, reason="Once more.")


def test_a_push_that_lands_before_the_next_one_goes_is_not_followed(world, borrower):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=27 * 3_600, told=True
    )
    switches.switch_writeback(
        connection=borrower.connection, on=False, switched_by="t", now=world.clock.now
    )
    decide("absent", event, world)
    work(world, times=2, step=60)
    assert state_of(event) == "held writeback_off"

    work(world, times=3, step=3_600)

    assert state_of(event) == WRITTEN
    assert standing(borrower) == [record_of(event).xero_record_id]
    assert not record_of(event).is_alarmed


@pytest.mark.parametrize("says", ["its own", "another", "nothing"])
def test_a_linked_entry_whose_push_lands_is_an_alarm_unless_it_is_that_one(
    world, borrower, says
):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=27 * 3_600, told=True
    )
    decide("link", event, world)
    world.sandbox.faults.add("webhook_lost", times=None)
    world.wait(7_200)
    (made,) = standing(borrower)
    linked = {"its own": made, "another": "by-hand", "nothing": ""}[says]
    put(event, xero_record_id=linked)

    work(world, times=4, step=3_600)

    assert state_of(event) == "linked_by_hand decided"
    assert record_of(event).is_alarmed == (says != "its own")
    advice = " ".join(alarms.advice(record_of(event)))
    assert ("linked by hand" in advice) == (says != "its own")


def test_a_cancelled_entry_whose_push_lands_is_an_alarm(world, borrower):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=27 * 3_600, told=True
    )
    decide("absent", event, world)
    decide("cancel", event, world)

    work(world, times=4, step=3_600)

    assert state_of(event) == "cancelled decided"
    (advice,) = alarms.advice(record_of(event))
    assert f"{standing(borrower)[0]} should not stand in Xero" in advice


def test_an_alarm_is_settled_once_the_later_push_has_an_outcome(world, borrower):
    event = asked(
        world, borrower, "push_times_out_but_written", seconds=27 * 3_600, told=True
    )
    world.sandbox.faults.add("push_slow", match="transfers", seconds=6 * 3_600)
    decide("absent", event, world)
    work(world, times=3, step=3_600)
    record = record_of(event)
    assert (record.state, record.is_alarmed) == ("pending", True)
    act = {"decided_by": "anna", "reason": "Looked."}

    with pytest.raises(DecisionNotAllowed, match="Wait for its outcome"):
        decisions.settle_alarm(record=record, now=world.clock.now, **act)
    work(world, times=6, step=3_600)

    assert state_of(event) == WRITTEN
    assert len(standing(borrower)) == 2
    decisions.settle_alarm(record=record_of(event), now=world.clock.now, **act)


@pytest.mark.parametrize("name", ["send again", "absent"])
def test_nothing_is_sent_once_more_beside_an_open_alarm(world, borrower, name):
    event = asked(world, borrower)
    state = {"send again": ("failed", "refused_by_xero")}.get(
        name, ("unknown", "needs_person")
    )
    put(event, state=state[0], reason=state[1], is_alarmed=True)

    with pytest.raises(DecisionNotAllowed, match="settle the alarm first"):
        decide(name, event, world)


def test_an_answer_that_came_after_the_entry_was_sent_anew_is_watched(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    (claim,) = claims.claim(limit=1, now=world.clock.now).sends
    started = world.clock.now
    put(event, fence=record_of(event).fence + 1)
    outcomes.send_anew([record_of(event)], now=started, note="proven absent")
    answer = world.client.send_push(
        path=claim.request.path,
        body=bytes(claim.request.body),
        idempotency_key=claim.request.idempotency_key,
    )
    work(world, times=3, step=60)
    assert state_of(event) == WRITTEN

    results.store([Sent(claim, answer, started, started)], now=world.clock.now)
    work(world, times=3, step=3_600)

    assert record_of(event).is_alarmed
    assert len(standing(borrower)) == 2
    first, second = sent(event)
    assert first.idempotency_key != second.idempotency_key


def test_a_push_that_may_be_somebody_elses_is_an_alarm_only_while_it_may_be_ours(
    world, borrower
):
    event = without_an_answer(world, borrower, seconds=100)
    world.sandbox.tick()
    pushes = world.sandbox._world.pushes.values()
    (push,) = [one for one in pushes if one.data_type == "transfers"]
    push.status = "TimedOut"
    world.wait(6_000)
    decide("absent", event, world)
    watched = WatchedPush.objects.get()
    assert not watched.is_ours

    push.status = "Success"
    push.record_id = "made-late"
    work(world, times=3, step=3_600)

    (advice,) = alarms.advice(record_of(event))
    assert "may be this entry's" in advice
    assert record_of(event).is_alarmed


# --- whatever the order ------------------------------------------------------------


@pytest.mark.parametrize("lands", [26.5, *more(25, 50)])
@pytest.mark.parametrize("webhook", ["told", *more("webhook_lost")])
@pytest.mark.parametrize("later", ["", *more("push_fails", "push_slow")])
@pytest.mark.parametrize("answer", ["absent", "link"])
def test_nothing_stands_twice_without_an_alarm(
    world, borrower, answer, later, webhook, lands
):
    world.sandbox.faults.add(
        "push_times_out_but_written",
        match="transfers",
        seconds=lands * 3_600,
        told=True,
    )
    if webhook != "told":
        world.sandbox.faults.add(webhook, match="transfers", times=None)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    run_until_asked(world, event)
    if later:
        world.sandbox.faults.add(later, match="transfers", seconds=7_200)

    try:
        decide(answer, event, world)
    except DecisionNotAllowed:
        # It stands in Xero, or Codat has just said so.
        assert lands < 27
    work(world, times=30, step=7_200)

    found = len(standing(borrower)) + (answer == "link" and lands > 27)
    assert found == 1 or record_of(event).is_alarmed
    assert found >= 1
