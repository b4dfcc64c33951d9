"""The engine or Codat stands still for days: age decides nothing before a look."""

from datetime import timedelta

import pytest

from tests.marks import more
from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_state,
    ours,
    record_of,
    sent,
    state_of,
)
from xero_sync.models import Connection
from xero_sync.sandbox import pushes
from xero_sync.writeback import inbox, polling

pytestmark = pytest.mark.django_db

HOUR = 3_600
A_DAY = 24 * HOUR
WRITTEN = "written"
PERSON = "unknown needs_person"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def advance(borrower, amount="800"):
    return borrower.record(borrower.loan(), "drawdown", amount)


def add(world, kind, **given):
    world.sandbox.faults.add(kind, **given)


def lose_webhooks(world):
    add(world, "webhook_lost", times=1_000)


def look(world):
    """Look once, as a drain with room for many exchanges does."""
    for one in polling.due(limit=99, now=world.clock.now):
        one.done(one.call(world.client), world.clock.now)


def last_note(event):
    return record_of(event).changes.order_by("pk").last().note


def operation_of(world, event, step="transfer"):
    key = record_of(event, step).push_operation_key
    return world.sandbox._world.pushes[str(key)]


def now_stands(world, borrower, status):
    """Change the connection at Codat, and let us look at it."""
    world.sandbox.set_connection_status(borrower.codat_connection, status)
    Connection.objects.update(checked_at=None)
    world.check_connections()
    assert borrower.connection.status == status


# --- pending --------------------------------------------------------------------------


@pytest.mark.parametrize("loses_webhooks", [True, False])
@pytest.mark.parametrize("entries", [1, *more(4)])
@pytest.mark.parametrize("days", [3, *more(1.1)])
def test_what_succeeded_while_the_engine_stood_still_is_written(
    world, borrower, entries, days, loses_webhooks
):
    if loses_webhooks:
        lose_webhooks(world)
    add(world, "push_slow", times=entries, match="transfers", seconds=60)
    events = [advance(borrower, f"{100 + number}") for number in range(entries)]
    world.drain()
    assert {state_of(event) for event in events} == {"pending"}

    world.wait(days * A_DAY)
    inbox.read(now=world.clock.now)
    look(world)

    assert {state_of(event) for event in events} == {WRITTEN}


def test_what_was_refused_while_the_engine_stood_still_is_refused(world, borrower):
    lose_webhooks(world)
    add(world, "push_fails", match="transfers")
    world.sandbox.settings.push_seconds = 60
    event = advance(borrower)
    world.drain()

    world.wait(2 * A_DAY)
    world.drain()

    assert state_of(event) == "failed refused_by_xero"


@pytest.mark.parametrize("entries", [1, *more(4)])
def test_what_succeeded_while_codat_answered_nothing_is_written(
    world, borrower, entries
):
    lose_webhooks(world)
    add(world, "push_slow", times=entries, match="transfers", seconds=60)
    events = [advance(borrower, f"{100 + number}") for number in range(entries)]
    world.drain()
    add(world, "error_before", match="GET .*/push", times=10_000, status=503)

    world.run(seconds=2 * A_DAY, step=1_800)
    assert {state_of(event) for event in events} == {"pending"}
    world.sandbox.faults.clear()
    world.run(seconds=2 * HOUR, step=600)

    assert {state_of(event) for event in events} == {WRITTEN}


@pytest.mark.parametrize("entries", [1, *more(4)])
def test_what_is_still_pending_when_the_engine_returns_is_asked_for_first(
    world, borrower, entries
):
    add(world, "push_slow", times=entries, match="transfers", seconds=10**7)
    events = [advance(borrower, f"{100 + number}") for number in range(entries)]
    world.drain()
    world.wait(2 * A_DAY)
    asked_before = len(world.sandbox.requests)

    look(world)

    assert {state_of(event) for event in events} == {PERSON}
    assert last_note(events[0]) == "pending at Codat for too long"
    (request,) = world.sandbox.requests[asked_before:]
    assert request.method == "GET"


def test_an_answer_from_before_the_limit_says_nothing_when_it_is_stored_after_it(
    world, borrower
):
    add(world, "push_slow", match="transfers", seconds=10**7)
    event = advance(borrower)
    world.drain()
    world.wait(HOUR)
    (exchange,) = polling.due(limit=9, now=world.clock.now)
    answer = exchange.call(world.client)
    world.wait(2 * A_DAY)

    exchange.done(answer, world.clock.now)

    assert state_of(event) == "pending"


def test_what_codats_list_leaves_out_is_asked_for_by_its_key(world, borrower):
    lose_webhooks(world)
    add(world, "push_slow", times=4, match="transfers", seconds=60)
    events = [advance(borrower, f"{100 + number}") for number in range(4)]
    world.drain()
    for push in world.sandbox._world.pushes.values():
        # By Codat's clock it came before we sent it: the list ends before it.
        push.requested -= timedelta(days=9)

    world.wait(2 * A_DAY)
    look(world)
    assert {state_of(event) for event in events} == {"pending"}
    world.drain()

    assert {state_of(event) for event in events} == {WRITTEN}


@pytest.mark.parametrize("entries", [1, *more(4)])
def test_a_push_that_codat_does_not_know_any_more_is_left_to_a_person(
    world, borrower, entries
):
    lose_webhooks(world)
    add(world, "push_slow", times=entries, match="transfers", seconds=10**7)
    events = [advance(borrower, f"{100 + number}") for number in range(entries)]
    world.drain()
    world.sandbox._world.pushes.clear()

    world.run(seconds=23 * HOUR, step=1_800)
    assert {state_of(event) for event in events} == {"pending"}
    world.wait(2 * HOUR)
    world.drain()

    assert {state_of(event) for event in events} == {PERSON}
    assert last_note(events[0]) == "Codat does not know the push"


def test_a_status_that_nobody_has_published_is_left_to_a_person_in_the_end(
    world, borrower, monkeypatch
):
    monkeypatch.setitem(pushes.BODY_CODES, "Parked", 202)
    add(world, "push_slow", match="transfers", seconds=10**7)
    event = advance(borrower)
    world.drain()
    operation_of(world, event).status = "Parked"

    world.run(seconds=25 * HOUR, step=1_800)

    assert state_of(event) == PERSON


def test_what_was_left_to_a_person_is_watched_without_any_webhook(world, borrower):
    lose_webhooks(world)
    add(world, "push_slow", match="transfers", seconds=40 * HOUR)
    event = advance(borrower)
    world.run(seconds=26 * HOUR, step=1_800)
    assert state_of(event) == PERSON

    world.run(seconds=22 * HOUR, step=1_800)

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_what_was_left_to_a_person_is_not_watched_for_ever(world, borrower):
    lose_webhooks(world)
    add(world, "push_slow", match="transfers", seconds=10**9)
    event = advance(borrower)
    world.drain()
    world.wait(2 * A_DAY)

    for _ in range(31 * 4):
        world.drain()
        world.wait(6 * HOUR + 1)

    assert state_of(event) == PERSON
    assert record_of(event).next_poll_at is None
    assert record_of(event).changes.filter(reason="needs_person").count() == 1


# --- timed out at Codat ---------------------------------------------------------------


def test_what_timed_out_and_was_written_while_the_engine_stood_still_is_found(
    world, borrower
):
    add(world, "push_times_out_but_written", match="transfers", seconds=3 * HOUR)
    event = advance(borrower)
    world.run(seconds=600, step=30)
    assert state_of(event) == "unknown timed_out"

    world.wait(2 * A_DAY)
    world.run(seconds=120)

    assert state_of(event) == WRITTEN
    assert len(sent(event)) == 1
    assert_books_follow(borrower)


def test_what_timed_out_and_is_not_there_is_left_to_a_person_after_a_new_refresh(
    world, borrower
):
    add(world, "push_times_out", match="transfers")
    event = advance(borrower)
    world.run(seconds=600, step=30)

    world.wait(2 * A_DAY)
    world.drain()
    assert state_of(event) == "unknown timed_out"
    world.run(seconds=120)

    assert state_of(event) == PERSON


def test_a_refresh_that_never_ends_does_not_keep_the_person_from_being_asked(
    world, borrower
):
    add(world, "push_times_out", match="transfers")
    event = advance(borrower)
    world.run(seconds=600, step=30)
    world.sandbox.settings.refresh_seconds = 10**8

    world.run(seconds=27 * HOUR, step=900)

    assert state_of(event) == PERSON
    assert last_note(event) == "timed out at Codat"


def test_a_line_that_timed_out_is_asked_for_before_a_person_is(world, borrower):
    add(world, "push_times_out", match="bankTransactions")
    event = advance(borrower)
    world.run(seconds=600, step=30)
    assert line_state(event) == "unknown timed_out"
    world.wait(2 * A_DAY)
    operation_of(world, event, "statement_line").status = "Success"

    world.drain()

    assert line_state(event) == WRITTEN


def test_a_line_that_is_still_timed_out_is_left_to_a_person(world, borrower):
    add(world, "push_times_out", match="bankTransactions")
    event = advance(borrower)
    world.run(seconds=600, step=30)

    world.wait(2 * A_DAY)
    world.drain()

    assert line_state(event) == PERSON


# --- the connection is not linked -----------------------------------------------------


@pytest.mark.parametrize("status", ["Deauthorized", "Unlinked"])
def test_codat_is_asked_although_the_connection_has_ended(world, borrower, status):
    lose_webhooks(world)
    add(world, "push_slow", match="transfers", seconds=60)
    event = advance(borrower)
    world.drain()
    world.wait(90)
    now_stands(world, borrower, status)

    world.wait(3 * A_DAY)
    world.drain()

    assert state_of(event) == WRITTEN


def test_codat_is_asked_for_what_timed_out_although_the_connection_has_ended(
    world, borrower
):
    lose_webhooks(world)
    add(world, "push_times_out", match="transfers")
    event = advance(borrower)
    world.run(seconds=600, step=30)
    now_stands(world, borrower, "Deauthorized")
    world.run(seconds=23 * HOUR, step=1_800)
    assert state_of(event) == "unknown timed_out"
    operation_of(world, event).status = "Success"

    world.wait(3 * A_DAY)
    world.drain()

    assert state_of(event) == WRITTEN


def test_what_timed_out_is_read_back_once_linked_again_however_late(world, borrower):
    add(world, "push_times_out_but_written", match="transfers", seconds=120)
    event = advance(borrower)
    world.run(seconds=60, step=30)
    assert state_of(event) == "unknown timed_out"
    world.wait(120)
    now_stands(world, borrower, "Deauthorized")

    world.run(seconds=3 * A_DAY, step=HOUR)
    assert state_of(event) == PERSON
    assert last_note(event) == "the connection is not linked"
    now_stands(world, borrower, "Linked")
    world.run(seconds=HOUR, step=60)

    assert state_of(event) == WRITTEN
    assert len(sent(event)) == 1
    assert_books_follow(borrower)


@pytest.mark.parametrize("kind", ["lose_reply_after", *more("lose_reply_before")])
def test_what_never_got_an_answer_is_looked_for_once_linked_again(
    world, borrower, settings, kind
):
    settings.WRITEBACK_KEY_SECONDS = 0
    add(world, kind, match="transfers")
    event = advance(borrower)
    world.drain()
    assert state_of(event) == "unknown no_answer"
    world.wait(120)
    now_stands(world, borrower, "Deauthorized")

    world.run(seconds=3 * A_DAY, step=HOUR)
    assert state_of(event) == PERSON
    assert last_note(event) == "the connection is not linked"
    settings.WRITEBACK_KEY_SECONDS = 4_800
    now_stands(world, borrower, "Linked")
    world.run(seconds=4 * HOUR, step=60)

    assert state_of(event) == WRITTEN
    assert len(ours(borrower, "transfers")) == 1


def test_what_never_got_an_answer_is_listed_before_its_connection_is_blamed(
    world, borrower, settings
):
    settings.WRITEBACK_KEY_SECONDS = 0
    add(world, "lose_reply_after", match="transfers")
    add(world, "push_fails", match="transfers")
    event = advance(borrower)
    world.drain()
    world.wait(120)
    now_stands(world, borrower, "Deauthorized")

    world.wait(3 * A_DAY)
    world.drain()

    assert state_of(event) == "failed refused_by_xero"


def test_a_question_from_before_the_connection_ended_stays_a_persons(world, borrower):
    add(world, "push_slow", match="transfers", seconds=10**9)
    event = advance(borrower)
    world.run(seconds=26 * HOUR, step=1_800)
    assert state_of(event) == PERSON
    world.wait(60)
    Connection.objects.update(checked_at=None)
    world.check_connections()

    now_stands(world, borrower, "Deauthorized")
    now_stands(world, borrower, "Linked")

    assert state_of(event) == PERSON
