"""What lists can be narrowed by, and the orders they come in.

Each parameter means one thing or is refused: django-filter's own fields leave aside
what they cannot read, which would show everything.
"""

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import Filter, FilterSet
from rest_framework.request import Request

from backoffice.api.framework import patterns
from backoffice.api.framework.datetimes import DAY_RULE, read_day, read_moment
from backoffice.api.framework.problems import FieldFault, invalid
from lending.models import Company, EventKind, validate_reference
from lending.models.company import CURRENCY_RULE

ORDERING = "ordering"


class TextParameter(forms.CharField):
    """Text as it was sent."""

    schema: dict[str, Any] = {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": patterns.NO_NUL,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, max_length=255, **options)


class ReferenceParameter(forms.CharField):
    """A natural key."""

    schema = patterns.REFERENCE_SCHEMA
    default_validators = [validate_reference]


class CurrencyParameter(forms.CharField):
    """An ISO 4217 code."""

    schema: dict[str, Any] = {"type": "string", "pattern": patterns.CURRENCY}

    def validate(self, value: str) -> None:
        """Refuse what is no code."""
        if value and not re.fullmatch(patterns.CURRENCY, value):
            raise ValidationError(CURRENCY_RULE)


class DayParameter(forms.Field):
    """A date: YYYY-MM-DD."""

    schema: dict[str, Any] = {
        "type": "string",
        "format": "date",
        "pattern": patterns.DATE,
    }

    def to_python(self, value: Any) -> date | None:
        """Return the date, or refuse."""
        if not value:
            return None
        if day := read_day(value):
            return day
        raise ValidationError(DAY_RULE)


class MomentParameter(forms.Field):
    """A date and time with its offset, as RFC 3339 writes it."""

    schema: dict[str, Any] = {
        "type": "string",
        "format": "date-time",
        "pattern": patterns.MOMENT,
    }

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment, or refuse."""
        if not value:
            return None
        if moment := read_moment(value):
            return moment
        raise ValidationError(
            "give a moment with its offset, such as 2026-03-10T09:00:00Z; in an "
            "address “+” is written %2B."
        )


class WordParameter(forms.CharField):
    """One of a few words."""

    def __init__(self, *, words: list[str], **options: Any) -> None:
        self.words = words
        self.schema: dict[str, Any] = {"type": "string", "enum": words}
        super().__init__(**options)

    def validate(self, value: str) -> None:
        """Refuse another word."""
        if value and value not in self.words:
            raise ValidationError(f"use one of {', '.join(self.words)}.")


class YesNoParameter(forms.Field):
    """The words true and false."""

    schema: dict[str, Any] = {"type": "boolean"}

    def to_python(self, value: Any) -> bool | None:
        """Return it, or refuse."""
        if not value:
            return None
        if value in {"true", "false"}:
            return bool(value == "true")
        raise ValidationError("say true or false.")


class TextFilter(Filter):
    """Equal to a text."""

    field_class = TextParameter


class ReferenceFilter(Filter):
    """Belongs to what has this natural key."""

    field_class = ReferenceParameter


class CompanyReferenceFilter(ReferenceFilter):
    """Belongs to a company.

    Its key is looked up first: PostgreSQL knows which companies are large, and then
    walks the newest rows instead of sorting all of a large company's.
    """

    def filter(self, qs: QuerySet[Any], value: str | None) -> QuerySet[Any]:
        """Return what belongs to it."""
        if not value:
            return qs
        company = Company.objects.filter(reference=value).only("pk").first()
        return qs.filter(**{self.field_name: company.pk}) if company else qs.none()


class CurrencyFilter(Filter):
    """In a currency."""

    field_class = CurrencyParameter


class DayFilter(Filter):
    """On, from or up to a date."""

    field_class = DayParameter


class MomentFilter(Filter):
    """From or before a moment."""

    field_class = MomentParameter


class WordFilter(Filter):
    """Equal to one of a few words."""

    field_class = WordParameter


class YesNoFilter(Filter):
    """Has the column a value: the time of an act, or what an event reverses."""

    field_class = YesNoParameter

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Return those that are so."""
        if value is None:
            return qs
        return qs.filter(**{f"{self.field_name}__isnull": not value})


class ReversalFilter(YesNoFilter):
    """Takes an event back, or is one that happened."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Return those that are so."""
        if value is False:
            # SQLite takes “is null” on a unique column for rare, and sorts them all.
            return qs.exclude(reverses__gt=0)
        return super().filter(qs, value)


class ListFilter(FilterSet):
    """Filters, and the indexed columns that a list may be ordered by.

    The first order holds if none is asked for, unless `ordered_by` names another for a
    parameter that is given: a window of dates is read in the order of its dates, which
    its index has, however many rows lie outside.
    """

    orders: dict[str, str] = {}
    ordered_by: dict[str, str] = {}

    @classmethod
    def names(cls) -> set[str]:
        """Return the names of the parameters."""
        return {*cls.base_filters, ORDERING}

    @classmethod
    def narrow(
        cls, queryset: QuerySet[Any], request: Request
    ) -> tuple[QuerySet[Any], str]:
        """Return what the filters leave, and the column to order by.

        Raises:
            Problem: 400, naming the parameters that are malformed.
        """
        given = cls(request.query_params, queryset=queryset)
        faults = [
            FieldFault(f"{name}: {' '.join(words)}", parameter=name)
            for name, words in given.errors.items()
        ]
        chosen = request.query_params.get(ORDERING) or cls._default_order(request)
        if chosen not in cls.orders:
            words = f"{ORDERING}: use one of {', '.join(cls.orders)}."
            faults.append(FieldFault(words, parameter=ORDERING))
        if faults:
            raise invalid(faults)
        return given.qs, cls.orders[chosen]

    @classmethod
    def _default_order(cls, request: Request) -> str:
        for name, order in cls.ordered_by.items():
            if name in request.query_params:
                return order
        return next(iter(cls.orders))


class CompanyFilter(ListFilter):
    """Companies."""

    orders = {
        "-created": "-pk",
        "created": "pk",
        "reference": "reference",
        "-reference": "-reference",
    }
    borrower_reference = TextFilter(help_text="All companies of one borrower.")
    currency = CurrencyFilter(help_text="ISO 4217, such as GBP.")


class LoanFilter(ListFilter):
    """Loans."""

    orders = {
        **CompanyFilter.orders,
        "-agreed_on": "-agreed_on",
        "agreed_on": "agreed_on",
    }
    ordered_by = {"agreed_on_from": "-agreed_on", "agreed_on_to": "-agreed_on"}
    company = CompanyReferenceFilter("company", help_text="The reference.")
    closed = YesNoFilter("closed_at", help_text="Whether it is closed.")
    agreed_on_from = DayFilter("agreed_on", "gte", help_text="This day or later.")
    agreed_on_to = DayFilter("agreed_on", "lte", help_text="This day or earlier.")
    invoice_number = TextFilter(help_text="The exact number.")


class LoansEventFilter(ListFilter):
    """The events of one loan, in the order in which they count."""

    orders = {"sequence": "sequence", "-sequence": "-sequence"}
    kind = WordFilter(words=EventKind.values, help_text="What the money was for.")
    value_date_from = DayFilter("value_date", "gte", help_text="This day or later.")
    value_date_to = DayFilter("value_date", "lte", help_text="This day or earlier.")
    recorded_from = MomentFilter(
        "recorded_at", "gte", help_text="Recorded at this moment or later."
    )
    recorded_to = MomentFilter(
        "recorded_at", "lt", help_text="Recorded before this moment."
    )
    reversals = ReversalFilter(
        "reverses", help_text="Only reversals (true), or everything else (false)."
    )


class EventFilter(LoansEventFilter):
    """Events of all loans."""

    orders = {
        "-recorded": "-recorded_at",
        "recorded": "recorded_at",
        "-value_date": "-value_date",
        "value_date": "value_date",
    }
    ordered_by = {"value_date_from": "-value_date", "value_date_to": "-value_date"}
    company = CompanyReferenceFilter("loan__company", help_text="The reference.")
    loan = ReferenceFilter("loan__reference", help_text="The reference.")
