"""Store what an exchange told us: the evidence first, then what may be done next."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeGuard
from uuid import UUID

from django.db import transaction

from lending.db import bulk
from lending.db.ids import new_id
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import AttemptAnswer, Connection, SyncRecord, WriteAttempt
from xero_sync.models.choices import (
    FEED_REFUSALS,
    Cause,
    Outcome,
    Reason,
    State,
    Step,
)
from xero_sync.runtime import task_queue
from xero_sync.writeback import backpressure, feed_refusals, outcomes, watching
from xero_sync.writeback.backpressure import backoff
from xero_sync.writeback.exchange import Claim, Sent
from xero_sync.writeback.transitions import lanes_of, move, wake_lanes


@transaction.atomic
def store(sent: Sequence[Sent], *, now: datetime) -> None:
    """Store a group of finished exchanges.

    A worker that lost its lease meanwhile stores its attempt, which is evidence, and
    moves nothing: the fence has grown since.
    """
    lanes = {
        (record.company_id, record.step) for one in sent for record in one.claim.records
    }
    # What is settled wakes all lanes of its company: all at once, in the one order.
    settled = {one.claim.company_id for one in sent if not _is_taken_in(one.outcome)}
    wake_lanes([*lanes, *lanes_of(settled)], at=now)
    store_attempts(sent)
    taken_in = []
    for one in sent:
        outcome = one.outcome
        if _is_taken_in(outcome):
            taken_in.append((one.claim, outcome))
        else:
            _settle(one, now)
    outcomes.taken_in(taken_in, now=now)
    for one in sent:
        key = getattr(one.outcome, "key", None)
        if key and any(it.push_operation_key != key for it in one.claim.records):
            watching.answered_late(one.claim.request, key, now=now)
    backpressure.learn(((one.claim.organisation, one.outcome) for one in sent), now=now)


def _is_taken_in(outcome: object) -> TypeGuard[PushOperation]:
    return isinstance(outcome, PushOperation) and outcome.status == PushStatus.PENDING


def store_attempts(sent: Sequence[Sent]) -> None:
    """Keep the evidence of exchanges: what was answered, apart, and its hash."""
    attempts, answers = [], []
    for one in sent:
        attempt = {"id": new_id(), **_attempt_of(one)}
        text = attempt.pop("answer")
        hashed = hashlib.sha256(text.encode()).hexdigest() if text else ""
        attempts.append({**attempt, "answer_sha256": hashed})
        if text:
            answers.append({"attempt": attempt["id"], "text": text, "erased_at": None})
    bulk.insert(WriteAttempt, attempts)
    if answers:
        bulk.insert(AttemptAnswer, answers)


def _attempt_of(sent: Sent) -> dict[str, Any]:
    outcome = sent.outcome
    values: dict[str, Any] = {
        "request": sent.claim.request.pk,
        "started_at": sent.started_at,
        "finished_at": sent.finished_at,
    }
    if not isinstance(outcome, CodatError):
        meta = outcome.meta
        return values | {
            "elapsed_ms": meta.elapsed_ms,
            "outcome": Outcome.ACCEPTED,
            "status_code": meta.status_code,
            "correlation_id": meta.correlation_id,
            "push_operation_key": getattr(outcome, "key", None),
            "error": "",
            "answer": meta.body_text,
        }
    spent = sent.finished_at - sent.started_at
    return values | {
        "elapsed_ms": max(0, int(spent.total_seconds() * 1000)),
        "outcome": Outcome(outcome.kind),
        "status_code": outcome.status_code,
        "correlation_id": outcome.correlation_id or "",
        "push_operation_key": None,
        "error": str(outcome),
        "answer": outcome.meta.body_text if outcome.meta else "",
    }


def _settle(sent: Sent, now: datetime) -> None:
    claim, outcome = sent.claim, sent.outcome
    if isinstance(outcome, PushOperation):
        outcomes.apply_operation(
            records=claim.records, operation=outcome, cause=Cause.ANSWER, now=now
        )
        return
    if not isinstance(outcome, CodatError):
        raise TypeError("Entries are pushed, and nothing else answers for them.")
    settle = _SETTLERS[Outcome(outcome.kind)]
    for record in claim.records:
        settle(record, claim, outcome, now)


def _unavailable(
    record: SyncRecord, claim: Claim, error: CodatError, now: datetime
) -> None:
    wait = error.retry_after or backoff(_sends(claim))
    if not claim.certain:
        # This one was not taken in, but an earlier one under the key may have been.
        _unknown(record, Reason.NO_ANSWER, now, wait)
        return
    # Nothing was taken in: the same bytes may go again under the same key.
    move(
        record,
        to=State.QUEUED,
        cause=Cause.ANSWER,
        now=now,
        note=str(error),
        not_before=now + timedelta(seconds=wait),
    )
    # Its event may have been reversed while it was out.
    outcomes.settle_reversal(record, now)
    task_queue.nudge_drain()


def _no_answer(
    record: SyncRecord, claim: Claim, error: CodatError, now: datetime
) -> None:
    _unknown(record, Reason.NO_ANSWER, now, backoff(_sends(claim)), str(error))


def _no_verdict(
    record: SyncRecord, claim: Claim, error: CodatError, now: datetime
) -> None:
    wait = error.retry_after or backoff(_sends(claim) + 1)
    _unknown(record, Reason.NO_VERDICT, now, wait, str(error))


def _unknown(
    record: SyncRecord, reason: str, now: datetime, wait: float, note: str = ""
) -> None:
    move(
        record,
        to=State.UNKNOWN,
        reason=reason,
        cause=Cause.ANSWER,
        now=now,
        note=note,
        next_poll_at=now + timedelta(seconds=wait),
    )


def _rejected(
    record: SyncRecord,
    claim: Claim,
    error: CodatError,
    now: datetime,
) -> None:
    if outcomes.was_there(record, words=str(error), errors=error.errors):
        outcomes.written(
            record, cause=Cause.ANSWER, now=now, xero_record_id="", note=str(error)
        )
        return
    if not claim.certain:
        _unknown(record, Reason.NO_VERDICT, now, backoff(_sends(claim)), str(error))
        return
    outcomes.failed(
        record,
        cause=Cause.ANSWER,
        now=now,
        reason=Reason.REFUSED_BY_CODAT,
        words=str(error),
    )


def _access_denied(
    record: SyncRecord, claim: Claim, error: CodatError, now: datetime
) -> None:
    if record.step == Step.STATEMENT_LINE and feed_refusals.is_one(error.problem):
        _feed_refused(record, claim, error, now)
        return
    if error.problem:
        _rejected(record, claim, error, now)
        return
    if not claim.certain:
        _unknown(record, Reason.NO_ANSWER, now, backoff(_sends(claim)), str(error))
    else:
        move(
            record,
            to=State.HELD,
            reason=Reason.ACCESS_DENIED,
            cause=Cause.ANSWER,
            now=now,
            note=str(error),
            # The refusal is remembered under its key: a later send takes a new one.
            request=None,
        )
        outcomes.settle_reversal(record, now)
    shut_out(connection_id=claim.request.connection_id, error=error, now=now)


def _feed_refused(
    record: SyncRecord, claim: Claim, error: CodatError, now: datetime
) -> None:
    if not claim.certain:
        _unknown(record, Reason.NO_VERDICT, now, backoff(_sends(claim)), str(error))
        return
    feed_refusals.remember(
        connection_id=claim.request.connection_id, problem=error.problem, now=now
    )
    move(
        record,
        to=State.HELD,
        reason=FEED_REFUSALS[error.problem],
        cause=Cause.ANSWER,
        now=now,
        note=str(error),
        # The refusal is remembered under its key: a later send takes a new one.
        request=None,
    )


FORBIDDEN = 403


def shut_out(*, connection_id: UUID, error: CodatError, now: datetime) -> None:
    """Hold what needs Codat's access; a 401 or 402 concerns every connection.

    A 403 may be the first sign that the borrower has withdrawn their consent, so its
    connection is looked at again at once.
    """
    connections = Connection.objects.live()
    checked_at: datetime | None = now
    if error.status_code == FORBIDDEN:
        connections = connections.filter(pk=connection_id)
        checked_at = None
    connections.update(
        access_problem=f"HTTP {error.status_code}", checked_at=checked_at
    )


_SETTLERS = {
    Outcome.UNAVAILABLE: _unavailable,
    Outcome.NO_ANSWER: _no_answer,
    Outcome.NO_VERDICT: _no_verdict,
    Outcome.REFUSED: _rejected,
    Outcome.ACCESS_DENIED: _access_denied,
}


def _sends(claim: Claim) -> int:
    return claim.request.attempts.count()
