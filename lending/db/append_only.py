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

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db import NotSupportedError, router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

Unique = Sequence[Sequence[str]]

SQLITE_TRIGGERS = ("update", "delete", "insert")
# Each with pg_trigger.tgtype: before each row updated or deleted, before truncation.
POSTGRESQL_TYPES = {"row": 1 + 2 + 8 + 16, "truncate": 2 + 32}
POSTGRESQL_TRIGGERS = tuple(POSTGRESQL_TYPES)


class Trigger(NamedTuple):
    """A trigger as the database's catalogue has it.

    `does` is its statement on SQLite; on PostgreSQL its type and its function's body.
    """

    table: str
    name: str
    does: str


class TableGuard(Operation):
    """A migration operation that puts triggers on a table, and takes them off again."""

    reduces_to_sql = True
    reversible = True
    table: str

    def on(self, vendor: str) -> list[str]:
        """Return the statements that put the triggers on."""
        raise NotImplementedError

    def off(self, vendor: str) -> list[str]:
        """Return the statements that take them off."""
        raise NotImplementedError

    def triggers(self, vendor: str) -> list[Trigger]:
        """Return the triggers that the statements make."""
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
    SQLite can tell a replacing INSERT from a plain one. `erases` names the column of a
    text, which may be emptied once, and the one that says when: nothing else changes.
    """

    def __init__(
        self,
        table: str,
        unique: Unique = (),
        pk: str = "id",
        erases: tuple[str, str] | None = None,
    ) -> None:
        self.table = table
        self.unique = unique
        self.pk = pk
        self.erases = erases

    def on(self, vendor: str) -> list[str]:
        """Return the statements that put the triggers on, replacing what is there."""
        if vendor == "postgresql":
            create = _postgresql_create(self.table, self._body())
        else:
            create = self._sqlite_create()
        return _remove(vendor, self.table) + create

    def off(self, vendor: str) -> list[str]:
        """Return the statements that take them off."""
        return _remove(vendor, self.table)

    def triggers(self, vendor: str) -> list[Trigger]:
        """Return the triggers that the statements make."""
        if vendor == "sqlite":
            return sqlite_triggers(self.table, self.on(vendor))
        body = self._body()
        return [
            Trigger(self.table, f"{self.table}_append_only_{suffix}", f"{kind}:{body}")
            for suffix, kind in POSTGRESQL_TYPES.items()
        ]

    def _sqlite_create(self) -> list[str]:
        table = self.table
        same = " OR ".join(
            "("
            + " AND ".join(f'"{column}" = NEW."{column}"' for column in columns)
            + ")"
            for columns in [[self.pk], *self.unique]
        )
        rules = {
            "update": (
                "UPDATE",
                f"WHEN NOT ({self._erasure()})" if self.erases else "",
            ),
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

    def _body(self) -> str:
        """Return the body of the trigger's function on PostgreSQL."""
        erasure = ""
        if self.erases:
            # Inside each other: a truncation has no row to look at.
            erasure = (
                f"IF TG_OP = 'UPDATE' THEN IF {self._erasure()} "
                "THEN RETURN NEW; END IF; END IF; "
            )
        # restrict_violation is an integrity error to the driver, as on SQLite.
        return (
            f" BEGIN {erasure}RAISE EXCEPTION USING ERRCODE = 'restrict_violation', "
            f"MESSAGE = '{self.table} is append-only: ' || TG_OP || ' refused'; END "
        )

    def _erasure(self) -> str:
        """Return what is true of the one change that may be made."""
        text, moment = self.erases or ("", "")
        return (
            f'OLD."{self.pk}" = NEW."{self.pk}" AND NEW."{text}" = \'\' '
            f'AND OLD."{moment}" IS NULL AND NEW."{moment}" IS NOT NULL'
        )

    def describe(self) -> str:
        """Say what the operation does, for `migrate --plan`."""
        return f"Make {self.table} append-only"

    @property
    def migration_name_fragment(self) -> str:
        """Name a migration after the guarded table."""
        return f"append_only_{self.table}"


def sqlite_triggers(table: str, statements: list[str]) -> list[Trigger]:
    """Return the triggers that statements of ours make on SQLite."""
    return [
        Trigger(table, one.split('"')[1], one)
        for one in statements
        if one.startswith("CREATE TRIGGER")
    ]


def _names(vendor: str) -> tuple[str, ...]:
    if vendor == "sqlite":
        return SQLITE_TRIGGERS
    if vendor == "postgresql":
        return POSTGRESQL_TRIGGERS
    message = f"append-only tables are not written for {vendor}"
    raise NotSupportedError(message)


def _remove(vendor: str, table: str) -> list[str]:
    names = [f"{table}_append_only_{suffix}" for suffix in _names(vendor)]
    if vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{name}"' for name in names]
    drop = [f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"' for name in names]
    return [*drop, f'DROP FUNCTION IF EXISTS "{table}_append_only"()']


def _postgresql_create(table: str, body: str) -> list[str]:
    function = (
        f'CREATE FUNCTION "{table}_append_only"() RETURNS trigger LANGUAGE plpgsql AS '
        f"$${body}$$"
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
