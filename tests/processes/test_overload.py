"""Clients by the hundred, and clients that stop in the middle, stop nobody else."""

import json
import socket
import time

import pytest

from tests.marks import thorough
from tests.processes import chosen, overload
from tests.processes.crew import call

pytestmark = thorough
# On a machine that does other things as well; a person's patience, at any rate.
SOON = 6.0


@pytest.fixture(scope="module")
def site():
    with overload.site(chosen.store()) as found:
        yield found


@pytest.mark.parametrize(
    "sent", ["nothing", "half a head", "half a body", "half a chunk"]
)
def test_two_hundred_who_stop_in_the_middle_hold_up_nobody(site, sent):
    found, key = site
    with overload.stalled(found.web, overload.STALLED[sent], 200):
        began = time.monotonic()
        url = f"{found.web}/api/v1/loans/crowd-1"

        status, _ = call("GET", url, b"", {"Authorization": f"Bearer {key}"})

        assert (status, time.monotonic() - began < SOON) == (200, True)


@pytest.mark.parametrize("sent", overload.STALLED)
def test_who_is_too_slow_is_let_go(site, sent):
    found, _ = site
    host, port = found.web.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=40) as slow:
        slow.sendall(overload.STALLED[sent])

        answer = slow.recv(100)

    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 408"))


@pytest.mark.parametrize("how", ["by its length", "in chunks"])
def test_too_much_is_refused(site, how):
    found, key = site
    given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = b" " * 1_000_001
    if how == "in chunks":
        given["Transfer-Encoding"] = "chunked"
        body = b"f4241\r\n" + body + b"\r\n0\r\n\r\n"

    status, answer = call("POST", f"{found.web}/api/v1/loans", body, given)

    assert (status, json.loads(answer)["code"]) == (413, "body_too_large")


def test_probes_and_messages_are_heard_in_a_crowd(site):
    found, key = site

    heard, done = overload.crowd(found, key, 8, rude=False)

    assert set(done["answers"]) <= {"200", "201", "409", "503"}, done
    assert done["answers"]["201"] > 0
    assert [str(one) for one in heard if one.refused] == []
    assert [str(one) for one in heard if max(one.seconds) > SOON] == []
