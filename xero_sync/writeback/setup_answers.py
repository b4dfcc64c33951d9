"""Store what an exchange of a setup's step told us: the evidence first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db import transaction

from xero_sync.codat.bank_feeds import FeedAnswer
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError
from xero_sync.codat.push import PushOperation
from xero_sync.models import SetupStep
from xero_sync.models.choices import Outcome
from xero_sync.models.setups import SetupKind, StepState
from xero_sync.writeback import (
    backpressure,
    results,
    setup_looks,
    setup_moves,
    setups,
)
from xero_sync.writeback.exchange import Sent
from xero_sync.writeback.transitions import lock_connection


def store(sent: Sequence[Sent], *, now: datetime) -> None:
    """Store finished exchanges of steps, each in a transaction of its own.

    A worker that lost its lease meanwhile stores its attempt, which is evidence, and
    moves nothing: the fence has grown since.
    """
    for one in sent:
        if one.claim.step is not None:
            _store(one, one.claim.step, now)


@transaction.atomic
def _store(sent: Sent, step: SetupStep, now: datetime) -> None:
    lock_connection(step.setup.connection, now=now)
    results.store_attempts([sent])
    outcome = sent.outcome
    if SetupStep.objects.filter(pk=step.pk, fence=step.fence).exists():
        if isinstance(outcome, PushOperation):
            setup_looks.apply_operation(step, outcome, now)
            if setups.was_told(outcome.key):
                setup_moves.put_off(step, to=now)
        elif isinstance(outcome, FeedAnswer):
            _feed_answered(step, outcome, now)
        else:
            _failed(sent, step, outcome, now)
    backpressure.learn([(sent.claim.organisation, outcome)], now=now)


def _feed_answered(step: SetupStep, answer: FeedAnswer, now: datetime) -> None:
    if answer.error:
        # HTTP 200 is no success: a mapping may be refused in it.
        setup_moves.move(
            step, to=StepState.REFUSED, now=now, due_at=now, words=answer.error
        )
    elif step.kind == SetupKind.FEED_MAPPING:
        # Xero's account appears when the mapping is read.
        soon = now + timedelta(seconds=settings.WRITEBACK_REFRESH_SECONDS)
        setup_moves.move(step, to=StepState.PENDING, now=now, due_at=soon)
    else:
        setup_moves.done(step, now=now, record_id=step.subject)


def _failed(sent: Sent, step: SetupStep, error: CodatError, now: datetime) -> None:
    is_certain = sent.claim.certain
    outcome = Outcome(error.kind)
    is_gone = (
        step.kind == SetupKind.OLD_SOURCE and error.status_code == HTTPStatus.NOT_FOUND
    )
    if is_gone:
        setup_moves.done(step, now=now, record_id=step.subject)
    elif outcome == Outcome.UNAVAILABLE and is_certain:
        # Nothing was taken in: the same bytes may go again under the same key.
        later = now + timedelta(seconds=_wait(sent, error))
        setup_moves.move(step, to=StepState.READY, now=now, due_at=later)
    elif outcome == Outcome.REFUSED and is_certain:
        setup_moves.move(
            step, to=StepState.REFUSED, now=now, due_at=now, words=str(error)
        )
    elif isinstance(error, CodatAccessDenied) and is_certain:
        # The refusal is remembered under its key: a later send takes a new one.
        setup_moves.move(step, to=StepState.WAITING, now=now, due_at=None)
        _shut_out(step, error, now)
    else:
        later = now + timedelta(seconds=_wait(sent, error))
        setup_moves.move(
            step, to=StepState.UNKNOWN, now=now, due_at=later, words=str(error)
        )


def _wait(sent: Sent, error: CodatError) -> float:
    return error.retry_after or backpressure.backoff(
        sent.claim.request.attempts.count()
    )


def _shut_out(step: SetupStep, error: CodatAccessDenied, now: datetime) -> None:
    setup_looks.denied(step, error, now)
    if not error.problem:
        results.shut_out(connection_id=step.setup.connection_id, error=error, now=now)
