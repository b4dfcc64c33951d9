"""Figures: a stopwatch with CPU, medians, bars, and tables that a README can show."""

import os
import platform
import resource
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Self

say = partial(print, flush=True)
TICKS = os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Wall time and CPU of this process and of its ended children."""

    seconds = 0.0
    cpu = 0.0

    def __enter__(self) -> Self:
        self._cpu_before = _own_cpu()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.seconds = time.perf_counter() - self._began
        self.cpu = _own_cpu() - self._cpu_before

    def figures(self, events: int) -> dict[str, float]:
        """Return what a child reports."""
        return {"events": events, "seconds": self.seconds, "cpu": self.cpu}


def _own_cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def cpu_of(pids: Iterable[int]) -> float:
    """Return the CPU seconds of living processes and of the children they outlived."""
    spent = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # utime, stime, and both of the children that were waited for
        spent += sum(map(int, fields[11:15]))
    return spent / TICKS


@dataclass(frozen=True)
class Bar:
    """A ratio that must hold, its goal beyond, and what each run gave."""

    name: str
    ratios: Sequence[float]
    bar: float
    goal: float | None = None
    at_most: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the median of the runs holds."""
        return self._holds(self.bar)

    def row(self) -> list[str]:
        """Return the bar as a row of a table."""
        sign = "≤" if self.at_most else "≥"
        goal = "" if self.goal is None else f"{sign} {self.goal:g}"
        verdict = "met" if self.is_met else "MISSED"
        if self.goal is not None and self._holds(self.goal):
            verdict = "goal met"
        return [
            self.name,
            f"{median(self.ratios):.2f}",
            " ".join(f"{ratio:.2f}" for ratio in self.ratios),
            f"{sign} {self.bar:g}",
            goal,
            verdict,
        ]

    def _holds(self, bound: float) -> bool:
        middle = median(self.ratios)
        return middle <= bound if self.at_most else middle >= bound


def show_bars(bars: Sequence[Bar]) -> bool:
    """Print bars as a table; tell whether all are met."""
    head = ["median of the runs' ratios", "median", "runs", "bar", "goal", ""]
    show(head, [bar.row() for bar in bars])
    return all(bar.is_met for bar in bars)


def show(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown, its columns aligned."""
    table = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    for row in table:
        cells = (
            cell.ljust(width) if at == 0 or row is table[1] else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        say(f"| {' | '.join(cells)} |")
    say()


def title(words: str) -> None:
    """Print a heading and what else the machine is doing."""
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    say(f"### {words}\n\n{machine}, load when it began {load}\n")
