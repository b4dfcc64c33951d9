"""Serializers that take what the documentation says, and refuse everything else.

The framework's own fields are generous: a number passes for text, "yes" for true, and
a misspelt optional field is left aside. For money that is a trap.
"""

import re
from datetime import date, datetime
from functools import cache
from typing import Any, Self

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.framework import patterns
from backoffice.api.framework.datetimes import DAY_RULE, read_day, read_moment
from lending.models.references import REFERENCE_RULE, is_reference


class StrictSerializer(serializers.Serializer):
    """Refuses fields that it does not know, naming those that it does."""

    default_error_messages = {"null": "No data was sent."}

    @classmethod
    @cache
    def checker(cls) -> Self:
        """Return the instance that checks every body by `run_validation`.

        To make one, the framework copies each field, which costs more than to check it.
        """
        return cls()

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the checked fields."""
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                faults = {name: [self.words_of_unknown()] for name in unknown}
                raise serializers.ValidationError(faults, code="unknown_field")
        return dict(super().to_internal_value(data))

    def words_of_unknown(self) -> str:
        """Say that a name is not known, and which ones are."""
        return f"is not known here; the fields are {', '.join(self.fields)}."


class NoBody(StrictSerializer):
    """Nothing has to be said."""


class TextField(serializers.CharField):
    """Text as it was sent: a number is none, white space counts."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        if not isinstance(data, str):
            raise serializers.ValidationError("write it as text.", code="not_text")
        if data and not self.allow_blank and not data.strip():
            self.fail("blank")
        return str(super().to_internal_value(data))


class CodeField(TextField):
    """A code whose letters a pattern says, such as a currency."""

    def __init__(self, *, pattern: str, rule: Any, **options: Any) -> None:
        self.pattern = pattern
        self.rule = rule
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        """Return the code."""
        text = super().to_internal_value(data)
        if not re.fullmatch(self.pattern, text, re.ASCII):
            raise serializers.ValidationError(str(self.rule), code="invalid_code")
        return text


@extend_schema_field(patterns.REFERENCE_SCHEMA)
class ReferenceField(TextField):
    """A natural key of the caller's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=64, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the reference."""
        text = super().to_internal_value(data)
        if not is_reference(text):
            raise serializers.ValidationError(
                str(REFERENCE_RULE), code="invalid_reference"
            )
        return text


@extend_schema_field({"type": "string", "pattern": patterns.AMOUNT})
class AmountField(serializers.Field):
    """An amount as text; the currency, known to the service, decides on its digits."""

    def to_internal_value(self, data: Any) -> str:
        """Return the amount as it was written."""
        if isinstance(data, str) and re.fullmatch(patterns.AMOUNT, data, re.ASCII):
            return data
        raise serializers.ValidationError(
            "write it as text with a point, such as “800.00”, with at most 12 digits "
            "before it and 3 after; never as a number, with a sign or with grouping.",
            code="amount_not_allowed",
        )


@extend_schema_field({"type": "string", "format": "date", "pattern": patterns.DATE})
class DayField(serializers.Field):
    """A date as text: YYYY-MM-DD."""

    def to_internal_value(self, data: Any) -> date:
        """Return the date."""
        if isinstance(data, str) and (day := read_day(data)):
            return day
        raise serializers.ValidationError(DAY_RULE, code="invalid_date")


@extend_schema_field(
    {"type": "string", "format": "date-time", "pattern": patterns.MOMENT}
)
class MomentField(TextField):
    """A moment with its offset, as RFC 3339 writes it."""

    rule = "give a moment with its offset, such as 2026-03-31T09:30:00Z."

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]
        """Return the moment."""
        moment = read_moment(super().to_internal_value(data))
        if moment is None:
            raise serializers.ValidationError(self.rule, code="invalid_moment")
        return moment


class ShortListField(serializers.ListField):
    """A list that is counted before each of its elements is looked at."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the elements, or refuse a list that is too long for them."""
        if isinstance(data, list) and len(data) > (self.max_length or 0):
            words = f"give at most {self.max_length}."
            raise serializers.ValidationError(words, code="max_length")
        return list(super().to_internal_value(data))


class YesNoField(serializers.BooleanField):
    """JSON's true or false, and no word for them."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        if not isinstance(data, bool):
            raise serializers.ValidationError("say true or false.", code="not_boolean")
        return data


class ChoiceText(serializers.ChoiceField):
    """One of a few words."""

    def to_internal_value(self, data: Any) -> str:
        """Return the word."""
        if not isinstance(data, str) or data not in self.choices:
            words = ", ".join(str(one) for one in self.choices)
            raise serializers.ValidationError(f"use one of {words}.", code="unknown")
        return data
