"""Schedules of setups hold, and a process can die at every named point of them."""

import json

import pytest

from tests.marks import more, on_any_database, thorough
from tests.scenarios.planted.copies import ROOT, play, run_code
from tests.scenarios.setups import FIRST

# A schedule keeps to a SQLite of its own.
pytestmark = on_any_database
CHUNKS, ALWAYS, A_CHUNK = 16, 1, 8
PLAY = """
import json
from tests.scenarios.runs import prepare
prepare()
from tests.scenarios.acts import Act
from tests.scenarios.crashes import SETUP_POINTS
from tests.scenarios.setups import FIRST
from tests.scenarios.setups.schedule import run
from tests.scenarios.setups.script import plain_kind

begin, approve = Act("set_up", {{"who": 0, "code": "478"}}), Act("approve")
on, slowly = Act("go_on", {{"seconds": 600}}), Act("pace", {{"push": 30, "refresh": 1}})
plain = next(seed for seed in range(FIRST, FIRST + 99) if plain_kind(seed))
told = {{}}
for at in SETUP_POINTS:
    inner = (begin,) if at.startswith("begin") else (begin, on)
    crash = Act("crash", {{"at": at, "time": {time}}}, inner)
    verdict = run({story})
    told[at] = [verdict.deaths, verdict.broken]
print(json.dumps(told))
"""
# One with a feed; one without, that is joined later; and the joining itself.
STORIES = {
    "fed": "FIRST, [slowly, crash, on]",
    "plain": "plain, [slowly, crash, on, approve, begin, on]",
    "joined": "plain, [begin, on, approve, crash, on]",
}
# These are passed only once in a run.
ONCE = ("begin", "setup end")


@pytest.mark.parametrize("chunk", [*range(ALWAYS), *more(*range(ALWAYS, CHUNKS))])
def test_every_schedule_of_a_chunk_holds(chunk):
    first = FIRST + chunk * A_CHUNK

    code, words = play(ROOT, "--from", str(first), "--count", str(A_CHUNK))

    assert code == 0, words[-20_000:]
    assert f"{A_CHUNK} schedules in " in words


@thorough
@pytest.mark.parametrize(
    ("story", "time"),
    [("fed", 1), ("fed", 2), ("plain", 1), ("joined", 1)],
)
def test_every_point_kills_and_everything_is_set_up_once_afterwards(story, time):
    told = json.loads(run_code(ROOT, PLAY.format(story=STORIES[story], time=time)))
    alive = [
        at
        for at, (deaths, _) in told.items()
        if not deaths
        and not (time == 2 and at.startswith(ONCE))
        # A feed that is joined makes no new version.
        and not (story == "joined" and at.startswith("setup end"))
    ]
    broken = {at: words for at, (_, words) in told.items() if words}

    assert len(told) >= 20
    assert alive == []
    assert broken == {}
