"""Drive the setups: what prepares a borrower's books is sent as every other write is.

Intent first, then the bytes; a lease and a fence; looked for before it is sent, and
again before it is repeated. Steps of one run go one after the other, so a company has
at most one of them on its way.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F

from lending.audit import trail
from lending.db.encryption import Unreadable, unseal
from lending.db.ids import new_id
from xero_sync.codat.exceptions import AlreadyUnderWay, DecisionNotAllowed
from xero_sync.models import (
    AccountSetup,
    Connection,
    SetupStep,
    WebhookMessage,
    WriteRequest,
)
from xero_sync.models.choices import Outcome
from xero_sync.models.setups import SetupState, StepState, StopReason
from xero_sync.runtime import task_queue
from xero_sync.writeback import (
    budget,
    setup_looks,
    setup_moves,
    setup_wire,
    unknown,
)
from xero_sync.writeback.exchange import Claim, Exchange
from xero_sync.writeback.transitions import lock_connection


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Claim | Exchange]:
    """Return what is due of the runs under way: claims to be sent, and looks.

    At most one for each company that is not being looked at already.
    """
    waiting = SetupStep.objects.filter(
        due_at__lte=now, setup__state=SetupState.RUNNING
    ).exclude(setup__connection__company__in=busy_companies)
    if limit <= 0 or not waiting.exists():
        return []
    with transaction.atomic():
        skip = database.features.has_select_for_update_skip_locked
        if skip:
            waiting = waiting.select_for_update(of=("self", "setup"), skip_locked=True)
        steps = list(
            waiting.select_related(
                "request", "setup__connection", "setup__lender_account"
            ).order_by("due_at")[:limit]
        )
        permits = budget.Budget(organisations=_organisations(steps), now=now)
        work = [one for step in steps if (one := _begin(step, permits, now))]
        permits.save()
    return work


def _organisations(steps: list[SetupStep]) -> set[UUID]:
    return {step.setup.connection.codat_connection_id for step in steps}


def _begin(
    step: SetupStep, permits: budget.Budget, now: datetime
) -> Claim | Exchange | None:
    """Take the permit for what comes next of a step; without one it is put off."""
    if step.state == StepState.SENDING:
        # Its sender let the lease pass: the bytes may have gone out.
        setup_moves.move(step, to=StepState.UNKNOWN, now=now, due_at=now)
        return None
    if reason := setup_moves.blocker(step.setup):
        setup_moves.stop(step.setup, reason=reason, now=now)
        return None
    is_send = _is_send(step, now)
    organisation = step.setup.connection.codat_connection_id
    wait = permits.take(
        organisation=organisation if is_send else None, is_look=not is_send
    )
    if wait is not None:
        setup_moves.put_off(step, to=wait)
        return None
    if is_send:
        try:
            return _claim(step, now)
        except Unreadable as exc:
            # One run that cannot be read must not stop all other work.
            setup_moves.stop(
                step.setup, reason=StopReason.REFUSED, words=str(exc), now=now
            )
            return None
    setup_moves.put_off(step, to=setup_looks.next_look(step, now), polls=F("polls") + 1)
    if step.state == StepState.PENDING and step.push_operation_key is not None:
        return setup_looks.operation_look(step, asked_at=now)
    return setup_looks.look(step, now=now)


def _is_send(step: SetupStep, now: datetime) -> bool:
    if step.state == StepState.READY:
        return True
    has_looked = step.looked_at is not None and step.looked_at >= step.state_since
    return (
        step.state == StepState.UNKNOWN
        and step.push_operation_key is None
        and has_looked
        and step.request is not None
        and unknown.may_repeat(step.request, now)
    )


def _claim(step: SetupStep, now: datetime) -> Claim:
    """Commit the intent: the same one where nothing else may be sent, or a new one."""
    connection = step.setup.connection
    is_certain = step.state == StepState.READY
    request = step.request
    if request is None or (is_certain and not _was_kept_back(request, now)):
        request = WriteRequest.objects.create(
            company_id=connection.company_id,
            connection=connection,
            data_type=setup_wire.data_type_of(step),
            path=setup_wire.path_of(step, connection),
            body=unseal(step.sealed_body).encode(),
            idempotency_key=new_id(),
            predecessor=step.request,
            created_at=now,
        )
        step.requests.add(request)
    setup_moves.move(
        step,
        to=StepState.SENDING,
        now=now,
        due_at=now + timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS),
        request=request,
        # The key of an earlier request must never answer for this one.
        push_operation_key=None,
    )
    return Claim(
        request=request,
        records=(),
        certain=is_certain,
        known_organisation=connection.codat_connection_id,
        step=step,
        wire=setup_wire.wire_of(step, request),
    )


def _was_kept_back(request: WriteRequest, now: datetime) -> bool:
    """Tell whether Codat took in nothing of a request, and would know its key."""
    if now - request.created_at >= timedelta(seconds=settings.WRITEBACK_KEY_SECONDS):
        return False
    outcomes = set(request.attempts.values_list("outcome", flat=True))
    return outcomes == {Outcome.UNAVAILABLE}


def start(setup: AccountSetup, *, now: datetime) -> None:
    """Let a run that has just been stored take its first step that is to be taken."""
    setup_moves.advance(setup, now=now)


def told_of(key: UUID, *, now: datetime) -> bool:
    """Look at once at a step whose push a message names; tell whether there is one."""
    under_way = SetupStep.objects.filter(
        push_operation_key=key,
        state__in=(StepState.PENDING, StepState.UNKNOWN),
        setup__state=SetupState.RUNNING,
    )
    return bool(under_way.update(due_at=now))


def was_told(key: UUID) -> bool:
    """Tell whether a message about a push has come before its answer was stored."""
    return WebhookMessage.objects.filter(push_operation_key=key).exists()


def running(connection: Connection) -> AccountSetup | None:
    """Return the run that is under way for a connection, if there is one."""
    found: AccountSetup | None = connection.setups.filter(
        state=SetupState.RUNNING
    ).first()
    return found


def require_none(connection: Connection, *, now: datetime) -> None:
    """Refuse an act on the accounts that a run under way is about.

    Raises:
        AlreadyUnderWay: there is one.
    """
    with transaction.atomic():
        lock_connection(connection, now=now)
        if running(connection) is not None:
            raise AlreadyUnderWay


@transaction.atomic
def resume(setup: AccountSetup, *, by: str, now: datetime) -> AccountSetup:
    """Let a run that stopped go on where it is; nothing is made twice.

    Raises:
        DecisionNotAllowed: it has not stopped, or another choice has taken its place.
    """
    lock_connection(setup.connection, now=now)
    row = AccountSetup.objects.select_related("connection", "lender_account").get(
        pk=setup.pk
    )
    # Whatever is chosen after it gives it up.
    if row.state != SetupState.STOPPED:
        raise DecisionNotAllowed
    before, row.state = row.reason, SetupState.RUNNING
    row.state_since = row.resumed_at = now
    row.reason = row.words = ""
    row.save()
    trail.record(
        "setup.tried_again",
        row,
        by=by,
        at=now,
        company_id=row.connection.company_id,
        before={"stopped_for": before},
    )
    step = row.steps.exclude(state=StepState.DONE).order_by("number").first()
    if step is not None and step.state == StepState.REFUSED:
        setup_moves.move(step, to=StepState.WAITING, now=now)
    setup_moves.advance(row, now=now)
    task_queue.nudge_drain()
    row.refresh_from_db()
    return row
