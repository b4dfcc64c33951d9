"""Look for what a step of a setup makes: before it is sent, and whenever in doubt.

Names and codes are unique in Xero, and source accounts have ids of our choosing, so
what is there is told by its subject alone. That it is not there is believed of fresh
data only; and after a send whose outcome is not known only once nothing that we sent
can land any more: the settle time has passed, and Codat lists no push that could be it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatAccessDenied, CodatError, CodatRejected
from xero_sync.codat.pulls import PullOperation
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import SetupStep
from xero_sync.models.choices import FeedStatus
from xero_sync.models.setups import SetupKind, StepState, StopReason
from xero_sync.writeback import (
    feed_refusals,
    feed_states,
    readback,
    refreshes,
    setup_moves,
    setup_wire,
    unknown,
)
from xero_sync.writeback.exchange import Exchange
from xero_sync.writeback.setup_wire import Absent, Found, Unclear, UnderWay
from xero_sync.writeback.transitions import lock_connection

# Codat may say more yet.
OPEN = (PushStatus.PENDING, PushStatus.UNKNOWN, PushStatus.TIMED_OUT)


def operation_look(step: SetupStep, *, asked_at: datetime) -> Exchange:
    """Return the exchange that reads a step's push operation."""
    connection, key = step.setup.connection, step.push_operation_key

    def call(client: CodatClient) -> PushOperation:
        return client.get_push_operation(connection.codat_company_id, str(key))

    def done(outcome: PushOperation | CodatError, now: datetime) -> None:
        if isinstance(outcome, PushOperation | CodatRejected):
            with transaction.atomic():
                lock_connection(connection, now=now)
                if isinstance(outcome, PushOperation):
                    apply_operation(step, outcome, now)
                _stop_if_overdue(step, asked_at, now)
        else:
            _heed(step, outcome, now)

    return Exchange(connection.company_id, call, done)


def apply_operation(step: SetupStep, operation: PushOperation, now: datetime) -> None:
    """Take over what Codat says about a step's push."""
    known: dict[str, Any] = {"push_operation_key": operation.key}
    if operation.status == PushStatus.SUCCESS and operation.record_id:
        # Codat's own copy does not show it before it is read anew, and whoever looks at
        # the accounts next would miss it.
        known["record_id"] = operation.record_id
        setup_moves.move(step, to=StepState.MADE, now=now, due_at=now, **known)
    elif operation.status == PushStatus.FAILED:
        items = [item.message for item in operation.errors]
        words = " ".join(items) or operation.error_message
        # One that was sent before may be what Xero has it from: looked for first.
        setup_moves.move(
            step, to=StepState.REFUSED, now=now, due_at=now, words=words, **known
        )
    elif operation.status in {PushStatus.SUCCESS, PushStatus.TIMED_OUT}:
        if step.state != StepState.UNKNOWN or step.push_operation_key != operation.key:
            setup_moves.move(step, to=StepState.UNKNOWN, now=now, due_at=now, **known)
    elif step.state != StepState.PENDING:
        soon = now + timedelta(seconds=settings.WRITEBACK_REFRESH_SECONDS)
        setup_moves.move(step, to=StepState.PENDING, now=now, due_at=soon, **known)


def look(step: SetupStep, *, now: datetime) -> Exchange:
    """Return the next exchange of a look for what a step makes."""
    connection = step.setup.connection
    settled = _settled_at(step)
    is_proof = settled is not None and now >= settled
    if data_type := setup_wire.READ_AS.get(SetupKind(step.kind)):
        known = refreshes.Refreshes(connection, now=now)
        since = _fresh_since(step, settled if is_proof else None, now)
        refresh = known.step_towards(data_type, since=since)
        if refresh is not None:
            return _refreshing(step, refresh)
    read = setup_wire.read(step, connection)
    key = step.push_operation_key if step.state == StepState.UNKNOWN else None
    request = step.request
    wants_list = step.kind in setup_wire.PUSHED and step.state == StepState.UNKNOWN

    def call(client: CodatClient) -> tuple[list[Any], list[PushOperation]]:
        operations = []
        if key is not None:
            operations.append(
                client.get_push_operation(connection.codat_company_id, key)
            )
        elif wants_list and request is not None:
            operations += readback.recent_operations(
                client,
                connection.codat_company_id,
                request.created_at - readback.CLOCK_SKEW,
                whole=is_proof,
            )
        return list(read(client)), operations

    def done(outcome: Any, at: datetime) -> None:
        if isinstance(outcome, CodatError):
            _heed(step, outcome, at)
        else:
            _judge(step, *outcome, asked_at=now, now=at)

    return Exchange(connection.company_id, call, done)


def _refreshing(step: SetupStep, refresh: Exchange) -> Exchange:
    def done(outcome: Any, now: datetime) -> None:
        refresh.done(outcome, now)
        if isinstance(outcome, PullOperation) and not outcome.is_errored:
            setup_moves.put_off(step, to=refreshes.next_look(now))
        else:
            _heed(step, outcome, now)

    return Exchange(refresh.company_id, refresh.call, done)


def _fresh_since(step: SetupStep, settled: datetime | None, now: datetime) -> datetime:
    """Return from when on a refresh must have been asked for to be worth reading."""
    if step.state != StepState.UNKNOWN:
        return step.state_since
    # What timed out may land at any time, so an old reading says nothing of it.
    recently = now - timedelta(seconds=settings.WRITEBACK_POLL_CAP_SECONDS)
    return max(settled or step.state_since, recently)


def _settled_at(step: SetupStep) -> datetime | None:
    """Return from when on the absence of what an unknown send made can be proven."""
    if step.state != StepState.UNKNOWN or step.request is None:
        return None
    latest = step.request.attempts.aggregate(latest=Max("finished_at"))["latest"]
    last_sent = max(latest or step.request.created_at, step.state_since)
    return last_sent + timedelta(seconds=settings.WRITEBACK_SETTLE_SECONDS)


def _heed(step: SetupStep, outcome: Any, now: datetime) -> None:
    """Stop the run where Codat lets nobody in; anything else is tried again later."""
    if isinstance(outcome, CodatAccessDenied):
        with transaction.atomic():
            lock_connection(step.setup.connection, now=now)
            denied(step, outcome, now)


def denied(step: SetupStep, error: CodatAccessDenied, now: datetime) -> None:
    """Stop the run for a refusal of access, and remember one of bank feeds."""
    is_of_feeds = feed_refusals.is_one(error.problem)
    if is_of_feeds:
        feed_refusals.remember(
            connection_id=step.setup.connection_id, problem=error.problem, now=now
        )
    # A plain bank account may be refused for want of bank feeds as well.
    is_of_feeds |= bool(error.problem) and step.kind not in setup_wire.PUSHED
    reason = StopReason.FEEDS_REFUSED if is_of_feeds else StopReason.ACCESS_DENIED
    words = f"{error.problem}: {error}" if error.problem else str(error)
    setup_moves.stop(step.setup, reason=reason, words=words, now=now)


@transaction.atomic
def _judge(
    step: SetupStep,
    items: Sequence[Any],
    operations: Sequence[PushOperation],
    *,
    asked_at: datetime,
    now: datetime,
) -> None:
    lock_connection(step.setup.connection, now=now)
    if not SetupStep.objects.filter(pk=step.pk, fence=step.fence).exists():
        return
    verdict = setup_wire.judge(step, items)
    if step.state == StepState.MADE and not isinstance(verdict, Found):
        # It is there by its id, whatever else is called so.
        verdict = Found(step.record_id, step.subject)
    if step.kind == SetupKind.FEED_MAPPING:
        _store_feed(step, verdict, now)
    match verdict:
        case Found():
            setup_moves.done(
                step, now=now, record_id=verdict.record_id, record_name=verdict.name
            )
        case Unclear():
            setup_moves.stop(
                step.setup, reason=verdict.reason, words=verdict.words, now=now
            )
        case UnderWay():
            if step.state != StepState.PENDING:
                soon = now + timedelta(seconds=settings.WRITEBACK_REFRESH_SECONDS)
                setup_moves.move(step, to=StepState.PENDING, now=now, due_at=soon)
            else:
                _stop_if_overdue(step, asked_at, now)
        case Absent():
            _absent(step, operations, asked_at, now)


def _store_feed(step: SetupStep, verdict: setup_wire.Verdict, now: datetime) -> None:
    account = step.setup.lender_account
    if isinstance(verdict, Found):
        status, target = FeedStatus.CONNECTED, verdict.record_id
        feed_states.store(account, status=status, target=target, now=now)
    elif isinstance(verdict, UnderWay):
        feed_states.store(account, status=FeedStatus.CONNECTING, now=now)


def _absent(
    step: SetupStep,
    operations: Sequence[PushOperation],
    asked_at: datetime,
    now: datetime,
) -> None:
    if step.state == StepState.WAITING:
        setup_moves.move(step, to=StepState.READY, now=now, due_at=now)
    elif step.state == StepState.REFUSED:
        setup_moves.stop(
            step.setup, reason=StopReason.REFUSED, words=step.words, now=now
        )
    elif step.state == StepState.UNKNOWN:
        _still_unknown(step, operations, asked_at, now)
    else:
        _stop_if_overdue(step, asked_at, now)


def _still_unknown(
    step: SetupStep,
    operations: Sequence[PushOperation],
    asked_at: datetime,
    now: datetime,
) -> None:
    request, settled = step.request, _settled_at(step)
    if request is None or settled is None:
        return
    if step.push_operation_key is not None:
        _landed_or_timed_out(step, operations, asked_at, now)
        return
    candidates = unknown.foreign_operations(request, operations)
    if any(one.status in OPEN for one in candidates):
        _stop_if_overdue(step, asked_at, now)
    elif unknown.may_repeat(request, now):
        # Looked for in vain: now the same bytes may go again under the same key.
        setup_moves.put_off(step, to=now, looked_at=asked_at)
    elif asked_at >= settled:
        setup_moves.move(step, to=StepState.READY, now=now, due_at=now)
    else:
        setup_moves.put_off(step, to=min(settled, next_look(step, now)))


def _landed_or_timed_out(
    step: SetupStep,
    operations: Sequence[PushOperation],
    asked_at: datetime,
    now: datetime,
) -> None:
    """Judge a push that Codat has called timed out, or successful without an id."""
    (operation,) = operations
    was_resumed = step.setup.resumed_at and step.setup.resumed_at > step.state_since
    is_final = operation.status in {PushStatus.SUCCESS, PushStatus.FAILED}
    has_landed = operation.status == PushStatus.SUCCESS and not operation.record_id
    if (is_final and not has_landed) or operation.status == PushStatus.PENDING:
        apply_operation(step, operation, now)
    elif was_resumed and operation.status == PushStatus.TIMED_OUT:
        # A person wants it sent again; Xero takes no name and no code twice.
        setup_moves.move(
            step, to=StepState.READY, now=now, due_at=now, push_operation_key=None
        )
    else:
        _stop_if_overdue(step, asked_at, now)


def _stop_if_overdue(step: SetupStep, asked_at: datetime, now: datetime) -> None:
    """Ask a person where Xero has had its time, by an answer that came after it."""
    if step.state not in {StepState.PENDING, StepState.UNKNOWN}:
        return
    since = max(step.state_since, step.setup.resumed_at or step.state_since)
    limit = timedelta(seconds=settings.WRITEBACK_TIMED_OUT_SECONDS)
    if asked_at >= since + limit:
        setup_moves.stop(step.setup, reason=StopReason.NO_FINAL_WORD, now=now)


def next_look(step: SetupStep, now: datetime) -> datetime:
    """Return when a step is looked at again: soon, then ever more rarely.

    Somebody waits for it, so it begins sooner than with entries.
    """
    wait = settings.WRITEBACK_REFRESH_SECONDS * 2.0 ** min(step.polls, 20)
    return now + timedelta(seconds=min(wait, settings.WRITEBACK_POLL_CAP_SECONDS))
