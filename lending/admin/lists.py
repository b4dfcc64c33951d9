"""What a list of the admin takes from its address: what it offers, and nothing else.

Django's own lets an address compare any column of the model and its neighbours, which
tells who may see the list what a hidden column holds, one letter at a time.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db import DataError, models
from django.http import HttpRequest

# More than any name has; a database gives up on patterns without end.
MOST_SEARCHED = 200


class OfferedList(ChangeList):
    """A list that is narrowed by its filters, and by what our own links name."""

    model_admin: "OfferedListAdmin"

    def get_filters(self, request: HttpRequest) -> Any:
        """Refuse what no filter of the page has taken."""
        found = super().get_filters(request)
        left = set(found[2]) - set(self.model_admin.linked_lookups)
        if left:
            raise DisallowedModelAdminLookup(f"Filtering by {min(left)} not allowed")
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Lead to the whole list where the database cannot hold what is asked for."""
        try:
            super().get_results(request)
        except (DataError, ValueError, OverflowError) as exc:
            raise IncorrectLookupParameters from exc


class OfferedListAdmin(admin.ModelAdmin):
    """An admin with such a list; `linked_lookups` are those of links from elsewhere."""

    linked_lookups: Sequence[str] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the list."""
        return OfferedList

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """Search for as much of a term as could be found."""
        return super().get_search_results(request, queryset, searched(search_term))


def searched(term: str) -> str:
    """Return what of a term is looked for."""
    return term.replace("\x00", "")[:MOST_SEARCHED]
