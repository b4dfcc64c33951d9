"""How the financed invoice is looked for: in fresh data, and again while it misses."""

from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection as database

from tests.worlds import World
from tests.xero_sync.evidence import record_of, state_of
from xero_sync.models import DataRefresh
from xero_sync.writeback import invoices

pytestmark = pytest.mark.django_db

A_DAY = 24 * 3_600


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


@contextmanager
def meanwhile(act, *, once_read):
    """Let another drain act as soon as this one has read from a model's table."""
    acts = [act]

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if acts and f'FROM "{once_read._meta.db_table}"' in sql:
            acts.pop()()
        return result

    with database.execute_wrapper(watch):
        yield
    assert not acts, "nothing was read"


def add_invoice(world, borrower, loan):
    return world.sandbox.add_invoice(
        borrower.codat_connection,
        number=loan.invoice_number,
        total=loan.invoice_amount,
        customer=loan.debtor_name,
        issue_date=loan.agreed_on,
    )


def run_until(world, is_so):
    for _ in range(100):
        if is_so():
            return
        world.run(seconds=60, step=30)
    raise AssertionError("it never became so")


def test_what_another_drain_finds_out_meanwhile_never_leads_to_a_stale_read(
    world, borrower
):
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")

    def next_exchange():
        return invoices.check(record_of(event), now=world.clock.now)

    request = next_exchange()
    request.done(request.call(world.client), world.clock.now)
    world.wait(5)
    others = next_exchange()
    payments_are_fresh = others.call(world.client)

    with meanwhile(
        lambda: others.done(payments_are_fresh, world.clock.now), once_read=DataRefresh
    ):
        ours = next_exchange()
    ours.done(ours.call(world.client), world.clock.now)

    assert state_of(event) == "queued"
    world.run()
    assert state_of(event) == "written"


def test_an_invoice_that_comes_a_little_later_is_found_within_minutes(world, borrower):
    loan = borrower.loan(in_xero=False)
    event = borrower.record(loan, "invoice_payment", "1000")
    world.run(seconds=30)
    assert state_of(event) == "held invoice_not_found"

    add_invoice(world, borrower, loan)
    world.run(seconds=100, step=10)

    assert state_of(event) == "written"


def test_an_invoice_that_never_comes_is_looked_for_once_an_hour_in_the_end(
    world, borrower
):
    loan = borrower.loan(in_xero=False)
    event = borrower.record(loan, "invoice_payment", "1000")
    before = len(world.sandbox.requests)

    world.run(seconds=A_DAY, step=30)

    assert state_of(event) == "held invoice_not_found"
    looks = [
        one.time
        for one in world.sandbox.requests[before:]
        if one.method == "GET" and one.path.endswith("/data/invoices")
    ]
    pauses = [later - earlier for earlier, later in pairwise(looks)]
    for pause, minutes in zip(pauses, (1, 5, 15, 60, 60), strict=False):
        assert abs(pause - timedelta(minutes=minutes)) <= timedelta(minutes=1)
    assert 24 <= len(looks) <= 28
    assert len(world.sandbox.requests) - before <= 6 * len(looks)


def test_the_pauses_begin_anew_once_the_invoice_was_found(world, borrower):
    loan = borrower.loan(in_xero=False)
    event = borrower.record(loan, "invoice_payment", "1000")
    world.run(seconds=1_800, step=30)
    world.sandbox.faults.add("busy", match="push/payments", retry_after=1_200)
    invoice = add_invoice(world, borrower, loan)
    run_until(world, lambda: record_of(event).checked_at)
    assert state_of(event) == "queued"
    invoice.fixed_status = "Void"
    run_until(world, lambda: state_of(event) == "held invoice_not_found")

    invoice.fixed_status = None
    world.run(seconds=600, step=10)

    assert state_of(event) == "written"
