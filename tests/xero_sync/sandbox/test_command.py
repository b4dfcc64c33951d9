import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_command_serves_until_it_is_told_to_stop():
    command = [sys.executable, "manage.py", "codat_sandbox", "--port=0", "--seed-demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        url = process.stdout.readline().decode().split()[-1]
        with urllib.request.urlopen(f"{url}/_sandbox/state", timeout=5) as reply:
            state = json.load(reply)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)

    assert [it["name"] for it in state["companies"]] == [
        "Harbour Bakery Ltd",
        "Quayside Joinery Ltd",
    ]
    assert process.returncode == 0
