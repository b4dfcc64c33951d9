"""The parameters of addresses, as strict as bodies: each means one thing.

One that was misspelt or left aside would show everything.
"""

import re
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from backoffice.api.framework import patterns
from backoffice.api.framework.fields import (
    ChoiceText,
    MomentField,
    ReferenceField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.problems import FieldFault, invalid
from lending.models import Company

PAGE_SIZE = 50
LARGEST_PAGE = 200
ORDERING, CURSOR, LIMIT = "ordering", "cursor", "limit"
CURSORS = "take it from “next” or “previous” of a page."
Given = dict[str, Any]


class Query(StrictSerializer):
    """The parameters that a method takes, and no others."""

    @classmethod
    def read(cls, request: Request) -> Given:
        """Return what the address of a request says.

        Raises:
            Problem: 400, naming each parameter that is unknown, malformed, empty or
                there twice.
        """
        faults, texts = {}, {}
        for name, values in request.query_params.lists():
            texts[name] = values[-1]
            if len(values) > 1:
                faults[name] = ["is there twice; give it once."]
            elif not values[0]:
                faults[name] = ["is empty; give a value or leave it out."]
        try:
            given: Given = cls.checker().run_validation(texts)
        except ValidationError as exc:
            faults = {**exc.detail, **faults}  # type: ignore[dict-item]
        if faults:
            raise invalid(
                [
                    FieldFault(f"{name}: {' '.join(words)}", parameter=name)
                    for name, words in sorted(faults.items())
                ]
            )
        return given

    def words_of_unknown(self) -> str:
        """Say that a name is not known, and which ones are."""
        names = ", ".join(sorted(self.fields)) or "none"
        return f"is not known here; there are: {names}."


class YesNoWord(YesNoField):
    """The words true and false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return it."""
        return super().to_internal_value({"true": True, "false": False}.get(data, data))


class Rehearsable(Query):
    """The parameters of a write that can be rehearsed."""

    dry_run = YesNoWord(
        required=False,
        help_text="`true`: answer what would be written, and change nothing.",
    )


class MomentWord(MomentField):
    """A moment; in an address its offset is easily lost."""

    rule = (
        "give a moment with its offset, such as 2026-03-10T09:00:00Z; in an address "
        "“+” is written %2B."
    )


class CursorField(TextField):
    """Where a page begins."""

    pattern = patterns.CURSOR

    def to_internal_value(self, data: Any) -> str:
        """Return the text."""
        text = super().to_internal_value(data)
        if not re.fullmatch(self.pattern, text):
            raise ValidationError(f"it is malformed; {CURSORS}")
        return text


class LimitField(serializers.IntegerField):
    """The length of a page."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_PAGE, **options)

    def to_internal_value(self, data: Any) -> int:
        """Return the number."""
        if re.fullmatch("[0-9]{1,3}", data) and 1 <= int(data) <= LARGEST_PAGE:
            return int(data)
        raise ValidationError(f"give a number from 1 to {LARGEST_PAGE}.")


class ListQuery(Query):
    """What a list can be narrowed by, and the indexed columns it may be ordered by.

    A parameter narrows by the lookup that is its `source`, or by the method
    `by_<name>`. The first order holds if none is asked for, unless `ordered_by` names
    another for a parameter that is given: a window of dates is read in the order of its
    dates, which its index has, however many rows lie outside.
    """

    orders: dict[str, str] = {"-created": "-pk", "created": "pk"}
    ordered_by: dict[str, str] = {}

    def get_fields(self) -> dict[str, Any]:
        """Return what it can be narrowed by, then the parameters of every list."""
        found = dict(super().get_fields())
        if len(self.orders) > 1:
            found[ORDERING] = self._ordering()
        found[CURSOR] = CursorField(
            required=False, help_text="From `next` or `previous` of a page."
        )
        found[LIMIT] = LimitField(default=PAGE_SIZE, help_text="Rows of a page.")
        return found

    def to_internal_value(self, data: Any) -> Given:
        """Return the checked parameters, and the column to order by."""
        given = super().to_internal_value(data)
        windows = [order for name, order in self.ordered_by.items() if name in data]
        chosen = data.get(ORDERING) or [*windows, *self.orders][0]
        return {**given, ORDERING: self.orders[chosen]}

    @classmethod
    def narrow(cls, queryset: QuerySet[Any], given: Given) -> QuerySet[Any]:
        """Return what the parameters leave of a query."""
        for name, value in given.items():
            if name in {ORDERING, CURSOR, LIMIT}:
                continue
            by = getattr(cls, f"by_{name}", None)
            queryset = by(queryset, value) if by else queryset.filter(**{name: value})
        return queryset

    def _ordering(self) -> ChoiceText:
        words = (
            "Pages do not shift while rows are added; see Lists on those added late."
        )
        if self.ordered_by:
            windows = ", ".join(f"`{name}`" for name in self.ordered_by)
            order = next(iter(self.ordered_by.values()))
            words += f" With {windows} it is `{order}` unless another is asked for."
        names = list(self.orders)
        return ChoiceText(choices=names, default=names[0], help_text=words)


class OfCompany(ListQuery):
    """Lists of what belongs to companies."""

    company_path = "company"
    company = ReferenceField(required=False, help_text="The reference.")

    @classmethod
    def by_company(cls, queryset: QuerySet[Any], reference: str) -> QuerySet[Any]:
        """Return what belongs to a company.

        Its key is looked up first: PostgreSQL knows which companies are large, and then
        walks the newest rows instead of sorting all of a large company's.
        """
        company = Company.objects.filter(reference=reference).only("pk").first()
        if company is None:
            return queryset.none()
        return queryset.filter(**{cls.company_path: company.pk})
