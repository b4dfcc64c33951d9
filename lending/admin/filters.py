"""What the lists of the admin share to be narrowed by."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from lending.admin.base import Text


class ChoiceFilter(admin.SimpleListFilter):
    """Narrows a list by one of a few choices; whatever else is asked for does not."""

    offered: Sequence[tuple[str, Text]] = ()

    def narrowed(self, rows: Any, chosen: str) -> QuerySet[Any]:
        """Return the rows of a choice."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """Name the choices."""
        return list(self.offered)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        """Narrow the list."""
        chosen = self.value()
        if chosen is None or chosen not in dict(self.offered):
            return queryset
        return self.narrowed(queryset, chosen)
