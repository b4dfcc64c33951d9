"""Loan events: recorded, rehearsed, taken back, and where each stands in Xero."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework import patterns
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import (
    DRY_RUN,
    ApiView,
    checked,
    event_or_404,
    is_dry_run,
    loan_or_404,
    seen_by,
    seen_or_404,
)
from backoffice.api.framework.fields import (
    AmountField,
    ChoiceText,
    CodeField,
    DayField,
    ReferenceField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.filters import EventFilter, LoansEventFilter
from backoffice.api.framework.idempotency import Reply, once, rehearse, stored_for
from backoffice.api.framework.problems import FieldFault, Problem
from backoffice.api.lending import representations as show
from backoffice.api.lending import schemas
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ExternalIdConflict
from lending.models import EventKind, Loan, LoanEvent
from lending.models.company import CURRENCY_RULE
from lending.money import parse_amount
from lending.selectors import events_of_loan
from lending.services import NewEvent
from xero_sync.models import SyncRecord
from xero_sync.models.choices import Step
from xero_sync.writeback import planner

CREATED = 201


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


class ReversalBody(StrictSerializer):
    """Takes an event back."""

    external_id = ReferenceField(help_text="Of the reversal; yours, unique for ever.")
    value_date = DayField(required=False, help_text="Today if left out.")
    description = TextField(
        required=False, allow_blank=True, max_length=200, default=""
    )


class Events(ApiView):
    """`loan-events`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    filters = EventFilter

    @extend_schema(
        operation_id="listEvents",
        summary="List events",
        responses=schemas.page_of(schemas.EventShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List events as they were recorded; an event's own address shows its stage."""
        events = LoanEvent.objects.select_related("loan__company", "reverses")
        return self.listed(seen_by(self.caller, events, "loan__company"), show.event)


class LoanEvents(ApiView):
    """`loans/{reference}/events`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.EVENTS_WRITE}
    parameters = {"POST": {DRY_RUN}}
    filters = LoansEventFilter
    leads_to = {"getEvent": "external_id", "reverseEvent": "external_id"}

    @extend_schema(
        operation_id="listLoansEvents",
        summary="List the events of a loan",
        responses=schemas.page_of(schemas.EventShown),
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """List a loan's events in the order in which they count."""
        loan = loan_or_404(self.caller, reference)
        return self.listed(events_of_loan(loan), show.event)

    @extend_schema(
        operation_id="recordEvent",
        summary="Record an event",
        request=EventBody,
        responses={201: schemas.RecordedEvent, 200: schemas.RehearsedEvent},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Record an event and plan its entries, in one transaction."""
        try:
            fields = checked(EventBody, request)
        except ValidationError:
            # That there is no such loan is said before what is wrong in the body.
            loan_or_404(self.caller, reference)
            raise
        if is_dry_run(request):
            return rehearse(lambda: rehearsed(record(self.caller, reference, fields)))
        return once(request, lambda: recorded(record(self.caller, reference, fields)))


class Event(ApiView):
    """`loan-events/{external_id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getEvent",
        summary="Show an event and the stage of its entries",
        responses=schemas.EventNow,
    )
    def get(self, request: Request, external_id: str) -> Response:  # noqa: ARG002
        """Show an event and the exact stage of each of its entries."""
        event = event_or_404(self.caller, external_id)
        return Response(show.event_now(event, entries_of(event)))


class Reversal(ApiView):
    """`loan-events/{external_id}/reverse`."""

    scopes = {"POST": KeyScope.EVENTS_WRITE}
    parameters = {"POST": {DRY_RUN}}

    @extend_schema(
        operation_id="reverseEvent",
        summary="Reverse an event",
        request=ReversalBody,
        responses={201: schemas.RecordedEvent, 200: schemas.RehearsedEvent},
    )
    def post(self, request: Request, external_id: str) -> Response:
        """Take an event back: what was not sent is cancelled, the rest compensated."""
        event = event_or_404(self.caller, external_id)
        fields = checked(ReversalBody, request)
        if is_dry_run(request):
            return rehearse(lambda: rehearsed(reverse(self.caller, event, fields)))
        return once(request, lambda: recorded(reverse(self.caller, event, fields)))


def record(
    caller: Caller, reference: str, fields: Mapping[str, Any]
) -> tuple[LoanEvent, bool]:
    """Record an event from a checked body, in the transaction that is open."""
    loan = seen_or_404(caller, services.lock_loan_of(reference), reference)
    try:
        return services.record_in_transaction(new_event(caller, loan, fields))
    except ExternalIdConflict as exc:
        raise hidden_if_foreign(caller, exc) from exc


def new_event(caller: Caller, loan: Loan, fields: Mapping[str, Any]) -> NewEvent:
    """Return what a checked body asks to record.

    Raises:
        AmountNotAllowed: not an amount in the currency's units.
    """
    amount = parse_amount(fields["amount"], loan.company.currency)
    return NewEvent(
        loan=loan,
        **{**fields, "amount": amount},
        recorded_by=caller.author,
        today=loan.company.today(timezone.now()),
    )


def reverse(
    caller: Caller, event: LoanEvent, fields: Mapping[str, Any]
) -> tuple[LoanEvent, bool]:
    """Reverse an event from a checked body."""
    try:
        return services.reverse_event(
            event=event,
            **fields,
            recorded_by=caller.author,
            today=event.loan.company.today(timezone.now()),
        )
    except ExternalIdConflict as exc:
        raise hidden_if_foreign(caller, exc) from exc


def hidden_if_foreign(caller: Caller, exc: ExternalIdConflict) -> Exception:
    """Tell nothing of an event on a loan that the key may not see but that it is."""
    stored, _given = exc.differences.get("loan", (None, None))
    if not isinstance(stored, Loan) or caller.may_see(stored.company_id):
        return exc
    words = "external_id: it is already in use; use a new id for a new event."
    return Problem(exc.code, words, faults=[FieldFault(words, pointer="/external_id")])


def recorded(done: tuple[LoanEvent, bool]) -> Reply:
    """Answer an event with its entries as they were planned, whenever it is asked."""
    event, is_new = done
    natural_key = f"loan-events/{event.external_id}"
    content = None if is_new else stored_for(natural_key)
    return Reply(
        CREATED,
        content or show.event_as_recorded(event, planned_of(event)),
        natural_key=natural_key,
        is_new=is_new,
    )


def rehearsed(done: tuple[LoanEvent, bool]) -> Reply:
    """Answer what would be written, and the position after it."""
    event, is_new = done
    return Reply(
        CREATED,
        {
            **show.event_as_recorded(event, planned_of(event)),
            "already_recorded": not is_new,
            "would_write": show.what_would_be_written(event),
            "loan_after": show.loan_with_position(event.loan),
        },
    )


def entries_of(event: LoanEvent) -> list[SyncRecord]:
    """Return an event's entries, its booking before its line."""
    found = list(SyncRecord.objects.filter(event=event))
    for record in found:
        record.event, record.loan = event, event.loan
    return sorted(found, key=_place)


def planned_of(event: LoanEvent) -> list[show.Planned | SyncRecord]:
    """Return what an event's entries were planned as, or have become since."""
    found = getattr(event, planner.PLANNED, None)
    if found is None:
        rows = SyncRecord.objects.filter(event=event).values_list(*show.Planned._fields)
        found = [show.Planned(*row) for row in rows]
    return sorted(found, key=_place)


def _place(one: SyncRecord | show.Planned) -> tuple[bool, str]:
    return one.step == Step.STATEMENT_LINE, one.step
