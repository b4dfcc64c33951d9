"""`/healthz` and `/readyz`: what a load balancer and a watchdog go by."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

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


def test_the_admin_shows_each_process(db, admin_client):
    beat(heartbeats.CLUSTER, minutes_ago=6)
    beat(heartbeats.LOOP)

    page = admin_client.get("/admin/xero_sync/heartbeat/").content.decode()

    assert "push_drain" in page
    assert "cluster" in page
    assert Heartbeat.objects.count() == 2
