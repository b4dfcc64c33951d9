"""The product's addresses, one to record events at, and the moments to die at.

A file of a moment's name in `$DEATHS` makes the next process that comes by take the
file away and kill itself, once its transaction has committed.
"""

import json
import os
import signal
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from backoffice.urls import urlpatterns as ours
from lending import services
from lending.models import Loan, LoanEvent
from lending.signals import loan_event_recorded
from tests.processes.crew import BEFORE_API_ANSWER, FROZEN
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now

BEFORE_NUDGE = "before-nudge"
BEFORE_ANSWER = {"/load/events": "before-answer", "/webhooks/codat/": "webhook"}


@csrf_exempt
def record(request: HttpRequest) -> HttpResponse:
    """Record an event as a service of the lender would, under its own id."""
    given = json.loads(request.body)
    loan = Loan.objects.with_company().get(reference=given.pop("loan"))
    event, is_new = services.record_event(
        loan=loan,
        kind=given["kind"],
        amount=Decimal(given["amount"]),
        value_date=date.fromisoformat(given["value_date"]),
        external_id=given["external_id"],
        recorded_by="service:load",
        today=loan.company.today(database_now()),
    )
    return JsonResponse({"sequence": event.sequence}, status=201 if is_new else 200)


def die_before_answer(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: kill this process after the commit, before the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        moment = BEFORE_ANSWER.get(request.path)
        if request.path.startswith("/api/"):
            moment = BEFORE_API_ANSWER
        if moment and response.status_code < 300:
            die_if_told(moment)
        return response

    return middleware


def die_if_told(moment: str) -> None:
    """Kill this process if somebody has put the moment's file there."""
    if _is_told(moment):
        os.kill(os.getpid(), signal.SIGKILL)


@receiver(loan_event_recorded)
def die_or_freeze_while_recording(events: Sequence[LoanEvent], **_: object) -> None:
    """Kill or stop this process within the transaction that records an event."""
    for event in events:
        die_if_told(f"write-{event.external_id}")
        if _is_told(f"freeze-{event.external_id}"):
            (Path(os.environ["DEATHS"]) / FROZEN).write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGSTOP)


def _is_told(moment: str) -> bool:
    try:
        (Path(os.environ["DEATHS"]) / moment).unlink()
    except (KeyError, FileNotFoundError):
        return False
    return True


def _die_before_nudge() -> None:
    nudge = task_queue._Nudge.__call__

    def call(self: task_queue._Nudge) -> None:
        die_if_told(BEFORE_NUDGE)
        nudge(self)

    task_queue._Nudge.__call__ = call  # type: ignore[method-assign]


_die_before_nudge()
urlpatterns = [*ours, path("load/events", record)]
