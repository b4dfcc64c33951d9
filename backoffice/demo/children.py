"""The processes of the demo: started together, watched, ended together."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

READY_SECONDS = 30.0
LOOK_SECONDS = 0.05
LAST_LINES = 15
# Guards give their processes five seconds.
END_SECONDS = 8.0


class ChildEnded(Exception):
    """A process of the demo ended, or never got ready."""


class Child:
    """One process under its guard, with its log."""

    def __init__(self, name: str, *arguments: str, logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        command = [sys.executable, "-m", "backoffice.demo.guard"]
        command += [sys.executable, *arguments]
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.BASE_DIR,
                start_new_session=True,
            )

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._guard.poll() is None

    def last_lines(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LAST_LINES:])

    def ask_to_end(self) -> None:
        """Let its guard end it."""
        if self._guard.stdin is not None:
            self._guard.stdin.close()

    def wait(self) -> None:
        """Wait until it, and all it started, has ended."""
        try:
            self._guard.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            self._guard.wait()


class Children:
    """All processes of the demo; they end with the block."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._all: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *arguments: str) -> None:
        """Start `manage.py` with these arguments."""
        manage = str(settings.BASE_DIR / "manage.py")
        self._all.append(Child(name, manage, *arguments, logs=self._logs))

    def start_web(self, port: int) -> None:
        """Start the web as in production, with two workers."""
        server = ["-m", "gunicorn", "-c", "python:backoffice.gunicorn", "--workers=2"]
        server += [f"--bind=127.0.0.1:{port}", "--no-control-socket"]
        self._all.append(Child("web", *server, "backoffice.wsgi", logs=self._logs))

    def check(self) -> None:
        """Look whether all of them run.

        Raises:
            ChildEnded: one does not; the message has the end of its log.
        """
        for child in self._all:
            if not child.is_alive:
                raise ChildEnded(
                    f"The {child.name} ended by itself. The last lines of "
                    f"{child.log}:\n{child.last_lines()}"
                )

    def wait_for(self, what: str, is_ready: Callable[[], bool]) -> None:
        """Wait until something is ready.

        Raises:
            ChildEnded: a process ended meanwhile, or it took too long.
        """
        gives_up_at = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > gives_up_at:
                raise ChildEnded(
                    f"The {what} was not ready within {READY_SECONDS:.0f} seconds; "
                    f"see {self._logs}."
                )
            time.sleep(LOOK_SECONDS)

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them all, at the same time."""
        for child in self._all:
            child.ask_to_end()
        for child in self._all:
            child.wait()


def free_port(wanted: int, *, taken: int = 0) -> int:
    """Return the wanted port of the loopback, or another if it is in use."""
    for port in (wanted, 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            if found != taken:
                return found
    raise ChildEnded("This machine has no free port on the loopback.")
