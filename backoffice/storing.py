"""Whether what comes in could be stored now: room on the disks, and a trial write.

A web that reads well and stores nothing must get no work.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction

from xero_sync.models import Heartbeat
from xero_sync.runtime.clock import database_now

# What each process found is taken for so long, however often it is asked.
LOOK_SECONDS = 5.0
# Below it SQLite's log, or a restart's, may not fit any more.
LEAST_FREE = 100 * 2**20
TRIAL = b"\0" * 2**16

_looked: tuple[float, str] | None = None


def fault() -> str:
    """Return why nothing could be stored; empty: it could."""
    global _looked  # noqa: PLW0603 - what one thread has found serves all
    now = time.monotonic()
    if _looked is None or now - _looked[0] >= LOOK_SECONDS:
        _looked = now, _fault_of_disks() or _fault_of_database()
    return _looked[1]


def look_again() -> None:
    """Take nothing that was found before."""
    global _looked  # noqa: PLW0603
    _looked = None


def _fault_of_disks() -> str:
    """Write a little onto each disk that holds something of ours."""
    folders = [Path(settings.DATA_DIR)]
    if connection.vendor == "sqlite":
        folders.append(Path(connection.settings_dict["NAME"]).parent)
    for folder in folders:
        try:
            free = shutil.disk_usage(folder).free
            # Free space says nothing of quotas, nor of a disk that turned read-only.
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(TRIAL)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            return f"the disk takes nothing: {exc.strerror}"
        if free < LEAST_FREE:
            return f"the disk is nearly full: {free // 2**20} MB are free"
    return ""


def _fault_of_database() -> str:
    """Store a row and take it back; whoever else is writing proves as much."""
    try:
        with _without_waiting(), transaction.atomic():
            Heartbeat.objects.create(name=f"trial-{uuid4()}", beat_at=database_now())
            transaction.set_rollback(True)
    except OperationalError as exc:
        return "" if "database is locked" in str(exc) else "the database stores nothing"
    except DatabaseError:
        return "the database stores nothing"
    return ""


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Do not queue for SQLite's one place for a writer."""
    if connection.vendor != "sqlite":
        yield
        return
    waits = connection.settings_dict["OPTIONS"]["timeout"]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {waits * 1000}")
