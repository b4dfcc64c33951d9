"""Processes: started under a guard, found in /proc, killed by their ids."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROLES = {
    "worker": re.compile(r"ready for work at (\d+)"),
    "pusher": re.compile(r"pushing tasks at (\d+)"),
    "monitor": re.compile(r"monitoring at (\d+)"),
}


class Process:
    """One command in a process group of its own, ended at the latest with this one.

    Its guard leads the group and ends it when this process ends, however it does, or
    when the command does: as systemd ends what a dead main process leaves behind.
    """

    def __init__(self, *command: str, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self._guard = subprocess.Popen(
                [sys.executable, "-m", "backoffice.demo.guard", *command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=dict(env),
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._guard.poll() is None

    @property
    def main(self) -> int | None:
        """The id of the command itself."""
        found = children_of(self._guard.pid)
        return found[0] if found else None

    def group(self) -> list[int]:
        """Every process of the group but the guard."""
        return [pid for pid in _group(self._guard.pid) if pid != self._guard.pid]

    def kill(self) -> None:
        """Kill all of it at once, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait(10)
        if self._guard.stdin is not None:
            self._guard.stdin.close()

    def words(self) -> str:
        """What it has said so far."""
        return self.log.read_text(errors="replace")

    def members(self, role: str) -> list[int]:
        """The living workers, pushers, monitors or the sentinel of a cluster."""
        if role == "sentinel":
            return children_of(self.main) if self.main else []
        named = {int(pid) for pid in ROLES[role].findall(self.words())}
        sentinels = self.members("sentinel")
        alive = {pid for one in sentinels for pid in children_of(one)}
        return sorted(named & alive)


def _stat(pid: str) -> tuple[int, int, str] | None:
    """The parent, the group and the state of a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, parent, group = text.rpartition(")")[2].split()[:3]
    return int(parent), int(group), state


def _all() -> dict[int, tuple[int, int, str]]:
    pids = [entry.name for entry in Path("/proc").glob("[0-9]*")]
    found = {int(pid): stat for pid in pids if (stat := _stat(pid))}
    return {pid: stat for pid, stat in found.items() if stat[2] != "Z"}


def children_of(pid: int) -> list[int]:
    """The living children of a process, oldest first."""
    return sorted(child for child, stat in _all().items() if stat[0] == pid)


def _group(leader: int) -> list[int]:
    return sorted(pid for pid, stat in _all().items() if stat[1] == leader)


def kill(pid: int, number: int = signal.SIGKILL) -> bool:
    """Send a signal; False if the process has gone by itself."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until(
    what: str, is_so: Callable[[], object], *, seconds: float, look: float = 0.05
) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not become so in time.
    """
    gives_up_at = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > gives_up_at:
            raise TimeoutError(f"not within {seconds:.0f} seconds: {what}")
        time.sleep(look)


def free_port() -> int:
    """A port of the loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
