"""What the engine does when there is more to do than it may, and when Codat is slow."""

import time
from datetime import timedelta

import pytest

from tests.worlds import World
from xero_sync.models import Connection, RateScope, SyncRecord, WebhookMessage
from xero_sync.models.choices import State
from xero_sync.writeback import budget, claims, engine, polling, pool

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def the(step):
    return SyncRecord.objects.get(step=step)


def test_one_slow_exchange_keeps_nobody_else_waiting(world, borrower):
    world.sandbox.pause = time.sleep
    world.sandbox.faults.add("slow", match="transfers", seconds=2)
    other = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "500")
    late, began = other.loan(), time.monotonic()

    def now():
        if time.monotonic() - began > 0.5 and not late.events.exists():
            other.record(late, "drawdown", "300")
        return world.clock.now

    engine.drain(client=world.client, now=now, threads=2)

    transfers = [
        request.path
        for request in world.sandbox.requests
        if "transfers" in request.path
    ]
    # The log is written when an answer goes out.
    assert other.codat_connection in transfers[0]
    assert borrower.codat_connection in transfers[1]


def most_calls_at_once(world, borrower, monkeypatch):
    """Let three things fall due at once; return how many calls were under way."""
    call, under_way, seen = pool.Pool._call, set(), []

    def counted(self, work, mark):
        under_way.add(work)
        seen.append(len(under_way))
        time.sleep(0.05)
        under_way.discard(work)
        return call(self, work, mark)

    monkeypatch.setattr(pool.Pool, "_call", counted)
    borrower.record(borrower.loan(), "drawdown", "500")
    world.drain()
    SyncRecord.objects.filter(state=State.PENDING).update(next_poll_at=world.clock.now)
    for kind in ("drawdown", "fee", "invoice_payment"):
        borrower.record(borrower.loan(), kind, "50")
    engine.drain(client=world.client, now=world.clock, threads=8)
    return max(seen)


@pytest.mark.parametrize(("limit", "most"), [(1, 1), (2, 2), (4, 3)])
def test_a_company_has_few_calls_under_way_at_once(
    world, borrower, monkeypatch, limit, most
):
    assert claims.CALLS_AT_ONCE == 4  # of the most: Codat takes 10, Xero 5
    monkeypatch.setattr(claims, "CALLS_AT_ONCE", limit)

    assert most_calls_at_once(world, borrower, monkeypatch) == most
    assert the("direct_cost").state == State.PENDING


def test_a_webhook_is_read_however_much_is_under_way(world):
    message = WebhookMessage.objects.create(
        webhook_id="msg-1",
        event_type="client.rateLimit.reset",
        payload={},
        received_at=world.clock.now,
    )
    with pool.Pool(world.client, threads=0) as full:
        full.in_flight = 1_000
        mark = time.monotonic() + 1

        assert engine._start(full, world.clock.now, mark) == 0

    message.refresh_from_db()
    assert message.processed_at is not None


def spend_what_looks_leave_to_sends(world):
    """Spend the address's budget so far that sends still get permits."""
    key = budget.address_scope()
    spent = world.clock.now + timedelta(seconds=3)
    RateScope.objects.update_or_create(key=key, defaults={"theoretical_arrival": spent})


@pytest.mark.parametrize(("waited", "begun"), [(59, 0), (61, 1)])
def test_a_first_look_that_waits_too_long_gives_way_to_no_send(
    world, borrower, waited, begun
):
    borrower.record(borrower.loan(), "drawdown", "500")
    world.drain()
    since = world.clock.now - timedelta(seconds=waited)
    SyncRecord.objects.filter(step="transfer").update(
        state_since=since, next_poll_at=world.clock.now
    )
    spend_what_looks_leave_to_sends(world)

    assert len(polling.due(limit=9, now=world.clock.now)) == begun


@pytest.mark.parametrize(("waited", "begun"), [(59, 0), (61, 1)])
def test_a_payment_that_waits_too_long_for_its_check_gives_way_to_no_send(
    world, borrower, waited, begun
):
    borrower.record(borrower.loan(), "invoice_payment", "50")
    since = world.clock.now - timedelta(seconds=waited)
    SyncRecord.objects.filter(step="payment").update(state_since=since)
    spend_what_looks_leave_to_sends(world)

    assert len(claims.claim(limit=9, now=world.clock.now).checks) == begun


def test_a_claim_comes_back_although_there_is_more_to_hold(world, borrower):
    for _ in range(claims.MOST_ROUNDS + 5):
        borrower.record(borrower.loan(), "drawdown", "5")
    Connection.objects.update(status="Deauthorized")

    assert claims.claim(limit=9, now=world.clock.now).sends == []

    transfers = SyncRecord.objects.filter(step="transfer")
    assert transfers.filter(state=State.HELD).count() == claims.MOST_ROUNDS
    assert transfers.filter(state=State.QUEUED).count() == 5


def test_a_look_gets_its_turn_while_there_is_always_something_to_send(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "500")
    world.drain()
    SyncRecord.objects.filter(step="transfer").update(next_poll_at=world.clock.now)
    borrower.record(borrower.loan(), "fee", "5")

    with pool.Pool(world.client, threads=0) as smallest:
        engine._start(smallest, world.clock.now, time.monotonic() + 1)

    assert the("transfer").polls == 1
