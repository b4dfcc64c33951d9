"""Pages that stay stable while rows are added, and cost the same at the millionth."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import DateTimeField, Field, Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from backoffice.api.framework import patterns
from backoffice.api.framework.datetimes import read_moment
from backoffice.api.framework.problems import FieldFault, Problem, invalid

PAGE_SIZE = 50
LARGEST_PAGE = 200
CURSOR, LIMIT = "cursor", "limit"
PAGE_PARAMETERS = {CURSOR, LIMIT}
AFTER, BEFORE = "after", "before"
_CURSORS = "take it from “next” or “previous” of a page."


@dataclass(frozen=True)
class Page:
    """Some rows, and the addresses of the pages before and after them."""

    rows: list[Any]
    previous: str | None
    next: str | None


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


def check_parameters(request: Request, known: set[str]) -> None:
    """Refuse a parameter that is not known: a misspelt filter would show everything.

    Raises:
        Problem: 400, naming those that are unknown, empty or there twice.
    """
    names = ", ".join(sorted(known)) or "none"
    faults = []
    for name, values in sorted(request.query_params.lists()):
        if name not in known:
            words = f"{name}: is not known here; there are: {names}."
        elif len(values) > 1:
            words = f"{name}: is there twice; give it once."
        elif not values[0]:
            words = f"{name}: is empty; give a value or leave it out."
        else:
            continue
        faults.append(FieldFault(words, parameter=name))
    if faults:
        raise invalid(faults)


def page_of(
    queryset: QuerySet[Any],
    *,
    request: Request,
    ordering: str = "-pk",
    loaded_by: QuerySet[Any] | None = None,
) -> Page:
    """Return the page of a query that the parameters `cursor` and `limit` ask for.

    The column to order by is indexed and never changes. `loaded_by` is the query before
    it was narrowed, if it was: rows that were found need not be looked for again.

    Raises:
        Problem: 400, naming the parameter that is malformed; 422, the cursor is of
            another list or order.
    """
    limit = _limit(request)
    order = Order(queryset.model, ordering)
    direction, position = _cursor(request, order)
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
    found = (queryset if loaded_by is None else loaded_by).in_bulk(keys[:limit])
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


def paged(page: Page, results: Sequence[Mapping[str, Any]]) -> Response:
    """Answer a page."""
    return Response({"next": page.next, "previous": page.previous, "results": results})


def _limit(request: Request) -> int:
    text = request.query_params.get(LIMIT)
    if text is None:
        return PAGE_SIZE
    if re.fullmatch("[0-9]{1,3}", text) and 1 <= int(text) <= LARGEST_PAGE:
        return int(text)
    words = f"{LIMIT}: give a number from 1 to {LARGEST_PAGE}."
    raise invalid([FieldFault(words, parameter=LIMIT)])


def _cursor(request: Request, order: Order) -> tuple[str, list[Any]]:
    text = request.query_params.get(CURSOR)
    if text is None:
        return AFTER, []
    if not re.fullmatch(patterns.CURSOR, text):
        words = f"{CURSOR}: it is malformed; {_CURSORS}"
        raise invalid([FieldFault(words, parameter=CURSOR)])
    try:
        direction, *texts = json.loads(urlsafe_b64decode(text.encode("ascii")))
        if direction in {AFTER, BEFORE} and all(isinstance(one, str) for one in texts):
            return direction, order.read(texts)
    except (ValueError, TypeError, RecursionError, ValidationError):
        pass
    words = f"{CURSOR}: it is of another list or order; {_CURSORS}"
    raise Problem("invalid_cursor", words, faults=[FieldFault(words, parameter=CURSOR)])


def _link(
    request: Request, order: Order, direction: str, rows: list[Any]
) -> str | None:
    if not rows:
        return None
    content = json.dumps([direction, *order.position(rows[0])], separators=(",", ":"))
    cursor = urlsafe_b64encode(content.encode()).decode()
    return str(replace_query_param(request.build_absolute_uri(), CURSOR, cursor))
