"""The one clock of a schedule, and its one source of chance."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest import mock

import time_machine

STARTS_AT = datetime(2026, 3, 30, 7, 0, tzinfo=UTC)


class Clock:
    """Virtual time: the process's clock stands still until the harness moves it."""

    def __init__(self, start: datetime) -> None:
        self.start = self.now = start
        self._traveller: time_machine.Traveller | None = None

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.to(self.now + timedelta(seconds=seconds))

    def to(self, moment: datetime) -> None:
        """Go on to a moment; never back."""
        self.now = max(self.now, moment)
        if self._traveller is not None:
            self._traveller.move_to(self.now)

    def monotonic(self) -> float:
        """The seconds that have passed, for those who measure a while."""
        return (self.now - self.start).total_seconds()

    @property
    def elapsed(self) -> str:
        """How far the schedule has come, for the story of a failure."""
        return str(self.now - self.start).partition(".")[0]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let everybody in this process read this clock."""
        with time_machine.travel(self.now, tick=False) as traveller:
            self._traveller = traveller
            yield
        self._traveller = None


@contextmanager
def unseeded() -> Iterator[None]:
    """Make ids that no other schedule of this process has had."""
    with mock.patch.object(os, "urandom", random.SystemRandom().randbytes):
        yield


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """Make `uuid4` and other ids of the process follow from the seed."""
    chance = random.Random(f"ids of {seed}")
    with mock.patch.object(os, "urandom", chance.randbytes):
        yield
