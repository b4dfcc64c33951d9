"""`/metrics`: for whoever has the token, and for nobody else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.backoffice.admin.rows import make_evidence
from xero_sync.models import SyncRecord, WriteAttempt
from xero_sync.runtime import heartbeats

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-a-monitoring-system"


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN


def read(client, token=TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def values(client):
    lines = read(client).content.decode().splitlines()
    told = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in told}


def test_without_a_token_in_the_settings_there_is_no_such_page(client, settings):
    settings.METRICS_TOKEN = ""

    assert read(client).status_code == 404
    assert read(client, "").status_code == 404


@pytest.mark.parametrize("given", ["", "x", f"{TOKEN} ", TOKEN[:-1], "é"])
def test_without_the_token_nothing_is_told(client, token, given):
    answer = read(client, given)

    assert answer.status_code == 401
    assert b"entries" not in answer.content


def test_it_cannot_be_posted_to(client, token):
    assert client.post("/metrics").status_code == 405


def test_what_waits_and_how_codat_answers(client, token):
    make_evidence()
    heartbeats.beat(name=heartbeats.CLUSTER, now=timezone.now())
    an_hour_ago = timezone.now() - timedelta(hours=1)
    SyncRecord.objects.update(state="queued", state_since=an_hour_ago)
    attempt = WriteAttempt.objects.get()

    told = values(client)

    count = SyncRecord.objects.count()
    assert told['backoffice_entries{state="queued"}'] == count
    waited = told['backoffice_entries_oldest_seconds{state="queued"}']
    assert 3_600 <= waited < 3_700
    assert told['backoffice_exchanges{outcome="accepted"}'] == 1
    quick = told['backoffice_exchange_seconds{quantile="0.95"}']
    assert quick == attempt.elapsed_ms / 1_000
    assert any(name.startswith("backoffice_due{") for name in told)
    assert told['backoffice_process_seen_seconds{process="cluster"}'] < 60


def test_an_empty_book_is_told_as_well(client, token):
    assert values(client)["backoffice_held_back"] == 0


def test_it_asks_no_more_questions_of_a_larger_book(client, token):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            read(client)
        return len(queries)

    make_evidence()
    few = asked()
    for _ in range(3):
        make_evidence()

    assert asked() == few
