"""Up to a hundred events in one request, each recorded singly."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.answers import Shown
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import OK, ApiView, checked
from backoffice.api.framework.idempotency import (
    LOCK_SECONDS,
    once_with_calls,
    rehearse,
    set_patience,
)
from backoffice.api.framework.problem_documents import document
from backoffice.api.framework.problems import FieldFault, Problem, faults_of, invalid
from backoffice.api.framework.queries import Rehearsable
from backoffice.api.framework.refusals import as_problem
from backoffice.api.framework.replies import Reply, store
from backoffice.api.framework.visible import no_loan, seen_by
from backoffice.api.lending.answers import BatchEvent, BatchReply
from backoffice.api.lending.bodies import BatchBody, BatchItem
from backoffice.api.lending.events import hidden_if_foreign, new_event, recorded
from backoffice.models import KeyScope
from lending import services
from lending.exceptions import ExternalIdConflict, LendingError
from lending.models import Loan, LoanEvent, is_reference
from lending.selectors import loans_by_references
from lending.services import NewEvent, TakenMeanwhile

logger = logging.getLogger(__name__)

# A twin that runs beside a slow one does no harm: each item is recorded once.
RUNS_AT_MOST = timedelta(seconds=5)
# A batch waits for locks as long as a single call; then each item has only this left.
LEAST_LOCK_SECONDS = 0.3
Recorded = tuple[LoanEvent, bool]
# Turns what was recorded together into the status and the content of each.
Answer = Callable[[list[Recorded]], list[tuple[str, Shown]]]


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    index: int
    status: str
    event: Shown | None = None
    problem: Shown | None = None


class Batch(ApiView):
    """`loan-events/batch`."""

    scopes = {"POST": KeyScope.EVENTS_WRITE}
    queries = {"POST": Rehearsable}

    @extend_schema(
        operation_id="recordEvents",
        summary="Record up to a hundred events",
        request=BatchBody,
        responses=BatchReply,
    )
    def post(self, request: Request) -> Response:
        """Record events in order; a refused one holds up the later ones of its loan.

        A repeat of the whole batch is harmless: what was recorded is answered again.
        An answer that says of an item that it may succeed unchanged is not kept.
        """
        items = checked(BatchBody, request)["events"]
        if self.is_dry_run:
            return rehearse(
                lambda: _reply(self._one_by_one(items, _rehearsed), dry_run=True)
            )
        return once_with_calls(
            request, lambda: _reply(self._recorded(items)), runs_at_most=RUNS_AT_MOST
        )

    def _recorded(self, items: list[Any]) -> list[Outcome]:
        try:
            with transaction.atomic():
                set_patience(LEAST_LOCK_SECONDS)
                return self._attempted(list(enumerate(items)), set(), self._kept)
        except (DatabaseError, TakenMeanwhile) as exc:
            # Such as a lock that is not given: one by one, that holds up only its own.
            logger.info("A batch is recorded one by one: %s", exc)
            return self._one_by_one(items, self._kept)

    def _one_by_one(self, items: list[Any], answer: Answer) -> list[Outcome]:
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
    ) -> list[Outcome]:
        with transaction.atomic():
            set_patience(patience)
            return self._attempted([item], stopped, answer)

    def _attempted(
        self, items: list[tuple[int, Any]], stopped: set[str], answer: Answer
    ) -> list[Outcome]:
        """Record what can be recorded; `stopped` are the loans of what was refused."""
        shown: dict[int, Outcome] = {}
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
            shown[index] = Outcome(index, status, event=event)
        return [
            shown.get(index) or Outcome(index, "not_attempted") for index, _ in items
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
    ) -> Outcome:
        if isinstance(exc, ExternalIdConflict):
            exc = hidden_if_foreign(self.caller, exc)
        problem = as_problem(exc)
        if problem is None:
            raise exc
        if loan := _loan_of(item):
            stopped.add(loan)
        problem.faults = [_of_item(fault, index) for fault in problem.faults]
        told = document(problem, self.request)
        return Outcome(index, "refused", problem=told)


def _rehearsed(done: list[Recorded]) -> list[tuple[str, Shown]]:
    return [
        (
            "would_be_recorded" if is_new else "replayed",
            BatchEvent.of(event, already_recorded=not is_new),
        )
        for event, is_new in done
    ]


def _reply(outcomes: list[Outcome], *, dry_run: bool | None = None) -> Reply:
    problems = [one.problem for one in outcomes if one.problem]
    is_final = not any(one["retry"]["allowed"] for one in problems)
    content = BatchReply.of(results=outcomes, dry_run=dry_run)
    return Reply(OK, content, is_final=is_final)


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
