"""What resources answer: one serializer each, which answers and describes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.framework import patterns
from lending.money import as_text
from xero_sync.entries.redaction import mask_text

Shown = dict[str, Any]


class Answer(serializers.Serializer):
    """Shows a row.

    Each field shows the attribute that it names by `source`, unless `known` or the
    caller says otherwise. Where that is None, so is the field; one that is not required
    is left out.
    """

    @classmethod
    def of(cls, row: Any = None, **given: Any) -> Shown:
        """Show a row, and what only the caller knows of it."""
        (known,) = cls.known([row])
        return cls._shown(row, {**known, **given})

    @classmethod
    def of_all(cls, rows: Iterable[Any]) -> list[Shown]:
        """Show many rows, with as many queries as for one."""
        rows = list(rows)
        known = cls.known(rows)
        return [cls._shown(*one) for one in zip(rows, known, strict=True)]

    @classmethod
    def known(cls, rows: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        """Return what is shown of each row beside its attributes.

        What takes a query is asked here for all rows at once.
        """
        return [{}] * len(rows)

    @classmethod
    def _shown(cls, row: Any, known: Mapping[str, Any]) -> Shown:
        # The framework's own way costs three times as much; an event is shown in the
        # request that records it.
        shown = {}
        for name, value_of, show, is_optional in cls._parts():
            value = known[name] if name in known else value_of(row)
            if value is not None:
                shown[name] = show(value)
            elif not is_optional:
                shown[name] = None
        return shown

    @classmethod
    @cache
    def _parts(cls) -> Sequence["_Part"]:
        return [
            _Part(name, _value_of(field), _show_of(field), not field.required)
            for name, field in cls().fields.items()
        ]


class _Part(NamedTuple):
    name: str
    value_of: Callable[[Any], Any]
    show: Callable[[Any], Any]
    is_optional: bool


def _value_of(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, Money):
        return field.value_of
    return _attribute(field.source)


def _attribute(path: str) -> Callable[[Any], Any]:
    """Return what follows a path of attributes, and ends at the first that is None."""
    names = path.split(".")
    if len(names) == 1:
        return attrgetter(path)

    def value_of(row: Any) -> Any:
        for name in names:
            if row is None:
                return None
            row = getattr(row, name)
        return row

    return value_of


def _show_of(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, serializers.ListSerializer) and isinstance(
        field.child, Answer
    ):
        return type(field.child).of_all
    if isinstance(field, Answer):
        of = type(field).of
        # What was answered before is answered again as it was.
        return lambda value: value if isinstance(value, dict) else of(value)
    show: Callable[[Any], Any] = field.to_representation
    return show


@extend_schema_field(patterns.REFERENCE_SCHEMA)
class Reference(serializers.CharField):
    """A natural key."""


class Moment(serializers.DateTimeField):
    """A moment with its offset."""

    def to_representation(self, value: datetime) -> str:
        """Return it as it is stored, in UTC."""
        return value.isoformat()


class Words(serializers.CharField):
    """What a screen calls it, in the language of the request."""

    def to_representation(self, value: Any) -> str:
        """Return the words, also of Django's `get_…_display`."""
        return str(value() if callable(value) else value)


class Masked(serializers.CharField):
    """Text that may quote the number of an account: of that the last digits."""

    def to_representation(self, value: str) -> str:
        """Return it without the rest of them."""
        return mask_text(value)


class OrNull(serializers.CharField):
    """Text, null where there is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        """Return it."""
        return value or None


class Money(serializers.CharField):
    """An amount with the digits of its currency, which another attribute says."""

    def __init__(self, *, currency: str, **options: Any) -> None:
        self._currency = _attribute(currency)
        super().__init__(**options)

    def bind(self, field_name: str, parent: Any) -> None:
        """Learn whose amount it is."""
        super().bind(field_name, parent)
        self._amount = _attribute(str(self.source))

    def value_of(self, row: Any) -> str:
        """Return the amount of a row."""
        return as_text(self._amount(row), self._currency(row))


@extend_schema_field({"type": "string", "pattern": patterns.AMOUNT})
class Amount(Money):
    """An amount."""


@extend_schema_field({"type": "string", "pattern": patterns.BALANCE})
class Balance(Money):
    """A balance, or an effect on one."""


def text(**options: Any) -> serializers.CharField:
    """Return a field for text that may be empty."""
    return serializers.CharField(allow_blank=True, **options)
