"""A migrated database in memory, as good as new for each schedule.

Rollbacks must be real, so nothing here wraps a schedule in a transaction: it commits
like production. Afterwards the pristine copy is put back.
"""

import gc
import logging
import os
import sqlite3
from contextlib import closing

import django
from django.conf import settings

# Names a file with a migrated database, so that a process need not migrate its own.
MIGRATED = "SCENARIOS_MIGRATED"


def prepare() -> None:
    """Set Django up on a database of this process alone; once is enough."""
    os.environ["TEST_DATABASE_URL"] = "sqlite://:memory:"
    os.environ["TEST_REDIS_URL"] = ""
    # Sets the environment that Django reads its settings from.
    import tests.environment  # noqa: F401

    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"
    django.setup()
    settings.DEBUG = False
    logging.disable(logging.CRITICAL)
    Pristine.make()
    # What is there now stays; to look through it again and again takes time.
    gc.freeze()
    gc.set_threshold(50_000)


class Pristine:
    """The database as the migrations leave it."""

    copy: sqlite3.Connection | None = None

    @classmethod
    def make(cls) -> None:
        from django.core.management import call_command
        from django.db import connection

        connection.ensure_connection()
        cls.copy = sqlite3.connect(":memory:")
        if kept := os.environ.get(MIGRATED):
            with closing(sqlite3.connect(kept)) as file:
                file.backup(cls.copy)
            cls.copy.backup(connection.connection)
        else:
            call_command("migrate", verbosity=0)
            connection.connection.backup(cls.copy)

    @classmethod
    def restore(cls) -> None:
        """Put the pristine database back; rows, sequences and triggers."""
        from django.db import connection

        recover()
        assert cls.copy is not None
        cls.copy.backup(connection.connection)


def back_up() -> sqlite3.Connection:
    """Take a backup of the database as it is now."""
    from django.db import connection

    copy = sqlite3.connect(":memory:")
    connection.connection.backup(copy)
    return copy


def put_back(backup: sqlite3.Connection) -> None:
    """Put a backup in the place of the database, as a new process finds it."""
    from django.db import connection

    recover()
    backup.backup(connection.connection)
    backup.close()


def recover() -> None:
    """Leave the connection as a process finds it that has just started."""
    from django.db import connection

    raw = connection.connection
    if raw is not None and raw.in_transaction:
        raw.rollback()
    connection.in_atomic_block = False
    connection.savepoint_ids = []
    connection.atomic_blocks = []
    connection.needs_rollback = False
    connection.run_on_commit = []
    connection.run_commit_hooks_on_set_autocommit_on = False
    connection.set_autocommit(True)
