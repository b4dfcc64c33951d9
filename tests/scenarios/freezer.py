"""Workers that fall asleep in the middle of a drain, and wake up later.

While one sleeps, others go on: the acts that happen meanwhile run inside the call at
which it fell asleep. No transaction is open there, so on one database connection this
is what two processes see.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

# What a worker must have just done, where it matters.
PATTERNS = {
    "claimed": (
        'INSERT INTO "xero_sync_writerequest"|UPDATE "xero_sync_syncrecord" SET "state"'
    ),
    "request": "^POST .*/(push/|bankFeedAccounts)",
    "answer": "^POST .*/(push/|bankFeedAccounts)",
    "read": "^GET ",
}


class Freezer:
    """Puts one worker to sleep at a place it passes, for as long as `meanwhile`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._place = ""
        self._left = 0
        self._meanwhile: Callable[[], None] = lambda: None
        self._depth = 0
        # Whether the caller has slept in this drain: they could not know what went on.
        self.has_woken = False

    @contextmanager
    def armed(
        self, place: str, occurrence: int, meanwhile: Callable[[], None]
    ) -> Iterator[None]:
        """Fall asleep when a place is passed for the n-th time."""
        self._place, self._left, self._meanwhile = place, occurrence, meanwhile
        try:
            yield
        finally:
            self._place, self.has_woken = "", False

    def now(self) -> datetime:
        """The time, for a worker: it may fall asleep between reading it and using it.

        A drain reads the clock before it claims and before it stores.
        """
        self.meet("clock", "")
        return self._now()

    def meet(self, place: str, line: str) -> None:
        """Pass a place; perhaps fall asleep there."""
        if place != self._place or not re.search(PATTERNS.get(place, ""), line):
            return
        self._left -= 1
        if self._left == 0:
            self._place = ""
            self._meanwhile()
            self.has_woken = True
