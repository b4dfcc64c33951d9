"""Drive a setup to its end, for commands: they may wait, pages and requests may not."""

import time
from collections.abc import Callable
from datetime import datetime

from xero_sync.accounts.progress import Progress, progress
from xero_sync.codat.client import CodatClient
from xero_sync.models import AccountMapping, AccountSetup
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import engine

PAUSE_SECONDS = 0.5


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
