"""Up to a hundred events in one request, each recorded singly."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.authentication import Caller
from backoffice.api.base import DRY_RUN, ApiView, checked, is_dry_run, loan_or_404
from backoffice.api.events import EventBody, record, recorded, rehearsed
from backoffice.api.fields import ReferenceField, StrictSerializer
from backoffice.api.idempotency import Reply, once_with_calls, rehearse, store
from backoffice.api.problems import as_body, as_problem, faults_of, invalid
from backoffice.models import Scope

MOST_EVENTS = 100
Shown = dict[str, Any]


class BatchItem(EventBody):
    """An event, and the loan it happened on."""

    loan = ReferenceField(help_text="The loan's reference.")


class BatchBody(StrictSerializer):
    """Events in the order in which they happened."""

    events = serializers.ListField(
        child=serializers.JSONField(), allow_empty=False, max_length=MOST_EVENTS
    )


class Batch(ApiView):
    """`loan-events/batch`."""

    scopes = {"POST": Scope.EVENTS_WRITE}
    parameters = {"POST": {DRY_RUN}}

    def post(self, request: Request) -> Response:
        """Record events one by one; a refused one holds up the later ones of its loan.

        A repeat of the whole batch is harmless: what was recorded is answered again.
        """
        items = checked(BatchBody, request)["events"]
        if is_dry_run(request):
            return rehearse(lambda: Reply(200, self._run(items, self._rehearse)))
        return once_with_calls(
            request, lambda: Reply(200, self._run(items, self._record))
        )

    def _run(
        self, items: list[Any], act: Callable[[Shown], tuple[str, Shown]]
    ) -> Shown:
        return {"results": list(self._results(items, act))}

    def _results(
        self, items: list[Any], act: Callable[[Shown], tuple[str, Shown]]
    ) -> Iterator[Shown]:
        stopped: set[str] = set()
        for index, item in enumerate(items):
            loan = item.get("loan") if isinstance(item, dict) else None
            shown: Shown = {"index": index, "event": None, "problem": None}
            if isinstance(loan, str) and loan in stopped:
                yield {**shown, "status": "not_attempted"}
                continue
            try:
                status, event = act(_checked_item(item, index))
                yield {**shown, "status": status, "event": event}
            except Exception as exc:
                problem = as_problem(exc)
                if problem is None:
                    raise
                if isinstance(loan, str):
                    stopped.add(loan)
                body = as_body(problem, self.request)
                yield {**shown, "status": "refused", "problem": body}

    def _record(self, item: Shown) -> tuple[str, Shown]:
        """Record an item and commit it with its answer."""
        caller: Caller = self.caller
        with transaction.atomic():
            reply = recorded(_recorded(caller, item))
            if reply.is_new:
                store(caller.client, reply, call="POST batch item")
        return "recorded" if reply.is_new else "replayed", dict(reply.content)

    def _rehearse(self, item: Shown) -> tuple[str, Shown]:
        with transaction.atomic():
            done = _recorded(self.caller, item)
            return "would_be_recorded" if done[1] else "replayed", dict(
                rehearsed(done).content
            )


def _recorded(caller: Caller, item: Shown) -> Any:
    fields = {**item}
    loan = loan_or_404(caller, fields.pop("loan"))
    return record(caller, loan, fields)


def _checked_item(item: Any, index: int) -> Shown:
    given = BatchItem(data=item)
    if not given.is_valid():
        raise invalid(list(faults_of(given.errors, f"/events/{index}")))
    fields: Shown = given.validated_data
    return fields
