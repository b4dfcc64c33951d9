"""A temporary copy of the code with a bug in it, and schedules played on it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.scenarios.planted.bugs import Bug

ROOT = Path(__file__).resolve().parents[3]
PARTS = ("backoffice", "lending", "xero_sync", "tests", "templates", "manage.py")
KEEP = """
import sqlite3
from tests.scenarios.database import Pristine, prepare
prepare()
Pristine.copy.backup(sqlite3.connect(%r))
"""
FAILED = re.compile(r"^seed (\d+) FAILED$", re.MULTILINE)


class DoesNotApply(Exception):
    """The code has changed where a bug was to be planted."""


@contextmanager
def copy_with(bug: Bug) -> Iterator[Path]:
    """A copy of the code with this bug planted, for as long as this lasts.

    Raises:
        DoesNotApply: what is to be replaced does not stand there exactly once.
    """
    with TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for part in PARTS:
            if (ROOT / part).is_dir():
                ignore = shutil.ignore_patterns("__pycache__", ".data")
                shutil.copytree(ROOT / part, copy / part, ignore=ignore)
            elif (ROOT / part).exists():
                shutil.copy(ROOT / part, copy / part)
        for path, old, new in bug.changes:
            _replace(copy / path, old, new, bug)
        yield copy


def _replace(file: Path, old: str, new: str, bug: Bug) -> None:
    text = file.read_text()
    if text.count(old) != 1:
        message = f"{bug.name}: found {text.count(old)} times in {file.name}: {old!r}"
        raise DoesNotApply(message)
    file.write_text(text.replace(old, new))


def play(folder: Path, *arguments: str) -> tuple[int, str]:
    """Play schedules with the code of a folder; return the exit code and the words."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.scenarios", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run_code(folder: Path, code: str) -> str:
    """Run a few lines with the code of a folder; return what they print."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-4_000:])
    return done.stdout


def keep_migrated(file: Path) -> None:
    """Migrate into a file, for processes that are told of it by `MIGRATED`."""
    run_code(ROOT, KEEP % str(file))


def failing_seed(words: str) -> int | None:
    """The first seed that failed, by the words of a run."""
    found = FAILED.search(words)
    return int(found.group(1)) if found else None
