"""A backup taken under load and restored an hour late: each entry stands once."""

import json
import time

from tests.marks import thorough
from tests.processes import chosen
from tests.processes.load import Load
from tests.processes.play import BORROWERS, begin, crew
from tests.processes.processes import wait_until

BEFORE, AFTER = 15, 30
SETTLE_SECONDS = "240"


def recorded(load, count):
    return lambda: len(load.events) >= count or load.problems


@thorough
def test_an_older_backup_makes_nothing_stand_twice():
    with crew(chosen.store()) as found:
        loans = begin(found, borrowers=BORROWERS, loans=20)
        found.start("cluster")
        load = Load(found.web, loans, seed=1, pause=0.6)
        load.start()
        wait_until("events", recorded(load, BEFORE), seconds=180)

        found.store.back_up()

        wait_until("more", recorded(load, len(load.events) + AFTER), seconds=240)
        load.stop()
        # In the midst of its work, or nearly so.
        time.sleep(1)
        for name in ("cluster", "web"):
            found.end(name)
        found.store.restore()
        found.start("web")
        found.wait_until_serving()
        found.start("cluster")
        again = Load(found.web, [], seed=1, pause=0)
        again.repeat(load.events)
        wait_until("a hold", lambda: found.ask("held"), seconds=120, look=2)

        linked = found.ask("link_strays")
        settled = found.ask("settle", SETTLE_SECONDS)
        told = found.directory / "acknowledged.json"
        told.write_text(json.dumps({"events": load.events, "webhooks": []}))
        judged = found.ask("judge", str(told))

        assert load.problems == []
        assert settled["open"] == []
        assert judged["wrong"] == []
        assert judged["events"] == len(load.events)
        # There was something to be written twice.
        assert linked["lines"] >= AFTER / 2
        assert found.ask("held") == 0
