"""Clients that are made from the description compile, and record an event."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backoffice.api.description.pages import DESCRIPTION
from tests.backoffice.demo.stages import interrupt, kill_all, read_until, start
from tests.backoffice.demo.test_api_sandbox import READY, Caller
from tests.contract.clients.tools import HERE, THERE, needs, run

TOLD = {
    "amount": "12.00",
    "again": "replayed",
    "steps": ["transfer", "statement_line"],
}


@pytest.fixture(scope="module")
def caller(tmp_path_factory):
    """The product with the stand-in behind it, and somebody with a key."""
    directory = tmp_path_factory.mktemp("api_sandbox")
    with start("api_sandbox", directory) as process:
        try:
            yield Caller(read_until(process, READY))
            interrupt(process)
        finally:
            process.kill()
            kill_all(directory)


def given(caller: Caller, language: str) -> list[str]:
    """What a program is told: where, with which key, on which loan, which event."""
    origin = caller.base.removesuffix("/api/v1")
    today = datetime.now(UTC).date().isoformat()
    return [origin, caller.key, "SANDBOX-1", f"in-{language}", today]


@needs("venv")
def test_a_client_in_python(caller: Caller, tmp_path: Path):
    made = run(
        *("openapi-python-client", "generate", "--path", DESCRIPTION),
        *("--meta=none", "--output-path", tmp_path / "client", "--fail-on-warning"),
    )
    assert made.returncode == 0, made.stdout
    shutil.copy(HERE / "record.py", tmp_path)
    python = THERE / "venv" / "bin" / "python"
    compiled = run(python, "-m", "compileall", "-q", tmp_path)
    assert compiled.returncode == 0, compiled.stdout

    done = run(python, "record.py", *given(caller, "python"), cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout) == TOLD


@needs("npm")
def test_a_client_in_typescript(caller: Caller, tmp_path: Path):
    (tmp_path / "node_modules").symlink_to(THERE / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for file in ("record.ts", "tsconfig.json"):
        shutil.copy(HERE / file, tmp_path)
    made = run("openapi-typescript", DESCRIPTION, "-o", tmp_path / "schema.d.ts")
    assert made.returncode == 0, made.stdout
    checked = run("tsc", "--noEmit", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert run("tsc", cwd=tmp_path).returncode == 0

    done = run("node", "record.js", *given(caller, "typescript"), cwd=tmp_path)

    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout) == TOLD
