"""Schedules in numbers, each chunk by the command that a person would use."""

import pytest

from tests.marks import more, on_any_database
from tests.scenarios.planted.copies import ROOT, play, run_code

# A schedule keeps to a SQLite of its own.
pytestmark = on_any_database
# A person waits for the first of them.
ALWAYS = 16
CHUNKS = [(1, ALWAYS), *more((17, 48), *((65 + 64 * nth, 64) for nth in range(2)))]
TELL = """
from tests.scenarios.runs import play, prepare
prepare()
for seed in (%s):
    verdict = play(seed)
print(verdict.story)
"""


@pytest.mark.parametrize(("first", "count"), CHUNKS)
def test_every_schedule_of_a_chunk_holds(first, count):
    code, words = play(ROOT, "--from", str(first), "--count", str(count))

    assert code == 0, words[-20_000:]
    assert f"{count} schedules in " in words


def test_a_seed_tells_the_same_story_alone_and_after_others():
    alone = run_code(ROOT, TELL % "77,")
    after_others = run_code(ROOT, TELL % "3, 4, 77")

    assert "the faults stop" in alone
    assert alone == after_others
