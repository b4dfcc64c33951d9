"""Workers that are stopped, that hang and that freeze, and what is seen of it."""

import signal
import time
from itertools import count

import pytest

from tests.marks import thorough
from tests.processes import chosen
from tests.processes.crew import TIMES, Crew
from tests.processes.load import Load
from tests.processes.play import begin, crew
from tests.processes.processes import kill, wait_until

WORKER_SECONDS = 60
# The longest that a slice and the exchange it has begun may take, and some air.
STOP_SECONDS = 25
EXCHANGE_SECONDS = sum(
    float(TIMES[name]) for name in ("CODAT_CONNECT_TIMEOUT", "CODAT_READ_TIMEOUT")
)
_numbers = count()


@pytest.fixture(scope="module")
def stage():
    """Sandbox and web, with a borrower that has loans to live."""
    with crew(chosen.store()) as found:
        (found.loans,) = begin(found, borrowers=1, loans=12)
        yield found


@pytest.fixture
def found(stage):
    """The same, without workers before and after."""
    yield stage
    for name in ("cluster", "drain"):
        if stage.has(name):
            stage.end(name)


def live(found: Crew) -> None:
    """Live a loan to its end at once."""
    load = Load(found.web, [[found.loans[next(_numbers)]]], seed=1, pause=0)
    load.start()
    load.stop()
    assert load.problems == []


def settled(found: Crew) -> list[str]:
    """What is still open after a patient wait."""
    open_: list[str] = found.ask("settle", "120")["open"]
    return open_


def start_cluster(found: Crew) -> None:
    """Start the cluster and see one of its workers do a job."""
    cluster = found.start("cluster")
    wait_until("workers", lambda: cluster.members("worker"), seconds=WORKER_SECONDS)


def beat(found: Crew) -> str | None:
    """When a job of the cluster's last beat, as /readyz tells it."""
    seen: str | None = found.readiness()["processes"].get("cluster")
    return seen


def beats_again(found: Crew, *, seconds: float) -> bool:
    """Whether the cluster does a sweep that is asked for."""
    before = beat(found)
    found.ask("sweep")
    try:
        wait_until("a beat", lambda: beat(found) != before, seconds=seconds, look=0.2)
    except TimeoutError:
        return False
    return True


def test_sigterm_lets_the_cluster_end_its_slice_and_nothing_is_lost(found):
    start_cluster(found)
    live(found)
    cluster = found["cluster"]

    began = time.monotonic()
    kill(cluster.main, signal.SIGTERM)
    wait_until("it ends", lambda: not cluster.is_alive, seconds=STOP_SECONDS)

    slice_seconds = float(TIMES["WRITEBACK_SLICE_SECONDS"])
    assert time.monotonic() - began < slice_seconds + EXCHANGE_SECONDS + 10
    assert "has stopped" in cluster.words()
    start_cluster(found)
    live(found)
    assert settled(found) == []


@thorough
def test_sigterm_to_the_whole_group_is_survived_by_sigkill_and_a_restart(found):
    start_cluster(found)
    live(found)
    cluster = found["cluster"]

    for pid in cluster.group():
        kill(pid, signal.SIGTERM)
    time.sleep(5)
    cluster.kill()

    start_cluster(found)
    live(found)
    assert settled(found) == []


def freeze(found: Crew) -> bool:
    """Kill the idle workers: one of them holds the lock of the jobs' queue."""
    cluster = found["cluster"]
    before = cluster.members("worker")
    for pid in before:
        kill(pid)
    wait_until(
        "new workers",
        lambda: set(cluster.members("worker")) - set(before),
        seconds=WORKER_SECONDS,
    )
    return not beats_again(found, seconds=6)


@thorough
def test_a_frozen_cluster_is_seen_bridged_by_push_drain_and_cured_by_a_restart(found):
    start_cluster(found)
    assert beats_again(found, seconds=WORKER_SECONDS)
    wait_until("ok", lambda: found.readiness()["status"] == "ok", seconds=10)

    assert freeze(found) or freeze(found) or freeze(found)
    assert found["cluster"].is_alive
    live(found)
    found.ask("age", "6")

    # Five minutes later it is seen, ...
    seen = found.readiness()
    assert (seen["status"], seen["silent"]) == ("degraded", ["cluster"])

    # ... push_drain does the work meanwhile and does not hide it, ...
    found.start("drain")
    assert settled(found) == []
    seen = found.readiness()
    assert (seen["status"], seen["silent"]) == ("degraded", ["cluster"])
    assert "push_drain" in seen["processes"]

    # ... and a restart by the watchdog cures it.
    found.end("cluster")
    start_cluster(found)
    assert beats_again(found, seconds=WORKER_SECONDS)
    assert found.readiness()["status"] == "ok"


def test_push_drain_ends_when_told_to_and_signs_off(found):
    drain = found.start("drain")
    wait_until("it", lambda: "Draining" in drain.words(), seconds=WORKER_SECONDS)
    live(found)

    kill(drain.main, signal.SIGTERM)
    wait_until("it ends", lambda: not drain.is_alive, seconds=STOP_SECONDS)

    assert "push_drain" not in found.readiness()["processes"]
    assert "Stopped; nothing is lost." in drain.words()
