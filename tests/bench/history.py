"""Whether an event costs the same after a million: `python -m tests.bench.history`.

Two databases with the same 200 companies, one with few past bookings and one with many,
each with its requests, attempts and changes. The same live load is drained on both in
turn; the ratio of the costs is taken for each pair of turns.
"""

import argparse
import sys
from statistics import median

from tests.bench import setting
from tests.bench.figures import Bar, Stopwatch, say, show, show_bars, title
from tests.bench.push import Figures, cost

COMPANIES = 200
FLAT = 1.2


def play(
    store: setting.Store, sizes: dict[str, int], *, events: int, runs: int, threads: int
) -> list[Bar]:
    """Fill both databases, drain on them in turn, print; return the bars."""
    urls: dict[str, str] = {}
    for name, count in sizes.items():
        urls[name] = store.new()
        with Stopwatch() as watch:
            env = setting.environment(urls[name])
            setting.child("tests.bench.past:fill", env, count=count)
        size = store.size(urls[name])
        say(f"{count:,} past bookings: {size}, filled in {watch.seconds:.0f} s")
    say()
    found: dict[str, list[Figures]] = {name: [] for name in sizes}
    given = {"events": events, "companies": COMPANIES, "threads": threads}
    with setting.stub(store.directory, 0) as codat:
        for _ in range(runs):
            for name, url in urls.items():
                env = setting.environment(url, codat)
                figures = setting.child(
                    "tests.bench.pushers:drain", env, again=True, **given
                )
                found[name].append(figures)
    for url in urls.values():
        store.drop(url)
    _show(sizes, found)
    pairs = list(zip(found["large"], found["small"], strict=True))
    wall = [large["seconds"] / small["seconds"] for large, small in pairs]
    cpu = [large["cpu"] / small["cpu"] for large, small in pairs]
    names = f"{sizes['large']:,} / {sizes['small']:,} past bookings"
    return [
        Bar(f"time per event, {names}", wall, FLAT, at_most=True),
        Bar(f"CPU per event, {names}", cpu, FLAT, at_most=True),
    ]


def _show(sizes: dict[str, int], found: dict[str, list[Figures]]) -> None:
    rows = []
    for name, turns in found.items():
        wall = median(one["seconds"] / one["events"] * 1000 for one in turns)
        cpu = median(cost([one]) for one in turns)
        rows.append([f"{sizes[name]:,}", f"{wall:.2f}", f"{cpu:.2f}"])
    show(["past bookings", "ms/event", "CPU ms/event"], rows)
    names = list(found["small"][0]["phases"])
    phases = []
    for phase in names:
        spent = [
            median(one["phases"][phase][0] / one["events"] * 1e6 for one in turns)
            for turns in found.values()
        ]
        phases.append([phase, *(f"{one:.0f}" for one in spent)])
    heads = [f"µs/event after {count:,}" for count in sizes.values()]
    show(["the drain's database thread", *heads], phases)


def main(arguments: list[str] | None = None) -> int:
    """Compare on each store; 1 if the cost is not flat."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.history", description=__doc__
    )
    parser.add_argument(
        "--store", choices=setting.STORES, help="the database; both if none is named"
    )
    parser.add_argument(
        "--small",
        type=int,
        default=10_000,
        help="past bookings of the one (default: %(default)s)",
    )
    parser.add_argument(
        "--large",
        type=int,
        default=1_000_000,
        help="past bookings of the other (default: %(default)s)",
    )
    parser.add_argument(
        "--events", type=int, default=2_000, help="events a run (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=5,
        help="runs, of which the median counts (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=16,
        help="threads of each contestant (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    setting.end_properly()
    sizes = {"small": given.small, "large": given.large}
    is_met = True
    with setting.stores(*([given.store] if given.store else setting.STORES)) as stores:
        for store in stores:
            title(f"History on {store.kind}: {given.events:,} events, stub at 0 ms")
            bars = play(
                store,
                sizes,
                events=given.events,
                runs=given.runs,
                threads=given.threads,
            )
            is_met &= show_bars(bars)
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
