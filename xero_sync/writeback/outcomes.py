"""What becomes of an entry once its outcome is known, and what that sets free."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction

from lending.models import LoanEvent
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.codat.reply import ValidationItem
from xero_sync.models import Connection, SyncRecord, WebhookMessage
from xero_sync.models.choices import BOOKINGS, Cause, Reason, State, Step
from xero_sync.runtime import task_queue
from xero_sync.writeback import choice_looks, lines, reconsider, reversals, watching
from xero_sync.writeback.exchange import Claim
from xero_sync.writeback.transitions import move, move_many, wake


@transaction.atomic
def apply_operation(
    *,
    records: Iterable[SyncRecord],
    operation: PushOperation,
    cause: str,
    now: datetime,
) -> None:
    """Take over what Codat says about a push; one push may carry many lines."""
    for record in records:
        if operation.status == PushStatus.SUCCESS:
            written(
                record,
                cause=cause,
                now=now,
                xero_record_id=operation.record_id,
                push_operation_key=operation.key,
                note=_words(operation.warnings),
            )
        elif operation.status == PushStatus.FAILED and was_there(
            record, words=_failure(operation), errors=operation.errors
        ):
            written(
                record,
                cause=cause,
                now=now,
                xero_record_id=record.xero_record_id,
                push_operation_key=operation.key,
                note=_failure(operation),
            )
        elif operation.status == PushStatus.FAILED:
            failed(
                record,
                cause=cause,
                now=now,
                reason=Reason.REFUSED_BY_XERO,
                words=_failure(operation),
                push_operation_key=operation.key,
            )
        elif operation.status == PushStatus.TIMED_OUT:
            timed_out(record, cause=cause, now=now, key=operation.key)
        elif (
            operation.status == PushStatus.PENDING
            and record.state != State.PENDING
            and record.reason != Reason.NEEDS_PERSON
        ):
            pending(record, cause=cause, now=now, key=operation.key)


def taken_in(answered: Sequence[tuple[Claim, PushOperation]], *, now: datetime) -> None:
    """Codat has taken these in; the verdicts come by webhook or by polling."""
    if not answered:
        return
    keys = [operation.key for _, operation in answered]
    messages = WebhookMessage.objects.filter(push_operation_key__in=keys)
    told = set(messages.values_list("push_operation_key", flat=True))
    later = now + timedelta(seconds=settings.WRITEBACK_POLL_SECONDS)
    changes = [
        (
            record,
            {
                "push_operation_key": operation.key,
                # A webhook that came before the answer is looked into at once.
                "next_poll_at": now if operation.key in told else later,
            },
        )
        for claim, operation in answered
        for record in claim.records
    ]
    move_many(changes, to=State.PENDING, cause=Cause.ANSWER, now=now, polls=0)


def pending(record: SyncRecord, *, cause: str, now: datetime, key: UUID) -> None:
    """Codat has taken it in; the verdict comes by webhook or by polling."""
    wake(company_ids=[record.company_id], at=now)
    told_already = WebhookMessage.objects.filter(push_operation_key=key).exists()
    wait = timedelta(seconds=0 if told_already else settings.WRITEBACK_POLL_SECONDS)
    move(
        record,
        to=State.PENDING,
        cause=cause,
        now=now,
        push_operation_key=key,
        next_poll_at=now + wait,
        polls=0,
    )


def timed_out(record: SyncRecord, *, cause: str, now: datetime, key: UUID) -> None:
    """It timed out at Codat, which is no proof that it is not in Xero."""
    if record.reason in {Reason.TIMED_OUT, Reason.NEEDS_PERSON}:
        return
    move(
        record,
        to=State.UNKNOWN,
        reason=Reason.TIMED_OUT,
        cause=cause,
        now=now,
        push_operation_key=key,
        next_poll_at=now + timedelta(seconds=settings.WRITEBACK_POLL_SECONDS),
        polls=0,
    )


@transaction.atomic
def written(
    record: SyncRecord,
    *,
    cause: str,
    now: datetime,
    xero_record_id: str,
    to: str = State.WRITTEN,
    reason: str = "",
    note: str = "",
    actor: str = "",
    push_operation_key: UUID | None = None,
) -> bool:
    """It stands in Xero: release its line, its compensation and what comes next."""
    wake(company_ids=[record.company_id], at=now)
    is_in_doubt = record.state == State.UNKNOWN and push_operation_key is None
    moved = move(
        record,
        to=to,
        reason=reason,
        cause=cause,
        now=now,
        actor=actor,
        note=note,
        xero_record_id=xero_record_id,
        push_operation_key=push_operation_key or record.push_operation_key,
        next_poll_at=None,
        failure="",
    )
    if moved and is_in_doubt:
        # What was found in Xero need not be what its push may still bring there.
        watching.leave_behind(record, key=record.push_operation_key, now=now)
    if moved and record.step in BOOKINGS:
        _release_line(record, now)
        reconsider.compensations(record=record, now=now)
    task_queue.nudge_drain()
    return moved


def _release_line(booking: SyncRecord, now: datetime) -> None:
    line = lines.line_of(booking)
    if line is None or line.state != State.HELD:
        return
    if line.lender_account_id is None and booking.lender_account_id is not None:
        # A statement line uses the source account of its booking's mapping version.
        line.lender_account_id = booking.lender_account_id
        SyncRecord.objects.filter(pk=line.pk).update(
            lender_account=booking.lender_account_id
        )
    reconsider.records(records=[line], now=now, cause=Cause.RECONSIDERED)


@transaction.atomic
def failed(
    record: SyncRecord,
    *,
    cause: str,
    now: datetime,
    reason: str,
    words: str,
    push_operation_key: UUID | None = None,
) -> bool:
    """It was refused for good; only a person moves it, or the reversal of its event."""
    wake(company_ids=[record.company_id], at=now)
    moved = move(
        record,
        to=State.FAILED,
        reason=reason,
        cause=cause,
        now=now,
        note=words,
        failure=words,
        push_operation_key=push_operation_key or record.push_operation_key,
        next_poll_at=None,
        # What was refused is never sent again under its key.
        request=None,
        checked_at=None,
    )
    if moved:
        # The refusal may be the first sign that the connection has ended, or that
        # something went that was chosen: look at them.
        live = Connection.objects.live().filter(company=record.company_id)
        live.update(checked_at=None)
        if record.step in BOOKINGS:
            choice_looks.ask_after_refusal(company_id=record.company_id, now=now)
        settle_reversal(record, now)
    return moved


def settle_reversal(record: SyncRecord, now: datetime) -> None:
    """Cancel a refused entry whose event has been reversed meanwhile."""
    reversal = LoanEvent.objects.filter(reverses=record.event_id).first()
    if reversal is not None and record.step in BOOKINGS:
        reversals.settle(event=reversal, now=now)


@transaction.atomic
def send_anew(
    group: Sequence[SyncRecord],
    *,
    now: datetime,
    note: str,
    cause: str = Cause.LOOK,
    actor: str = "",
) -> bool:
    """Queue entries that are proven absent; they get a new request with a new key.

    One beside which another push has succeeded is left to a person instead.
    """
    alarmed = SyncRecord.objects.filter(pk__in=[one.pk for one in group])
    if cause != Cause.PERSON and alarmed.filter(is_alarmed=True).exists():
        ask_person(group, now=now, note="another push of it succeeded")
        return False
    wake(company_ids=[record.company_id for record in group], at=now)
    left_behind = [(record, record.push_operation_key) for record in group]
    moved = [
        move(
            record,
            to=State.QUEUED,
            cause=cause,
            now=now,
            actor=actor,
            note=note,
            request=None,
            push_operation_key=None,
            next_poll_at=None,
            checked_at=None,
            failure="",
        )
        for record in group
    ]
    for (record, key), is_moved in zip(left_behind, moved, strict=True):
        if is_moved:
            watching.leave_behind(record, key=key, now=now)
        settle_reversal(record, now)
    task_queue.nudge_drain()
    return all(moved)


@transaction.atomic
def ask_person(group: Sequence[SyncRecord], *, now: datetime, note: str) -> None:
    """Leave it to a person: nothing that may be ours can be told apart by itself."""
    for record in group:
        move(
            record,
            to=State.UNKNOWN,
            reason=Reason.NEEDS_PERSON,
            cause=Cause.LOOK,
            now=now,
            note=note,
            next_poll_at=None,
        )


# Xero's word for a statement line that it has already (its bank feeds API).
DUPLICATE = "duplicate-statement"


def was_there(
    record: SyncRecord, *, words: str, errors: Iterable[ValidationItem]
) -> bool:
    """Tell whether Xero refuses a line because an earlier attempt has brought it there.

    Xero knows a line by its id, which is ours alone. It is believed of a line whose
    earlier outcome was not known, and that Xero names, or that no other one is beside.
    """
    if record.step != Step.STATEMENT_LINE or DUPLICATE not in words:
        return False
    doubled = {one.item_id for one in errors if DUPLICATE in (one.message or "")}
    is_named = str(record.pk) in doubled
    is_alone = not any(doubled) and _is_alone(record)
    return (is_named or is_alone) and record.changes.filter(
        to_state=State.UNKNOWN
    ).exists()


def _is_alone(record: SyncRecord) -> bool:
    request = record.request
    return request is not None and request.records.count() == 1


def _failure(operation: PushOperation) -> str:
    return _words(operation.errors) or operation.error_message or ""


def _words(items: Iterable[object]) -> str:
    return "\n".join(getattr(item, "message", "") or "" for item in items)
