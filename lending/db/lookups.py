"""`field__among=values`: as `__in`, in one piece however many values there are."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignObject
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler

from lending.db.prepared import GivenSeveral


@ForeignObject.register_lookup
@Field.register_lookup
class Among(In):
    """Whether a column is one of given values.

    A list of placeholders is made, read by the driver and read by PostgreSQL anew for
    every query; there the values go as one array instead.
    """

    lookup_name = "among"

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, list[Any]]:
        """Return the comparison with an array.

        Raises:
            EmptyResultSet: there is nothing to be among, and nothing to ask.
        """
        column, parameters = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        array = f"%s::{field.rel_db_type(connection)}[]"
        if isinstance(self.rhs, GivenSeveral):
            return f"{column} = ANY({array})", [*parameters, self.rhs]
        if not self.rhs:
            raise EmptyResultSet
        values = [
            field.get_db_prep_value(value, connection, prepared=True)
            for value in self.rhs
        ]
        return f"{column} = ANY({array})", [*parameters, values]

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Any]:
        """Return the comparison with a list, or with what a prepared query is given."""
        if not isinstance(self.rhs, GivenSeveral):
            return super().as_sql(compiler, connection)
        column, parameters = self.process_lhs(compiler, connection)
        several = "(SELECT value FROM json_each(%s))"
        return f"{column} IN {several}", [*parameters, self.rhs]
