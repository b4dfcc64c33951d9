"""One clock for all processes: the database's, asked for seldom."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from xero_sync.runtime import clock
from xero_sync.runtime.clock import database_now

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="its clock is the host's"),
]


def asked():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.fixture(autouse=True)
def nothing_heard(monkeypatch):
    monkeypatch.setattr(clock, "_heard", None)


def test_between_two_questions_the_host_counts_on():
    database_now()
    time.sleep(0.05)

    with CaptureQueriesContext(connection) as queries:
        counted = database_now()

    assert not queries.captured_queries
    assert timedelta() <= asked() - counted < timedelta(milliseconds=250)


def test_the_database_is_asked_again_after_a_while(monkeypatch):
    database_now()
    later = time.monotonic() + clock.COUNTED_ON_SECONDS
    monkeypatch.setattr(clock.time, "monotonic", lambda: later)

    with CaptureQueriesContext(connection) as queries:
        database_now()

    assert len(queries.captured_queries) == 1


def test_time_does_not_stand_still():
    moments = [database_now() for _ in range(100)]

    assert moments == sorted(moments)
    assert moments[0] < moments[-1]
