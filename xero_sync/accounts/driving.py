"""Drive a setup to its end, for commands: they may wait, pages and requests may not."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from xero_sync.accounts.progress import Progress, progress
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatNoAnswer
from xero_sync.models import AccountMapping, AccountSetup
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import engine

Read = TypeVar("Read")
PAUSE_SECONDS = 0.5
# Books that were connected a moment ago have all their data within so many pauses.
PAUSES = 240


def once_read(
    read: Callable[[], Read], *, wait: Callable[[float], None] = time.sleep
) -> Read:
    """Return what is read once Codat has fetched the first data of new books.

    Raises:
        CodatNoAnswer: it has not within two minutes, or did not answer.
    """
    for _ in range(PAUSES):
        try:
            return read()
        except CodatNoAnswer as exc:
            if not exc.in_progress:
                raise
        wait(PAUSE_SECONDS)
    return read()


def drive(
    chosen: AccountSetup | AccountMapping,
    *,
    client: CodatClient,
    now: Callable[[], datetime] = database_now,
    wait: Callable[[float], None] = time.sleep,
    tell: Callable[[Progress], None] = lambda _progress: None,
) -> AccountSetup | AccountMapping:
    """Drain until a run is done or has stopped, and return it, or the version it made.

    What else is due is sent on the way, as by any drain. `client` is one that takes no
    permits by itself. `tell` hears how far the run is after each drain.
    """
    if isinstance(chosen, AccountMapping):
        return chosen
    while True:
        engine.drain(client=client, now=now, threads=0)
        chosen.refresh_from_db()
        tell(progress(chosen))
        if chosen.state != SetupState.RUNNING:
            return chosen.mapping or chosen
        wait(PAUSE_SECONDS)
