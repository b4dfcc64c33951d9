"""Recording an event beside bare inserts: `python -m tests.bench.recording`.

The service checks, locks, plans and nudges, one transaction an event, in one process.
The bare loops insert what it wrote (event, sync records, timeline) for other loans, in
as many transactions on the same database with the same settings: SQLite syncs fully.
The bar is against ready statements with ready values; the ORM stands beside them.
"""

import argparse
import sys
from statistics import median

from tests.bench import setting
from tests.bench.figures import Bar, show, show_bars, title

AT_LEAST = 0.25
WORDS = {"service": "service", "orm": "bulk_create, bare", "bare": "cursor, bare"}


def play(store: setting.Store, *, events: int, runs: int) -> Bar:
    """Record and insert in turn; print; return the bar."""
    env = setting.environment(store.new())
    found = setting.child("tests.bench.recorders:record", env, events=events, runs=runs)
    rows = []
    for name in ("service", "orm", "bare"):
        rate = median(one["events"] / one[name] for one in found)
        cost = median(one[name] / one["events"] * 1000 for one in found)
        rows.append([WORDS[name], f"{rate:,.0f}", f"{cost:.2f}"])
    head = [f"{found[0]['rows']} rows an event", "events/s", "ms/event"]
    show(head, rows)
    ratios = [one["bare"] / one["service"] for one in found]
    return Bar(f"service / bare inserts on {store.kind}", ratios, AT_LEAST)


def main(arguments: list[str] | None = None) -> int:
    """Compare on each store; 1 if the service is too slow."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.recording", description=__doc__
    )
    parser.add_argument(
        "--store", choices=setting.STORES, help="the database; both if none is named"
    )
    parser.add_argument(
        "--events", type=int, default=1_000, help="events a run (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        help="runs, of which the median counts (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    setting.end_properly()
    is_met = True
    with setting.stores(*([given.store] if given.store else setting.STORES)) as stores:
        for store in stores:
            title(f"Recording on {store.kind}: {given.events:,} events, one process")
            is_met &= show_bars([play(store, events=given.events, runs=given.runs)])
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
