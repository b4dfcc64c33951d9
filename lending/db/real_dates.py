"""Date columns that hold dates: SQLite itself would store any text.

`RealDates` is a migration operation that puts a trigger on a table whose rows are only
ever inserted. PostgreSQL needs none: its type refuses. Trap: as with `AppendOnly`, a
migration that lets SQLite rebuild the table must end with a new `RealDates` for it.
"""

from collections.abc import Sequence

from lending.db.append_only import TableGuard, Trigger, sqlite_triggers


class RealDates(TableGuard):
    """Let SQLite refuse a row whose date columns hold anything but `YYYY-MM-DD`."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self.table = table
        self.columns = columns

    def on(self, vendor: str) -> list[str]:
        """Return the statements that put the trigger on, replacing what is there."""
        # date() answers NULL for nonsense and, made to reckon, 2 March for 30 February.
        wrong = " OR ".join(
            f"""NEW."{name}" IS NOT date(NEW."{name}", '+0 days')"""
            for name in self.columns
        )
        create = (
            f'CREATE TRIGGER "{self._name}" BEFORE INSERT ON "{self.table}" '
            f"FOR EACH ROW WHEN {wrong} BEGIN SELECT RAISE(ABORT, "
            f"'{self.table}: {', '.join(self.columns)} must be YYYY-MM-DD'); END"
        )
        return [*self.off(vendor), create] if vendor == "sqlite" else []

    def off(self, vendor: str) -> list[str]:
        """Return the statement that takes it off."""
        drop = f'DROP TRIGGER IF EXISTS "{self._name}"'
        return [drop] if vendor == "sqlite" else []

    def triggers(self, vendor: str) -> list[Trigger]:
        """Return the trigger that the statements make."""
        return sqlite_triggers(self.table, self.on(vendor))

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
