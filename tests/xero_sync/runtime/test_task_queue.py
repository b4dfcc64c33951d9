"""django-q2 carries nudges: each may be lost, and none may be missed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import transaction
from django_q import core_signing
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Schedule
from django_q.signing import BadSignature, PickleSerializer, SignedPackage

from lending.models import LoanEvent
from tests.builders import make_event, make_loan
from tests.worlds import World
from tests.xero_sync.evidence import assert_books_follow, state_of
from xero_sync import jobs
from xero_sync.models import Heartbeat
from xero_sync.runtime import heartbeats, leases, task_queue
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import due

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def broker():
    broker = get_broker()
    broker.purge_queue()
    yield broker
    broker.purge_queue()


@pytest.mark.django_db(transaction=True)
def test_one_drain_is_asked_for_until_a_worker_takes_the_nudge(broker):
    loan = make_loan()
    broker.purge_queue()

    with transaction.atomic():
        for _ in range(5):
            make_event(loan=loan, amount="10")
    assert broker.queue_size() == 1

    make_event(loan=loan, amount="10")
    assert broker.queue_size() == 1
    # A worker has taken it: from now on there may be something it does not see.
    task_queue.answer(job=task_queue.DRAIN)
    make_event(loan=loan, amount="10")
    assert broker.queue_size() == 2


@pytest.mark.django_db(transaction=True)
def test_an_event_that_is_rolled_back_asks_for_nothing(broker):
    loan = make_loan()
    broker.purge_queue()

    with transaction.atomic():
        make_event(loan=loan)
        transaction.set_rollback(True)

    assert broker.queue_size() == 0
    assert not LoanEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_every_drain_is_running_no_further_one_is_asked_for(broker, settings):
    settings.WRITEBACK_DRAINS = 1
    loan = make_loan()
    broker.purge_queue()

    with leases.hold(holder="another process") as lease:
        make_event(loan=loan, amount="10")
        assert lease is not None
        assert broker.queue_size() == 0

    make_event(loan=loan, amount="10")
    assert broker.queue_size() == 1


@pytest.mark.django_db(transaction=True)
def test_emptying_the_whole_queue_loses_nothing(broker):
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    events = [
        borrower.record(loan, kind, amount)
        for kind, amount in (("drawdown", "800"), ("fee", "50"))
    ]
    assert broker.queue_size() > 0

    broker.purge_queue()
    world.run()

    assert {state_of(event) for event in events} == {"written"}
    assert_books_follow(borrower)


@pytest.mark.django_db
def test_the_sweep_wakes_lanes_that_nobody_woke():
    world = World()
    borrower = world.borrower()
    event = borrower.record(borrower.loan(), "drawdown", "800")
    # A drain that was killed between its claim and its end leaves the lane asleep.
    borrower.company.lanes.update(due_at=None)
    world.drain()
    assert state_of(event) == "queued"

    world.run()

    assert state_of(event) == "written"


@pytest.mark.django_db
def test_a_job_never_raises_because_codat_is_away(settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"
    world = World()
    borrower = world.borrower()
    event = borrower.record(borrower.loan(), "drawdown", "800")

    jobs.drain()
    jobs.sweep()

    assert state_of(event) == "queued"


@pytest.mark.django_db
@pytest.mark.parametrize("job", [jobs.sweep, jobs.drain])
def test_a_job_shows_that_the_worker_lives(job):
    before = database_now()

    job()

    assert Heartbeat.objects.get(name=heartbeats.CLUSTER).beat_at >= before
    assert not leases.all_taken(leases.busy())
    assert due.seconds_until_due(now=database_now()) is None


@pytest.mark.django_db
def test_no_more_drains_run_than_there_are_slots(settings):
    settings.WRITEBACK_DRAINS = 1

    with leases.hold(holder="a") as first:
        with leases.hold(holder="b") as second:
            assert first is not None
            assert second is None
    with leases.hold(holder="b") as after:
        assert after.name == first.name


@pytest.mark.django_db(transaction=True)
def test_a_message_asks_for_the_inbox_and_an_event_for_a_drain(broker):
    with transaction.atomic():
        task_queue.nudge_inbox()
        task_queue.nudge_inbox()
        task_queue.nudge_drain()

    assert broker.queue_size() == 2


RECORD_ONE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.builders import make_event
from lending.models import LoanEvent
from xero_sync.models import SyncRecord
make_event()
print("recorded", LoanEvent.objects.count(), SyncRecord.objects.count())
"""


def test_recording_goes_on_while_the_broker_is_down(tmp_path):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'alone.sqlite3'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PYTHONPATH": str(ROOT),
    }

    done = subprocess.run(
        [sys.executable, "-c", RECORD_ONE],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "recorded 1 2" in done.stdout
    assert done.stderr.count("Redis does not answer") == 1


@pytest.mark.django_db
def test_only_our_schedules_are_left_and_each_runs_its_own_job():
    Schedule.objects.create(name="Backup", func="os.system", schedule_type="I")
    Schedule.objects.filter(name="Minute sweep").update(func="os.system")

    task_queue.create_schedules(using="default")

    jobs = dict(Schedule.objects.values_list("name", "func"))
    assert jobs == {name: job for name, (job, *_) in task_queue.SCHEDULES.items()}
    assert Schedule.objects.count() == len(jobs)


class Harmful:
    """What does harm when it is unpacked."""

    def __reduce__(self):
        return exec, ("raise RuntimeError('it ran')",)


def test_a_job_that_we_did_not_sign_is_not_opened():
    package = core_signing.dumps(
        Harmful(), key="of-another", salt=Conf.PREFIX, serializer=PickleSerializer
    )

    with pytest.raises(BadSignature):
        SignedPackage.loads(package)
