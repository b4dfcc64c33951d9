"""The deck of kills, drawn by a seeded generator."""

import random
import time
from collections import Counter

from tests.processes.crew import Crew
from tests.processes.processes import kill, wait_until

CLUSTER = ("cluster", "main", "sentinel", "worker", "pusher", "monitor")
WEB = ("web", "before-answer", "webhook", "before-nudge")
# Only while push_drain runs, in the second half.
DRAIN = "drain"
TARGET_SECONDS = 30


def deck(kills: int, disruptions: tuple[str, ...], dice: random.Random) -> list[str]:
    """As many kills as wanted, each kind as often as any other; drains come late."""
    kinds = [*CLUSTER, *WEB, *disruptions, DRAIN]
    drawn: list[str] = []
    while len(drawn) < kills:
        drawn += dice.sample(kinds, min(len(kinds), kills - len(drawn)))
    early, late = drawn[: kills // 2], drawn[kills // 2 :]
    others = [place for place, kind in enumerate(late) if kind != DRAIN]
    for place in [place for place, kind in enumerate(early) if kind == DRAIN]:
        other = others.pop(dice.randrange(len(others)))
        early[place], late[other] = late[other], early[place]
    return [*early, *late]


class Killer:
    """Kills what the card says, and remembers it."""

    def __init__(self, crew: Crew, dice: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._crew = crew
        self._dice = dice

    def pause(self) -> float:
        """How long to leave them in peace."""
        return self._dice.uniform(0.2, 2.0)

    def kill(self, kind: str) -> None:
        """Kill once; waits until there is somebody to kill.

        Raises:
            TimeoutError: nobody came.
        """
        if kind in self._crew.store.disruptions:
            self._crew.store.disrupt(kind)
        elif kind in ("cluster", "web", DRAIN):
            process = self._crew[kind]
            wait_until(f"{kind} lives", process.group, seconds=TARGET_SECONDS)
            process.kill()
        elif kind in CLUSTER:
            wait_until(
                f"a {kind}", lambda: self._kill_one(kind), seconds=TARGET_SECONDS
            )
        else:
            self._let_die(kind)
        self.done[kind] += 1

    def _kill_one(self, role: str) -> bool:
        """Kill one process of the cluster; which worker is the dice's choice."""
        cluster = self._crew["cluster"]
        if role == "main":
            found = [cluster.main] if cluster.members("worker") else []
        else:
            found = cluster.members(role)
        return bool(found) and kill(self._dice.choice(found))

    def _let_die(self, moment: str) -> None:
        """Wait until somebody has come by and died of it."""
        file = self._crew.deaths / moment
        file.touch()
        began = time.monotonic()
        try:
            wait_until(f"death {moment}", lambda: not file.exists(), seconds=90)
        except TimeoutError as exc:
            file.unlink(missing_ok=True)
            spent = time.monotonic() - began
            raise TimeoutError(f"{exc}; {spent:.0f} s") from exc
