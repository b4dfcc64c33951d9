"""Which store the tests use, by the variables that choose those of every test."""

import os
from pathlib import Path
from typing import NoReturn

import pytest

from tests.processes.stores import missing_programs

NEEDED = ("TEST_DATABASE_URL", "TEST_REDIS_URL")


def store() -> str:
    """SQLite, or PostgreSQL and Redis when the run is one on servers.

    A run on servers that cannot have them skips; where it counts, it fails.
    """
    if not Path("/proc/self/stat").exists():
        _give_up("processes are found in /proc, which this system does not have")
    given = [name for name in NEEDED if os.environ.get(name)]
    if not given:
        return "sqlite"
    missing = [name for name in NEEDED if name not in given] + missing_programs()
    if missing:
        _give_up(f"a run on PostgreSQL and Redis lacks {', '.join(missing)}")
    return "postgres"


def _give_up(words: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


def sqlite_only() -> None:
    """Skip what is about SQLite in the run on servers."""
    if os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("about SQLite; it runs when TEST_DATABASE_URL is not set")
