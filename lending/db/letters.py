"""Rules on the letters of a column, in functions that every database has of its own.

Django gives SQLite a REGEXP for as long as it is connected: with such a rule no other
program could check the file, or write to it.
"""

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Length
from django.db.models.lookups import (
    Exact,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)


def made_of(
    field: str, letters: str, *, least: int, most: int, first: str | None = None
) -> Q:
    """Return the rule: so many of these letters, beginning with one of `first`."""
    length = Length(field)
    rules = [
        GreaterThanOrEqual(length, Value(least)),
        LessThanOrEqual(length, Value(most)),
        Exact(_trimmed(field, letters), Value("")),
    ]
    if first:
        # Not by a SUBSTR: Django takes a lone number between commas for a column.
        rules.append(LessThan(Length(_trimmed(field, first)), length))
    return Q(*rules)


def _trimmed(field: str, letters: str) -> Func:
    """Return what is left of a column without these letters at its beginning."""
    return Func(F(field), Value(letters), function="LTRIM", output_field=CharField())
