"""What the lists of companies, loans and events can be narrowed by."""

from typing import Any

from django.db.models import QuerySet

from backoffice.api.framework import patterns
from backoffice.api.framework.fields import (
    ChoiceText,
    CodeField,
    DayField,
    ReferenceField,
    TextField,
)
from backoffice.api.framework.queries import (
    ListQuery,
    MomentWord,
    OfCompany,
    YesNoWord,
)
from lending.models import EventKind
from lending.models.company import CURRENCY_RULE

FROM, UP_TO = "This day or later.", "This day or earlier."


def exact_text(help_text: str) -> TextField:
    """Return a parameter for the exact text of a column."""
    return TextField(required=False, max_length=255, help_text=help_text)


class CompanyQuery(ListQuery):
    """Companies."""

    orders = {
        **ListQuery.orders,
        "reference": "reference",
        "-reference": "-reference",
    }
    borrower_reference = exact_text("All companies of one borrower.")
    currency = CodeField(
        required=False,
        pattern=patterns.CURRENCY,
        rule=CURRENCY_RULE,
        help_text="ISO 4217, such as GBP.",
    )


class LoanQuery(OfCompany):
    """Loans."""

    orders = {
        **CompanyQuery.orders,
        "-agreed_on": "-agreed_on",
        "agreed_on": "agreed_on",
    }
    ordered_by = {"agreed_on_from": "-agreed_on", "agreed_on_to": "-agreed_on"}
    closed = YesNoWord(required=False, help_text="Whether it is closed.")
    agreed_on_from = DayField(required=False, source="agreed_on__gte", help_text=FROM)
    agreed_on_to = DayField(required=False, source="agreed_on__lte", help_text=UP_TO)
    invoice_number = exact_text("The exact number.")

    @staticmethod
    def by_closed(queryset: QuerySet[Any], value: bool) -> QuerySet[Any]:  # noqa: FBT001
        """Return those that are closed, or those that are not."""
        return queryset.filter(closed_at__isnull=not value)


class LoansEventQuery(ListQuery):
    """The events of one loan, in the order in which they count."""

    orders = {"sequence": "sequence", "-sequence": "-sequence"}
    kind = ChoiceText(
        choices=EventKind.choices, required=False, help_text="What the money was for."
    )
    value_date_from = DayField(required=False, source="value_date__gte", help_text=FROM)
    value_date_to = DayField(required=False, source="value_date__lte", help_text=UP_TO)
    recorded_from = MomentWord(
        required=False,
        source="recorded_at__gte",
        help_text="Recorded at this moment or later.",
    )
    recorded_to = MomentWord(
        required=False,
        source="recorded_at__lt",
        help_text="Recorded before this moment.",
    )
    reversals = YesNoWord(
        required=False, help_text="Only reversals (true), or everything else (false)."
    )

    @staticmethod
    def by_reversals(queryset: QuerySet[Any], value: bool) -> QuerySet[Any]:  # noqa: FBT001
        """Return those that take an event back, or those that do not."""
        if value:
            return queryset.filter(reverses__isnull=False)
        # SQLite takes “is null” on a unique column for rare, and sorts them all.
        return queryset.exclude(reverses__gt=0)


class EventQuery(LoansEventQuery, OfCompany):
    """Events of all loans."""

    orders = {
        "-recorded": "-recorded_at",
        "recorded": "recorded_at",
        "-value_date": "-value_date",
        "value_date": "value_date",
    }
    ordered_by = {"value_date_from": "-value_date", "value_date_to": "-value_date"}
    company_path = "loan__company"
    loan = ReferenceField(
        required=False, source="loan__reference", help_text="The reference."
    )
