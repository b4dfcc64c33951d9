"""Pages that stay stable while rows are added, and cost the same at the millionth."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Field, Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from backoffice.api.framework.answers import Answer
from backoffice.api.framework.datetimes import read_moment
from backoffice.api.framework.problems import FieldFault, Problem
from backoffice.api.framework.queries import CURSOR, CURSORS, LIMIT, ORDERING, Given

AFTER, BEFORE = "after", "before"


@dataclass(frozen=True)
class Page:
    """Some rows, and the addresses of the pages before and after them."""

    rows: list[Any]
    previous: str | None
    next: str | None


@cache
def page_of(row: type[Answer]) -> type[Answer]:
    """Return what shows a page of rows."""
    link: dict[str, Any] = {
        "allow_null": True,
        "help_text": "The address of that page.",
    }
    return type(
        f"PageOf{row.__name__}",
        (Answer,),
        {
            "__doc__": "A page of a list.",
            "next": serializers.URLField(**link),
            "previous": serializers.URLField(**link),
            "results": row(many=True, source="rows"),
        },
    )


class Order:
    """An order by one column, made unique by the primary key."""

    def __init__(self, model: type[Model], ordering: str) -> None:
        self.descending = ordering.startswith("-")
        self.model = model
        name = ordering.lstrip("-")
        self.names = ["pk"] if name == "pk" else [name, "pk"]

    def columns(self, *, backwards: bool) -> list[str]:
        """Return what to order a query by."""
        sign = "-" if self.descending != backwards else ""
        return [f"{sign}{name}" for name in self.names]

    def beyond(self, position: list[Any], *, backwards: bool) -> Q:
        """Return the rows that come after a position."""
        sign = "lt" if self.descending != backwards else "gt"
        first, last = self.names[0], self.names[-1]
        if first == last:
            return Q(**{f"pk__{sign}": position[0]})
        later = Q(**{f"{first}__{sign}": position[0]})
        # The first part alone finds the place in the index.
        return Q(**{f"{first}__{sign}e": position[0]}) & (
            later | Q(**{f"pk__{sign}": position[1]})
        )

    def position(self, row: Model) -> list[str]:
        """Return where a row is, as texts."""
        return [str(field.value_to_string(row)) for field in self._fields()]

    def read(self, texts: list[str]) -> list[Any]:
        """Return a position from its texts.

        Raises:
            ValidationError: they are not of this order.
        """
        fields = self._fields()
        if len(texts) != len(fields):
            raise ValidationError("another order")
        return [_read(field, text) for field, text in zip(fields, texts, strict=True)]

    def _fields(self) -> list[Field]:
        meta = self.model._meta
        return [
            meta.pk if name == "pk" else meta.get_field(name)  # type: ignore[misc]
            for name in self.names
        ]


def _read(field: Field, text: str) -> Any:
    if not isinstance(field, DateTimeField):
        return field.clean(text, None)
    moment = read_moment(text)
    if moment is None:
        raise ValidationError("no moment")
    return moment


def read_page(
    queryset: QuerySet[Any],
    *,
    request: Request,
    given: Given,
    loaded_by: QuerySet[Any],
) -> Page:
    """Return the page of a query that the parameters of a list ask for.

    The column to order by is indexed and never changes. `loaded_by` is the query before
    it was narrowed: rows that were found need not be looked for again.

    Raises:
        Problem: 422, the cursor is of another list or order.
    """
    limit = given[LIMIT]
    order = Order(queryset.model, given[ORDERING])
    direction, position = _position(given.get(CURSOR), order)
    backwards = direction == BEFORE
    if position:
        queryset = queryset.filter(order.beyond(position, backwards=backwards))
    columns = order.columns(backwards=backwards)
    # Sorting keys alone costs a fraction of sorting rows with what they are joined to.
    keys = list(
        queryset.select_related(None)
        .order_by(*columns)
        .values_list("pk", flat=True)[: limit + 1]
    )
    found = loaded_by.in_bulk(keys[:limit])
    rows, has_more = [found[key] for key in keys[:limit]], len(keys) > limit
    if backwards:
        rows.reverse()
    has_previous = has_more if backwards else bool(position)
    has_next = bool(position) if backwards else has_more
    return Page(
        rows,
        previous=_link(request, order, BEFORE, rows[:1]) if has_previous else None,
        next=_link(request, order, AFTER, rows[-1:]) if has_next else None,
    )


def _position(cursor: str | None, order: Order) -> tuple[str, list[Any]]:
    if cursor is None:
        return AFTER, []
    try:
        direction, *texts = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
        if direction in {AFTER, BEFORE} and all(isinstance(one, str) for one in texts):
            return direction, order.read(texts)
    except (ValueError, TypeError, RecursionError, ValidationError):
        pass
    words = f"{CURSOR}: it is of another list or order; {CURSORS}"
    raise Problem("invalid_cursor", words, faults=[FieldFault(words, parameter=CURSOR)])


def _link(
    request: Request, order: Order, direction: str, rows: list[Any]
) -> str | None:
    if not rows:
        return None
    content = json.dumps([direction, *order.position(rows[0])], separators=(",", ":"))
    cursor = urlsafe_b64encode(content.encode()).decode()
    return str(replace_query_param(request.build_absolute_uri(), CURSOR, cursor))
