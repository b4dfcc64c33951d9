"""A guard that somebody took off, switched off or changed is missed, and it is said."""

import logging

import pytest
from django.db import connection
from django.utils import timezone

from lending.db import guards
from tests.guards import execute, suspended
from tests.xero_sync.commands.worlds import run
from xero_sync import jobs
from xero_sync.monitoring import limits, wording
from xero_sync.runtime import heartbeats

pytestmark = pytest.mark.django_db

TABLE = "lending_loanevent"
only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'")
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")


@pytest.fixture
def unguarded():
    with suspended(connection):
        yield


def test_a_migrated_database_misses_none():
    assert guards.missing(connection) == []
    assert len(guards.wanted(connection.vendor)) > 30


def test_those_that_are_off_are_missed(unguarded):
    missed = guards.missing(connection)

    assert missed == sorted({one.table for one in guards.wanted(connection.vendor)})
    assert {TABLE, "lending_auditentry", "xero_sync_writerequest"} <= set(missed)


@pytest.mark.parametrize("which", range(3))
@only_sqlite
def test_one_that_is_dropped_is_missed(which):
    name = f"{TABLE}_append_only_{('update', 'delete', 'insert')[which]}"

    execute(connection, [f'DROP TRIGGER "{name}"'])

    assert guards.missing(connection) == [TABLE]


@only_sqlite
def test_one_that_does_something_else_is_missed():
    name = f"{TABLE}_append_only_update"

    execute(
        connection,
        [
            f'DROP TRIGGER "{name}"',
            f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{TABLE}" BEGIN SELECT 1; END',
        ],
    )

    assert guards.missing(connection) == [TABLE]


ROW, TRUNCATE = f"{TABLE}_append_only_row", f"{TABLE}_append_only_truncate"
FUNCTION = f'EXECUTE FUNCTION "{TABLE}_append_only"()'
ANEW = f'DROP TRIGGER "{ROW}" ON "{TABLE}"; CREATE TRIGGER "{ROW}" BEFORE'
ONLY_UPDATES = f'{ANEW} UPDATE ON "{TABLE}" FOR EACH ROW {FUNCTION}'
SOME_ROWS = (
    f'{ANEW} UPDATE OR DELETE ON "{TABLE}" FOR EACH ROW WHEN (OLD.amount < 0) '
    f"{FUNCTION}"
)
LETS_PASS = (
    f'CREATE OR REPLACE FUNCTION "{TABLE}_append_only"() RETURNS trigger '
    "LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
)


@pytest.mark.parametrize(
    "statement",
    [
        f'DROP TRIGGER "{ROW}" ON "{TABLE}"',
        f'ALTER TABLE "{TABLE}" DISABLE TRIGGER ALL',
        f'ALTER TABLE "{TABLE}" DISABLE TRIGGER "{TRUNCATE}"',
        f'ALTER TABLE "{TABLE}" ENABLE REPLICA TRIGGER "{ROW}"',
        LETS_PASS,
        ONLY_UPDATES,
        SOME_ROWS,
    ],
)
@only_postgresql
def test_one_that_is_taken_off_or_changed_is_missed(statement):
    execute(connection, [statement])

    assert guards.missing(connection) == [TABLE]


def test_readyz_names_the_tables(client, unguarded):
    heartbeats.beat(name=heartbeats.CLUSTER, now=timezone.now())

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert TABLE in answer.json()["unguarded"]


def test_readyz_says_that_none_is_missing(client):
    heartbeats.beat(name=heartbeats.CLUSTER, now=timezone.now())

    answer = client.get("/readyz").json()

    assert (answer["status"], answer["unguarded"]) == ("ok", [])


def test_the_daily_check_logs_them(unguarded, caplog, settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"
    with caplog.at_level(logging.ERROR):
        jobs.daily_check()

    assert "The database no longer guards" in caplog.text
    assert TABLE in caplog.text


def test_an_operator_is_told(unguarded):
    report = limits.read(now=timezone.now())

    assert f"{TABLE}" in wording.summary(report).needed[0]
    assert "The database no longer guards" in run("sync_status")


def test_where_none_is_missing_nobody_is_told():
    report = limits.read(now=timezone.now())

    assert not any("guards" in one for one in wording.summary(report).needed)
