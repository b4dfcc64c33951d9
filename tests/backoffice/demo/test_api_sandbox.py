"""`manage.py api_sandbox`: a stranger copies what it prints, and sees every outcome."""

import json
import re
import shlex
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from django.utils import timezone

from backoffice.demo.callers import Kept
from backoffice.demo.environment import Places
from backoffice.demo.guide import SEEN
from tests.backoffice.demo.stages import (
    children_of,
    interrupt,
    kill_all,
    read_until,
    start,
)
from tests.marks import on_any_database, thorough
from xero_sync.sandbox.magic import VALUES

PATIENCE_SECONDS = 60
READY = "Stop with Ctrl-C."


class Caller:
    """A service that knows nothing but what was printed."""

    def __init__(self, shown):
        self.commands = re.findall(r"curl (?:.*\\\n)*.*", shown)
        self.base = re.search(r"Base address +(\S+)", shown)[1]
        self.key = re.search(r"API key +(\S+)", shown)[1]

    def copy(self, number, *changes):
        """Do what the printed curl of that number does, with changed words."""
        command = self.commands[number].replace("\\\n", " ")
        for old, new in changes:
            command = command.replace(old, new)
        words = iter(shlex.split(command))
        headers, url, body = {}, "", None
        for word in words:
            if word == "-H":
                name, value = next(words).split(": ", 1)
                headers[name] = value
            elif word == "-d":
                body = next(words).encode()
            elif word.startswith("http"):
                url = word
        return _open(urllib.request.Request(url, body, headers))

    def decide(self, event, decision):
        entry = self.booking(event)["id"]
        return self.copy(2, ("/ID/retry", f"/{entry}/{decision}"))

    def get(self, path):
        return self._call(path, None)

    def post(self, path, **body):
        return self._call(path, json.dumps(body).encode())

    def _call(self, path, body):
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
        }
        return _open(urllib.request.Request(f"{self.base}/{path}", body, headers))

    def loan(self, name):
        self.post(
            "loans",
            reference=name,
            company="SANDBOX-GBP",
            agreed_on=_today(),
            invoice_number=f"INV-{name}",
            invoice_amount="9000.00",
            debtor_name="Northgate Builders",
        )
        return name

    def record(self, amount, *, loan=None, kind="drawdown", external_id=None):
        event = external_id or f"event-{amount}"
        path = f"loans/{loan or self.loan(f'LOAN-{event}')}/events"
        self.post(
            path, external_id=event, kind=kind, amount=amount, value_date=_today()
        )
        return event

    def booking(self, event):
        entries = self.get(f"loan-events/{event}")["entries"]
        return next(one for one in entries if one["step"] != "statement_line")

    def follow(self, event, *until):
        """The states and reasons that an event's booking goes through."""
        seen = []
        gives_up_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < gives_up_at:
            found = self.booking(event)
            stage = " ".join(filter(None, (found["state"], found["reason"])))
            if stage not in seen:
                seen.append(stage)
            if stage in until:
                return seen
            time.sleep(0.05)
        raise AssertionError(f"{event}: {seen}")


def _open(request):
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _today():
    return timezone.localdate().isoformat()


@pytest.fixture
def directory(tmp_path):
    """A place of its own."""
    yield tmp_path
    kill_all(tmp_path)


@pytest.fixture
def begin(directory):
    """Start it; return it with a caller who has read its screen."""
    with ExitStack() as processes:

        def begin(*flags):
            process = start("api_sandbox", directory, *flags)
            processes.enter_context(process)
            processes.callback(process.kill)
            return process, Caller(read_until(process, READY))

        yield begin


def test_every_magic_amount_is_explained():
    assert {value.outcome for value in VALUES} == set(SEEN)


@thorough
@on_any_database
def test_a_stranger_sees_every_outcome(begin, directory):
    process, caller = begin()

    recorded = caller.copy(0)
    assert caller.copy(1)["external_id"] == recorded["external_id"]
    assert caller.follow(recorded["external_id"], "written")

    assert "pending" in caller.follow(caller.record("7202.77"), "written")
    assert "held not_linked" in caller.follow(caller.record("7403.77"), "written")
    assert caller.follow(caller.record("7429.77"), "written")
    assert "unknown no_answer" in caller.follow(caller.record("7504.77"), "written")
    for kind in ("drawdown", "fee", "invoice_payment"):
        event = caller.record(
            "7422.77", loan="SANDBOX-1", kind=kind, external_id=f"refused-{kind}"
        )
        assert caller.follow(event, "failed refused_by_xero")
        caller.decide(event, "retry")
        assert caller.follow(event, "written")
    together = {"external_id": "together", "kind": "drawdown", "amount": "1.00"}
    together["value_date"] = _today()
    with ThreadPoolExecutor(50) as callers:
        path = "loans/SANDBOX-1/events"
        answers = list(callers.map(lambda _: caller.post(path, **together), range(50)))
    assert answers == answers[:1] * 50
    event = caller.record("7408.77", kind="fee")
    assert "unknown timed_out" in caller.follow(event, "unknown needs_person")
    caller.decide(event, "absent")
    assert caller.follow(event, "written")

    interrupt(process)
    assert process.returncode == 0
    assert children_of(directory) == []


@on_any_database
@thorough
def test_it_goes_on_where_it_stopped(begin):
    process, caller = begin()
    recorded = caller.copy(0)["external_id"]
    caller.follow(recorded, "written")
    interrupt(process)

    process, again = begin()

    assert again.key == caller.key
    assert again.booking(recorded)["state"] == "written"
    assert again.follow(again.copy(0)["external_id"], "written")
    interrupt(process)


def test_fresh_forgets_its_own_files_and_no_others(tmp_path):
    kept = Kept(Places(tmp_path, 1, 2, name="api-sandbox"))
    others = tmp_path / "demo.sqlite3"
    for file in (kept.places.database, kept.books, kept.key, others):
        file.touch()

    before = kept.is_complete
    kept.remove()

    assert (before, kept.is_complete) == (True, False)
    assert list(tmp_path.iterdir()) == [others]


def test_a_run_that_was_stopped_before_it_was_ready_is_not_gone_on_with(tmp_path):
    kept = Kept(Places(tmp_path, 1, 2, name="api-sandbox"))
    for file in (kept.places.database, kept.books):
        file.touch()

    assert not kept.is_complete
