import base64
import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
KEY = base64.b64encode(b"sandbox-key").decode()


@contextmanager
def serving(*options):
    """Run the command; it is told to stop at the end of the block."""
    command = [sys.executable, "manage.py", "codat_sandbox", "--port=0", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            yield process.stdout.readline().decode().split()[-1]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)
    assert process.returncode == 0


def call(url, body=None):
    headers = {"Authorization": f"Basic {KEY}"}
    request = urllib.request.Request(url, body and json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.load(reply)


def test_the_command_serves_until_it_is_told_to_stop():
    with serving("--seed-demo") as url:
        state = call(f"{url}/_sandbox/state")

    assert [it["name"] for it in state["companies"]] == [
        "Harbour Bakery Ltd",
        "Quayside Joinery Ltd",
    ]


def test_what_it_knew_is_known_in_the_next_run(tmp_path):
    state = f"--state={tmp_path}/sandbox.codat"

    with serving(state) as url:
        made = call(f"{url}/_sandbox/companies", {"name": "Harbour Bakery Ltd"})
    with serving(state) as url:
        known = call(f"{url}/_sandbox/state")["companies"]

    assert [it["id"] for it in known] == [made["id"]]


def test_without_limits_any_number_of_calls_is_taken():
    with serving("--no-limits") as url:
        call(f"{url}/_sandbox/limits", {"perMinute": 1})
        answers = [call(f"{url}/companies") for _ in "123"]

    assert len(answers) == 3
