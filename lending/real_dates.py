"""Date columns that hold dates: SQLite itself would store any text.

`RealDates` is a migration operation that puts a trigger on a table whose rows are only
ever inserted. PostgreSQL needs none: its type refuses. Trap: as with `AppendOnly`, a
migration that lets SQLite rebuild the table must end with a new `RealDates` for it.
"""

from collections.abc import Sequence

from django.db import router
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class RealDates(Operation):
    """Let SQLite refuse a row whose date columns hold anything but `YYYY-MM-DD`."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self.table = table
        self.columns = columns

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Leave the models as they are: the guard lives in the database alone."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Put the trigger on the table, replacing the one that is there."""
        # date() answers NULL for nonsense and, made to reckon, 2 March for 30 February.
        wrong = " OR ".join(
            f"""NEW."{name}" IS NOT date(NEW."{name}", '+0 days')"""
            for name in self.columns
        )
        self._execute(
            app_label,
            schema_editor,
            self._drop,
            f'CREATE TRIGGER "{self._name}" BEFORE INSERT ON "{self.table}" '
            f"FOR EACH ROW WHEN {wrong} BEGIN SELECT RAISE(ABORT, "
            f"'{self.table}: {', '.join(self.columns)} must be YYYY-MM-DD'); END",
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        """Take the trigger off the table."""
        self._execute(app_label, schema_editor, self._drop)

    def describe(self) -> str:
        """Say what the operation does, for `migrate --plan`."""
        return f"Keep real dates in {self.table}"

    @property
    def migration_name_fragment(self) -> str:
        """Name a migration after the guarded table."""
        return f"real_dates_{self.table}"

    @property
    def _name(self) -> str:
        return f"{self.table}_real_dates"

    @property
    def _drop(self) -> str:
        return f'DROP TRIGGER IF EXISTS "{self._name}"'

    @staticmethod
    def _execute(
        app_label: str, schema_editor: BaseDatabaseSchemaEditor, *statements: str
    ) -> None:
        database = schema_editor.connection
        if database.vendor == "sqlite" and router.allow_migrate(
            database.alias, app_label
        ):
            for statement in statements:
                schema_editor.execute(statement, params=None)
