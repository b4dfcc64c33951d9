"""Whether a company's pushes at Codat were looked at since this start of the product.

A restored backup does not know what was written after it was made, and would write it
once more. So before the first write of a company after each start we look for pushes
that we do not know; a restore always means a start. Only what the database cannot have
got from a backup counts: that it was this run, or this process itself, that looked.
`push_look_steps` makes the looks that are wanted here.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xero_sync.runtime import run
from xero_sync.writeback.readiness import AnyConnection


@dataclass
class Wish:
    """A look that a write of this process waits for."""

    wanted_since: datetime
    due_at: datetime
    tries: int = 0
    # The newest page does not reach back to what we know.
    reads_all: bool = False


# By run and connection, so that another run begins with nothing.
_wishes: dict[tuple[UUID, UUID], Wish] = {}
_answered: set[tuple[UUID, UUID]] = set()


def is_answered(connection: AnyConnection) -> bool:
    """Tell whether a connection's pushes were looked at since the start."""
    here = run.current()
    return connection.pushes_seen_by == here or (here, connection.pk) in _answered


def ask(connection: AnyConnection, *, now: datetime) -> datetime | None:
    """Want a look at a connection's pushes, unless it is wanted already.

    Returns:
        When to ask again; None if the look is due now. Its end wakes the lanes.
    """
    wish = _wishes.setdefault((run.current(), connection.pk), Wish(now, now))
    return wish.due_at if wish.due_at > now else None


def wanted(*, now: datetime) -> dict[UUID, Wish]:
    """Return the looks that are due, by connection."""
    here = run.current()
    return {
        connection_id: wish
        for (of_run, connection_id), wish in _wishes.items()
        if of_run == here and wish.due_at <= now
    }


def forget(connection_id: UUID) -> None:
    """Want no look any more: there is nothing to write, or a later write asks anew."""
    _wishes.pop((run.current(), connection_id), None)


def answer(connection_id: UUID) -> None:
    """Remember that a look was answered; this process asks for no other."""
    forget(connection_id)
    _answered.add((run.current(), connection_id))
