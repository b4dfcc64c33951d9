"""Two hundred clients at once, and slow ones: who must be heard gets through.

`python -m tests.processes.overload [--store sqlite] [--seconds 20] [--rude]` prints how
long probes, Codat's messages and the clients themselves wait.
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import count
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from tests.processes.crew import Crew, call, serves
from tests.processes.load import signed
from tests.processes.play import crew
from tests.processes.processes import ROOT, wait_until

WORKERS, CLIENTS, LOANS = 4, 200, 20
DAY = f"{datetime.now(UTC).date() - timedelta(days=2)}"
PATIENCE = 60.0
# What a client sends of a request before it stops, by name.
STALLED: dict[str, bytes] = {
    "nothing": b"",
    "half a head": b"POST /api/v1/loans HTTP/1.1\r\nHost: localhost\r\nX-Half: ",
    "half a body": (
        b"POST /api/v1/loans HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    ),
    "half a chunk": (
        b"POST /api/v1/loans HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"
    ),
    "half of much": (
        b"POST /api/v1/loans HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
        + b" "
        * 100_000
    ),
}


@contextmanager
def site(store: str) -> Iterator[tuple[Crew, str]]:
    """The web with four workers, a company with loans, and the key of a service."""
    with crew(store, web_workers=WORKERS) as found:
        found.migrate()
        key = _manage(
            found,
            *("api_key", "create", "--name=crowd", "--requests-per-minute=1000000"),
            "--scopes=companies:write,events:read,events:write",
        )
        found.start("web")
        wait_until("web", lambda: serves(f"{found.web}/healthz"), seconds=60)
        company = {"reference": "acme", "legal_name": "Acme Ltd"}
        _post(found, key, "companies", company | {"currency": "GBP", "country": "GB"})
        for number in range(LOANS):
            loan = {
                "reference": f"crowd-{number}",
                "company": "acme",
                "agreed_on": DAY,
                "invoice_number": f"INV-{number}",
                "invoice_amount": "1000000.00",
                "debtor_name": "Northgate Builders",
            }
            _post(found, key, "loans", loan)
        yield found, key


def _manage(found: Crew, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=found.env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}


def _post(found: Crew, key: str, path: str, body: Any) -> None:
    url = f"{found.web}/api/v1/{path}"
    status, answer = call("POST", url, json.dumps(body).encode(), _headers(key))
    if status != 201:
        raise RuntimeError(f"{path}: {status} {answer!r}")


# --- Clients ----------------------------------------------------------------------


def hammer(web: str, key: str, seconds: float, *, rude: bool) -> dict[str, Any]:
    """Let all clients post and read for a while; what they were answered."""
    ends_at = time.monotonic() + seconds

    def one(number: int) -> tuple[Counter[str], float]:
        answers: Counter[str] = Counter()
        longest = 0.0
        while time.monotonic() < ends_at:
            began = time.monotonic()
            wire = HTTPConnection(web.removeprefix("http://"), timeout=PATIENCE)
            wait = 0.0
            try:
                _one_request(wire, number, key)
                answer = wire.getresponse()
                answer.read()
                answers[str(answer.status)] += 1
                if answer.status == 503 and not rude:
                    wait = float(answer.headers.get("Retry-After", 1))
                else:
                    longest = max(longest, time.monotonic() - began)
            except (OSError, HTTPException) as exc:
                answers[type(exc).__name__] += 1
            finally:
                wire.close()
            time.sleep(wait)
        return answers, longest

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(one, range(CLIENTS)))
    answers = sum((found for found, _ in results), Counter[str]())
    return {"answers": answers, "longest": max(longest for _, longest in results)}


def _one_request(wire: HTTPConnection, number: int, key: str) -> None:
    loan = f"/api/v1/loans/crowd-{number % LOANS}"
    if number % 2:
        wire.request("GET", loan, headers=_headers(key))
        return
    event = {
        "external_id": uuid4().hex,
        "kind": "drawdown",
        "amount": "1.00",
        "value_date": DAY,
    }
    wire.request("POST", f"{loan}/events", json.dumps(event), _headers(key))


@contextmanager
def stalled(web: str, sent: bytes, clients: int) -> Iterator[None]:
    """Hold as many connections that have sent so much and send no more."""
    host, port = web.removeprefix("http://").split(":")
    with ExitStack() as open_ones:
        for _ in range(clients):
            one = open_ones.enter_context(socket.create_connection((host, int(port))))
            one.sendall(sent)
        time.sleep(0.5)
        yield


# --- Who must be heard ------------------------------------------------------------


class Heard:
    """Asks again and again, one path, and keeps how long each answer took."""

    def __init__(self, name: str, ask: Callable[[], int], *, ok: int) -> None:
        self.name, self._ask, self._ok = name, ask, ok
        self.seconds: list[float] = []
        self.refused: Counter[str] = Counter()
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the answer that is waited for."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(0.1):
            began = time.monotonic()
            try:
                status = str(self._ask())
            except (OSError, HTTPException) as exc:
                status = type(exc).__name__
            self.seconds.append(time.monotonic() - began)
            if status != str(self._ok):
                self.refused[status] += 1

    def __str__(self) -> str:
        """Say it in one line."""
        ordered = sorted(self.seconds)
        late = ordered[int(len(ordered) * 0.95)]
        return (
            f"{self.name:18} {len(ordered):5} times, median "
            f"{statistics.median(ordered):6.3f} s, 95 % {late:6.3f} s, worst "
            f"{ordered[-1]:6.3f} s, not as wanted: {dict(self.refused) or 'none'}"
        )


def all_heard(web: str) -> list[Heard]:
    """Ask both probes and send Codat's messages."""
    numbers = count(1)

    def message() -> int:
        body = json.dumps({"eventType": "load.test", "payload": {}}).encode()
        headers = signed(f"msg-{next(numbers)}", body)
        url = f"{web}/webhooks/codat/"
        return call("POST", url, body, headers, seconds=PATIENCE)[0]

    return [
        Heard(
            "/healthz",
            lambda: call("GET", f"{web}/healthz", seconds=PATIENCE)[0],
            ok=200,
        ),
        Heard(
            "/readyz", lambda: call("GET", f"{web}/readyz", seconds=PATIENCE)[0], ok=200
        ),
        Heard("/webhooks/codat/", message, ok=204),
    ]


def crowd(
    found: Crew, key: str, seconds: float, *, rude: bool
) -> tuple[list[Heard], Any]:
    """Hammer from another process; how long the others waited meanwhile."""
    command = [sys.executable, "-m", "tests.processes.overload", "--hammer", found.web]
    command += ["--key", key, f"--seconds={seconds}", *(["--rude"] if rude else [])]
    hammering = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    heard = all_heard(found.web)
    out, _ = hammering.communicate()
    for one in heard:
        one.stop()
    return heard, json.loads(out)


def main() -> None:
    """Try it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rude", action="store_true", help="do not wait after a 503")
    parser.add_argument("--hammer", help=argparse.SUPPRESS)
    parser.add_argument("--key", help=argparse.SUPPRESS)
    given = parser.parse_args()
    say = partial(print, flush=True)
    if given.hammer:
        say(json.dumps(hammer(given.hammer, given.key, given.seconds, rude=given.rude)))
        return
    with site(given.store) as (found, key):
        heard, done = crowd(found, key, given.seconds, rude=given.rude)
        say(f"{CLIENTS} clients, {WORKERS} workers, {given.store}: {done}")
        for one in heard:
            say(one)
        for name, sent in STALLED.items():
            for clients in (5, 200):
                with stalled(found.web, sent, clients):
                    began = time.monotonic()
                    url = f"{found.web}/api/v1/loans/crowd-1"
                    try:
                        status = str(
                            call("GET", url, b"", _headers(key), seconds=40)[0]
                        )
                    except (OSError, HTTPException) as exc:
                        status = type(exc).__name__
                    took = time.monotonic() - began
                say(
                    f"{clients:4} stop after {name:13}: {status} in {took:6.3f} s",
                )
                time.sleep(1)


if __name__ == "__main__":
    main()
