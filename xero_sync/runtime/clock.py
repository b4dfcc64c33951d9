"""The one clock that processes on several hosts share."""

import time
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection
from django.db.models import DateTimeField, Func
from django.utils import timezone

T = TypeVar("T")

# For so long a host counts on from what the database said.
COUNTED_ON_SECONDS = 5.0
# The database's time, and what the host's even clock showed when it came in.
_heard: tuple[datetime, float] | None = None


def database_now() -> datetime:
    """Return the database's time, so that leases do not depend on a host's clock.

    SQLite lives on one host: its clock is the host's. PostgreSQL is asked every few
    seconds; in between the host counts on, which is right to a round trip.
    """
    global _heard  # noqa: PLW0603 - what one thread has heard serves all
    if connection.vendor != "postgresql":
        return timezone.now()
    if _heard is not None:
        moment, mark = _heard
        since = time.monotonic() - mark
        if since < COUNTED_ON_SECONDS:
            return moment + timedelta(seconds=since)
    with connection.cursor() as cursor:
        # Not now(): that is when the transaction began.
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    heard: datetime = row[0]
    _heard = heard, time.monotonic()
    return heard


def moment_in_query(host: T) -> T | Func:
    """Return the same time for use within a query, without a query of its own.

    `host` is what stands for the host's time where the database has no clock.
    """
    if connection.vendor != "postgresql":
        return host
    return Func(function="clock_timestamp", output_field=DateTimeField())
