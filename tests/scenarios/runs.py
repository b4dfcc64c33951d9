"""Play schedules in this process and put their verdicts into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.scenarios.schedule import Verdict


def run_group(seeds: list[int]) -> tuple[list[tuple[int, str]], int]:
    """Play some schedules; return the failures in words, and how many were played."""
    verdicts = [play(seed) for seed in seeds]
    return [(one.seed, tell(one)) for one in verdicts if not one.holds], len(seeds)


def prepare() -> None:
    """Set Django up in this process."""
    from tests.scenarios import database

    database.prepare()


def play(seed: int) -> Verdict:
    """Play one schedule."""
    from tests.scenarios import schedule
    from tests.scenarios.setups import FIRST
    from tests.scenarios.setups import schedule as setups

    return setups.run(seed) if seed >= FIRST else schedule.run(seed)


def tell(verdict: Verdict) -> str:
    """A verdict in words: what is broken, the script, the story, the timelines."""
    if verdict.holds:
        return f"seed {verdict.seed}: everything holds"
    script = [line for act in verdict.script for line in str(act).splitlines()]
    parts = [f"seed {verdict.seed} FAILED", *verdict.broken]
    parts += ["--- script", *script, "--- story", *verdict.story]
    parts += ["--- timelines", *verdict.timelines]
    parts.append(f"--- again: python -m tests.scenarios --seed {verdict.seed}")
    return "\n".join(parts)
