"""`/healthz` and `/readyz`: what a load balancer and a watchdog go by."""

import re
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from backoffice import storing
from tests.builders import make_company
from xero_sync.models import Heartbeat, Lane, WebhookMessage
from xero_sync.runtime import heartbeats

NOW = timezone.now


def beat(name, *, minutes_ago=0):
    heartbeats.beat(name=name, now=NOW() - timedelta(minutes=minutes_ago))


def readyz(client):
    response = client.get("/readyz")
    return response.status_code, response.json()


def test_the_web_alone_is_alive(client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("name", [heartbeats.CLUSTER, heartbeats.LOOP, heartbeats.ONCE])
def test_any_process_that_does_the_work_is_enough(db, client, name):
    beat(name)

    status, seen = readyz(client)

    assert (status, seen["status"], seen["silent"]) == (200, "ok", [])
    assert list(seen["processes"]) == [name]


def test_nobody_who_ever_worked_is_degraded(db, client):
    status, seen = readyz(client)

    assert (status, seen["status"]) == (200, "degraded")
    assert seen["worker_last_seen"] is None


def test_a_worker_unseen_for_five_minutes_is_degraded(db, client):
    beat(heartbeats.CLUSTER, minutes_ago=4)
    assert readyz(client)[1]["status"] == "ok"

    beat(heartbeats.CLUSTER, minutes_ago=6)

    status, seen = readyz(client)
    assert (status, seen["status"], seen["silent"]) == (200, "degraded", ["cluster"])


def test_a_live_push_drain_does_not_hide_a_dead_cluster(db, client):
    beat(heartbeats.CLUSTER, minutes_ago=6)
    beat(heartbeats.LOOP)

    _, seen = readyz(client)

    assert (seen["status"], seen["silent"]) == ("degraded", ["cluster"])
    assert set(seen["processes"]) == {"cluster", "push_drain"}


def test_a_process_that_was_taken_out_of_service_is_forgotten_in_the_end(db, client):
    beat(heartbeats.CLUSTER, minutes_ago=8 * 24 * 60)
    beat(heartbeats.LOOP)

    _, seen = readyz(client)

    assert (seen["status"], set(seen["processes"])) == ("ok", {"push_drain"})


def test_a_drain_run_by_hand_is_not_missed_afterwards(db, client):
    beat(heartbeats.ONCE, minutes_ago=30)
    beat(heartbeats.CLUSTER)

    assert readyz(client)[1]["status"] == "ok"


def test_a_process_that_signs_off_is_not_missed(db, client):
    beat(heartbeats.CLUSTER)
    beat(heartbeats.LOOP, minutes_ago=6)

    heartbeats.sign_off(name=heartbeats.LOOP)

    assert readyz(client)[1]["status"] == "ok"


def test_work_that_is_due_for_five_minutes_is_degraded(db, client):
    beat(heartbeats.CLUSTER)
    lane = Lane.objects.create(
        company=make_company(), step="transfer", due_at=NOW() - timedelta(minutes=4)
    )
    assert readyz(client)[1]["status"] == "ok"

    Lane.objects.filter(pk=lane.pk).update(due_at=NOW() - timedelta(minutes=6))

    status, seen = readyz(client)
    assert (status, seen["status"], seen["silent"]) == (200, "degraded", [])
    assert seen["oldest_due_seconds"] >= 360


def test_a_webhook_unread_for_five_minutes_is_degraded(db, client):
    beat(heartbeats.CLUSTER)
    WebhookMessage.objects.create(
        webhook_id="msg-1",
        event_type="transfers.write.successful",
        payload={},
        received_at=NOW() - timedelta(minutes=6),
    )

    assert readyz(client)[1]["status"] == "degraded"


def test_missing_migrations_are_503(db, client):
    latest = MigrationRecorder(connection).applied_migrations()
    name = max(name for app, name in latest if app == "xero_sync")
    MigrationRecorder(connection).record_unapplied("xero_sync", name)

    status, seen = readyz(client)

    assert (status, seen["status"]) == (503, "migrations are missing")


def test_no_database_is_503(db, client):
    def refuse(*_):
        raise OperationalError("the server is gone")

    with connection.execute_wrapper(refuse):
        status, seen = readyz(client)

    assert (status, seen) == (503, {"status": "no database"})


@pytest.fixture
def looked_at_again():
    storing.look_again()
    yield
    storing.look_again()


@pytest.mark.usefixtures("looked_at_again")
class TestStoring:
    def test_a_trial_leaves_nothing_behind(self, db, client):
        beat(heartbeats.CLUSTER)

        assert readyz(client)[0] == 200
        assert Heartbeat.objects.count() == 1

    def test_a_disk_that_is_nearly_full_is_503(self, db, client, monkeypatch):
        monkeypatch.setattr(storing, "LEAST_FREE", 2**60)

        status, seen = readyz(client)

        assert status == 503
        assert re.fullmatch(r"the disk is nearly full: \d+ MB are free", seen["status"])

    def test_a_disk_that_takes_nothing_is_503(self, db, client, settings):
        settings.DATA_DIR = "/proc"

        status, seen = readyz(client)

        assert status == 503
        assert seen["status"].startswith("the disk takes nothing: ")

    def test_a_database_that_stores_nothing_is_503(self, db, client):
        def read_only(execute, sql, *arguments):
            if sql.startswith("INSERT"):
                raise OperationalError("attempt to write a readonly database")
            return execute(sql, *arguments)

        with connection.execute_wrapper(read_only):
            status, seen = readyz(client)

        assert (status, seen) == (503, {"status": "the database stores nothing"})

    def test_it_is_tried_every_few_seconds_however_often_one_asks(
        self, db, client, settings
    ):
        assert readyz(client)[0] == 200
        settings.DATA_DIR = "/proc"

        assert readyz(client)[0] == 200
        storing.look_again()
        assert readyz(client)[0] == 503

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="has one writer")
    @pytest.mark.django_db(transaction=True)
    def test_nobody_queues_behind_another_writer(self, client):
        name = connection.settings_dict["NAME"]

        with closing(sqlite3.connect(name, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            status, _ = readyz(client)

        assert status == 200
        assert time.monotonic() - began < 10
        with connection.cursor() as cursor:
            waits = cursor.execute("PRAGMA busy_timeout").fetchone()
        assert waits == (20_000,)


def test_the_admin_shows_each_process(db, admin_client):
    beat(heartbeats.CLUSTER, minutes_ago=6)
    beat(heartbeats.LOOP)

    page = admin_client.get("/admin/xero_sync/heartbeat/").content.decode()

    assert "push_drain" in page
    assert "cluster" in page
    assert Heartbeat.objects.count() == 2
