"""The guards of append-only tables: which tables have them, and lifting them.

Nothing in the product lifts them; a test database has to be emptied.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

from lending.db.append_only import POSTGRESQL_TRIGGERS, SQLITE_TRIGGERS

Statements = list[str]


def installed(connection: BaseDatabaseWrapper) -> set[str]:
    """Tables of this database that carry their full set of working triggers."""
    is_sqlite = connection.vendor == "sqlite"
    wanted = SQLITE_TRIGGERS if is_sqlite else POSTGRESQL_TRIGGERS
    found: dict[str, set[str]] = {}
    for table, name in _catalogue(connection):
        found.setdefault(table, set()).add(name)
    return {
        table
        for table, names in found.items()
        if names >= {f"{table}_append_only_{suffix}" for suffix in wanted}
    }


def execute(connection: BaseDatabaseWrapper, statements: Statements) -> None:
    """Run them one after the other."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the guard while a test database is emptied; never for anything else."""
    tables = installed(connection)
    lift, restore = (
        _sqlite_suspension(connection, tables)
        if connection.vendor == "sqlite"
        else _postgresql_suspension(tables)
    )
    execute(connection, lift)
    try:
        yield
    finally:
        execute(connection, restore)


def _catalogue(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    query = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = (
            "SELECT relname, tgname FROM pg_trigger "
            "JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND tgenabled <> 'D' "
            "AND pg_table_is_visible(tgrelid)"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [(table, name) for table, name in cursor.fetchall()]


def _sqlite_suspension(
    connection: BaseDatabaseWrapper, tables: set[str]
) -> tuple[Statements, Statements]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        rows = [row for row in cursor.fetchall() if row[0] in tables]
    return [f'DROP TRIGGER "{name}"' for _, name, _ in rows], [
        sql for _, _, sql in rows
    ]


def _postgresql_suspension(tables: set[str]) -> tuple[Statements, Statements]:
    names = [
        (table, f"{table}_append_only_{suffix}")
        for table in sorted(tables)
        for suffix in POSTGRESQL_TRIGGERS
    ]
    return (
        # No table is altered while a check of a foreign key is still to come.
        ["SET CONSTRAINTS ALL IMMEDIATE"]
        + [f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"' for table, name in names],
        [f'ALTER TABLE "{table}" ENABLE TRIGGER "{name}"' for table, name in names],
    )
