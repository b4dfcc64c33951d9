"""Drive the exchanges: threads do HTTP and nothing else, one thread does the database.

`drain` is a plain function. A command, a django-q2 job or a test calls it; any number
may run at the same time, on any number of hosts.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from xero_sync.codat.client import CodatClient
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import (
    backpressure,
    choice_look_steps,
    claims,
    inbox,
    invoices,
    polling,
    push_look_steps,
    results,
    setup_answers,
    setups,
    stray_steps,
    sweep,
    watched_polling,
)
from xero_sync.writeback.exchange import Claim, Exchange, Sent
from xero_sync.writeback.pool import Finished, Pool, Work

logger = logging.getLogger(__name__)

Now = Callable[[], datetime]


@dataclass
class Report:
    """What a drain did."""

    sent: int = 0
    looked: int = 0
    bug: Exception | None = None


def drain(
    *,
    client: CodatClient,
    now: Now = database_now,
    threads: int | None = None,
    seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Send and look until nothing is due, the time is up, or `stop` says so.

    `threads=0` makes every exchange in the calling thread, one after the other.
    """
    threads = settings.WRITEBACK_THREADS if threads is None else threads
    ends_at = time.monotonic() + seconds if seconds is not None else None
    report = Report()
    with Pool(client, threads) as pool:
        while True:
            finished = pool.finished()
            # What is claimed now is sent soon after now, or not at all.
            mark, moment = time.monotonic(), now()
            _store(finished, moment, report)
            is_over = stop() or (ends_at is not None and time.monotonic() >= ends_at)
            started = 0 if is_over else _start(pool, moment, mark)
            if not started and not pool.in_flight:
                break
    if report.bug is not None:
        # Everybody else's work is done and stored first.
        raise report.bug
    return report


def _start(pool: Pool, now: datetime, mark: float) -> int:
    """Hand out what is due, as far as there is room; return how much that was."""
    looked = 0
    if pool.may_look_around(mark):
        # However much there is to send, some of what is due besides comes first.
        looked = _look_around(pool, now, mark, (pool.room() + 3) // 4)
    room = pool.room()
    if room <= 0:
        return looked
    claimed = claims.claim(limit=room, now=now, calls=pool.calls)
    work: list[Work] = list(claimed.sends)
    for record in claimed.checks:
        check = invoices.check(record, now=now)
        if check is not None:
            work.append(check)
    for one in work:
        pool.start(one, now, mark)
    if not work:
        looked += _look_around(pool, now, mark, room)
    return looked + len(work)


def _look_around(pool: Pool, now: datetime, mark: float, room: int) -> int:
    """See to what else is due; return how many looks were begun."""
    sweep.expire_leases(now=now)
    inbox.read(now=now)
    if room <= 0:
        return 0
    busy = pool.too_busy_for_a_look()
    begun = 0
    # Writes wait for these looks, so they come first.
    first = (push_look_steps, choice_look_steps)
    for kind in (*first, polling, watched_polling, stray_steps, setups):
        found = kind.due(limit=room - begun, now=now, busy_companies=busy)
        busy |= {one.company_id for one in found}
        for one in found:
            pool.start(one, now, mark)
        begun += len(found)
    return begun


def _store(finished: Sequence[Finished], now: datetime, report: Report) -> None:
    sent = [
        Sent(one.work, one.outcome, one.started_at, one.finished_at)
        for one in finished
        if isinstance(one.work, Claim) and one.bug is None
    ]
    if sent:
        entries = [one for one in sent if one.claim.step is None]
        if entries:
            results.store(entries, now=now)
        setup_answers.store(sent, now=now)
        report.sent += len(sent)
    looks_made = [one.outcome for one in finished if _is_a_look(one)]
    if looks_made:
        backpressure.learn([(None, outcome) for outcome in looks_made], now=now)
    for one in finished:
        bug = one.bug
        if isinstance(one.work, Exchange) and bug is None:
            bug = _tell(one.work, one.outcome, now)
            report.looked += 1
        if bug is not None:
            logger.error("An exchange ended in a bug", exc_info=bug)
            report.bug = report.bug or bug


def _is_a_look(one: Finished) -> bool:
    return isinstance(one.work, Exchange) and one.bug is None


def _tell(work: Exchange, outcome: Any, now: datetime) -> Exception | None:
    """Store what an exchange found; return the bug that kept it from being stored."""
    try:
        work.done(outcome, now)
    except DatabaseError:
        # The connection may be gone: nothing can be stored until the next drain.
        raise
    except Exception as exc:  # noqa: BLE001 - raised once everybody else is served
        return exc
    return None
