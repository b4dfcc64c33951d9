"""Statements whose SQL is made once: for what is asked anew with every event.

Django makes the SQL of a queryset each time it runs, which costs many times what the
database then takes to answer by a key. Here it is made at the first use and kept for
the life of the process; only the values change.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

M = TypeVar("M", bound=Model)
Row = Sequence[Any]
# The place of a value in a row, what converts the value, and the column it came from.
Conversion = tuple[int, Sequence[Callable[..., Any]], Any]


class Given(Expression):
    """A place in a query that takes its value when the query runs."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:  # noqa: ARG002
        """Return the place, and in the value's stead who takes it."""
        return "%s", (self,)

    def value(self, given: Any) -> Any:
        """Return what the driver takes for a value."""
        return self.output_field.get_db_prep_value(given, connection)


class GivenSeveral(Given):
    """A place that takes any number of values: an array, or where there is none, JSON.

    It is for a lookup that knows how to look into them, such as `among`.
    """

    def value(self, given: Any) -> Any:
        """Return what the driver takes for the values."""
        values = [super(GivenSeveral, self).value(one) for one in given]
        return json.dumps(values) if connection.vendor == "sqlite" else values


@dataclass(frozen=True)
class _Statement:
    sql: str
    parameters: Sequence[Any]
    conversions: Sequence[Conversion]
    is_locking: bool
    instance: Callable[[Row], Any]


class Prepared:
    """A query made from its places when it is first run.

    `make` gets the places by name and returns a queryset; `places` names them, each
    with the field that converts its values. A field in a list makes a place for any
    number of values, which the queryset compares by `among`.
    """

    def __init__(
        self,
        make: Callable[..., "QuerySet[Any, Any]"],
        **places: "Field[Any, Any] | list[Field[Any, Any]]",
    ) -> None:
        self._make = make
        self._places = places
        self._made: _Statement | None = None

    def rows(self, **given: Any) -> list[Row]:
        """Return what the query gives for these values, as `values_list` does.

        Raises:
            TransactionManagementError: it locks rows, and no transaction is open.
        """
        made = self._made = self._made or self._statement()
        if made.is_locking and not connection.in_atomic_block:
            raise TransactionManagementError("Rows are locked in a transaction only.")
        values = [
            one.value(given[one.name]) if isinstance(one, Given) else one
            for one in made.parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(made.sql, values)
            rows: list[Row] = cursor.fetchall()
        if made.conversions:
            rows = [_converted(row, made.conversions) for row in rows]
        return rows

    def first(self, **given: Any) -> Row | None:
        """Return the first row that the query gives for these values, if any."""
        return next(iter(self.rows(**given)), None)

    def instances(self, **given: Any) -> list[Any]:
        """Return the rows as a queryset of models gives them, related ones included.

        Raises:
            TransactionManagementError: it locks rows, and no transaction is open.
        """
        rows = self.rows(**given)
        return [self._made.instance(row) for row in rows] if self._made else []

    def _statement(self) -> _Statement:
        places = {
            name: GivenSeveral(name, *field)
            if isinstance(field, list)
            else Given(name, field)
            for name, field in self._places.items()
        }
        query = self._make(**places).query
        compiler = query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        found = compiler.get_converters([column for column, *_ in compiler.select])
        conversions = [(at, *one) for at, one in found.items()]
        return _Statement(
            sql, parameters, conversions, query.select_for_update, _instance(compiler)
        )


def _instance(compiler: SQLCompiler) -> Callable[[Row], Any]:
    """Return what makes a model's instance of a row of this query, as Django does."""
    kind, select = compiler.klass_info, compiler.select
    if kind is None:
        return tuple
    first, last = kind["select_fields"][0], kind["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in select[first:last]]
    # The stubs know a later Django, which takes one argument more.
    populators = get_related_populators(kind, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def instance(row: Row) -> Any:
        made = kind["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
        for populator in populators:
            populator.populate(row, made)
        return made

    return instance


def _converted(row: Row, conversions: Sequence[Conversion]) -> Row:
    values = list(row)
    for at, functions, column in conversions:
        for convert in functions:
            values[at] = convert(values[at], column, connection)
    return tuple(values)


def insert_unless_there(instances: Sequence[M], *, unique: str) -> list[M]:
    """Insert rows unless others have their values of a unique field; return those left.

    This needs no savepoint: a row that is there is no error. Whoever inserts the same
    value at the same time is waited for. The keys are set; no signals are sent.
    """
    if connection.vendor != "sqlite":
        return _inserted(instances, unique) if instances else []
    # Without a server, a statement for each costs no more than one for all.
    return [one for one in instances if not _is_inserted(one, unique)]


def _is_inserted(instance: Model, unique: str) -> bool:
    try:
        return not _inserted([instance], unique)
    except IntegrityError:
        # On SQLite the guard of an append-only table speaks before the conflict does.
        rows = type(instance)._default_manager
        if not rows.filter(**{unique: getattr(instance, unique)}).exists():
            raise
        return False


def _inserted(instances: Sequence[M], unique: str) -> list[M]:
    """Insert rows with one statement; return those that were not inserted."""
    model = type(instances[0])
    fields = [one for one in model._meta.concrete_fields if one is not model._meta.pk]
    values = [
        field.get_db_prep_save(getattr(one, field.attname), connection)
        for one in instances
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(_insertion(model, unique, len(instances)), values)
        keys = dict(cursor.fetchall())
    left = []
    for one in instances:
        one.pk = keys.pop(getattr(one, unique), None)
        if one.pk is None:
            left.append(one)
            continue
        one._state.adding = False
        one._state.db = DEFAULT_DB_ALIAS
    return left


@lru_cache
def _insertion(model: type[Model], unique: str, count: int) -> str:
    quote = connection.ops.quote_name
    meta = model._meta
    columns = [
        quote(str(one.column)) for one in meta.concrete_fields if one is not meta.pk
    ]
    places = f"({', '.join(['%s'] * len(columns))})"
    found = quote(str(meta.get_field(unique).column))  # type: ignore[union-attr]
    return (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(columns)}) "  # noqa: S608 - names of our own
        f"VALUES {', '.join([places] * count)} ON CONFLICT ({found}) DO NOTHING "
        f"RETURNING {found}, {quote(str(meta.pk.column))}"
    )
