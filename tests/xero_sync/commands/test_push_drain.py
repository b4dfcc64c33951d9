"""`manage.py push_drain`."""

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from django_q.models import OrmQ

from tests.xero_sync.commands.worlds import record_drawdown, record_of, refusal, run
from xero_sync import jobs
from xero_sync.management.commands import push_drain
from xero_sync.models import Heartbeat
from xero_sync.runtime import task_queue


@pytest.fixture
def signals():
    """Leave the process's signal handlers as they were."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    assert before == {number: signal.getsignal(number) for number in numbers}


def test_once_drains_until_nothing_is_due(codat, signals, settings):
    settings.WRITEBACK_POLL_SECONDS = 0.05
    connection = codat.ready()
    loan = record_drawdown(connection.company)

    shown = run("push_drain", "--once")

    assert record_of(loan).state == "written"
    assert record_of(loan, "statement_line").state == "written"
    assert (
        codat.books.statement_balance(
            connection.lender_accounts.get().source_account_id
        )
        == -800
    )
    assert "0 entries are open" in shown
    assert Heartbeat.objects.filter(name="push_drain --once").exists()


def test_once_leaves_what_waits_for_xero(codat, signals):
    connection = codat.ready()
    codat.sandbox.settings.push_seconds = 60.0
    loan = record_drawdown(connection.company)

    shown = run("push_drain", "--once")

    assert record_of(loan).state == "pending"
    assert "2 entries are open, 1 of them sent." in shown


def test_once_outlives_a_codat_that_is_away(codat, signals, settings):
    connection = codat.ready()
    loan = record_drawdown(connection.company)
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"

    shown = run("push_drain", "--once")

    assert record_of(loan).state == "queued"
    assert "2 entries are open, 0 of them sent." in shown


@pytest.mark.django_db(transaction=True)
def test_the_loop_ends_with_a_signal(codat, signals, settings):
    settings.WRITEBACK_POLL_SECONDS = 0.05
    connection = codat.ready()
    loan = record_drawdown(connection.company)
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM)).start()

    shown = run("push_drain", "--loop")

    assert record_of(loan).state == "written"
    assert shown.endswith("Stopped; nothing is lost.\n")


def test_the_loop_outlives_an_outage_of_the_database(db, monkeypatch):
    stopped = threading.Event()
    turns = []

    def sweep(**_):
        turns.append(1)
        if len(turns) == 1:
            raise OperationalError("the server is gone")
        stopped.set()

    monkeypatch.setattr(jobs, "sweep", sweep)
    monkeypatch.setattr(push_drain, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(push_drain, "close_old_connections", lambda: None)

    push_drain.Loop(stopped).run()

    assert len(turns) == 2


def test_the_loop_checks_connections_once_a_day(db, monkeypatch):
    checks = []
    stopped = threading.Event()
    monkeypatch.setattr(jobs, "daily_check", lambda: checks.append(1))
    monkeypatch.setattr(jobs, "run_slice", lambda **_: stopped.set())
    monkeypatch.setattr(push_drain, "close_old_connections", lambda: None)

    push_drain.Loop(stopped).run()
    stopped.clear()
    push_drain.Loop(stopped).run()

    assert checks == [1]


def test_nudges_that_no_cluster_takes_do_not_pile_up(db):
    now = timezone.now()
    OrmQ.objects.create(key="backoffice", payload="old", lock=now - timedelta(hours=1))
    OrmQ.objects.create(key="backoffice", payload="new", lock=now)

    dropped = task_queue.forget_stale_nudges(now=now)

    assert dropped == 1
    assert OrmQ.objects.get().payload == "new"


def test_it_asks_how(db):
    assert "--once" in refusal("push_drain")
