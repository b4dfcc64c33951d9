"""Where `install.sh` puts what reads the description, and how it is run."""

import os
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

HERE = Path(__file__).parent
THERE = settings.BASE_DIR / ".data" / "api-clients"
MOST_SECONDS = 120
INSTALLED = {
    "npm": (THERE / "npm.done", HERE / "package-lock.json"),
    "venv": (THERE / "venv.done", HERE / "requirements.txt"),
}


def needs(kind: str) -> pytest.MarkDecorator:
    """Skip where the tools are not installed as they are pinned."""
    done, wanted = INSTALLED[kind]
    is_there = done.exists() and done.read_bytes() == wanted.read_bytes()
    return pytest.mark.skipif(
        not is_there, reason="bash tests/contract/clients/install.sh puts it there"
    )


def run(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool that is installed; nothing of it calls home."""
    places = [THERE / "node_modules" / ".bin", THERE / "venv" / "bin"]
    return subprocess.run(
        [str(one) for one in words],
        cwd=cwd or THERE,
        env={
            **os.environ,
            "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
            "REDOCLY_TELEMETRY": "off",
            "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
            "NO_COLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
