"""`field__among=place`: as `__in`, for a place that takes any number of values."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

from lending.db.prepared import GivenSeveral


@ForeignObject.register_lookup
@Field.register_lookup
class Among(In):
    """Whether a column is one of the values that a prepared query is given.

    A list of placeholders differs with their number; one array of all values does not.
    """

    lookup_name = "among"

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Any]:
        """Return the comparison with an array."""
        if not isinstance(self.rhs, GivenSeveral):
            return super().as_sql(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        array = f"%s::{self.lhs.output_field.rel_db_type(connection)}[]"
        return f"{column} = ANY({array})", [*parameters, self.rhs]

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Any]:
        """Return the comparison with what is in a JSON array."""
        if not isinstance(self.rhs, GivenSeveral):
            return super().as_sql(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        several = "(SELECT value FROM json_each(%s))"
        return f"{column} IN {several}", [*parameters, self.rhs]
