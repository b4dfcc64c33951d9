"""Marks that tests of several rooms share."""

import os
from typing import Any

import pytest

# What a person does not wait for: `python -m pytest` leaves it out, `-m thorough` runs
# nothing else, `-m ""` runs all.
thorough = pytest.mark.thorough

# What touches no database, or brings a SQLite of its own.
on_any_database = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")),
    reason="says the same whatever database the run is on",
)

# What lets days pass: PostgreSQL tells its own time, which no test can move.
by_the_tests_clock = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")),
    reason="the database's clock cannot be moved",
)


def more(*values: Any) -> list[Any]:
    """Return further values of a parameter, for the thorough run."""
    return [
        pytest.param(*(one if isinstance(one, tuple) else [one]), marks=thorough)
        for one in values
    ]
