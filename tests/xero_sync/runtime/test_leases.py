"""The drains' leases: kept by those who live, free soon after one has died."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.worlds import World
from xero_sync.models import Heartbeat, Lane, SyncRecord
from xero_sync.runtime import leases, task_queue
from xero_sync.writeback import claims, due, inbox


@pytest.fixture(autouse=True)
def one_slot(db, settings):
    """One drain at once, and exchanges of 12 seconds at most."""
    settings.WRITEBACK_DRAINS = 1
    settings.CODAT_CONNECT_TIMEOUT = 2
    settings.CODAT_READ_TIMEOUT = 10


def held_until():
    return Heartbeat.objects.get(name="drain 1").busy_until


def let_time_pass(lease, *, seconds):
    """Move the row, and the holder's own memory of it, into the past."""
    lease._kept_at -= seconds
    Heartbeat.objects.update(busy_until=held_until() - timedelta(seconds=seconds))


def test_a_second_drain_finds_no_slot_until_the_first_gives_it_back():
    with leases.hold(holder="one:1") as first:
        with leases.hold(holder="two:2") as second:
            assert (first.name, second) == ("drain 1", None)
            assert leases.all_taken(leases.busy())

    with leases.hold(holder="two:2") as second:
        assert second is not None


def test_a_slot_is_held_little_longer_than_one_exchange():
    with leases.hold(holder="one:1"):
        left = held_until() - timezone.now()

    assert timedelta(seconds=12) < left <= timedelta(seconds=18)


def test_a_drain_that_lives_keeps_its_slot():
    with leases.hold(holder="one:1") as lease:
        let_time_pass(lease, seconds=10)
        assert lease.keep()

        assert held_until() - timezone.now() > timedelta(seconds=12)


def test_a_slot_is_not_written_at_every_turn():
    with leases.hold(holder="one:1") as lease:
        before = held_until()

        assert lease.keep()
        assert held_until() == before


def test_the_slot_of_a_drain_that_died_is_free_after_one_exchange():
    with leases.hold(holder="dead:1") as lease:
        let_time_pass(lease, seconds=20)
        assert not leases.all_taken(leases.busy())

        with leases.hold(holder="two:2") as second:
            assert second is not None
            # The one that was only asleep learns that it lost it, and stops.
            assert not lease.keep()


def test_an_entry_whose_sender_died_is_due_when_its_lease_ends():
    world = World()
    borrower = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    (claim,) = claims.claim(limit=1, now=world.clock.now).sends
    Lane.objects.update(due_at=None)
    inbox.read(now=world.clock.now)

    wait = due.seconds_until_due(now=world.clock.now)

    lease_until = SyncRecord.objects.get(pk=claim.records[0].pk).lease_until
    assert wait == (lease_until - world.clock.now).total_seconds()


def nudge(monkeypatch, queue):
    """Nudge with a queue of our own."""
    monkeypatch.setattr(task_queue, "async_task", lambda job, broker: queue(job))
    task_queue._Nudge(task_queue.INBOX)()


def is_asked():
    return task_queue.is_asked(leases.busy(), job=task_queue.INBOX)


def test_a_nudge_that_waits_makes_others_needless(monkeypatch):
    sent = []

    nudge(monkeypatch, sent.append)
    nudge(monkeypatch, sent.append)

    assert (sent, is_asked()) == ([task_queue.INBOX], True)


def test_a_nudge_that_a_worker_has_taken_at_once_holds_back_no_other(monkeypatch):
    nudge(monkeypatch, lambda job: task_queue.answer(job=job))

    assert not is_asked()


def test_a_nudge_that_could_not_be_sent_holds_back_no_other(monkeypatch):
    def refuse(job):
        raise ConnectionError("the broker is gone")

    with pytest.raises(ConnectionError):
        nudge(monkeypatch, refuse)

    assert not is_asked()
