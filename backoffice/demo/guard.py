"""Runs one process of the demo, and ends it with all that it started.

The demo holds the other end of this process's standard input and never writes to it.
However the demo ends, that end closes, and this process, the leader of its own group,
ends the group. Standard library only: it starts at once and depends on nothing.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence

LOOK_SECONDS = 0.2
GRACE_SECONDS = 5.0


def main(command: Sequence[str]) -> None:
    """Run a command until it ends, or until the demo does."""
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: asked.append(number))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - ours
    while child.poll() is None and not asked and not _is_abandoned():
        pass
    if child.poll() is None:
        child.terminate()
        _wait(child)
    # What the child may have left behind goes too; so does this process.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _is_abandoned() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def _wait(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        print("It did not end in time.", flush=True)  # noqa: T201 - into its log


if __name__ == "__main__":
    main(sys.argv[1:])
