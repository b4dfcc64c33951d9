"""Schedules in numbers, each chunk by the command that a person would use."""

import os

import pytest

from tests.scenarios.planted.copies import ROOT, play, run_code

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")),
    reason="a schedule keeps to a SQLite of its own, whatever database is tested",
)
CHUNKS = 16
A_CHUNK = 128
TELL = """
from tests.scenarios.runs import play, prepare
prepare()
for seed in (%s):
    verdict = play(seed)
print(verdict.story)
"""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_schedule_of_a_chunk_holds(chunk):
    first = 1 + chunk * A_CHUNK

    code, words = play(ROOT, "--from", str(first), "--count", str(A_CHUNK))

    assert code == 0, words[-20_000:]
    assert f"{A_CHUNK} schedules in " in words


def test_a_seed_tells_the_same_story_alone_and_after_others():
    alone = run_code(ROOT, TELL % "77,")
    after_others = run_code(ROOT, TELL % "3, 4, 77")

    assert "the faults stop" in alone
    assert alone == after_others
