"""What the list of entries can be narrowed by."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import Filter

from backoffice.api.framework.filters import (
    CompanyReferenceFilter,
    ListFilter,
    ReferenceFilter,
    WordFilter,
    YesNoParameter,
)
from xero_sync.entries.status import NEEDS_SOMEBODY
from xero_sync.models.choices import Reason, State, Step


class AttentionFilter(Filter):
    """Goes on by itself, or does not."""

    field_class = YesNoParameter

    def filter(self, qs: QuerySet[Any], value: bool | None) -> QuerySet[Any]:  # noqa: FBT001
        """Return those that are so."""
        if value is None:
            return qs
        needs_somebody = NEEDS_SOMEBODY.q() | Q(is_alarmed=True)
        return qs.filter(needs_somebody if value else ~needs_somebody)


class EntryFilter(ListFilter):
    """Entries."""

    orders = {"-created": "-pk", "created": "pk"}
    state = WordFilter(words=list(State.values), help_text="Where it stands.")
    reason = WordFilter(words=list(Reason.values), help_text="Why it stands there.")
    step = WordFilter(words=list(Step.values), help_text="The kind of entry.")
    company = CompanyReferenceFilter("company", help_text="The reference.")
    loan = ReferenceFilter("loan__reference", help_text="The reference.")
    event = ReferenceFilter("event__external_id", help_text="The external id.")
    needs_attention = AttentionFilter(
        help_text="Whether somebody must act: before it goes on, or because it may "
        "stand in Xero twice."
    )
