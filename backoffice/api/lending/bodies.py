"""What is said about companies, loans and events."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.framework import patterns
from backoffice.api.framework.fields import (
    AmountField,
    ChoiceText,
    CodeField,
    DayField,
    ReferenceField,
    ShortListField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from lending.models import CollectionRoute, Company, EventKind, InvoicePaymentPosting
from lending.models.company import COUNTRY_RULE, CURRENCY_RULE

MOST_EVENTS = 100


class CompanyBody(StrictSerializer):
    """A borrower's organisation."""

    reference = ReferenceField(help_text="Yours, unique for ever.")
    legal_name = TextField(max_length=200)
    currency = CodeField(
        pattern=patterns.CURRENCY,
        rule=CURRENCY_RULE,
        help_text="ISO 4217, such as GBP.",
    )
    country = CodeField(
        pattern=patterns.COUNTRY, rule=COUNTRY_RULE, help_text="ISO 3166, such as GB."
    )
    borrower_reference = TextField(
        required=False, allow_blank=True, max_length=64, default=""
    )
    contact_email = TextField(
        required=False, allow_blank=True, max_length=254, default=""
    )
    language = ChoiceText(
        choices=Company.Language.choices, default=Company.Language.ENGLISH
    )
    time_zone = TextField(
        required=False, max_length=64, help_text="IANA; whose date counts as today."
    )


class LoanBody(StrictSerializer):
    """An advance against one invoice, in its company's currency."""

    reference = ReferenceField(help_text="Yours, unique for ever.")
    company = ReferenceField(help_text="The company's reference.")
    agreed_on = DayField()
    invoice_number = TextField(max_length=255)
    invoice_amount = AmountField(help_text="Such as “1000.00”.")
    debtor_name = TextField(max_length=200)
    invoice_external_id = TextField(
        required=False, allow_blank=True, max_length=255, default=""
    )
    collection_route = ChoiceText(
        choices=CollectionRoute.choices, default=CollectionRoute.LENDER
    )
    invoice_payment_posting = ChoiceText(
        choices=InvoicePaymentPosting.choices,
        default=InvoicePaymentPosting.LEAVE_TO_BORROWER,
    )


class CloseBody(StrictSerializer):
    """Closes a loan; one that is not settled is closed with a reason."""

    reason = TextField(required=False, allow_blank=True, max_length=500, default="")


class EventBody(StrictSerializer):
    """A movement of money on a loan."""

    external_id = ReferenceField(help_text="Yours, unique for ever.")
    kind = ChoiceText(choices=EventKind.choices)
    amount = AmountField(help_text="In the loan's currency, such as “800.00”.")
    currency = CodeField(
        required=False,
        pattern=patterns.CURRENCY,
        rule=CURRENCY_RULE,
        help_text="Checked against the loan's if given.",
    )
    value_date = DayField(help_text="Not before the loan was agreed, not ahead.")
    description = TextField(
        required=False, allow_blank=True, max_length=200, default=""
    )
    already_in_books = YesNoField(
        required=False,
        default=False,
        help_text="The borrower's books have it; nothing is written.",
    )
    confirmed_amount = AmountField(
        required=False,
        help_text="The amount once more, where it is above a ceiling.",
    )
    reason = TextField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Why an amount above a ceiling is right; it stays on record.",
    )


class ReversalBody(StrictSerializer):
    """Takes an event back."""

    external_id = ReferenceField(help_text="Of the reversal; yours, unique for ever.")
    value_date = DayField(required=False, help_text="Today if left out.")
    description = TextField(
        required=False, allow_blank=True, max_length=200, default=""
    )


class BatchItem(EventBody):
    """An event, and the loan it happened on."""

    loan = ReferenceField(help_text="The loan's reference.")


@extend_schema_field(BatchItem)
class ItemField(serializers.Field):
    """An item, checked when its turn comes, so that a bad one spoils no other."""

    def run_validation(self, data: Any = None) -> Any:
        """Return it as it is."""
        return data


class BatchBody(StrictSerializer):
    """Events in the order in which they happened."""

    events = ShortListField(child=ItemField(), min_length=1, max_length=MOST_EVENTS)
