"""With `REDIS_URL` set and no Redis behind it, the back office goes on."""

import shutil
import socket
import time
from contextlib import closing

import pytest
import redis
from django.urls import reverse

from tests.backoffice.api.conftest import make_service
from tests.builders import make_loan
from tests.processes.processes import Process, free_port, wait_until
from xero_sync.models import Heartbeat, LinkRequest
from xero_sync.runtime import heartbeats, redis_server
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db(transaction=True)

# What a request took before it was given up, with air for a busy machine.
PATIENCE = 30
needs_redis = pytest.mark.skipif(
    not shutil.which("redis-server"), reason="there is no redis-server here"
)


class Server:
    """A Redis of the test's own, to be stopped and started again."""

    def __init__(self, directory):
        self.port, self._directory = free_port(), directory
        self.start()

    def start(self):
        self._process = Process(
            *("redis-server", "--bind", "127.0.0.1", "--save", ""),
            *("--port", f"{self.port}", "--dir", str(self._directory)),
            env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
            log=self._directory / "redis.log",
        )
        wait_until("Redis answers", self._answers, seconds=30)

    def stop(self):
        self._process.kill()

    def _answers(self):
        try:
            with redis.Redis(port=self.port) as client:
                return client.ping()
        except redis.RedisError:
            return False


@pytest.fixture
def server(tmp_path, settings):
    server = Server(tmp_path)
    settings.REDIS_URL = f"redis://127.0.0.1:{server.port}/0"
    yield server
    server.stop()


@pytest.fixture(params=["frozen", pytest.param("stopped", marks=needs_redis)])
def no_redis(request, settings):
    """One that takes the connection and never answers; one that was there just now."""
    if request.param == "stopped":
        server = request.getfixturevalue("server")
        assert not redis_server.is_gone()
        server.stop()
        yield
        return
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        settings.REDIS_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        yield


def gone_lines(caplog):
    return [
        record.getMessage()
        for record in caplog.records
        if "Redis does not answer" in record.getMessage()
    ]


def is_ok(client):
    return client.get("/readyz").json()["status"] == "ok"


def event(number):
    return {
        "external_id": f"event-{number}",
        "kind": "drawdown",
        "amount": "10.00",
        "value_date": "2026-11-02",
    }


def test_events_are_taken_in_and_only_the_first_waits(no_redis, caplog):
    loan, service = make_loan(), make_service()
    path = f"loans/{loan.reference}/events"
    began = time.monotonic()

    answers = [service.post(path, event(one)) for one in range(20)]

    assert {one.status_code for one in answers} == {201}
    # Each of them would have waited for minutes, or for ever.
    assert time.monotonic() - began < 60
    assert len(gone_lines(caplog)) == 1
    # A nudge that never left holds back none that could.
    assert not Heartbeat.objects.filter(busy_until__isnull=False).exists()


def test_borrowers_ask_for_their_link(no_redis, client):
    began = time.monotonic()

    answer = client.post(
        reverse("customer-entry"), {"reference": "acme", "email": "a@b.example"}
    )

    assert answer.status_code == 303
    assert LinkRequest.objects.count() == 1
    assert time.monotonic() - began < PATIENCE


def test_a_key_keeps_its_limit(no_redis):
    service = make_service(requests_per_minute=3)

    statuses = [service.get("companies").status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


def test_readiness_names_it_and_the_web_stays_in_service(no_redis, client, caplog):
    heartbeats.beat(name=heartbeats.CLUSTER, now=database_now())

    answers = [client.get("/readyz") for _ in range(5)]

    assert {one.status_code for one in answers} == {200}
    assert {one.json()["status"] for one in answers} == {"degraded"}
    assert [one.json()["unreachable"] for one in answers] == [["redis"]] * 5
    assert len(gone_lines(caplog)) == 1


@needs_redis
def test_for_some_seconds_nobody_looks_whether_it_is_back(server, client):
    assert not redis_server.is_gone()
    server.stop()
    assert redis_server.is_gone()
    server.start()

    assert client.get("/readyz").json()["unreachable"] == ["redis"]


@needs_redis
def test_it_is_used_again_once_it_is_back(server, client, caplog, monkeypatch):
    monkeypatch.setattr(redis_server, "LEFT_ALONE_SECONDS", 0.2)
    heartbeats.beat(name=heartbeats.CLUSTER, now=database_now())
    server.stop()
    assert not is_ok(client)
    server.start()

    wait_until("it is tried again", lambda: is_ok(client), seconds=30)

    assert "Redis answers again." in caplog.text


def test_without_one_configured_none_is_missed(settings, client):
    settings.REDIS_URL = ""

    assert client.get("/readyz").json()["unreachable"] == []
