"""`--help` tells what a command does, at once, and does nothing else."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import get_commands

from backoffice.management.command_line import OURS
from tests.marks import on_any_database

pytestmark = on_any_database
COMMANDS = sorted(name for name, app in get_commands().items() if app in OURS)
MODULES = (
    "tests.bench",
    "tests.bench.api",
    "tests.bench.child",
    "tests.bench.history",
    "tests.bench.limits",
    "tests.bench.push",
    "tests.bench.recording",
    "tests.bench.stub",
    "tests.processes",
    "tests.processes.borrowers",
    "tests.scenarios",
    "tests.scenarios.planted",
)
# What a person waits for, in seconds of the processor.
MOST_SECONDS = 2
LONGEST_PURPOSE = 80
# Ends a process that opens a database or a socket, or starts another process.
WATCH = """
import os, runpy, sys
BARRED = ("sqlite3.connect", "socket.bind", "socket.connect", "subprocess.Popen",
          "os.fork", "os.exec", "os.posix_spawn", "os.system")
def watch(event, given):
    # To learn whether there is IPv6, urllib3 asks for any port.
    if event in BARRED and (event != "socket.bind" or given[1][1]):
        print(f"--help does {event}", file=sys.stderr, flush=True)
        os._exit(1)
sys.addaudithook(watch)
"""
MODULE = "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
# All in one process, each timed by itself.
MANAGE = """
import contextlib, io, json, os, time
os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
from backoffice.management.command_line import CommandLine
told = {}
for name in sys.argv[1:]:
    began, words = time.process_time(), io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.suppress(SystemExit):
        CommandLine(["manage.py", *name.split()]).execute()
    told[name] = [time.process_time() - began, words.getvalue()]
print(json.dumps(told))
"""


def run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", WATCH + code, *arguments],
        cwd=settings.BASE_DIR,
        # A schedule starts itself again where hashes differ from run to run.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told():
    """What `manage.py help` and each command's `--help` say, and in what time."""
    done = run(MANAGE, "help", *(f"{name} --help" for name in COMMANDS))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_tells_at_once_what_it_does(told, name):
    seconds, words = told[f"{name} --help"]

    assert words.startswith("usage: manage.py")
    assert seconds < MOST_SECONDS


def test_manage_help_has_a_line_on_each_of_our_commands(told):
    seconds, words = told["help"]

    lines = dict(line.split(None, 1) for line in words.splitlines() if len(line) > 40)
    assert lines.keys() >= {*COMMANDS}
    assert all(len(lines[name]) <= LONGEST_PURPOSE for name in COMMANDS), lines
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_tests_tells_at_once_what_it_does(module):
    before = os.times()

    done = run(MODULE, module, "--help")

    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"usage: python -m {module}")
    # More than the options: what it is for.
    assert "\n\n" in done.stdout.partition("options:")[0].strip()
    assert spent < MOST_SECONDS
