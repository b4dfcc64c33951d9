"""Real processes, killed at bad moments: nothing lost, nothing twice, order kept."""

from tests.marks import thorough
from tests.processes import chosen
from tests.processes.killer import CLUSTER, DRAIN, WEB
from tests.processes.play import play

# Every kind at least once; over both stores together at least 25.
KILLS = {"sqlite": 14, "postgres": 16}


@thorough
def test_whatever_is_killed_each_event_stands_in_the_books_once_and_in_order():
    store = chosen.store()

    verdict = play(store, kills=KILLS[store], seed=1, say=print)

    assert verdict.wrong == [], str(verdict)
    assert sum(verdict.kills.values()) == KILLS[store]
    assert {*CLUSTER, *WEB, DRAIN} <= set(verdict.kills)
    assert verdict.judged["events"] > KILLS[store]
