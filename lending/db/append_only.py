"""Tables whose rows are written once: the database refuses to change them.

`AppendOnly` is a migration operation that puts triggers on a table. They refuse UPDATE
and DELETE; on PostgreSQL also TRUNCATE; on SQLite also an INSERT that meets an existing
row, because INSERT OR REPLACE deletes that row without asking the delete triggers. A
refusal reaches Python as `IntegrityError` on both databases.

Trap: SQLite changes a table by building a new one and dropping the old, and its
triggers go with it, silently. A migration with an `AlterField`, `AddConstraint` or the
like on a guarded table must end with a new `AppendOnly` for that table; installing
replaces what is there. A test asks the fully migrated database for every guarded table.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.db import NotSupportedError, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

Unique = Sequence[Sequence[str]]

SQLITE_TRIGGERS = ("update", "delete", "insert")
POSTGRESQL_TRIGGERS = ("row", "truncate")


class TableGuard(Operation):
    """A migration operation that puts triggers on a table, and takes them off again."""

    reduces_to_sql = True
    reversible = True

    def on(self, vendor: str) -> list[str]:
        """Return the statements that put the triggers on."""
        raise NotImplementedError

    def off(self, vendor: str) -> list[str]:
        """Return the statements that take them off."""
        raise NotImplementedError

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the models as they are: the guard lives in the database alone."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Put the triggers on the table."""
        self._execute(app_label, schema_editor, self.on)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Take the triggers off the table."""
        self._execute(app_label, schema_editor, self.off)

    @staticmethod
    def _execute(
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        statements: Callable[[str], list[str]],
    ) -> None:
        database = schema_editor.connection
        if router.allow_migrate(database.alias, app_label):
            for statement in statements(database.vendor):
                schema_editor.execute(statement, params=None)


class AppendOnly(TableGuard):
    """Guard a table against everything but new rows.

    `unique` lists the column sets that are unique besides the primary key, so that
    SQLite can tell a replacing INSERT from a plain one.
    """

    def __init__(self, table: str, unique: Unique = (), pk: str = "id") -> None:
        self.table = table
        self.unique = unique
        self.pk = pk

    def on(self, vendor: str) -> list[str]:
        """Return the statements that put the triggers on, replacing what is there."""
        return _install(vendor, self.table, self.unique, self.pk)

    def off(self, vendor: str) -> list[str]:
        """Return the statements that take them off."""
        return _remove(vendor, self.table)

    def describe(self) -> str:
        """Say what the operation does, for `migrate --plan`."""
        return f"Make {self.table} append-only"

    @property
    def migration_name_fragment(self) -> str:
        """Name a migration after the guarded table."""
        return f"append_only_{self.table}"


class GuardedBefore(AppendOnly):
    """Guard a table again after the operations that follow have been taken back.

    It stands first in a migration that makes SQLite build the table anew: taken back,
    that drops the triggers once more.
    """

    def on(self, vendor: str) -> list[str]:  # noqa: ARG002
        """Return nothing: the guard is there."""
        return []

    def off(self, vendor: str) -> list[str]:
        """Return the statements that put the triggers back."""
        return super().on(vendor)


def install(
    connection: BaseDatabaseWrapper, table: str, *, unique: Unique = (), pk: str = "id"
) -> None:
    """Put the triggers on a table, replacing those that are there."""
    with connection.cursor() as cursor:
        for statement in _install(connection.vendor, table, unique, pk):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper, table: str) -> None:
    """Take the triggers off a table."""
    with connection.cursor() as cursor:
        for statement in _remove(connection.vendor, table):
            cursor.execute(statement)


def installed(connection: BaseDatabaseWrapper) -> set[str]:
    """Tables of this database that carry their full set of working triggers."""
    wanted = _names(connection.vendor)
    found: dict[str, set[str]] = {}
    for table, name in _catalogue(connection):
        found.setdefault(table, set()).add(name)
    return {
        table
        for table, names in found.items()
        if names >= {f"{table}_append_only_{suffix}" for suffix in wanted}
    }


@contextmanager
def suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the guard while a test database is emptied; never for anything else."""
    tables = installed(connection)
    lift, restore = (
        _sqlite_suspension(connection, tables)
        if connection.vendor == "sqlite"
        else _postgresql_suspension(tables)
    )
    with connection.cursor() as cursor:
        for statement in lift:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for statement in restore:
                cursor.execute(statement)


def _names(vendor: str) -> tuple[str, ...]:
    if vendor == "sqlite":
        return SQLITE_TRIGGERS
    if vendor == "postgresql":
        return POSTGRESQL_TRIGGERS
    message = f"append-only tables are not written for {vendor}"
    raise NotSupportedError(message)


def _install(vendor: str, table: str, unique: Unique, pk: str) -> list[str]:
    create = _sqlite_create(table, unique, pk)
    if vendor == "postgresql":
        create = _postgresql_create(table)
    return _remove(vendor, table) + create


def _remove(vendor: str, table: str) -> list[str]:
    names = [f"{table}_append_only_{suffix}" for suffix in _names(vendor)]
    if vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{name}"' for name in names]
    drop = [f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"' for name in names]
    return [*drop, f'DROP FUNCTION IF EXISTS "{table}_append_only"()']


def _sqlite_create(table: str, unique: Unique, pk: str) -> list[str]:
    same = " OR ".join(
        "(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns) + ")"
        for columns in [[pk], *unique]
    )
    rules = {
        "update": ("UPDATE", ""),
        "delete": ("DELETE", ""),
        "insert": (
            "INSERT",
            f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {same})',  # noqa: S608
        ),
    }
    return [
        f'CREATE TRIGGER "{table}_append_only_{suffix}" BEFORE {verb} ON "{table}" '
        f"FOR EACH ROW {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} refused'); END"
        for suffix, (verb, condition) in rules.items()
    ]


def _postgresql_create(table: str) -> list[str]:
    # restrict_violation is an integrity error to the driver, as on SQLite.
    function = (
        f'CREATE FUNCTION "{table}_append_only"() RETURNS trigger LANGUAGE plpgsql AS '
        f"$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
        f"MESSAGE = '{table} is append-only: ' || TG_OP || ' refused'; END $$"
    )
    action = f'EXECUTE FUNCTION "{table}_append_only"()'
    rows = (
        f'CREATE TRIGGER "{table}_append_only_row" BEFORE UPDATE OR DELETE '
        f'ON "{table}" FOR EACH ROW {action}'
    )
    truncate = (
        f'CREATE TRIGGER "{table}_append_only_truncate" BEFORE TRUNCATE '
        f'ON "{table}" FOR EACH STATEMENT {action}'
    )
    return [function, rows, truncate]


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
) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
        )
        rows = [row for row in cursor.fetchall() if row[0] in tables]
    return [f'DROP TRIGGER "{name}"' for _, name, _ in rows], [
        sql for _, _, sql in rows
    ]


def _postgresql_suspension(tables: set[str]) -> tuple[list[str], list[str]]:
    names = [
        (table, f"{table}_append_only_{suffix}")
        for table in sorted(tables)
        for suffix in POSTGRESQL_TRIGGERS
    ]
    return (
        [f'ALTER TABLE "{table}" DISABLE TRIGGER "{name}"' for table, name in names],
        [f'ALTER TABLE "{table}" ENABLE TRIGGER "{name}"' for table, name in names],
    )
