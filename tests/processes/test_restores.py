"""A backup taken under load and restored an hour late: each entry stands once."""

import json

from tests.marks import thorough
from tests.processes import chosen
from tests.processes.load import Load
from tests.processes.play import BORROWERS, begin, crew
from tests.processes.processes import wait_until

BEFORE, AFTER = 15, 30
LOANS = 60
SETTLE_SECONDS = "240"


def wait_for_entries(found, load, count):
    """Wait until so many entries stand, or the load has met a problem."""
    wait_until(
        f"{count} entries",
        lambda: load.problems or found.ask("standing") >= count,
        seconds=240,
        look=0.5,
    )


@thorough
def test_an_older_backup_makes_nothing_stand_twice():
    with crew(chosen.store()) as found:
        loans = begin(found, borrowers=BORROWERS, loans=LOANS)
        found.start("cluster")
        load = Load(found.web, loans, seed=1, pause=0.6)
        load.start()
        wait_for_entries(found, load, BEFORE)

        found.store.back_up()

        wait_for_entries(found, load, found.ask("standing") + AFTER)
        # In the midst of its work.
        found.end("cluster")
        load.stop()
        found.end("web")
        found.store.restore()
        found.start("web")
        found.wait_until_serving()
        found.start("cluster")
        again = Load(found.web, [], seed=1, pause=0)
        again.repeat(load.events)
        # Each has lines in Xero that only a person can see.
        wait_until(
            "all are held",
            lambda: found.ask("held") == BORROWERS,
            seconds=120,
            look=2,
        )

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
        assert linked["lines"] >= AFTER / 4
        assert found.ask("held") == 0
