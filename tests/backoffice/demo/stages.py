"""Commands that start the whole product, as a shell would start them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

END_SECONDS = 15


def start(command, directory, *flags):
    """Start such a command with its files in a directory, on any free ports."""
    line = [sys.executable, "-u", str(settings.BASE_DIR / "manage.py"), command]
    line += ["--port=0", "--sandbox-port=0", f"--directory={directory}", *flags]
    return subprocess.Popen(
        line,
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def children_of(directory):
    """The ids of the processes whose environment names a database in there."""
    marker = f"sqlite:///{directory}/".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until_gone(directory):
    """The processes that are still there after a while."""
    gives_up_at = time.monotonic() + END_SECONDS
    while children_of(directory) and time.monotonic() < gives_up_at:
        time.sleep(0.1)
    return children_of(directory)


def kill_all(directory):
    for number in children_of(directory):
        os.kill(number, signal.SIGKILL)


def read_until(process, words):
    """What it says up to the line with these words."""
    shown = []
    for line in process.stdout:
        shown.append(line)
        if words in line:
            return "".join(shown)
    raise AssertionError("".join(shown))


def interrupt(process):
    """Press Ctrl-C, and wait for its end."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=END_SECONDS)[0]
