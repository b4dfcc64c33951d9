"""What the API answers, for its description; a test holds real answers against it."""

from functools import cache
from typing import Any

from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from backoffice.api.framework import patterns
from lending.models import CollectionRoute, Company, EventKind, InvoicePaymentPosting
from xero_sync.entries.status import Actor, EventStatus
from xero_sync.entries.waiting import Wait
from xero_sync.models.choices import DATA_TYPES, Reason, State, Step

ITEM_STATUSES = [
    "recorded",
    "replayed",
    "would_be_recorded",
    "refused",
    "not_attempted",
]


@extend_schema_field(patterns.REFERENCE_SCHEMA)
class Reference(serializers.CharField):
    """A natural key."""


@extend_schema_field({"type": "string", "pattern": patterns.AMOUNT})
class Amount(serializers.CharField):
    """An amount."""


@extend_schema_field({"type": "string", "pattern": patterns.BALANCE})
class Balance(serializers.CharField):
    """A balance, or an effect on one."""


def text(**options: Any) -> serializers.CharField:
    """Describe text that may be empty."""
    return serializers.CharField(allow_blank=True, **options)


def reference_or_null(help_text: str) -> serializers.CharField:
    """Describe the natural key of what may not be there."""
    return serializers.CharField(allow_null=True, help_text=help_text)


class CompanyShown(serializers.Serializer):
    """A company."""

    reference = Reference()
    borrower_reference = text()
    legal_name = serializers.CharField()
    contact_email = text()
    currency = serializers.CharField()
    country = serializers.CharField()
    language = serializers.ChoiceField(Company.Language.choices)
    time_zone = serializers.CharField()
    created_at = serializers.DateTimeField()


class LoanShown(serializers.Serializer):
    """What was agreed."""

    reference = Reference()
    company = Reference()
    currency = serializers.CharField()
    agreed_on = serializers.DateField()
    invoice_number = serializers.CharField()
    invoice_external_id = text()
    invoice_amount = Amount()
    debtor_name = serializers.CharField()
    collection_route = serializers.ChoiceField(CollectionRoute.choices)
    invoice_payment_posting = serializers.ChoiceField(InvoicePaymentPosting.choices)
    closed_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class PositionShown(serializers.Serializer):
    """Balances in the borrower's books as our events lead to them, debits positive."""

    currency = serializers.CharField()
    lender_account = Balance()
    nominated_account = Balance()
    fee_expense = Balance()
    tax = Balance()
    receivable = Balance(help_text="What the debtor still owes the borrower.")


class LoanWithPosition(LoanShown):
    """A loan and where it stands."""

    position = PositionShown()
    settled = serializers.BooleanField(
        help_text="All balances are zero and every entry stands in Xero."
    )
    to_settle = serializers.ListField(
        child=serializers.CharField(), help_text="What would settle it, in words."
    )


class EventShown(serializers.Serializer):
    """What was recorded; none of it ever changes."""

    external_id = Reference()
    loan = Reference()
    company = Reference()
    sequence = serializers.IntegerField(min_value=1, help_text="Its place on the loan.")
    kind = serializers.ChoiceField(EventKind.choices)
    amount = Amount()
    currency = serializers.CharField()
    value_date = serializers.DateField()
    description = text()
    already_in_books = serializers.BooleanField()
    reverses = reference_or_null("The event that this one takes back.")
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class PlannedEntry(serializers.Serializer):
    """An entry that must stand in Xero for the event, as it was planned."""

    id = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)
    data_type = serializers.ChoiceField(sorted(set(DATA_TYPES.values())))
    value_date = serializers.DateField()
    lender_effect = Balance(help_text="On the lender account.")
    state = serializers.ChoiceField(State.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)


class Blocker(serializers.Serializer):
    """The entry that keeps another one waiting."""

    why = serializers.ChoiceField(Wait.choices)
    id = serializers.UUIDField()
    step = serializers.ChoiceField(Step.choices)
    event = Reference()
    state = serializers.ChoiceField(State.choices)
    reason = serializers.ChoiceField(Reason.choices, allow_blank=True)
    who_must_act = serializers.ChoiceField(Actor.choices)


class EntryShown(PlannedEntry):
    """Where an entry is, what keeps it, whose move it is, and since when."""

    event = Reference()
    loan = Reference()
    company = Reference()
    in_words = serializers.CharField()
    who_must_act = serializers.ChoiceField(Actor.choices)
    since = serializers.DateTimeField()
    blocked_by = Blocker(allow_null=True)
    attempts = serializers.IntegerField(min_value=0, help_text="HTTP exchanges.")
    not_before = serializers.DateTimeField(
        allow_null=True, help_text="It is not sent before then."
    )
    next_look_at = serializers.DateTimeField(allow_null=True)
    codat_says = text(help_text="Codat's own words, if it refused.")
    push_operation_key = serializers.UUIDField(allow_null=True)
    xero_record_id = text()
    planned_at = serializers.DateTimeField()


class RecordedEvent(EventShown):
    """An event at the moment of its recording, with what it leads to."""

    entries = PlannedEntry(many=True)


class EventNow(EventShown):
    """An event with the exact stage of each of its entries."""

    reversed_by = reference_or_null("The event that takes this one back.")
    status = serializers.ChoiceField(EventStatus.choices)
    entries = EntryShown(many=True)


class WouldWrite(serializers.Serializer):
    """A body as Codat would get it now; without one, `missing` says what it lacks."""

    step = serializers.ChoiceField(Step.choices)
    data_type = serializers.ChoiceField(sorted(set(DATA_TYPES.values())))
    body = serializers.DictField(allow_null=True)
    missing = text()


class RehearsedEvent(RecordedEvent):
    """What would be recorded and written, and the position after it."""

    already_recorded = serializers.BooleanField()
    would_write = WouldWrite(many=True)
    loan_after = LoanWithPosition()
    dry_run = serializers.BooleanField()


class BatchEvent(RecordedEvent):
    """An event of a batch; the last three are there in a rehearsal."""

    already_recorded = serializers.BooleanField(required=False)
    would_write = WouldWrite(many=True, required=False)
    loan_after = LoanWithPosition(required=False)


class FaultShown(serializers.Serializer):
    """One place that is wrong."""

    detail = serializers.CharField(help_text="What is wrong, and the remedy.")
    code = serializers.CharField()
    pointer = text(required=False, help_text="A field of the body (RFC 6901).")
    parameter = text(required=False, help_text="A parameter or header.")


class Retry(serializers.Serializer):
    """Whether the same request may succeed later without a change."""

    allowed = serializers.BooleanField()
    after_seconds = serializers.IntegerField(min_value=1, allow_null=True)


class Problem(serializers.Serializer):
    """A problem document (RFC 9457)."""

    type = serializers.URLField(help_text="Explains the code.")
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField(help_text="Stable; decide by it.")
    detail = serializers.CharField(help_text="For a person.")
    instance = serializers.CharField(help_text="The request's id.")
    errors = FaultShown(many=True)  # type: ignore[assignment]
    retry = Retry()


class BatchResult(serializers.Serializer):
    """What became of one item."""

    index = serializers.IntegerField(min_value=0)
    status = serializers.ChoiceField(ITEM_STATUSES)
    event = BatchEvent(allow_null=True)
    problem = Problem(allow_null=True)


class BatchReply(serializers.Serializer):
    """A result for each item, in their order."""

    results = BatchResult(many=True)
    dry_run = serializers.BooleanField(required=False)


@cache
def page_of(row: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe a page of rows."""
    link: dict[str, Any] = {
        "allow_null": True,
        "help_text": "The address of that page.",
    }
    return inline_serializer(
        f"PageOf{row.__name__}",
        {
            "next": serializers.URLField(**link),
            "previous": serializers.URLField(**link),
            "results": row(many=True),
        },
    )
