"""A whole run: start, load, kill, settle, judge."""

import json
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.processes.crew import Crew
from tests.processes.killer import Killer, deck
from tests.processes.load import Load
from tests.processes.stores import Servers, Sqlite

BORROWERS = 3
SETTLE_SECONDS = 150


@dataclass
class Verdict:
    """What came of a run."""

    kills: dict[str, int]
    frozen: int = 0
    repeats: int = 0
    seconds: float = 0.0
    settled: dict[str, Any] = field(default_factory=dict)
    judged: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """All that is not as it must be."""
        return [*self.problems, *self.settled["open"], *self.judged["wrong"]]

    def __str__(self) -> str:
        """Tell it in a few lines."""
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills: {kinds}\n"
            f"{self.frozen} restarts of a stuck cluster by the watchdog; "
            f"{self.repeats} calls repeated for want of an answer\n"
            f"{self.judged['events']} events, {self.judged['entries']} entries in "
            f"Xero, {self.judged['webhooks']} webhooks; settled "
            f"{self.settled['seconds']} s after the load "
            f"(last: {self.settled['last'][:2]}); {self.seconds:.0f} s in all\n"
            + ("\n".join(["WRONG", *self.wrong]) if self.wrong else "nothing is wrong")
        )


@contextmanager
def crew(store: str, *, settings: str = "", web_workers: int = 2) -> Iterator[Crew]:
    """A crew on a store, with a directory; nothing of it is left behind."""
    directory = Path(tempfile.mkdtemp(prefix="processes-"))
    place = Sqlite(directory) if store == "sqlite" else Servers(directory)
    found = Crew(directory, place, settings=settings, web_workers=web_workers)
    try:
        yield found
    finally:
        found.stop()
        place.stop()
        shutil.rmtree(directory, ignore_errors=True)


def begin(found: Crew, *, borrowers: int, loans: int) -> list[list[str]]:
    """Start sandbox and web, and take borrowers on; return the loans of each."""
    found.migrate()
    found.start("sandbox")
    found.arrange_when_up("limits", perMinute=None, dailyPerCompany=10_000_000)
    references: list[list[str]] = found.ask("prepare", str(borrowers), str(loans))
    found.start("web")
    found.wait_until_serving()
    return references


def play(
    store: str,
    *,
    kills: int,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Run it all."""
    began = time.monotonic()
    dice = random.Random(seed)
    with crew(store) as found:
        loans = begin(found, borrowers=BORROWERS, loans=kills * 2 + 10)
        found.start("cluster")
        found.supervise()
        load = Load(found.web, loans, seed=seed, pause=0.6)
        killer = Killer(found, dice)
        load.start()
        problems: list[str] = []
        try:
            _kill_all(
                found, killer, load, deck(kills, found.store.disruptions, dice), say
            )
        except (TimeoutError, OSError) as exc:
            problems.append(f"{type(exc).__name__}: {exc}")
        finally:
            load.stop()
        verdict = Verdict(dict(killer.done), found.stuck, load.repeats)
        verdict.problems = [*problems, *load.problems]
        _judge(found, load, verdict)
        verdict.seconds = time.monotonic() - began
        if verdict.wrong:
            _keep_logs(found.directory, say)
        return verdict


def _kill_all(
    found: Crew,
    killer: Killer,
    load: Load,
    cards: list[str],
    say: Callable[[str], None],
) -> None:
    for number, kind in enumerate(cards):
        if number == len(cards) // 2:
            found.start("drain")
        _wait_for_event(load)
        time.sleep(killer.pause())
        killer.kill(kind)
        say(f"{number + 1}/{len(cards)} {kind}; {len(load.events)} events")


def _wait_for_event(load: Load) -> None:
    """Kill only what works: something must have been recorded since."""
    before = len(load.events)
    gives_up_at = time.monotonic() + 60
    while len(load.events) == before and not load.is_over:
        if time.monotonic() > gives_up_at:
            raise TimeoutError("no event was recorded for a minute")
        time.sleep(0.05)
    if load.is_over:
        raise TimeoutError(f"the load ended too early: {load.problems}")


def _judge(found: Crew, load: Load, verdict: Verdict) -> None:
    verdict.settled = found.ask("settle", str(SETTLE_SECONDS))
    told = found.directory / "acknowledged.json"
    told.write_text(json.dumps({"events": load.events, "webhooks": load.webhooks}))
    verdict.judged = found.ask("judge", str(told))
    if isinstance(found.store, Sqlite):
        verdict.problems += found.quarrels()


def _keep_logs(directory: Path, say: Callable[[str], None]) -> None:
    kept = Path(tempfile.mkdtemp(prefix="processes-failed-"))
    shutil.copytree(directory, kept, dirs_exist_ok=True)
    say(f"The logs are kept in {kept}.")
