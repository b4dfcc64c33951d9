"""Real processes: the command alone, and a SIGKILL between the claim and the result."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker

from backoffice.models import WebhookAttempt, WebhookDelivery
from backoffice.webhooks import services
from tests.builders import make_event

pytestmark = pytest.mark.django_db(transaction=True)


def endpoint_for(receiver):
    services.create_endpoint(url=receiver.url, created_by="test", now=timezone.now())


@contextmanager
def command(*arguments):
    """Run `manage.py deliver_webhooks` on the database of this test."""
    database = connection.settings_dict
    url = f"sqlite:///{database['NAME']}"
    if connection.vendor == "postgresql":
        user, host = database["USER"], database["HOST"]
        url = f"postgres://{user}@{host}:{database['PORT']}/{database['NAME']}"
    started = subprocess.Popen(
        [sys.executable, "manage.py", "deliver_webhooks", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "WEBHOOK_ALLOW_PRIVATE": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.wait(10)
        started.stdout.close()


def wait_for(condition, seconds=60):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)


def test_the_command_delivers_once_and_says_so(receiver, capsys):
    endpoint_for(receiver)
    make_event(already_in_books=True)

    call_command("deliver_webhooks")

    assert capsys.readouterr().out == "1 messages, 1 of 1 attempts arrived.\n"
    assert receiver.types == ["event.written"]


def test_the_loop_delivers_what_comes_and_stops_when_told(receiver):
    endpoint_for(receiver)

    with command("--loop") as loop:
        make_event(already_in_books=True)
        wait_for(lambda: len(receiver.requests) == 1)
        make_event(already_in_books=True)
        wait_for(lambda: len(receiver.requests) == 2)
        loop.send_signal(signal.SIGTERM)
        assert loop.wait(60) == 0
        assert "Stopped; nothing is lost." in loop.stdout.read()


def test_a_worker_that_is_killed_in_the_middle_of_a_call_loses_nothing(receiver):
    endpoint_for(receiver)
    make_event(already_in_books=True)
    receiver.gate.clear()

    with command() as worker:
        wait_for(lambda: len(receiver.requests) == 1)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    delivery = WebhookDelivery.objects.get()
    assert delivery.leased_until is not None
    assert not WebhookAttempt.objects.exists()
    # Its lease runs out.
    WebhookDelivery.objects.update(leased_until=timezone.now())
    receiver.gate.set()
    call_command("deliver_webhooks")

    assert WebhookDelivery.objects.get().state == "delivered"
    assert len({one.webhook_id for one in receiver.requests}) == 1
    assert len(receiver.requests) == 2


def test_emptying_the_queue_of_jobs_loses_no_message(receiver):
    endpoint_for(receiver)
    make_event(already_in_books=True)

    get_broker().purge_queue()
    call_command("deliver_webhooks")

    assert receiver.types == ["event.written"]
