"""Pages that stay stable while rows are added, and cost the same at the millionth."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.api.problems import Fault, invalid

LARGEST_PAGE = 200


class Pages(CursorPagination):
    """Answers `results`, and the addresses of the pages before and after."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = LARGEST_PAGE
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        """Return how many are asked for.

        Raises:
            Problem: 400, it is not a number from 1 to 200.
        """
        text = request.query_params.get("limit")
        if text is None:
            return self.page_size
        if text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= LARGEST_PAGE:
            return int(text)
        words = f"limit: give a number from 1 to {LARGEST_PAGE}."
        raise invalid([Fault(words, parameter="limit")])


def check_parameters(request: Request, known: set[str]) -> None:
    """Refuse a parameter that is not known: a misspelt filter would show everything.

    Raises:
        Problem: 400, naming those that are known.
    """
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        faults = [
            Fault(f"{name}: is not known here; there are: {names}.", parameter=name)
            for name in unknown
        ]
        raise invalid(faults)


def page_of(
    queryset: QuerySet[Any], *, request: Request, view: APIView, ordering: str = "-pk"
) -> tuple[Pages, list[Any]]:
    """Return a page of a query with its links."""
    pages = Pages()
    pages.ordering = ordering
    found = pages.paginate_queryset(queryset, request, view=view)
    return pages, found or []


def paged(pages: Pages, results: list[Mapping[str, Any]]) -> Response:
    """Answer a page."""
    response: Response = pages.get_paginated_response(results)
    return response
