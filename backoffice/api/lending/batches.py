"""Up to a hundred events in one request, each recorded singly."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import (
    DRY_RUN,
    ApiView,
    checked,
    is_dry_run,
    no_loan,
    seen_by,
)
from backoffice.api.framework.fields import (
    ReferenceField,
    ShortListField,
    StrictSerializer,
)
from backoffice.api.framework.idempotency import (
    LOCK_SECONDS,
    Reply,
    once_with_calls,
    rehearse,
    set_patience,
    store,
)
from backoffice.api.framework.problems import (
    FieldFault,
    Problem,
    as_body,
    as_problem,
    faults_of,
    invalid,
)
from backoffice.api.lending import schemas
from backoffice.api.lending.events import (
    EventBody,
    hidden_if_foreign,
    new_event,
    recorded,
    rehearsed,
)
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ExternalIdConflict, LendingError
from lending.models import Loan, LoanEvent, is_reference
from lending.selectors import loans_by_references
from lending.services import NewEvent, TakenMeanwhile

logger = logging.getLogger(__name__)

MOST_EVENTS = 100
# A twin that runs beside a slow one does no harm: each item is recorded once.
RUNS_AT_MOST = timedelta(seconds=5)
# A batch waits for locks as long as a single call; then each item has only this left.
LEAST_LOCK_SECONDS = 0.3
Shown = dict[str, Any]
Recorded = tuple[LoanEvent, bool]
# Turns what was recorded together into the status and the content of each.
Answer = Callable[[list[Recorded]], list[tuple[str, Shown]]]


class BatchItem(EventBody):
    """An event, and the loan it happened on."""

    loan = ReferenceField(help_text="The loan's reference.")


@extend_schema_field(
    {
        "anyOf": [
            {"$ref": "#/components/schemas/BatchItem"},
            {"description": "Anything else is refused by itself, with its problem."},
        ]
    }
)
class ItemField(serializers.JSONField):
    """An item, checked when its turn comes, so that a bad one spoils no other."""


class BatchBody(StrictSerializer):
    """Events in the order in which they happened."""

    events = ShortListField(
        child=ItemField(allow_null=True), min_length=1, max_length=MOST_EVENTS
    )


class Batch(ApiView):
    """`loan-events/batch`."""

    scopes = {"POST": KeyScope.EVENTS_WRITE}
    parameters = {"POST": {DRY_RUN}}
    parts = [BatchItem]

    @extend_schema(
        operation_id="recordEvents",
        summary="Record up to a hundred events",
        request=BatchBody,
        responses={200: schemas.BatchReply},
    )
    def post(self, request: Request) -> Response:
        """Record events in order; a refused one holds up the later ones of its loan.

        A repeat of the whole batch is harmless: what was recorded is answered again.
        An answer that says of an item that it may succeed unchanged is not kept.
        """
        items = checked(BatchBody, request)["events"]
        if is_dry_run(request):
            return rehearse(lambda: _reply(self._one_by_one(items, _rehearsed)))
        return once_with_calls(
            request, lambda: _reply(self._recorded(items)), runs_at_most=RUNS_AT_MOST
        )

    def _recorded(self, items: list[Any]) -> list[Shown]:
        try:
            with transaction.atomic():
                set_patience(LEAST_LOCK_SECONDS)
                return self._attempted(list(enumerate(items)), set(), self._kept)
        except (DatabaseError, TakenMeanwhile) as exc:
            # Such as a lock that is not given: one by one, that holds up only its own.
            logger.info("A batch is recorded one by one: %s", exc)
            return self._one_by_one(items, self._kept)

    def _one_by_one(self, items: list[Any], answer: Answer) -> list[Shown]:
        patient_until = time.monotonic() + LOCK_SECONDS
        stopped: set[str] = set()
        results = []
        for one in enumerate(items):
            left = max(patient_until - time.monotonic(), LEAST_LOCK_SECONDS)
            try:
                try:
                    results += self._alone(one, stopped, answer, patience=left)
                except TakenMeanwhile:
                    # A twin was quicker: its event is there now.
                    results += self._alone(one, stopped, answer, patience=left)
            except DatabaseError as exc:
                results.append(self._refused(*one, exc, stopped))
        return results

    def _alone(
        self,
        item: tuple[int, Any],
        stopped: set[str],
        answer: Answer,
        *,
        patience: float,
    ) -> list[Shown]:
        with transaction.atomic():
            set_patience(patience)
            return self._attempted([item], stopped, answer)

    def _attempted(
        self, items: list[tuple[int, Any]], stopped: set[str], answer: Answer
    ) -> list[Shown]:
        """Record what can be recorded; `stopped` are the loans of what was refused."""
        shown: dict[int, Shown] = {}
        loans = _loans(self.caller, [item for _, item in items])
        new: dict[int, NewEvent] = {}
        for index, item in items:
            if _loan_of(item) in stopped:
                continue
            try:
                new[index] = _new_event(self.caller, item, loans)
            except (Problem, LendingError) as exc:
                shown[index] = self._refused(index, item, exc, stopped)
        outcomes = dict(zip(new, services.record_events([*new.values()]), strict=True))
        done = {}
        for index, item in items:
            outcome = outcomes.get(index)
            if isinstance(outcome, LendingError):
                shown[index] = self._refused(index, item, outcome, stopped)
            elif outcome is not None:
                done[index] = outcome
        for index, (status, event) in zip(done, answer([*done.values()]), strict=True):
            shown[index] = {**_nothing(index), "status": status, "event": event}
        return [
            shown.get(index) or {**_nothing(index), "status": "not_attempted"}
            for index, _ in items
        ]

    def _kept(self, done: list[Recorded]) -> list[tuple[str, Shown]]:
        """Commit what was recorded together with its answers."""
        replies = [recorded(one) for one in done]
        new = [reply for reply in replies if reply.is_new]
        store(self.caller.client, new, call="POST batch item")
        return [
            ("recorded" if reply.is_new else "replayed", dict(reply.content))
            for reply in replies
        ]

    def _refused(
        self, index: int, item: Any, exc: Exception, stopped: set[str]
    ) -> Shown:
        if isinstance(exc, ExternalIdConflict):
            exc = hidden_if_foreign(self.caller, exc)
        problem = as_problem(exc)
        if problem is None:
            raise exc
        if loan := _loan_of(item):
            stopped.add(loan)
        problem.faults = [_of_item(fault, index) for fault in problem.faults]
        body = as_body(problem, self.request)
        return {**_nothing(index), "status": "refused", "problem": body}


def _rehearsed(done: list[Recorded]) -> list[tuple[str, Shown]]:
    return [
        ("would_be_recorded" if one[1] else "replayed", dict(rehearsed(one).content))
        for one in done
    ]


def _reply(results: list[Shown]) -> Reply:
    problems = [one["problem"] for one in results if one["problem"]]
    is_final = not any(one["retry"]["allowed"] for one in problems)
    return Reply(200, {"results": results}, is_final=is_final)


def _nothing(index: int) -> Shown:
    return {"index": index, "event": None, "problem": None}


def _loan_of(item: Any) -> str | None:
    loan = item.get("loan") if isinstance(item, dict) else None
    return loan if isinstance(loan, str) else None


def _loans(caller: Caller, items: list[Any]) -> dict[str, Loan]:
    """Return the loans of items, as far as the key may see them."""
    named = {loan for item in items if (loan := _loan_of(item)) and is_reference(loan)}
    found = seen_by(caller, loans_by_references(named))
    return {loan.reference: loan for loan in found}


def _new_event(caller: Caller, item: Any, loans: Mapping[str, Loan]) -> NewEvent:
    """Return what an item asks to record, or raise why it cannot be."""
    try:
        fields: Shown = BatchItem.checker().run_validation(item)
    except ValidationError as exc:
        raise invalid(list(faults_of(exc.detail))) from exc
    reference = fields.pop("loan")
    if reference not in loans:
        raise no_loan(reference)
    return new_event(caller, loans[reference], fields)


def _of_item(fault: FieldFault, index: int) -> FieldFault:
    """Point into the body that was sent."""
    if fault.pointer is None:
        return fault
    return replace(fault, pointer=f"/events/{index}{fault.pointer}")
