"""Look at Codat before a person's decision about an entry is taken.

A person sees what stands in Xero, and cannot see what is still on its way there. So
while Codat lists a push of the entry as Pending nothing is decided; nor is it without
an answer from Codat. A push that timed out is decided about, and watched from then on.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from lending import formats
from xero_sync.codat.calls import LARGEST_PAGE
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatError,
    CodatNoAnswer,
    CodatNotAsked,
    CodatRejected,
    DecisionNotAllowed,
)
from xero_sync.codat.push import PushOperation, PushStatus
from xero_sync.models import Connection, SyncRecord, WriteRequest
from xero_sync.models.choices import Cause, State
from xero_sync.runtime import task_queue
from xero_sync.writeback import alarms, readback, unknown, watching

# A page reads at Codat for this long at most.
PATIENCE_SECONDS = 6.0
# A word that Codat has not published says no more than Pending.
ON_ITS_WAY = (PushStatus.PENDING, PushStatus.UNKNOWN)
NOT_FOUND = 404

Listed = Mapping[UUID, PushOperation]
# The pushes that each request became, by its answers.
Answered = Mapping[UUID, set[UUID]]


@dataclass(frozen=True)
class Left:
    """A push without a final word, to be watched once the decision is taken."""

    key: UUID
    connection: Connection
    status: str
    is_ours: bool


@dataclass(frozen=True)
class Seen:
    """What the look showed, true of the entry as it stood at that fence.

    `succeeded` are successes that no request of ours owns and that may be this entry.
    """

    fence: int
    left: tuple[Left, ...] = ()
    succeeded: tuple[PushOperation, ...] = ()


def look(record: SyncRecord, *, client: CodatClient, now: datetime) -> Seen:
    """Ask Codat, once, about every push that is or may be this entry's.

    An entry that has no push without a final word needs no look.

    Raises:
        DecisionNotAllowed: one is still on its way, or has come to its end just now.
        CodatNotAsked: Codat gave no answer.
    """
    record = SyncRecord.objects.select_related("request").get(pk=record.pk)
    requests = list(record.requests.select_related("connection").order_by("created_at"))
    keys = watching.pushes_of(record) - watching.final_word_of(record)
    is_in_doubt = record.state == State.UNKNOWN
    if not requests or not (keys or is_in_doubt):
        return Seen(record.fence)
    answered = {one.pk: watching.answered(one) for one in requests}
    listed = _asked(client, requests, keys, answered)
    left = _of_its_own(record, requests, listed, keys, answered, now)
    if not is_in_doubt:
        return Seen(record.fence, tuple(left))
    without = [
        one for one in requests if not (answered[one.pk] or _was_found(record, one))
    ]
    if requests[-1] in without:
        _require_landed(record, requests[-1], now)
    possible = _possible(without, listed)
    for one in possible:
        if one.status in ON_ITS_WAY:
            raise DecisionNotAllowed(_may_be_on_its_way(one))
    left += [
        Left(one.key, requests[-1].connection, one.status, is_ours=False)
        for one in possible
        if one.status == PushStatus.TIMED_OUT
    ]
    succeeded = [one for one in possible if one.status == PushStatus.SUCCESS]
    return Seen(record.fence, tuple(left), tuple(succeeded))


def _asked(
    client: CodatClient,
    requests: Sequence[WriteRequest],
    keys: set[UUID],
    answered: Answered,
) -> dict[UUID, PushOperation]:
    """Read the pushes since the first request, and what the list does not show."""
    since = requests[0].created_at - readback.CLOCK_SKEW
    companies = {one.connection.codat_company_id for one in requests}
    ends_at = time.monotonic() + PATIENCE_SECONDS
    found: dict[UUID, PushOperation] = {}
    try:
        for company_id in companies:
            for one in client.list_push_operations(company_id, page_size=LARGEST_PAGE):
                if one.requested_on and one.requested_on < since:
                    break
                found[one.key] = one
                _require_patience(ends_at)
        for key in keys - found.keys():
            _require_patience(ends_at)
            company_id = _owner(key, requests, answered).connection.codat_company_id
            if (named := _one(client, company_id, key)) is not None:
                found[key] = named
    except CodatError as exc:
        raise CodatNotAsked(
            _(
                "Codat could not be asked whether a push of this entry is still on its "
                "way (%(words)s), so nothing was decided. Try again in a few minutes."
            )
            % {"words": exc.message}
        ) from exc
    return found


def _owner(
    key: UUID, requests: Sequence[WriteRequest], answered: Answered
) -> WriteRequest:
    """Return the request that became a push; the latest if no answer says so."""
    return next((one for one in requests if key in answered[one.pk]), requests[-1])


def _one(client: CodatClient, company_id: UUID, key: UUID) -> PushOperation | None:
    try:
        return client.get_push_operation(company_id, key)
    except CodatRejected as exc:
        if exc.status_code == NOT_FOUND:
            return None
        raise


def _require_patience(ends_at: float) -> None:
    if time.monotonic() > ends_at:
        raise CodatNoAnswer(_("its list of pushes is too long to be read at once"))


# --- the pushes that are surely its own ----------------------------------------------


def _of_its_own(
    record: SyncRecord,
    requests: Sequence[WriteRequest],
    listed: Listed,
    keys: set[UUID],
    answered: Answered,
    now: datetime,
) -> list[Left]:
    """Return what is left to be watched.

    Raises:
        DecisionNotAllowed: there is more to one than that it timed out.
    """
    for key in keys:
        if key in listed and listed[key].status in ON_ITS_WAY:
            raise DecisionNotAllowed(_is_on_its_way(listed[key]))
    of_present = answered[record.request_id] if record.request_id else set()
    present = {*of_present, record.push_operation_key}
    left = []
    for key in sorted(keys):
        connection = _owner(key, requests, answered).connection
        told = listed.get(key)
        if told is None or told.status == PushStatus.TIMED_OUT:
            left.append(
                Left(key, connection, told.status if told else "", is_ours=True)
            )
        elif record.state == State.UNKNOWN and key in present:
            _let_it_move_on(record, told, now)
        elif told.status == PushStatus.SUCCESS:
            _has_landed(record, told, connection, now)
    return left


def _let_it_move_on(record: SyncRecord, told: PushOperation, now: datetime) -> None:
    SyncRecord.objects.filter(pk=record.pk, fence=record.fence).update(next_poll_at=now)
    task_queue.nudge_drain()
    raise DecisionNotAllowed(
        _(
            "Codat has just told the outcome of push %(key)s: %(status)s. The entry "
            "moves on by itself in a moment; look at it again then."
        )
        % {"key": told.key, "status": told.status}
    )


def _has_landed(
    record: SyncRecord, told: PushOperation, connection: Connection, now: datetime
) -> None:
    watched = watching.begin(record, key=told.key, connection=connection, now=now)
    alarms.note(watched, told, now=now)
    raise DecisionNotAllowed(
        _(
            "An earlier push of this entry, %(key)s, has succeeded: it made "
            "%(record)s in Xero. Nothing was decided; the entry's page says how it "
            "stands now."
        )
        % {"key": told.key, "record": told.record_id or _("a record without an id")}
    )


def _is_on_its_way(told: PushOperation) -> str:
    return _(
        "Codat still lists push %(key)s of this entry as %(status)s: it may yet reach "
        "Xero. Its outcome is stored as soon as it is known; decide then. If it never "
        "ends, ask Codat's support to end it."
    ) % {"key": told.key, "status": told.status}


# --- what may be its own -------------------------------------------------------------


def _was_found(record: SyncRecord, request: WriteRequest) -> bool:
    """Tell whether the push of the present request was found at Codat."""
    return request.pk == record.request_id and record.push_operation_key is not None


def _possible(requests: Sequence[WriteRequest], listed: Listed) -> list[PushOperation]:
    """Return what nobody is known to own, and one of these requests may own."""
    operations = list(listed.values())
    found = {
        one.key: one
        for request in requests
        for one in unknown.foreign_operations(request, operations)
    }
    return list(found.values())


def _may_be_on_its_way(told: PushOperation) -> str:
    return _(
        "Codat lists push %(key)s as %(status)s; nobody knows whose it is, and it may "
        "be this entry's. Decide when it has an outcome. If it never ends, ask Codat's "
        "support to end it."
    ) % {"key": told.key, "status": told.status}


def _require_landed(record: SyncRecord, request: WriteRequest, now: datetime) -> None:
    """Refuse while the bytes of a request without an answer may still reach Codat.

    Raises:
        DecisionNotAllowed: they may.
    """
    ended = request.attempts.aggregate(latest=Max("finished_at"))["latest"]
    # A sender that died left no attempt; it could send no more after its lease.
    leases = record.changes.filter(cause=Cause.LEASE).aggregate(latest=Max("at"))
    last = max(filter(None, (request.created_at, ended, leases["latest"])))
    landed_at = last + timedelta(seconds=settings.WRITEBACK_SETTLE_SECONDS)
    if now < landed_at:
        raise DecisionNotAllowed(
            _(
                "What was sent for this entry may still be on its way to Codat. Decide "
                "after %(time)s; until then it is looked for."
            )
            % {"time": formats.moment(landed_at)}
        )
