"""Loan events: recorded, rehearsed, taken back, and where each stands in Xero."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import CREATED, ApiView, checked
from backoffice.api.framework.idempotency import once, rehearse
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.problems import FieldFault, Problem
from backoffice.api.framework.queries import Rehearsable
from backoffice.api.framework.replies import Reply, stored_for
from backoffice.api.framework.visible import (
    event_or_404,
    loan_or_404,
    seen_by,
    seen_or_404,
)
from backoffice.api.lending.answers import (
    EventNow,
    EventShown,
    RecordedEvent,
    RehearsedEvent,
)
from backoffice.api.lending.bodies import EventBody, ReversalBody
from backoffice.api.lending.queries import EventQuery, LoansEventQuery
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ExternalIdConflict
from lending.models import Loan, LoanEvent
from lending.money import parse_amount
from lending.selectors import events_of_loan
from lending.services import NewEvent


class Events(ApiView):
    """`loan-events`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    queries = {"GET": EventQuery}

    @extend_schema(
        operation_id="listEvents",
        summary="List events",
        responses=page_of(EventShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List events as they were recorded; an event's own address shows more."""
        events = LoanEvent.objects.select_related("loan__company", "reverses")
        return self.listed(seen_by(self.caller, events, "loan__company"), EventShown)


class LoanEvents(ApiView):
    """`loans/{reference}/events`."""

    scopes = {"GET": KeyScope.EVENTS_READ, "POST": KeyScope.EVENTS_WRITE}
    queries = {"GET": LoansEventQuery, "POST": Rehearsable}
    leads_to = {"getEvent": "external_id", "reverseEvent": "external_id"}

    @extend_schema(
        operation_id="listLoansEvents",
        summary="List the events of a loan",
        responses=page_of(EventShown),
    )
    def get(self, request: Request, reference: str) -> Response:  # noqa: ARG002
        """List a loan's events in the order in which they count."""
        loan = loan_or_404(self.caller, reference)
        return self.listed(events_of_loan(loan), EventShown)

    @extend_schema(
        operation_id="recordEvent",
        summary="Record an event",
        request=EventBody,
        responses={201: RecordedEvent, 200: RehearsedEvent},
    )
    def post(self, request: Request, reference: str) -> Response:
        """Record an event and plan its entries, in one transaction."""
        try:
            fields = checked(EventBody, request)
        except ValidationError:
            # That there is no such loan is said before what is wrong in the body.
            loan_or_404(self.caller, reference)
            raise
        if self.is_dry_run:
            return rehearse(lambda: rehearsed(record(self.caller, reference, fields)))
        return once(request, lambda: recorded(record(self.caller, reference, fields)))


class Event(ApiView):
    """`loan-events/{external_id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getEvent",
        summary="Show an event and the status of its entries",
        responses=EventNow,
    )
    def get(self, request: Request, external_id: str) -> Response:  # noqa: ARG002
        """Show an event and the exact status of each of its entries."""
        event = event_or_404(self.caller, external_id)
        return Response(EventNow.of(event))


class Reversal(ApiView):
    """`loan-events/{external_id}/reverse`."""

    scopes = {"POST": KeyScope.EVENTS_WRITE}
    queries = {"POST": Rehearsable}

    @extend_schema(
        operation_id="reverseEvent",
        summary="Reverse an event",
        request=ReversalBody,
        responses={201: RecordedEvent, 200: RehearsedEvent},
    )
    def post(self, request: Request, external_id: str) -> Response:
        """Take an event back: what was not sent is cancelled, the rest compensated."""
        event = event_or_404(self.caller, external_id)
        fields = checked(ReversalBody, request)
        if self.is_dry_run:
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
    amounts = {
        name: parse_amount(fields[name], loan.company.currency, field=name)
        for name in ("amount", "confirmed_amount")
        if name in fields
    }
    return NewEvent(
        loan=loan,
        **{**fields, **amounts},
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
        content or RecordedEvent.of(event),
        natural_key=natural_key,
        is_new=is_new,
    )


def rehearsed(done: tuple[LoanEvent, bool]) -> Reply:
    """Answer what would be written, and the position after it."""
    event, is_new = done
    return Reply(CREATED, RehearsedEvent.of(event, already_recorded=not is_new))
