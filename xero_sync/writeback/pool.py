"""HTTP threads that touch no database, and the queue their results come back by."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError, CodatUnavailable
from xero_sync.writeback import claims
from xero_sync.writeback.exchange import Claim, Exchange

Work = Claim | Exchange


@dataclass(frozen=True)
class Finished:
    """One piece of work with what came of it; a bug is carried to the main thread."""

    work: Work
    outcome: Any
    started_at: datetime
    finished_at: datetime
    bug: Exception | None = None


class Pool:
    """HTTP threads and the queue through which their results come back."""

    # Work for this long is handed out ahead, so that no thread idles while the database
    # works: from two to sixteen exchanges a thread.
    AHEAD_SECONDS = 0.6
    LEAST_AHEAD, MOST_AHEAD = 2, 16
    # Results that come within this time are stored in one transaction, as long as each
    # thread has this much left to do.
    GATHER_SECONDS = 0.15
    LEFT_TO_DO = 4
    # Answers that come sooner than this come at once: nobody waits for them long.
    AT_ONCE_SECONDS = 0.015
    FEWEST_AT_WORK = 1
    IDLE_SECONDS = 0.25

    def __init__(self, client: CodatClient, threads: int) -> None:
        self.in_flight = 0
        # How many exchanges are under way for each company, and who is looked at.
        self.calls: Counter[int] = Counter()
        self._looking: set[int] = set()
        # Until then nothing more goes out: Codat has answered 429 to one of ours.
        self._quiet_until = 0.0
        # How long an exchange takes, in seconds; it follows the latest ones.
        self._pace = 0.15
        self._looked_around_at = time.monotonic()
        self._client = client
        self._threads = threads
        self._results: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._crew = [
            threading.Thread(
                target=self._serve, args=[number], name=f"codat-{number}", daemon=True
            )
            for number in range(threads)
        ]
        self._needed = [threading.Event() for _ in range(threads)]
        self._call_up(self.FEWEST_AT_WORK)
        for thread in self._crew:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # What nobody has begun is left: its lease passes, and it is looked for.
        with suppress(queue.Empty):
            while True:
                self._work.get_nowait()
        self._call_up(self._threads)
        for _ in self._crew:
            self._work.put(None)
        for thread in self._crew:
            thread.join()

    def _serve(self, number: int) -> None:
        while self._needed[number].wait() and (exchange := self._work.get()):
            exchange()

    def _call_up(self, threads: int) -> None:
        """Let so many threads work, and the others rest.

        Where answers come at once, many threads only take the interpreter from one
        another and from the database.
        """
        for number, needed in enumerate(self._needed):
            if number < threads:
                needed.set()
            else:
                needed.clear()

    def room(self) -> int:
        """Return how many more exchanges may be started."""
        return self._most() - self.in_flight

    def _most(self) -> int:
        ahead = round(self.AHEAD_SECONDS / max(self._pace, 0.001))
        ahead = min(max(ahead, self.LEAST_AHEAD), self.MOST_AHEAD)
        return max(1, self._threads * ahead)

    def may_look_around(self, mark: float) -> bool:
        """Tell whether it is time to see to other things than sends."""
        if mark < self._looked_around_at + self.IDLE_SECONDS:
            return False
        self._looked_around_at = mark
        return True

    def too_busy_for_a_look(self) -> set[int]:
        """Return the companies that are being looked at, or take no further call."""
        full = {
            company_id
            for company_id, calls in self.calls.items()
            if calls >= claims.CALLS_AT_ONCE
        }
        return full | self._looking

    def start(self, work: Work, now: datetime, mark: float) -> None:
        """Begin an exchange; in the calling thread when there are no others.

        `mark` is what the monotonic clock showed at `now`, before the claim.
        """
        self.in_flight += 1
        self.calls[work.company_id] += 1
        if isinstance(work, Exchange):
            self._looking.add(work.company_id)
        if self._crew:
            self._work.put(partial(self._run, work, now, mark))
        else:
            self._run(work, now, mark)

    def finished(self) -> list[Finished]:
        """Return what has finished, gathered over a moment while threads work."""
        found: list[Finished] = []
        durations: list[float] = []
        enough = self._threads * self.LEFT_TO_DO
        ends_at = time.monotonic() + self.GATHER_SECONDS
        while self.in_flight:
            if found and self.in_flight <= min(enough, self._most() / 2):
                ends_at = time.monotonic()
            # However slow one exchange is, what falls due meanwhile must go out.
            wait = max(0.0, ends_at - time.monotonic()) if found else self.IDLE_SECONDS
            try:
                one = self._results.get(timeout=wait)
            except queue.Empty:
                break
            self.in_flight -= 1
            self.calls[one.work.company_id] -= 1
            if isinstance(one.work, Exchange):
                self._looking.discard(one.work.company_id)
            spent = (one.finished_at - one.started_at).total_seconds()
            self._pace += (spent - self._pace) / 16
            durations.append(spent)
            found.append(one)
        quick = sorted(durations)[len(durations) // 4] if found else self.IDLE_SECONDS
        is_at_once = quick < self.AT_ONCE_SECONDS
        self._call_up(self.FEWEST_AT_WORK if is_at_once else self._threads)
        return found

    def _run(self, work: Work, now: datetime, mark: float) -> None:
        # A thread touches no database, not even for the time: it counts from `mark`.
        started_at = now + timedelta(seconds=time.monotonic() - mark)
        bug = outcome = None
        try:
            outcome = self._call(work, mark)
        except CodatError as exc:
            outcome = exc
            self._heed(exc)
        except Exception as exc:  # noqa: BLE001 - carried to the main thread, raised there
            bug = exc
        finished_at = now + timedelta(seconds=time.monotonic() - mark)
        self._results.put(Finished(work, outcome, started_at, finished_at, bug))

    def _heed(self, error: CodatError) -> None:
        if isinstance(error, CodatUnavailable) and error.rate_limited:
            until = time.monotonic() + (error.retry_after or 0.0)
            self._quiet_until = max(self._quiet_until, until)

    def _call(self, work: Work, mark: float) -> Any:
        if (left := self._quiet_until - time.monotonic()) > 0:
            raise CodatUnavailable(
                "Codat has asked to slow down meanwhile; it was not sent.",
                retry_after=left,
                rate_limited=True,
            )
        if isinstance(work, Exchange):
            return work.call(self._client)
        request = work.request
        if time.monotonic() - mark > _patience():
            # Its lease may pass before an answer comes, and somebody else may send it.
            raise CodatUnavailable(
                "It waited too long for its turn and was not sent.", was_sent=False
            )
        if work.wire is not None:
            return work.wire(self._client)
        return self._client.send_push(
            path=request.path,
            body=bytes(request.body),
            idempotency_key=request.idempotency_key,
        )


def _patience() -> float:
    """Return how long a claimed request may wait for a thread, in seconds."""
    exchange = settings.CODAT_CONNECT_TIMEOUT + settings.CODAT_READ_TIMEOUT
    return float(settings.WRITEBACK_LEASE_SECONDS - exchange) / 2
