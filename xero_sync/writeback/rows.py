"""Write many rows with one fixed statement: for the rows that every push writes.

Django's bulk methods make an instance and a piece of SQL for each row, which costs more
than the exchange with Codat does. Here the statement stays the same and takes the rows'
values, each converted by its field as Django does it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
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
    shared = {**_defaults(model, {*rows[0], *common}), **common}
    columns = ", ".join(_column(model, name) for name in (*rows[0], *shared))
    places = ", ".join(["%s"] * (len(rows[0]) + len(shared)))
    statement = f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places})"  # noqa: S608 - names of our own
    if unique:
        found = ", ".join(_column(model, name) for name in unique)
        changed = [_column(model, name) for name in or_update]
        statement += f" ON CONFLICT ({found}) DO UPDATE SET "
        statement += ", ".join(f"{column} = EXCLUDED.{column}" for column in changed)
    end = tuple(_converted(model, shared).values())
    own = _parameters(model, list(rows[0]), rows)
    _execute(statement, [one + end for one in own])


def update(
    model: type[Model], rows: Sequence[Values], *, sets: str = "", **common: Any
) -> None:
    """Update rows by primary key; each row names it and the same other fields.

    `sets` is what the database itself works out for each row, as SQL.
    """
    if not rows:
        return
    key = _field(model, "pk").name
    names = [name for name in rows[0] if name != key]
    assignments = [f"{_column(model, name)} = %s" for name in (*common, *names)]
    assignments += [sets] if sets else []
    statement = (
        f"UPDATE {model._meta.db_table} "  # noqa: S608 - names of our own
        f"SET {', '.join(assignments)} WHERE {_column(model, key)} = %s"
    )
    start = tuple(_converted(model, common).values())
    own = _parameters(model, [*names, key], rows)
    _execute(statement, [start + one for one in own])


def _execute(statement: str, parameters: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, parameters)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    meta = model._meta
    field = meta.pk if name == "pk" else meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{name} is no column of {meta.db_table}")
    return field


def _column(model: type[Model], name: str) -> str:
    return connection.ops.quote_name(_field(model, name).column or name)


def _defaults(model: type[Model], named: set[str]) -> Values:
    return {
        field.name: field.get_default()
        for field in model._meta.concrete_fields
        if field.name not in named and not isinstance(field, AutoField)
    }


def _converted(model: type[Model], values: Values) -> Values:
    return {
        name: _converter(_field(model, name))(value) for name, value in values.items()
    }


def _parameters(
    model: type[Model], names: Sequence[str], rows: Sequence[Values]
) -> list[tuple[Any, ...]]:
    """Return the values of each row, in the order of the names."""
    columns = []
    for name in names:
        convert = _converter(_field(model, name))
        values = [row[name] for row in rows]
        columns.append(values if convert is _same else map(convert, values))
    return list(zip(*columns, strict=True))


def _converter(field: "Field[Any, Any]") -> Callable[[Any], Any]:
    """Return what makes a field's value one that the database driver takes."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    if isinstance(field, UUIDField):
        return _same if connection.features.has_native_uuid_field else _hex
    if isinstance(field, TAKEN_AS_THEY_ARE):
        return _same
    return partial(field.get_db_prep_save, connection=connections[DEFAULT_DB_ALIAS])


def _same(value: Any) -> Any:
    return value


def _hex(value: UUID | None) -> str | None:
    return None if value is None else value.hex
