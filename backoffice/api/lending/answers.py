"""What is answered about companies, loans and events."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from backoffice.api.framework.answers import (
    Amount,
    Answer,
    Balance,
    Moment,
    Reference,
    text,
)
from backoffice.api.framework.problem_documents import ProblemDocument
from backoffice.api.sync_records.answers import DataType, EntryShown, PlannedEntry
from backoffice.positions import fee_tax_of, records_of
from lending.models import (
    CollectionRoute,
    Company,
    EventKind,
    InvoicePaymentPosting,
    Loan,
    LoanEvent,
)
from lending.positions import explain, loan_position
from xero_sync.entries import preview, settlement
from xero_sync.entries.status import EventStatus, status_of
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Step
from xero_sync.writeback import planner

Known = Mapping[str, Any]
ITEM_STATUSES = [
    "recorded",
    "replayed",
    "would_be_recorded",
    "refused",
    "not_attempted",
]


class CompanyShown(Answer):
    """A company."""

    reference = Reference()
    borrower_reference = text()
    legal_name = serializers.CharField()
    contact_email = text()
    currency = serializers.CharField()
    country = serializers.CharField()
    language = serializers.ChoiceField(Company.Language.choices)
    time_zone = serializers.CharField()
    created_at = Moment()


class LoanShown(Answer):
    """What was agreed."""

    reference = Reference()
    company = Reference(source="company.reference")
    currency = serializers.CharField(source="company.currency")
    agreed_on = serializers.DateField()
    invoice_number = serializers.CharField()
    invoice_external_id = text()
    invoice_amount = Amount(currency="company.currency")
    debtor_name = serializers.CharField()
    collection_route = serializers.ChoiceField(CollectionRoute.choices)
    invoice_payment_posting = serializers.ChoiceField(InvoicePaymentPosting.choices)
    closed_at = Moment(allow_null=True)
    created_at = Moment()


class PositionShown(Answer):
    """Balances in the borrower's books as our events lead to them, debits positive."""

    currency = serializers.CharField()
    lender_account = Balance(currency="currency")
    nominated_account = Balance(currency="currency")
    fee_expense = Balance(currency="currency")
    tax = Balance(currency="currency")
    receivable = Balance(
        currency="currency", help_text="What the debtor still owes the borrower."
    )


class LoanWithPosition(LoanShown):
    """A loan and where it stands."""

    position = PositionShown()
    settled = serializers.BooleanField(
        help_text="All balances are zero and every entry stands in Xero."
    )
    to_settle = serializers.ListField(
        child=serializers.CharField(), help_text="What would settle it, in words."
    )

    @classmethod
    def known(cls, rows: Sequence[Loan]) -> Sequence[Known]:
        """Return where each of them stands."""
        return [_standing(one) for one in rows]


def _standing(loan: Loan) -> Known:
    records = records_of(SyncRecord.objects.filter(loan=loan))
    events = list(loan.events.select_related("reverses"))
    found = loan_position(loan=loan, events=events, fee_tax=fee_tax_of(loan, records))
    return {
        "position": found,
        "settled": settlement.is_settled(loan, found),
        "to_settle": explain(found, loan),
    }


class EventShown(Answer):
    """What was recorded; none of it ever changes."""

    external_id = Reference()
    loan = Reference(source="loan.reference")
    company = Reference(source="loan.company.reference")
    sequence = serializers.IntegerField(min_value=1, help_text="Its place on the loan.")
    kind = serializers.ChoiceField(EventKind.choices)
    amount = Amount(currency="loan.company.currency")
    currency = serializers.CharField(source="loan.company.currency")
    value_date = serializers.DateField()
    description = text()
    already_in_books = serializers.BooleanField()
    reverses = serializers.CharField(
        source="reverses.external_id",
        allow_null=True,
        help_text="The event that this one takes back.",
    )
    recorded_at = Moment()
    recorded_by = serializers.CharField()


class RecordedEvent(EventShown):
    """An event at the moment of its recording, with what it leads to."""

    entries = PlannedEntry(many=True)

    @classmethod
    def known(cls, rows: Sequence[LoanEvent]) -> Sequence[Known]:
        """Return the entries as they were planned, or have become since."""
        return [{"entries": _planned_of(one)} for one in rows]


class EventNow(EventShown):
    """An event with the exact status of each of its entries."""

    reversed_by = serializers.CharField(
        allow_null=True, help_text="The event that takes this one back."
    )
    status = serializers.ChoiceField(EventStatus.choices)
    entries = EntryShown(many=True)

    @classmethod
    def known(cls, rows: Sequence[LoanEvent]) -> Sequence[Known]:
        """Return the entries as they are."""
        return [_now(one) for one in rows]


def _now(event: LoanEvent) -> Known:
    entries = _entries_of(event)
    reversal = getattr(event, "reversed_by", None)
    return {
        "reversed_by": reversal and reversal.external_id,
        "status": status_of(entries).value,
        "entries": entries,
    }


def _entries_of(event: LoanEvent) -> list[SyncRecord]:
    """Return an event's entries, its booking before its line."""
    found = list(SyncRecord.objects.filter(event=event))
    for record in found:
        record.event, record.loan = event, event.loan
    return sorted(found, key=_place)


def _planned_of(event: LoanEvent) -> list[SyncRecord]:
    planned: list[SyncRecord] | None = getattr(event, planner.PLANNED, None)
    return _entries_of(event) if planned is None else sorted(planned, key=_place)


def _place(record: SyncRecord) -> tuple[bool, str]:
    return record.step == Step.STATEMENT_LINE, record.step


class WouldWrite(Answer):
    """A body as Codat would get it now; without one, `missing` says what it lacks."""

    step = serializers.ChoiceField(Step.choices)
    data_type = DataType()
    body = serializers.DictField(allow_null=True)
    missing = text()

    @classmethod
    def known(
        cls, rows: Sequence[tuple[SyncRecord, preview.Preview]]
    ) -> Sequence[Known]:
        """Return what was made of each entry."""
        return [{"step": record.step, **vars(made)} for record, made in rows]


class RehearsedEvent(RecordedEvent):
    """What would be recorded and written, and the position after it."""

    already_recorded = serializers.BooleanField()
    would_write = WouldWrite(many=True)
    loan_after = LoanWithPosition()
    dry_run = serializers.BooleanField()

    @classmethod
    def known(cls, rows: Sequence[LoanEvent]) -> Sequence[Known]:
        """Return what would be written, by the accounts chosen now."""
        return [
            {
                **recorded,
                "would_write": preview.previews(event=event, now=timezone.now()),
                "loan_after": event.loan,
                "dry_run": True,
            }
            for event, recorded in zip(rows, super().known(rows), strict=True)
        ]


class BatchEvent(RehearsedEvent):
    """An event of a batch; the last three are there in a rehearsal."""

    already_recorded = serializers.BooleanField(required=False)
    would_write = WouldWrite(many=True, required=False)
    loan_after = LoanWithPosition(required=False)
    # The answer says it, once.
    dry_run = None  # type: ignore[assignment]


class BatchResult(Answer):
    """What became of one item."""

    index = serializers.IntegerField(min_value=0)
    event = BatchEvent(allow_null=True)
    problem = ProblemDocument(allow_null=True)
    status = serializers.ChoiceField(ITEM_STATUSES)


class BatchReply(Answer):
    """A result for each item, in their order."""

    results = BatchResult(many=True)
    dry_run = serializers.BooleanField(required=False)
