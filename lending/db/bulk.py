"""Write many rows with one fixed statement: for the rows that every push writes.

Django's bulk methods make an instance and a piece of SQL for each row, which costs more
than a fast network does. Here the statement stays the same and takes the rows' values,
each converted by its field as Django does it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
    UUIDField,
)

TAKEN_AS_THEY_ARE = (BooleanField, CharField, IntegerField, TextField)
# Whether all rows go in one statement. PostgreSQL plans each statement anew; SQLite
# takes few parameters at once, and keeps a statement that is repeated.
AT_ONCE = {"postgresql": True, "sqlite": False}
# So many rows go into PostgreSQL sooner by COPY, in spite of its extra round trip.
WORTH_A_COPY = 10

Values = Mapping[str, Any]  # by field name; a relation's is the other row's key


def values_of(instance: Model) -> Values:
    """Return what an instance would put into its row."""
    return {
        field.name: getattr(instance, field.attname)
        for field in instance._meta.concrete_fields
    }


def insert(
    model: type[Model],
    rows: Sequence[Values],
    *,
    unique: Sequence[str] = (),
    or_update: Sequence[str] = (),
    **common: Any,
) -> None:
    """Insert rows; each names the same fields, `common` gives what they share.

    A field that is not named takes its default. Where the `unique` fields are there
    already, the row that has them takes over the fields of `or_update` instead. Rows
    are inserted, and locked, in the order in which they are given.

    Raises:
        IntegrityError: as for any insert.
    """
    if not rows:
        return
    names, parameters = _columns(model, rows, common)
    with connection.cursor() as cursor:
        if not AT_ONCE[connection.vendor]:
            statement = _insertion(model, names, 1)
            conflict = _conflict(model, tuple(unique), tuple(or_update))
            cursor.executemany(statement + conflict, parameters)
        elif unique:
            statement = _insertion(model, names, None)
            conflict = _conflict(model, tuple(unique), tuple(or_update))
            arrays = [*map(list, zip(*parameters, strict=True))]
            cursor.execute(statement + conflict, arrays)
        elif len(rows) < WORTH_A_COPY:
            statement = _insertion(model, names, len(rows))
            cursor.execute(statement, list(chain.from_iterable(parameters)))
        else:
            statement = f"COPY {_into(model, names)} FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                for values in parameters:
                    copy.write_row(values)


Rows = tuple[type[Model], Sequence[Values], Values]


def insert_both(first: Rows, second: Rows) -> None:
    """Insert rows of two models, each with what its rows share; few in one statement.

    Raises:
        IntegrityError: as for any insert.
    """
    both = (first, second)
    few = sum(len(rows) for _, rows, _ in both) < WORTH_A_COPY
    if not (few and AT_ONCE[connection.vendor] and all(rows for _, rows, _ in both)):
        for model, rows, common in both:
            insert(model, rows, **common)
        return
    statements: list[str] = []
    values: list[Any] = []
    for model, rows, common in both:
        names, parameters = _columns(model, rows, common)
        statements.append(_insertion(model, names, len(rows)))
        values += chain.from_iterable(parameters)
    with connection.cursor() as cursor:
        # The keys between them are checked when the transaction ends.
        cursor.execute(f"WITH others AS ({statements[0]}) {statements[1]}", values)


def _columns(
    model: type[Model], rows: Sequence[Values], common: Values
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the names of all columns, and the values of each row for them."""
    shared = _defaults(model, frozenset([*rows[0], *common])) | dict(common)
    end = _values(model, shared)
    own = _each(model, list(rows[0]), rows)
    return (*rows[0], *shared), [one + end for one in own]


@lru_cache
def _insertion(model: type[Model], names: tuple[str, ...], count: int | None) -> str:
    """Return what inserts so many rows; None for any number of them, as arrays."""
    into = _into(model, names)
    if count is None:
        return f"INSERT INTO {into} SELECT * FROM {_arrays(model, names)}"  # noqa: S608 - names of our own
    row = f"({', '.join(['%s'] * len(names))})"
    return f"INSERT INTO {into} VALUES {', '.join([row] * count)}"  # noqa: S608 - names of our own


def _into(model: type[Model], names: Sequence[str]) -> str:
    return f"{_table(model)} ({', '.join(_column(model, name) for name in names)})"


def _arrays(model: type[Model], names: Sequence[str]) -> str:
    """Return PostgreSQL's table of many rows: an array for each column.

    The statement is the same for any number of rows, so that it is read only once.
    """
    return f"unnest({', '.join(f'%s::{_type(model, name)}[]' for name in names)})"


@lru_cache
def _conflict(
    model: type[Model], unique: tuple[str, ...], or_update: tuple[str, ...]
) -> str:
    if not unique:
        return ""
    found = ", ".join(_column(model, name) for name in unique)
    columns = [_column(model, name) for name in or_update]
    changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    return f" ON CONFLICT ({found}) DO UPDATE SET {changes}"


def update(
    model: type[Model],
    rows: Sequence[Values],
    *,
    sets: str = "",
    if_still: str = "",
    **common: Any,
) -> set[Any]:
    """Update rows by primary key; each row names it and the same other fields.

    `sets` is what the database itself works out for each row, as SQL. `if_still` is a
    field that tells whether a row is as it was read: a row whose value of it is not the
    given one any more is left alone, whoever changes it at the same time.

    Returns:
        The primary keys of the rows that were updated.
    """
    if not rows:
        return set()
    key = _field(model, "pk").name
    known_by = [key, if_still] if if_still else [key]
    names = [name for name in rows[0] if name not in known_by]
    shared = [f"{_column(model, name)} = %s" for name in common]
    shared += [sets] if sets else []
    start = _values(model, common)
    if not AT_ONCE[connection.vendor]:
        rows = _still(model, rows, if_still) if if_still else rows
        own = [f"{_column(model, name)} = %s" for name in names]
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {_table(model)} SET {', '.join([*shared, *own])} "  # noqa: S608 - names of our own
                f"WHERE {_column(model, key)} = %s",
                [start + one for one in _each(model, [*names, key], rows)],
            )
        return {row[key] for row in rows}
    columns = [_column(model, name) for name in (*names, *known_by)]
    own = [f"{column} = given.{column}" for column in columns[: len(names)]]
    same = [f"{_table(model)}.{one} = given.{one}" for one in columns[len(names) :]]
    arrays = zip(*_each(model, [*names, *known_by], rows), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_table(model)} SET {', '.join([*shared, *own])} "  # noqa: S608 - names of our own
            f"FROM {_arrays(model, [*names, *known_by])} AS given "
            f"({', '.join(columns)}) WHERE {' AND '.join(same)} "
            f"RETURNING {_table(model)}.{_column(model, key)}",
            [*start, *map(list, arrays)],
        )
        return {found for (found,) in cursor.fetchall()}


def _still(model: type[Model], rows: Sequence[Values], name: str) -> list[Values]:
    """Return the rows whose field is as it was read; SQLite has but one writer."""
    key = _field(model, "pk").name
    stored = model._default_manager.filter(pk__in=[row[key] for row in rows])
    values = dict(stored.values_list("pk", name))
    return [row for row in rows if values.get(row[key]) == row[name]]


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    meta = model._meta
    field = meta.pk if name == "pk" else meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{name} is no column of {meta.db_table}")
    return field


def _table(model: type[Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


@lru_cache
def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column or name)


@lru_cache
def _type(model: type[Model], name: str) -> str | None:
    return _target(_field(model, name)).rel_db_type(connection)


def _target(field: "Field[Any, Any]") -> "Field[Any, Any]":
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


@lru_cache
def _unnamed(model: type[Model], named: frozenset[str]) -> "list[Field[Any, Any]]":
    return [
        field
        for field in model._meta.concrete_fields
        if field.name not in named and not isinstance(field, AutoField)
    ]


def _defaults(model: type[Model], named: frozenset[str]) -> dict[str, Any]:
    return {field.name: field.get_default() for field in _unnamed(model, named)}


def _values(model: type[Model], values: Values) -> tuple[Any, ...]:
    """Return the values of one row as the driver takes them."""
    (row,) = _each(model, list(values), [values])
    return row


def _each(
    model: type[Model], names: Sequence[str], rows: Sequence[Values]
) -> list[tuple[Any, ...]]:
    """Return the values of each row as the driver takes them, in order of the names."""
    database = connections[DEFAULT_DB_ALIAS]
    columns = []
    for name in names:
        convert = _converter(model, name)
        values = [row[name] for row in rows]
        if convert is not None:
            values = [convert(value, database) for value in values]
        columns.append(values)
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


@lru_cache
def _converter(model: type[Model], name: str) -> Callable[[Any, Any], Any] | None:
    """Return what makes a value one that the driver takes; None if it is one."""
    field = _target(_field(model, name))
    if isinstance(field, UUIDField):
        return None if connection.features.has_native_uuid_field else _hex
    return None if isinstance(field, TAKEN_AS_THEY_ARE) else field.get_db_prep_save


def _hex(value: UUID | None, _database: Any) -> str | None:
    return None if value is None else value.hex
