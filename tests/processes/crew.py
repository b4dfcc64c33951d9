"""The processes of a run: started together, restarted when they die."""

import json
import os
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from tests.processes.processes import ROOT, Process, free_port, wait_until
from tests.processes.stores import Store

READY_SECONDS = 90
API_KEY = "sandbox-key"
SECRET = "whsec_cHJvY2Vzc2VzLXdlYmhvb2stc2lnbmluZy1rZXktMDE="
# The product's times, shortened; a lease is still longer than an exchange.
TIMES = {
    "CODAT_CONNECT_TIMEOUT": "1",
    "CODAT_READ_TIMEOUT": "3",
    "WRITEBACK_LEASE_SECONDS": "6",
    "WRITEBACK_RETRY_BASE_SECONDS": "0.3",
    "WRITEBACK_RETRY_CAP_SECONDS": "2",
    "WRITEBACK_POLL_SECONDS": "0.5",
    "WRITEBACK_POLL_CAP_SECONDS": "3",
    "WRITEBACK_REFRESH_SECONDS": "0.2",
    "WRITEBACK_SLICE_SECONDS": "5",
    "WRITEBACK_REQUESTS_PER_MINUTE": "6000",
    "WRITEBACK_ORGANISATION_PER_MINUTE": "6000",
}
OURS = ("CODAT_", "WRITEBACK_", "DJANGO_", "SECURE_", "DATABASE_", "REDIS_", "TEST_")
# The moment after an API's commit, and where a frozen process leaves its id.
BEFORE_API_ANSWER = "api-answer"
FROZEN = "frozen"
# Work that has been due for this long makes the watchdog restart the cluster.
STUCK_SECONDS = 12


def call(
    method: str,
    url: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    seconds: float = 20,
) -> tuple[int, bytes]:
    """One HTTP call on the loopback.

    Raises:
        OSError, HTTPException: no answer came.
    """
    host, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(host, timeout=seconds)
    try:
        connection.request(method, f"/{path}", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Crew:
    """All processes of a run, by name; the supervisor is a thread."""

    def __init__(
        self,
        directory: Path,
        store: Store,
        *,
        settings: str = "",
        web_workers: int = 2,
    ) -> None:
        self.directory = directory
        self.store = store
        self.deaths = directory / "deaths"
        self.deaths.mkdir()
        self.web = f"http://127.0.0.1:{free_port()}"
        self.sandbox = f"http://127.0.0.1:{free_port()}"
        self.stuck = 0
        self.loans: list[str] = []
        self._web_workers = web_workers
        self._settings = settings or "tests.processes.settings"
        self._processes: dict[str, Process] = {}
        self._wanted: dict[str, list[str]] = {}
        self._starts = 0
        self._lock = Lock()
        self._stopped = Event()
        self._threads: list[Thread] = []

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process of the run."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        return {
            **kept,
            **TIMES,
            **self.store.environment(),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": self._settings,
            "DJANGO_DEBUG": "true",
            "PUBLIC_BASE_URL": self.web,
            "CODAT_BASE_URL": self.sandbox,
            "CODAT_API_KEY": API_KEY,
            "CODAT_WEBHOOK_SECRET": SECRET,
            "DEATHS": str(self.deaths),
            "LOG_LEVEL": "INFO",
        }

    def migrate(self) -> None:
        """Migrate as the README says, on PostgreSQL by a role of its own."""
        env = {**self.env, **self.store.owner_environment()}
        commands = [["migrate", "-v0"]]
        if role := self.store.runtime_role:
            commands.append(["database_role", role])
        for command in commands:
            manage = [sys.executable, "manage.py", *command]
            subprocess.run(manage, cwd=ROOT, env=env, check=True, capture_output=True)

    # --- start and stop -------------------------------------------------------------

    def start(self, name: str) -> Process:
        """Start a process that is restarted when it dies."""
        with self._lock:
            self._wanted[name] = self._command(name)
            self._start(name)
            return self._processes[name]

    def _command(self, name: str) -> list[str]:
        manage = [sys.executable, "manage.py"]
        port = self.sandbox.rpartition(":")[2]
        return {
            "sandbox": [
                *(*manage, "codat_sandbox", f"--port={port}", f"--api-key={API_KEY}"),
                *(f"--webhook-secret={SECRET}", "--refresh-seconds=0.1"),
                *("--push-seconds=0.15", "--feed-seconds=0.1"),
                f"--webhook-url={self.web}/webhooks/codat/",
            ],
            "web": [
                *(sys.executable, "-m", "gunicorn", "backoffice.wsgi"),
                *("-c", "python:backoffice.gunicorn"),
                f"--workers={self._web_workers}",
                f"--bind={self.web.removeprefix('http://')}",
                *("--no-control-socket", "--log-level=warning"),
            ],
            "cluster": [*manage, "qcluster"],
            "drain": [*manage, "push_drain", "--loop"],
        }[name]

    def _start(self, name: str) -> None:
        if name in self._processes:
            self._processes[name].kill()
        self._starts += 1
        log = self.directory / f"{name}-{self._starts:03}.log"
        self._processes[name] = Process(*self._wanted[name], env=self.env, log=log)

    def end(self, name: str) -> None:
        """Kill a process for good."""
        with self._lock:
            del self._wanted[name]
            self._processes.pop(name).kill()

    def supervise(self) -> None:
        """Restart from now on what dies, and a cluster that leaves work lying."""
        for work in (self._restart_the_dead, self._watch_the_cluster):
            thread = Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Kill all of it."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        for process in self._processes.values():
            process.kill()

    def _restart_the_dead(self) -> None:
        while not self._stopped.wait(0.1):
            with self._lock:
                for name in self._wanted:
                    if not self._processes[name].is_alive:
                        self._start(name)

    def _watch_the_cluster(self) -> None:
        """What a timer of systemd does once a minute, in a hurry."""
        while not self._stopped.wait(1):
            cluster = self._processes.get("cluster")
            if cluster is None or time.monotonic() - cluster.started_at < STUCK_SECONDS:
                continue
            try:
                late = self.readiness()["oldest_due_seconds"]
            except (OSError, HTTPException, ValueError, KeyError):
                continue
            if late >= STUCK_SECONDS:
                self.stuck += 1
                cluster.kill()

    # --- looks ----------------------------------------------------------------------

    def __getitem__(self, name: str) -> Process:
        """The process of that name that runs now."""
        with self._lock:
            return self._processes[name]

    def has(self, name: str) -> bool:
        """Whether a process of that name was started."""
        return name in self._processes

    def readiness(self) -> dict[str, Any]:
        """What /readyz says."""
        _, body = call("GET", f"{self.web}/readyz")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def wait_until_serving(self) -> None:
        """Wait until sandbox and web answer."""
        for url in (f"{self.sandbox}/_sandbox/state", f"{self.web}/healthz"):
            wait_until(url, lambda url=url: serves(url), seconds=READY_SECONDS)

    def arrange_when_up(self, name: str, **values: Any) -> Any:
        """Turn one of the sandbox's controls, once it answers."""
        url = f"{self.sandbox}/_sandbox/state"
        wait_until(url, lambda: serves(url), seconds=READY_SECONDS)
        _, body = call(
            "POST", f"{self.sandbox}/_sandbox/{name}", json.dumps(values).encode()
        )
        return json.loads(body)

    def ask(self, action: str, *arguments: str) -> Any:
        """Let `borrowers` do something and return its answer.

        Raises:
            RuntimeError: it failed.
        """
        return self.answer(self.let(action, *arguments))

    def let(self, action: str, *arguments: str) -> tuple[Process, Path]:
        """Let `borrowers` begin to do something."""
        self._starts += 1
        log = self.directory / f"{action}-{self._starts:03}.log"
        out = log.with_suffix(".out")
        command = [sys.executable, "-m", "tests.processes.borrowers", action]
        env = {**self.env, "OUT": str(out)}
        return Process(*command, *arguments, env=env, log=log), out

    def answer(self, begun: tuple[Process, Path]) -> Any:
        """Wait for what was begun and return its answer."""
        process, out = begun
        try:
            wait_until(out.stem, lambda: not process.is_alive, seconds=900)
        finally:
            process.kill()
        if not out.exists():
            raise RuntimeError(f"{out.stem} failed:\n{process.words()[-3000:]}")
        return json.loads(out.read_text())

    def quarrels(self) -> list[str]:
        """The lines of all logs that tell of a locked database."""
        return [
            line
            for log in sorted(self.directory.glob("*.log"))
            for line in log.read_text(errors="replace").splitlines()
            if "database is locked" in line
        ]


def serves(url: str) -> bool:
    try:
        return call("GET", url)[0] == 200
    except (OSError, HTTPException):
        return False
