"""Whoever waits for a row holds none that another waits for: no circle."""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection as database
from django.db import connections as databases
from django.db import transaction

from tests.worlds import World
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.reply import RateLimit
from xero_sync.connections import switches
from xero_sync.models import (
    Connection,
    Lane,
    LenderAccount,
    RateScope,
    SyncRecord,
)
from xero_sync.writeback import (
    backpressure,
    budget,
    claims,
    outcomes,
    polling,
    results,
    sweep,
    transitions,
)
from xero_sync.writeback.exchange import Sent

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        database.vendor == "sqlite",
        reason="SQLite has one writer at a time: nobody waits while they hold",
    ),
]


def together(*acts: Callable[[], object]) -> list[Exception]:
    """Run acts at the same time; return what they ended with."""
    errors = []

    def run(act):
        try:
            act()
        except Exception as exc:  # noqa: BLE001 - shown by the test
            errors.append(exc)
        finally:
            databases.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


class Meeting:
    """Lets one act stop in the middle until another has come as far as it can."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.other_is_there = threading.Event()

    def stop_in(self, monkeypatch, module, name):
        real = getattr(module, name)

        def stopping(*args, **kwargs):
            self.begun.set()
            self.other_is_there.wait(5)
            time.sleep(0.3)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, stopping)

    def comes_in(self, monkeypatch, module, name):
        real = getattr(module, name)

        def coming(*args, **kwargs):
            self.other_is_there.set()
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, coming)

    def then(self, act):
        def later():
            self.begun.wait(5)
            return act()

        return later


@pytest.fixture
def meeting():
    return Meeting()


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    borrower = world.borrower()
    borrower.record(borrower.loan(), "fee", "5")
    borrower.record(borrower.loan(), "drawdown", "800")
    return borrower


def lines_of_one_push(state="pending"):
    """Return the lines of a push that carries several, once they are in that state."""
    lines = SyncRecord.objects.filter(step="statement_line", state=state)
    return list(lines.order_by("pk")) if lines.count() > 1 else []


def switch_off(world, borrower):
    switches.switch_writeback(
        connection=borrower.connection,
        on=False,
        switched_by="user:anna",
        now=world.clock.now,
    )


def refused(world, error: CodatError):
    """Return how a transfer is stored that was refused."""
    sends = claims.claim(limit=9, now=world.clock.now).sends
    (claim,) = (one for one in sends if one.records[0].step == "transfer")
    now = world.clock.now
    return lambda: results.store([Sent(claim, error, now, now)], now=now)


def test_an_event_may_be_recorded_while_the_loan_is_claimed(
    world, borrower, meeting, monkeypatch
):
    loan = borrower.company.loans.last()
    meeting.stop_in(monkeypatch, claims, "start_all")
    meeting.comes_in(monkeypatch, transitions, "wake_lanes")

    assert not together(
        lambda: claims.claim(limit=9, now=world.clock.now),
        meeting.then(lambda: borrower.record(loan, "fee", "5")),
    )


def test_writeback_may_be_switched_off_while_it_claims(
    world, borrower, meeting, monkeypatch
):
    meeting.stop_in(monkeypatch, claims, "start_all")
    meeting.comes_in(monkeypatch, transitions, "wake_lanes")

    assert not together(
        lambda: claims.claim(limit=9, now=world.clock.now),
        meeting.then(lambda: switch_off(world, borrower)),
    )


@pytest.mark.parametrize(
    "error",
    [CodatRejected("no", status_code=400), CodatAccessDenied("no", status_code=403)],
)
def test_writeback_may_be_switched_off_while_a_refusal_is_stored(
    world, borrower, meeting, monkeypatch, error
):
    store = refused(world, error)
    meeting.stop_in(monkeypatch, results, "_attempt_of")
    meeting.comes_in(monkeypatch, transitions, "wake_lanes")

    assert not together(store, meeting.then(lambda: switch_off(world, borrower)))


def test_accounts_may_be_chosen_while_a_refusal_is_stored(
    world, borrower, meeting, monkeypatch
):
    account = LenderAccount.objects.get()
    store = refused(world, CodatRejected("no", status_code=400))
    # What the choice sets free wakes the lanes.
    Connection.objects.update(unusable_account="Old account")
    borrower.record(borrower.loan(), "fee", "7")
    meeting.stop_in(monkeypatch, results, "_attempt_of")
    meeting.comes_in(monkeypatch, transitions, "wake_lanes")
    # Another choice, as the same one again makes no version.
    interest = borrower.books.account("Interest Expense")
    choose = partial(
        world.choose_accounts,
        borrower,
        lender_account=account,
        expense_account_id=interest.id,
    )

    assert not together(store, meeting.then(choose))
    assert borrower.connection.mappings.count() == 2


def test_a_company_may_be_woken_while_a_refusal_is_stored(
    world, borrower, meeting, monkeypatch
):
    store = refused(world, CodatRejected("no", status_code=400))
    meeting.stop_in(monkeypatch, results, "_attempt_of")

    @transaction.atomic
    def wake():
        meeting.other_is_there.set()
        transitions.wake(company_ids=[borrower.company.pk], at=world.clock.now)

    assert not together(store, meeting.then(wake))


def test_lanes_are_locked_in_one_order_whoever_wakes_them(world, borrower):
    now, company = world.clock.now, borrower.company.pk
    steps = ("statement_line", "direct_cost", "transfer")

    def some():
        for _ in range(100):
            transitions.wake_lanes(((company, step) for step in steps), at=now)

    def all_of_them():
        for second in range(100):
            later = now + timedelta(seconds=second)
            transitions.wake(company_ids=[company], at=later)

    assert not together(some, all_of_them, some, all_of_them)


def test_the_minute_sweep_waits_for_no_lane(world):
    for _ in range(8):
        borrower = world.borrower()
        borrower.record(borrower.loan(), "drawdown", "5")
        borrower.record(borrower.loan(), "fee", "5")
    now, ends_at = world.clock.now, time.monotonic() + 2
    lanes = list(Lane.objects.values_list("company", "step"))

    def drain():
        chance = random.Random(threading.get_ident())
        while time.monotonic() < ends_at:
            transitions.wake_lanes(chance.sample(lanes, 8), at=now)
            with transaction.atomic():
                claims._reschedule(claims._due_lanes(16, now, {}))

    def sweeps():
        while time.monotonic() < ends_at:
            sweep.wake_forgotten_lanes(now=now)

    assert not together(drain, drain, sweeps)


def test_a_look_leaves_alone_what_somebody_moves_line_by_line(world, borrower, meeting):
    world.sandbox.settings.push_seconds = 30
    for _ in range(20):
        world.drain()
        world.wait(5)
        if pending := lines_of_one_push():
            break
    now = world.clock.now
    SyncRecord.objects.update(next_poll_at=now)

    @transaction.atomic
    def store():
        for line in pending:
            outcomes.written(line, cause="look", now=now, xero_record_id="")
            meeting.begun.set()
            time.sleep(0.5)

    assert not together(
        store, meeting.then(lambda: polling.due(limit=9, now=now, busy_companies=()))
    )
    assert {line.state for line in lines_of_one_push("written")} == {"written"}


def test_the_budget_is_locked_in_one_order(world, borrower, meeting, monkeypatch):
    now = world.clock.now
    organisation = borrower.connection.codat_connection_id

    @transaction.atomic
    def claim():
        meeting.other_is_there.set()
        budget.Budget(organisations=[organisation], now=now)

    claim()
    # A success after a failure: it closes the organisation's breaker.
    key = budget.organisation_scope(organisation)
    RateScope.objects.filter(key=key).update(failures=1)
    meeting.other_is_there.clear()
    meeting.stop_in(monkeypatch, budget, "learn")

    class Answer:
        class meta:  # noqa: N801 - as an answer carries it
            rate_limit = RateLimit(remaining=500, reset=now + timedelta(hours=3))

    @transaction.atomic
    def store():
        backpressure.learn([(organisation, Answer())], now=now)

    assert not together(store, meeting.then(claim))
