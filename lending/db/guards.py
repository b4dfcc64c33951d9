"""Whether each guard that the migrations put on is there, at work and unchanged.

Whoever owns the database can take a trigger off; this tells.
"""

from functools import cache

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

from lending.db.append_only import TableGuard, Trigger

# One that is switched off, or belongs to another schema, guards nothing.
INSTALLED = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": (
        "SELECT relname, tgname, tgtype || ':' || prosrc FROM pg_trigger "
        "JOIN pg_class ON pg_class.oid = tgrelid "
        "JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') "
        "AND tgqual IS NULL AND pg_table_is_visible(tgrelid)"
    ),
}


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the tables with a guard that is gone, switched off or changed, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(INSTALLED[connection.vendor])
        found = {Trigger(*row) for row in cursor.fetchall()}
    return sorted({one.table for one in wanted(connection.vendor) - found})


@cache
def wanted(vendor: str) -> frozenset[Trigger]:
    """Return the triggers that a fully migrated database of this kind has."""
    triggers = (one for guard in table_guards() for one in guard.triggers(vendor))
    return frozenset({(one.table, one.name): one for one in triggers}.values())


def table_guards() -> list[TableGuard]:
    """Return the guards of all migrations, a later one of a table after an earlier."""
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return [
        operation
        for _name, migration in sorted(migrations.items())
        for operation in migration.operations
        if isinstance(operation, TableGuard)
    ]
