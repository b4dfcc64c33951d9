"""Up to a hundred events in one request, each recorded singly."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api import schemas
from backoffice.api.authentication import Caller
from backoffice.api.base import DRY_RUN, ApiView, checked, is_dry_run, loan_or_404
from backoffice.api.events import EventBody, record, recorded, rehearsed
from backoffice.api.fields import (
    ReferenceField,
    ShortListField,
    StrictSerializer,
)
from backoffice.api.idempotency import (
    LOCK_SECONDS,
    Reply,
    once_with_calls,
    rehearse,
    set_patience,
    store,
)
from backoffice.api.problems import Fault, as_body, as_problem, faults_of, invalid
from backoffice.models import Scope

MOST_EVENTS = 100
# A twin that runs beside a slow one does no harm: each item is recorded once.
RUNS_AT_MOST = timedelta(seconds=5)
# A batch waits for locks as long as a single call; then each item has only this left.
LEAST_LOCK_SECONDS = 0.3
Shown = dict[str, Any]


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

    scopes = {"POST": Scope.EVENTS_WRITE}
    parameters = {"POST": {DRY_RUN}}
    parts = [BatchItem]
    _patient_until = 0.0

    @extend_schema(
        operation_id="recordEvents",
        summary="Record up to a hundred events",
        request=BatchBody,
        responses={200: schemas.BatchReply},
    )
    def post(self, request: Request) -> Response:
        """Record events one by one; a refused one holds up the later ones of its loan.

        A repeat of the whole batch is harmless: what was recorded is answered again.
        An answer that says of an item that it may succeed unchanged is not kept.
        """
        items = checked(BatchBody, request)["events"]
        if is_dry_run(request):
            return rehearse(lambda: Reply(200, self._run(items, self._rehearse)))
        return once_with_calls(
            request, lambda: self._recorded(items), runs_at_most=RUNS_AT_MOST
        )

    def _recorded(self, items: list[Any]) -> Reply:
        shown = self._run(items, self._record)
        problems = [one["problem"] for one in shown["results"] if one["problem"]]
        is_final = not any(one["retry"]["allowed"] for one in problems)
        return Reply(200, shown, is_final=is_final)

    def _run(
        self, items: list[Any], act: Callable[[Shown], tuple[str, Shown]]
    ) -> Shown:
        return {"results": list(self._results(items, act))}

    def _results(
        self, items: list[Any], act: Callable[[Shown], tuple[str, Shown]]
    ) -> Iterator[Shown]:
        stopped: set[str] = set()
        self._patient_until = time.monotonic() + LOCK_SECONDS
        for index, item in enumerate(items):
            loan = item.get("loan") if isinstance(item, dict) else None
            shown: Shown = {"index": index, "event": None, "problem": None}
            if isinstance(loan, str) and loan in stopped:
                yield {**shown, "status": "not_attempted"}
                continue
            try:
                status, event = act(_checked_item(item))
                yield {**shown, "status": status, "event": event}
            except Exception as exc:
                problem = as_problem(exc)
                if problem is None:
                    raise
                if isinstance(loan, str):
                    stopped.add(loan)
                problem.faults = [_of_item(fault, index) for fault in problem.faults]
                body = as_body(problem, self.request)
                yield {**shown, "status": "refused", "problem": body}

    def _record(self, item: Shown) -> tuple[str, Shown]:
        """Record an item and commit it with its answer."""
        caller: Caller = self.caller
        with transaction.atomic():
            self._set_patience()
            reply = recorded(_recorded(caller, item))
            if reply.is_new:
                store(caller.client, reply, call="POST batch item")
        return "recorded" if reply.is_new else "replayed", dict(reply.content)

    def _rehearse(self, item: Shown) -> tuple[str, Shown]:
        with transaction.atomic():
            self._set_patience()
            done = _recorded(self.caller, item)
            return "would_be_recorded" if done[1] else "replayed", dict(
                rehearsed(done).content
            )

    def _set_patience(self) -> None:
        left = self._patient_until - time.monotonic()
        set_patience(max(left, LEAST_LOCK_SECONDS))


def _recorded(caller: Caller, item: Shown) -> Any:
    fields = {**item}
    loan = loan_or_404(caller, fields.pop("loan"))
    return record(caller, loan, fields)


def _of_item(fault: Fault, index: int) -> Fault:
    """Point into the body that was sent."""
    if fault.pointer is None:
        return fault
    return replace(fault, pointer=f"/events/{index}{fault.pointer}")


def _checked_item(item: Any) -> Shown:
    given = BatchItem(data=item)
    if not given.is_valid():
        raise invalid(list(faults_of(given.errors)))
    fields: Shown = given.validated_data
    return fields
