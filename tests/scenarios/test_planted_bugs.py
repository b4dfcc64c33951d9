"""The harness is tested itself: each planted bug makes its seed fail, and only that."""

import json

import pytest

from tests.marks import more, on_any_database, thorough
from tests.scenarios.planted.__main__ import SEEDS
from tests.scenarios.planted.bugs import BUGS
from tests.scenarios.planted.copies import ROOT, copy_with, failing_seed, play
from tests.scenarios.test_schedules import ALWAYS

# A schedule keeps to a SQLite of its own.
pytestmark = on_any_database
CAUGHT = json.loads(SEEDS.read_text())
# A person waits for one in ten of them.
NAMES = [*[*BUGS][::10], *more(*(name for nth, name in enumerate(BUGS) if nth % 10))]


def test_every_planted_bug_has_a_seed_that_catches_it():
    assert len(BUGS) >= 20
    assert CAUGHT.keys() == BUGS.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_bug_is_caught_by_its_seed(name):
    with copy_with(BUGS[name]) as folder:
        code, words = play(folder, "--seed", str(CAUGHT[name]))

    assert code == 1, words[-2_000:]
    assert failing_seed(words) == CAUGHT[name]
    # A rule is broken, and not just the harness or the code.
    assert "Traceback" not in words


@thorough
def test_without_a_bug_these_seeds_hold():
    # Beside those that the first chunk of all schedules plays as well.
    seeds = {seed for seed in CAUGHT.values() if seed > ALWAYS} or {1}

    code, words = play(ROOT, "--seeds", *map(str, sorted(seeds)))

    assert code == 0, words[-20_000:]
