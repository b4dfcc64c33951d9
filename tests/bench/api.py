"""Posting events over the API beside bare rows: `python -m tests.bench.api`.

Whole requests, from the WSGI environ to the last byte of the answer, in one process:
key, checks, recording with all its rows, stored answer, representation. The bare view
is the framework's own `CreateAPIView` on a table without rules, open to anybody.
"""

import argparse
import sys
from statistics import median

from tests.bench import setting
from tests.bench.figures import Bar, show, show_bars, title

AT_LEAST, GOAL = 0.3, 0.6
BATCH_AT_LEAST, BATCH_GOAL = 2.0, 5.0
WORDS = {
    "api": "POST loans/…/events",
    "batch": "POST loan-events/batch, 100 each",
    "bare": "bare CreateAPIView, one row",
}


def play(store: setting.Store, *, events: int, runs: int) -> list[Bar]:
    """Post in turn; print; return the bars."""
    env = setting.environment(store.new())
    found = setting.child("tests.bench.api_calls:post", env, events=events, runs=runs)
    rows = []
    for name, words in WORDS.items():
        rate = median(one["events"] / one[name] for one in found)
        cost = median(one[name] / one["events"] * 1000 for one in found)
        rows.append([words, f"{rate:,.0f}", f"{cost:.2f}"])
    show(["", "events/s", "ms/event"], rows)
    single = [one["bare"] / one["api"] for one in found]
    batch = [one["api"] / one["batch"] for one in found]
    return [
        Bar(f"API / bare view on {store.kind}", single, AT_LEAST, GOAL),
        Bar(f"batch / single on {store.kind}", batch, BATCH_AT_LEAST, BATCH_GOAL),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Compare on each store; 1 if the API is too slow."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.api", description=__doc__
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
        default=3,
        help="runs, of which the median counts (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    setting.end_properly()
    is_met = True
    with setting.stores(*([given.store] if given.store else setting.STORES)) as stores:
        for store in stores:
            title(f"The API on {store.kind}: {given.events:,} events, one process")
            is_met &= show_bars(play(store, events=given.events, runs=given.runs))
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
