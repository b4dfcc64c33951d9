"""The drain beside what one would write instead: `python -m tests.bench.push`.

Before any clock starts, all rows are in the database and all imports are made; each
contestant has made a hundred writes. A run lets every contestant have its turn on a
fresh database, so that drift meets all of them; ratios are taken within a run. CPU is
that of the contestant's processes; the stub's and the PostgreSQL server's is left out.
"""

import argparse
import sys
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench import setting
from tests.bench.figures import Bar, show, show_bars, title

DRAIN = "drain"
RAW = "requests.Session loop"
NAIVE = "one task per event"
SDK_TASKS = "SDK in tasks"
SDK_LOOP = "SDK, one by one"
# The plain loop goes before and after the drain; its mean is what the drain is held to.
ORDER = (RAW, DRAIN, RAW, NAIVE, SDK_TASKS, SDK_LOOP)
COMPANIES = 200
FEWEST = 50

Figures = dict[str, Any]


@dataclass
class Match:
    """All runs against one stub on one store."""

    store: setting.Store
    delay: float
    events: int
    threads: int

    def events_of(self, name: str) -> int:
        """Return how many events suit a contestant's speed."""
        slow = name not in {DRAIN, RAW}
        share = (20 if slow else 2) if self.delay else (4 if slow else 1)
        return max(FEWEST, self.events // share)

    def play(self, runs: int) -> list[dict[str, list[Figures]]]:
        """Let all contestants have their turn in each run."""
        with setting.stub(self.store.directory, self.delay) as codat:
            return [self._run(codat) for _ in range(runs)]

    def _run(self, codat: str) -> dict[str, list[Figures]]:
        found: dict[str, list[Figures]] = {name: [] for name in ORDER}
        for name in ORDER:
            database = self.store.new()
            found[name].append(self._turn(name, database, codat))
            self.store.drop(database)
        return found

    def _turn(self, name: str, database: str, codat: str) -> Figures:
        ours = setting.environment(database, codat)
        stock = ours | {"DJANGO_SETTINGS_MODULE": "tests.bench.naive_settings"}
        events = self.events_of(name)
        place = "tests.bench.pushers"
        if name == DRAIN:
            given = {"events": events, "companies": COMPANIES, "threads": self.threads}
            return setting.child(f"{place}:drain", ours, **given)
        if name == RAW:
            return setting.child(
                f"{place}:raw", ours, events=events, threads=self.threads
            )
        if name == SDK_LOOP:
            return setting.child(f"{place}:sdk_loop", ours, events=events)
        task = "push_with_requests" if name == NAIVE else "push_with_sdk"
        given = {"task": f"tests.bench.tasks.{task}", "companies": COMPANIES}
        log = str(self.store.directory / "cluster.log")
        return setting.child(f"{place}:cluster", stock, events=events, log=log, **given)


def rate(figures: list[Figures]) -> float:
    """Return events per second; of two turns in a run, their mean."""
    return sum(one["events"] / one["seconds"] for one in figures) / len(figures)


def cost(figures: list[Figures]) -> float:
    """Return CPU milliseconds per event."""
    return sum(one["cpu"] / one["events"] for one in figures) / len(figures) * 1000


def bars_of(runs: list[dict[str, list[Figures]]], delay: float) -> list[Bar]:
    """Return what is asked of the drain at this delay."""

    def times(name: str) -> list[float]:
        return [rate(run[DRAIN]) / rate(run[name]) for run in runs]

    at = f"at {delay:g} ms"
    if delay:
        return [
            Bar(f"drain / {RAW} {at}", times(RAW), 0.9),
            Bar(f"drain / {SDK_LOOP} {at}", times(SDK_LOOP), 12),
        ]
    cpu = [cost(run[DRAIN]) / cost(run[NAIVE]) for run in runs]
    return [
        Bar(f"drain / {RAW} {at}", times(RAW), 0.6, goal=0.9),
        Bar(f"drain / {NAIVE} {at}", times(NAIVE), 3, goal=6),
        Bar(f"drain / {SDK_TASKS} {at}", times(SDK_TASKS), 4),
        Bar(f"CPU per event, drain / {NAIVE}", cpu, 0.25, goal=0.1, at_most=True),
    ]


def show_match(match: Match, runs: list[dict[str, list[Figures]]]) -> list[Bar]:
    """Print the contestants and where the drain's time goes; return the bars."""
    rows = []
    for name in dict.fromkeys(ORDER):
        rates = [rate(run[name]) for run in runs]
        ratio = median(rate(run[DRAIN]) / rate(run[name]) for run in runs)
        cpu = median(cost(run[name]) for run in runs)
        events = f"{match.events_of(name):,}"
        drain_is = "" if name == DRAIN else f"{ratio:.2f} ×"
        rows.append([name, events, f"{median(rates):,.0f}", drain_is, f"{cpu:.2f}"])
    head = ["", "events", "events/s", "the drain is", "CPU ms/event"]
    show([f"stub at {match.delay:g} ms", *head[1:]], rows)
    show_phases([run[DRAIN][0] for run in runs])
    return bars_of(runs, match.delay)


def show_phases(drains: list[Figures]) -> None:
    """Print where the drain's database thread spent its time."""
    rows = []
    for name in drains[0]["phases"]:
        wall, cpu = (
            median(one["phases"][name][at] / one["events"] * 1e6 for one in drains)
            for at in (0, 1)
        )
        share = median(one["phases"][name][0] / one["seconds"] for one in drains)
        rows.append([name, f"{share:.0%}", f"{wall:.0f}", f"{cpu:.0f}"])
    show(
        ["the drain's database thread", "of the time", "µs/event", "CPU µs/event"], rows
    )


def main(arguments: list[str] | None = None) -> int:
    """Compare on each store and delay; 1 if a bar was missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.push", description=__doc__
    )
    parser.add_argument(
        "--store", choices=setting.STORES, help="the database; both if none is named"
    )
    parser.add_argument(
        "--events", type=int, default=2_000, help="events a run (default: %(default)s)"
    )
    parser.add_argument(
        "--runs",
        type=int,
        default=3,
        help="runs, of which the median counts (default: %(default)s)",
    )
    parser.add_argument(
        "--delay",
        type=float,
        nargs="+",
        default=[0, 50],
        help="milliseconds that the stub takes (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=16,
        help="threads of each contestant (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    setting.end_properly()
    kinds = [given.store] if given.store else setting.STORES
    is_met = True
    with setting.stores(*kinds) as stores:
        for store in stores:
            title(
                f"Push on {store.kind}: {COMPANIES} companies, {given.threads} threads"
                f" (tasks: 2 workers), {given.runs} runs"
            )
            bars: list[Bar] = []
            for delay in given.delay:
                match = Match(store, delay, given.events, given.threads)
                bars += show_match(match, match.play(given.runs))
            is_met &= show_bars(bars)
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
