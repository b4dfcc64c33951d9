"""What the list of entries can be narrowed by."""

from typing import Any

from django.db.models import Q, QuerySet

from backoffice.api.framework.fields import ChoiceText, ReferenceField
from backoffice.api.framework.queries import OfCompany, YesNoWord
from xero_sync.entries.status import NEEDS_SOMEBODY
from xero_sync.models.choices import Reason, State, Step


class EntryQuery(OfCompany):
    """Entries."""

    state = ChoiceText(
        choices=State.choices, required=False, help_text="Where it stands."
    )
    reason = ChoiceText(
        choices=Reason.choices, required=False, help_text="Why it stands there."
    )
    step = ChoiceText(
        choices=Step.choices, required=False, help_text="The kind of entry."
    )
    loan = ReferenceField(
        required=False, source="loan__reference", help_text="The reference."
    )
    event = ReferenceField(
        required=False, source="event__external_id", help_text="The external id."
    )
    needs_attention = YesNoWord(
        required=False,
        help_text="Whether somebody must act: before it goes on, or because it may "
        "stand in Xero twice.",
    )

    @staticmethod
    def by_needs_attention(
        queryset: QuerySet[Any],
        value: bool,  # noqa: FBT001
    ) -> QuerySet[Any]:
        """Return those that go on by themselves, or those that do not."""
        needs_somebody = NEEDS_SOMEBODY.q() | Q(is_alarmed=True)
        return queryset.filter(needs_somebody if value else ~needs_somebody)
