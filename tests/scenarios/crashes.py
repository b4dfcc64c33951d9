"""Where a process can die: between any two things that it tells the world.

A crash is an exception that no code of ours catches, raised from a place that the
harness owns: the wire, or the database connection. A transaction that was open is
rolled back for real; one that was committed stays.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection


class Crash(BaseException):
    """The process died here."""


@dataclass(frozen=True)
class Point:
    """A named place: a kind of moment, what it must look like, and how often."""

    place: str
    pattern: str
    # what the open transaction must have done before
    within: str = ""


EVENT = 'INSERT INTO "lending_loanevent"'
RECORD = 'INSERT INTO "xero_sync_syncrecord"'
REQUEST = 'INSERT INTO "xero_sync_writerequest"'
ATTEMPT = 'INSERT INTO "xero_sync_writeattempt"'
CHANGE = 'INSERT INTO "xero_sync_recordchange"'
MESSAGE = 'INSERT INTO "xero_sync_webhookmessage"'
PUSH = "^POST .*/push/"

POINTS = {
    "planning: while the entries are stored": Point("statement", CHANGE, EVENT),
    "planning: before the commit": Point("commit", RECORD, EVENT),
    "planning: committed, not nudged": Point("committed", EVENT),
    "claim: while the intent is stored": Point("statement", REQUEST),
    "claim: while the entries are marked": Point(
        "statement", 'UPDATE "xero_sync_syncrecord" SET "state" =', REQUEST
    ),
    "claim: before the commit": Point("commit", REQUEST),
    "claim: committed, not sent": Point("committed", REQUEST),
    "send: before the first byte": Point("request", PUSH),
    "send: after the effect, before the answer": Point("answer", PUSH),
    "store: while the attempt is stored": Point("statement", ATTEMPT),
    "store: while the timeline is stored": Point("statement", CHANGE, ATTEMPT),
    "store: before the commit": Point("commit", ATTEMPT),
    "store: committed, not nudged": Point("committed", ATTEMPT),
    "intake: before the commit": Point("commit", MESSAGE),
    "intake: committed, not answered": Point("committed", MESSAGE),
    "inbox: while a message is marked as read": Point(
        "statement", 'UPDATE "xero_sync_webhookmessage"'
    ),
    "look: put off, not made": Point("committed", 'SET "next_poll_at"'),
    "look: before the call": Point("request", "^GET .*/(push|data)/"),
    "look: before its answer is stored": Point("answer", "^GET .*/(push|data)/"),
    "look: while the verdict is stored": Point("statement", CHANGE),
    "look: before the verdict's commit": Point("commit", CHANGE),
    "refresh: asked for, not stored": Point("answer", "^POST .*/data/queue"),
    "sweep: while a lease expires": Point("statement", CHANGE),
    "connection: while its state is stored": Point(
        "statement", 'UPDATE "xero_sync_connection"'
    ),
}


RUN = 'INSERT INTO "xero_sync_accountsetup"'
STEP = 'UPDATE "xero_sync_setupstep" SET "'
VERSION = 'INSERT INTO "xero_sync_accountmapping"'
WRITE = "^POST .*/(push/|bankFeedAccounts)"
LOOK = "^GET .*/(push|data|connectionInfo|bankFeedAccounts)"

# Apart from the others: a script that draws from those is to stay what it is.
SETUP_POINTS = {
    "begin: while the run is stored": Point(
        "statement", 'INSERT INTO "xero_sync_setupstep"'
    ),
    "begin: before the commit": Point("commit", RUN),
    "begin: committed, not nudged": Point("committed", RUN),
    "setup claim: while the intent is stored": Point("statement", REQUEST),
    "setup claim: while the step is marked": Point("statement", STEP, REQUEST),
    "setup claim: before the commit": Point("commit", REQUEST),
    "setup claim: committed, not sent": Point("committed", REQUEST),
    "setup send: before the first byte": Point("request", WRITE),
    "setup send: after the effect, before the answer": Point("answer", WRITE),
    "setup store: while the attempt is stored": Point("statement", ATTEMPT),
    "setup store: while the step is moved": Point("statement", STEP, ATTEMPT),
    "setup store: before the commit": Point("commit", ATTEMPT),
    "setup store: committed, not nudged": Point("committed", ATTEMPT),
    "setup look: put off, not made": Point("committed", STEP),
    "setup look: before the call": Point("request", LOOK),
    "setup look: before its answer is stored": Point("answer", LOOK),
    "setup look: while the verdict is stored": Point("statement", STEP),
    "setup end: while the version is stored": Point("statement", VERSION),
    "setup end: before the commit": Point("commit", VERSION),
    "setup end: committed": Point("committed", VERSION),
}
ALL_POINTS = POINTS | SETUP_POINTS


class Crasher:
    """Watches the wire and the connection, and kills at an armed point."""

    def __init__(self) -> None:
        self.deaths: list[str] = []
        self._name = ""
        self._point: Point | None = None
        self._left = 0
        self._statements: list[str] = []
        self._done = ""

    @contextmanager
    def armed(self, name: str, occurrence: int) -> Iterator[None]:
        """Die when a point is reached for the n-th time, while this lasts."""
        self._name, self._point, self._left = name, ALL_POINTS[name], occurrence
        try:
            yield
        finally:
            self._point = None

    def meet(self, place: str, line: str) -> None:
        """Pass a place; perhaps for the last time."""
        point = self._point
        if point is None or point.place != place or not re.search(point.pattern, line):
            return
        done = "\n".join(self._statements)
        if point.within and not re.search(point.within, done):
            return
        self._left -= 1
        if self._left == 0:
            self._point = None
            self.deaths.append(self._name)
            raise Crash

    @contextmanager
    def watching(self, committed: Callable[[str], None]) -> Iterator[None]:
        """Watch the connection's statements and commits.

        `committed` is told after each transaction what it did.
        """
        commit = connection._commit
        run_hooks = connection.run_and_clear_commit_hooks

        def commit_or_die() -> None:
            done = "\n".join(self._statements)
            self._meet_commit("commit", done)
            self._statements.clear()
            commit()
            self._statements = [done]
            try:
                self._meet_commit("committed", done)
            finally:
                self._statements = []
            self._done = done

        def run_hooks_and_tell() -> None:
            run_hooks()
            done, self._done = self._done, ""
            committed(done)

        connection._commit = commit_or_die
        connection.run_and_clear_commit_hooks = run_hooks_and_tell
        try:
            with connection.execute_wrapper(self._statement):
                yield
        finally:
            del connection._commit, connection.run_and_clear_commit_hooks

    def _meet_commit(self, place: str, done: str) -> None:
        try:
            self.meet(place, done)
        except Crash:
            connection.connection.rollback()
            raise

    def _statement(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if not connection.in_atomic_block:
            self._statements.clear()
        elif not sql.startswith(("SELECT", "SAVEPOINT", "RELEASE")):
            self.meet("statement", sql)
            self._statements.append(sql)
        return execute(sql, params, many, context)
