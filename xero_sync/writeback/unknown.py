"""Resolve what may or may not be in Xero: look first, never send blindly.

In this order: the same bytes under the same key while Codat surely remembers the key;
the company's push operations; the refreshed data itself; a person. Absence counts as
proven only when all of this was looked at after the settle time and showed nothing
that could be ours. Statement lines cannot be read back, so for them the operations
are all there is. Nor is anything read from a Xero that we were disconnected from; the
operations are Codat's own and are looked at all the same.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.pulls import PullOperation
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import (
    Connection,
    LenderAccount,
    RecordChange,
    StrayPush,
    SyncRecord,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.models.choices import (
    DATA_TYPES,
    Cause,
    ConnectionStatus,
    Outcome,
    Reason,
    State,
    Step,
)
from xero_sync.models.stray_pushes import Verdict
from xero_sync.writeback import final_word, outcomes, readback, refreshes, watching
from xero_sync.writeback.claims import start_sending
from xero_sync.writeback.exchange import Claim, Exchange

# Repeats under one key: a 5xx is replayed from Codat's cache, so two show all there is.
MOST_REPEATS = 8
MOST_REPEATS_AFTER_5XX = 2


def next_step(group: Sequence[SyncRecord], *, now: datetime) -> Exchange | Claim | None:
    """Return what to do next about the entries of one unknown request."""
    first = group[0]
    request = first.request
    if request is None:
        return None
    if first.reason == Reason.NEEDS_PERSON:
        # A webhook makes it due, or its turn to be watched: Codat may say more now.
        has_key = first.push_operation_key is not None
        return readback.operation_look(group, asked_at=now) if has_key else None
    if first.push_operation_key is not None:
        return _timed_out(group, request, now)
    is_alarmed = any(record.is_alarmed for record in group)
    if not is_alarmed and _may_write(request) and may_repeat(request, now):
        claim = Claim(request=request, records=tuple(group), certain=False)
        return claim if start_sending(claim, now) else None
    return _search(group, request, now)


def _may_write(request: WriteRequest) -> bool:
    """Tell whether anything may be sent at all; looking goes on in any case."""
    connection = Connection.objects.get(pk=request.connection_id)
    return (
        connection.writeback_on
        and connection.status == ConnectionStatus.LINKED
        and not connection.access_problem
        and not connection.organisation_changed
        and not connection.held_after_restore_since
        # What was frozen for one organisation is never sent to another.
        and not LenderAccount.objects.filter(
            connection=connection, void_since__gte=request.created_at
        ).exists()
    )


def may_repeat(request: WriteRequest, now: datetime) -> bool:
    """Tell whether a request's bytes may go again under its key."""
    if now - request.created_at >= timedelta(seconds=settings.WRITEBACK_KEY_SECONDS):
        return False
    outcomes_so_far = list(request.attempts.values_list("outcome", flat=True))
    if len(outcomes_so_far) > MOST_REPEATS:
        return False
    no_verdicts = outcomes_so_far.count(Outcome.NO_VERDICT)
    refusals = outcomes_so_far.count(Outcome.REFUSED)
    return no_verdicts <= MOST_REPEATS_AFTER_5XX and not refusals


# --- it timed out at Codat -----------------------------------------------------------


def _timed_out(
    group: Sequence[SyncRecord], request: WriteRequest, now: datetime
) -> Exchange:
    first = group[0]
    if not final_word.may_be_read_back(first) or _must_be_asked_for(first, now):
        return readback.operation_look(group, asked_at=now)
    fresh = now - timedelta(seconds=settings.WRITEBACK_POLL_CAP_SECONDS)
    return _read_back(group, request, since=max(first.state_since, fresh), now=now)


def _must_be_asked_for(record: SyncRecord, now: datetime) -> bool:
    """Tell whether an operation's limit has passed, and its data had their time."""
    if not final_word.is_overdue(record, asked_at=now):
        return False
    told_at = final_word.told_at(record)
    return told_at is None or now - told_at >= final_word.LAST_READING


# --- it may never have reached Codat -------------------------------------------------


def last_sent(record: SyncRecord, request: WriteRequest) -> datetime:
    """Return when the last byte of an unknown entry's request may have gone out."""
    latest = request.attempts.aggregate(latest=Max("finished_at"))["latest"]
    # A sender that died left no attempt; the entry became unknown after its lease.
    return max(latest or request.created_at, record.state_since)


def settled_at(record: SyncRecord, request: WriteRequest) -> datetime:
    """Return from when on the absence of a request's effect can be proven."""
    settle = timedelta(seconds=settings.WRITEBACK_SETTLE_SECONDS)
    return last_sent(record, request) + settle


def _search(
    group: Sequence[SyncRecord], request: WriteRequest, now: datetime
) -> Exchange:
    connection = request.connection
    since = request.created_at - readback.CLOCK_SKEW
    # What a list proves, it proves for the moment when it was asked for.
    asked_at = now
    is_proof = now >= settled_at(group[0], request)

    def call(client: CodatClient) -> list[PushOperation]:
        return readback.recent_operations(
            client, connection.codat_company_id, since, whole=is_proof
        )

    def done(outcome: list[PushOperation] | CodatError, _now: datetime) -> None:
        if not isinstance(outcome, CodatError):
            _judge(group, request, outcome, asked_at)

    if final_word.may_be_read_back(group[0]):
        settled = settled_at(group[0], request)
        if group[0].candidate_key is not None:
            return _read_back(group, request, since=group[0].state_since, now=now)
        if now >= settled and _operations_searched(group, settled):
            return _read_back(group, request, since=settled, now=now)
    return Exchange(request.company_id, call, done)


def _operations_searched(group: Sequence[SyncRecord], settled: datetime) -> bool:
    """Tell whether the operations were searched in vain after the settle time."""
    checked = group[0].checked_at
    return checked is not None and checked >= settled


def foreign_operations(
    request: WriteRequest, operations: Sequence[PushOperation]
) -> list[PushOperation]:
    """Return the operations of a request's type that are its own, or nobody's."""
    alike = [
        operation
        for operation in operations
        # What an operation does not say of itself may be what we look for.
        if operation.data_type.lower() in {"", *_names_of(request.data_type)}
        and operation.connection_id.lower()
        in {"", str(request.connection.codat_connection_id)}
    ]
    keys = [operation.key for operation in alike]
    taken = {
        key
        for found in (
            WriteAttempt.objects.all(),
            RecordChange.objects.all(),
            # What a person has called another system's.
            StrayPush.objects.filter(verdict=Verdict.ANOTHERS),
        )
        for key in found.filter(push_operation_key__in=keys).values_list(
            "push_operation_key", flat=True
        )
    }
    # An answer to this very request may have been stored too late to move anything.
    free = {*keys} - taken | watching.answered(request)
    return [operation for operation in alike if operation.key in free]


def _names_of(data_type: str) -> set[str]:
    # A negative direct cost is listed under the type that it was turned into.
    turned = {"directincomes"} if data_type == DATA_TYPES[Step.DIRECT_COST] else set()
    # An account is written as one thing and may be listed as the other.
    turned |= {"chartofaccounts"} if data_type == "accounts" else set()
    return {data_type.lower()} | turned


@transaction.atomic
def _judge(
    group: Sequence[SyncRecord],
    request: WriteRequest,
    operations: Sequence[PushOperation],
    now: datetime,
) -> None:
    first = group[0]
    settled = settled_at(first, request)
    candidates = foreign_operations(request, operations)
    is_early = now < settled
    one = candidates[0] if len(candidates) == 1 else None
    if one and is_early and _may_be_a_strangers(request, one):
        # What we sent may land yet, and must not be taken for known.
        _look_again(group, at=min(settled, _later(group, now)))
    elif one:
        _take_over(group, one, now)
    elif candidates:
        outcomes.ask_person(
            group, now=now, note=f"{len(candidates)} operations could be it"
        )
    elif is_early:
        _look_again(group, at=min(settled, _later(group, now)))
    elif first.step == Step.STATEMENT_LINE:
        outcomes.send_anew(group, now=now, note="no such operation at Codat")
    elif not final_word.can_be_read(first):
        outcomes.ask_person(group, now=now, note="Codat does not show such entries")
    else:
        _go_on_to_data(first, now, checked_at=now)


def _may_be_a_strangers(request: WriteRequest, operation: PushOperation) -> bool:
    """Tell whether neither an answer nor the data can say that it is this request's."""
    is_told_by_data = operation.status == PushStatus.SUCCESS
    return not is_told_by_data and operation.key not in watching.answered(request)


def _take_over(
    group: Sequence[SyncRecord], operation: PushOperation, now: datetime
) -> None:
    """Adopt the one operation that can be ours, once it has told its outcome.

    Somebody else may write through the same connection. So a success is only believed
    when the record that it made has been read and is what we sent, where it can be.
    """
    first = group[0]
    if operation.status in {PushStatus.PENDING, PushStatus.UNKNOWN}:
        if final_word.is_overdue(first, asked_at=now):
            note = "a push that may be this one is pending at Codat for too long"
            outcomes.ask_person(group, now=now, note=note)
        else:
            _look_again(group, at=_later(group, now))
    elif operation.status == PushStatus.SUCCESS and final_word.can_be_read(first):
        _go_on_to_data(
            first, now, candidate_id=operation.record_id, candidate_key=operation.key
        )
    else:
        outcomes.apply_operation(
            records=group, operation=operation, cause=Cause.LOOK, now=now
        )


def _go_on_to_data(record: SyncRecord, now: datetime, **found: Any) -> None:
    """Note what the operations show, and read the data as soon as they can be."""
    is_linked = final_word.is_linked(record)
    if not is_linked and final_word.is_overdue(record, asked_at=now):
        note = "the connection is not linked"
        outcomes.ask_person([record], now=now, note=note)
    else:
        found |= {"next_poll_at": now} if is_linked else {}
        kept = SyncRecord.objects.filter(pk=record.pk, fence=record.fence)
        kept.update(**found)


def _later(group: Sequence[SyncRecord], now: datetime) -> datetime:
    wait = settings.WRITEBACK_POLL_SECONDS * 2.0 ** min(group[0].polls, 20)
    return now + timedelta(seconds=min(wait, settings.WRITEBACK_POLL_CAP_SECONDS))


def _look_again(group: Sequence[SyncRecord], *, at: datetime) -> None:
    ids = [record.pk for record in group]
    SyncRecord.objects.filter(pk__in=ids, state=State.UNKNOWN).update(next_poll_at=at)


def _read_back(
    group: Sequence[SyncRecord],
    request: WriteRequest,
    *,
    since: datetime,
    now: datetime,
) -> Exchange:
    known = refreshes.Refreshes(request.connection, now=now)
    step = known.step_towards(request.data_type, since=since)
    if step is None:
        return readback.search(group[0], request, asked_at=now)

    def done(outcome: object, now: datetime) -> None:
        step.done(outcome, now)
        if isinstance(outcome, PullOperation) and not outcome.is_errored:
            _look_again(group, at=refreshes.next_look(now))

    return Exchange(request.company_id, step.call, done)
