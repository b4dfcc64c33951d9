"""schemathesis calls every operation in every way that the description allows.

`API_SEED=7 pytest THIS-FILE` tries other values.
"""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler

from backoffice.api.description.pages import DESCRIPTION
from tests.backoffice.api.conftest import make_service
from tests.backoffice.api.description.committed import operations
from tests.backoffice.api.description.example_world import make_world
from tests.marks import more
from tests.xero_sync.commands.worlds import codat_on_a_port

SEED = os.environ.get("API_SEED", "1")
A_FEW, MANY = 2, 15
MOST_SECONDS = 540
ONE_BY_ONE = "--phases=examples,coverage,fuzzing"
# Three runs, so that two cores share them.
RUNS = {
    "reads": [ONE_BY_ONE, "--include-method=GET"],
    "writes": [ONE_BY_ONE, "--exclude-method=GET"],
    "sequences": ["--phases=stateful"],
}


@pytest.fixture
def at_once(monkeypatch):
    """Let the test server send each answer in one go.

    It writes head and body apart, and else the second waits for the caller's word that
    the first has come: 40 ms a call, which was most of this test's time.
    """
    monkeypatch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)


@pytest.fixture
def world(transactional_db, settings):
    """What the examples speak of, with the sandbox behind it."""
    with codat_on_a_port(settings) as codat:
        yield make_world(codat)


@pytest.mark.parametrize(
    ("run", "examples"),
    [("writes", A_FEW), *more(*((run, MANY) for run in RUNS))],
)
def test_no_call_finds_a_fault(at_once, live_server, world, tmp_path, run, examples):
    key = make_service(requests_per_minute=1_000_000).secret
    description = tmp_path / "openapi.yaml"
    text = DESCRIPTION.read_text()
    for documented, real in world.items():
        text = text.replace(documented, real)
    description.write_text(text)
    report = tmp_path / "report.ndjson"
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(settings.BASE_DIR / "tests" / "schemathesis.toml")),
        *("run", str(description), "--url", live_server.url),
        *("--checks", "all", "--seed", SEED, "--no-color"),
        f"--max-examples={examples}",
        *("--report", "ndjson", "--report-ndjson-path", str(report)),
        *RUNS[run],
    ]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "API_KEY": key},
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    if run != "sequences":
        assert fewest(report, run) >= examples, done.stdout


def fewest(report, run):
    """How often the operation was called that was called the least."""
    counted = Counter(
        {
            f"{method} {path}": 0
            for method, path, _ in operations().values()
            if (method == "GET") == (run == "reads")
        }
    )
    for line in report.read_text().splitlines():
        found = json.loads(line).get("ScenarioFinished", {})
        if found.get("phase") == "fuzzing":
            recorded = found["recorder"]
            counted[recorded["label"]] += len(recorded.get("cases", {}))
    return min(counted.values())
