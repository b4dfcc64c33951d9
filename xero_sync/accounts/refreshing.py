"""Fresh data for the daily check, which may wait for them."""

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatNoAnswer
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.refreshes import Refreshes

Wait = Callable[[float], None]
PATIENCE = timedelta(minutes=2)
POLL_SECONDS = 0.5


def refresh(
    *,
    connection: Connection,
    data_type: str,
    client: CodatClient,
    wait: Wait = time.sleep,
) -> None:
    """Bring Codat's cached copy of a data type up to now, and wait for it.

    Raises:
        CodatNoAnswer: it was not finished within two minutes.
        CodatError: the call failed.
    """
    since = database_now()
    gives_up_at = since + PATIENCE
    while database_now() < gives_up_at:
        known = Refreshes(connection, now=database_now())
        step = known.step_towards(data_type, since=since)
        if step is None:
            return
        try:
            outcome = step.call(client)
        except CodatNoAnswer as exc:
            # One that somebody else asked for is under way.
            if not exc.in_progress:
                raise
            outcome = exc
        step.done(outcome, database_now())
        if not getattr(outcome, "is_completed", False):
            wait(POLL_SECONDS)
    raise CodatNoAnswer(
        _("Codat has not finished reading from Xero; try again in a few minutes."),
        method="POST",
        path=data_type,
    )
