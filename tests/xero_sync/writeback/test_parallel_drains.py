"""Several drains at the same time, on a database that threads can share."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from tests.worlds import World
from tests.xero_sync.accounts.test_lost_choices import lose
from tests.xero_sync.evidence import assert_books_follow, pushes, state_of
from xero_sync.models import SyncRecord, WriteRequest
from xero_sync.models.choices import Question
from xero_sync.writeback import engine
from xero_sync.writeback.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)


def drain_together(world, drains=3):
    def one(_number):
        try:
            return engine.drain(client=world.client, now=world.clock, threads=4).sent
        finally:
            connections.close_all()

    with ThreadPoolExecutor(drains) as pool:
        return sum(pool.map(one, range(drains)))


def work(world, drains=3):
    for _ in range(40):
        world.sandbox.tick()
        drain_together(world, drains)
        if not SyncRecord.objects.open().exists():
            return
        world.wait(10)
        sweep(now=world.clock.now)


def test_drains_at_the_same_time_never_write_anything_twice():
    world = World()
    borrowers = [world.borrower() for _ in range(3)]
    for borrower in borrowers:
        for _ in range(2):
            loan = borrower.loan()
            borrower.record(loan, "drawdown", "800")
            borrower.record(loan, "invoice_payment", "1000")
            borrower.record(loan, "fee", "50")

    work(world)

    for borrower in borrowers:
        assert_books_follow(borrower)
    assert WriteRequest.objects.filter(predecessor__isnull=False).count() == 0


def test_drains_at_the_same_time_agree_about_what_got_lost():
    world = World()
    borrowers = [world.borrower() for _ in range(3)]
    for borrower in borrowers:
        borrower.record(borrower.loan(), "drawdown", "800")
    world.sandbox.faults.add("lose_reply_after", match="transfers", times=2)
    world.sandbox.faults.add("lose_reply_before", match="transfers", times=2)

    work(world)

    assert len({one.key for one in pushes(world, "transfers")}) == len(borrowers)
    for borrower in borrowers:
        assert_books_follow(borrower)


def test_drains_at_the_same_time_make_one_look_at_what_was_chosen():
    world = World()
    fine, hurt = (world.borrower(is_looked_at=False) for _ in range(2))
    lose(hurt, Question.SUPPLIER)
    world.sandbox.requests.clear()
    events = []
    for borrower in (fine, hurt):
        for kind, amount in (("drawdown", "800"), ("fee", "50")):
            events.append(borrower.record(borrower.loan(), kind, amount))

    for _ in range(8):
        world.sandbox.tick()
        drain_together(world)
        world.wait(5)

    lists = [one for one in world.sandbox.requests if one.path.endswith("/suppliers")]
    assert len([one for one in lists if one.method == "GET"]) == 2
    assert len([one for one in lists if one.method == "POST"]) == 2
    assert [state_of(one) for one in events] == [
        *["written"] * 2,
        *["held account_unusable"] * 2,
    ]
