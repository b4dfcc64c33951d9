"""The one clock that processes on several hosts share."""

from datetime import datetime
from typing import TypeVar

from django.db import connection
from django.db.models import DateTimeField, Func
from django.utils import timezone

T = TypeVar("T")


def database_now() -> datetime:
    """Return the database's time, so that leases do not depend on a host's clock.

    SQLite lives on one host: its clock is the host's.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        # Not now(): that is when the transaction began.
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment


def moment_in_query(host: T) -> T | Func:
    """Return the same time for use within a query, without a query of its own.

    `host` is what stands for the host's time where the database has no clock.
    """
    if connection.vendor != "postgresql":
        return host
    return Func(function="clock_timestamp", output_field=DateTimeField())
