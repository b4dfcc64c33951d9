"""When anything happens next: with us, at the sandbox, or on the way between."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import connection as database

from xero_sync.connections import daily_check
from xero_sync.models import Connection
from xero_sync.sandbox import Sandbox

DUE = """
SELECT MIN(due) FROM (
 SELECT MIN(due_at) AS due FROM xero_sync_lane
 UNION ALL SELECT MIN(next_poll_at) FROM xero_sync_syncrecord
  WHERE state IN ('pending', 'unknown')
 UNION ALL SELECT MIN(lease_until) FROM xero_sync_syncrecord WHERE state = 'sending'
 UNION ALL SELECT MIN(due_at) FROM xero_sync_setupstep
 UNION ALL SELECT MIN(not_before) FROM xero_sync_syncrecord WHERE state = 'held'
 UNION ALL SELECT MIN(next_poll_at) FROM xero_sync_watchedpush
 UNION ALL SELECT MIN(choice_look_due_at) FROM xero_sync_connection
 UNION ALL SELECT MIN(stray_look_due_at) FROM xero_sync_connection
) dues
"""


def next_moment(sandbox: Sandbox) -> datetime | None:
    """When something is due next, which may be in the past; None: never."""
    refused = Connection.objects.live().exclude(access_problem="")
    moments = [
        one.checked_at + daily_check.REFUSED_AGAIN_AFTER
        for one in refused
        if one.checked_at
    ]
    moments += filter(None, [at_codat(sandbox), _with_us()])
    return min(moments, default=None)


def at_codat(sandbox: Sandbox) -> datetime | None:
    """When something lands or is delivered next."""
    agenda, outbox = sandbox._world._agenda, sandbox.outbox
    moments = [it.due for it in (*outbox.queue, *outbox.held)]
    moments += [agenda[0][0]] if agenda else []
    return min(moments, default=None)


def _with_us() -> datetime | None:
    with database.cursor() as cursor:
        cursor.execute(DUE)
        (due,) = cursor.fetchone()
    # SQLite keeps moments as text.
    return (
        datetime.fromisoformat(due).replace(tzinfo=UTC) if isinstance(due, str) else due
    )
