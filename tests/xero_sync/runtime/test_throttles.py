"""Limits are counted by all web processes together, without a server for it."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.marks import on_any_database
from xero_sync import jobs
from xero_sync.models import Tally
from xero_sync.runtime import throttles

MOMENT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PROCESSES, A_MINUTE = 4, 1_200
ASK = f"""
import django, time_machine
django.setup()
from xero_sync.runtime import throttles
with time_machine.travel({MOMENT.timestamp()}, tick=False):
    given = [throttles.may("ask", who="anna", a_minute={A_MINUTE}) for _ in range(900)]
print(sum(given))
"""


@pytest.fixture
def clock():
    with time_machine.travel(MOMENT, tick=False) as clock:
        yield clock


def asked(times, *, a_minute, who="anna"):
    return sum(throttles.may("ask", who=who, a_minute=a_minute) for _ in range(times))


@pytest.mark.django_db
@pytest.mark.parametrize("a_minute", [1, 30, 120, 1_200])
def test_one_process_gives_out_exactly_the_limit_and_anew_each_minute(clock, a_minute):
    assert asked(a_minute + 5, a_minute=a_minute) == a_minute
    assert asked(2, a_minute=a_minute, who="ben") == min(2, a_minute)

    clock.shift(timedelta(minutes=1))

    assert asked(a_minute + 5, a_minute=a_minute) == a_minute


@pytest.mark.django_db
def test_most_are_counted_without_a_query(clock):
    with CaptureQueriesContext(connection) as queries:
        asked(A_MINUTE, a_minute=A_MINUTE)
    # Once nothing is left, nobody is asked before the next minute.
    asked(1, a_minute=A_MINUTE)
    with CaptureQueriesContext(connection) as afterwards:
        asked(1_000, a_minute=A_MINUTE)

    assert len(queries) < A_MINUTE / 3
    assert len(afterwards) == 0


@pytest.mark.django_db
def test_what_a_process_drew_is_lost_with_it_and_never_given_twice(clock):
    asked(1, a_minute=A_MINUTE)
    throttles.forget_held()

    assert asked(A_MINUTE, a_minute=A_MINUTE) == A_MINUTE * 49 / 50


@pytest.mark.django_db
def test_a_host_whose_clock_is_behind_draws_on_the_newer_minute(clock):
    asked(30, a_minute=30)
    throttles.forget_held()

    clock.shift(-timedelta(minutes=1))

    assert asked(30, a_minute=30) == 0


@pytest.mark.django_db
def test_the_sweep_takes_away_what_is_long_over(clock):
    asked(1, a_minute=30)
    clock.shift(timedelta(minutes=throttles.MINUTES_KEPT + 1))
    asked(1, a_minute=30, who="ben")

    jobs.sweep()

    assert list(Tally.objects.values_list("name", flat=True)) == ["ask ben"]


@on_any_database
def test_four_processes_keep_nearly_the_whole_limit_between_them(tmp_path):
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "backoffice.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'alone.sqlite3'}",
        "REDIS_URL": "",
    }
    run = {"env": env, "cwd": settings.BASE_DIR, "text": True}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, **run)

    begun = [
        subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, **run)
        for _ in range(PROCESSES)
    ]
    given = sum(int(one.communicate(timeout=120)[0]) for one in begun)

    lost = (PROCESSES - 1) * (A_MINUTE // throttles.BLOCKS - 1)
    assert A_MINUTE - lost <= given <= A_MINUTE
