"""Statement lines: one push of a source account at a time, in order, with balances.

What keeps a line from going at all is in `holds`.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Max, Q, QuerySet, Sum

from xero_sync.models import LenderAccount, SyncRecord, WriteRequest
from xero_sync.models.choices import (
    BOOKINGS,
    STANDING_STATES,
    UNDER_WAY_STATES,
    State,
    Step,
)
from xero_sync.writeback import freezing
from xero_sync.writeback.exchange import Claim
from xero_sync.writeback.readiness import AnyAccount, Readiness

# Codat takes at most 1,000 lines a push (its bank feeds API description).
LINES_A_PUSH = 1_000


@dataclass(frozen=True)
class Push:
    """The lines that go next on one source account."""

    account: LenderAccount
    records: list[SyncRecord]


def next_push(*, company_id: int, now: datetime) -> Push | None:
    """Return the waiting lines of the first source account that may send.

    Nothing overtakes a line that is under way or was refused, and lines that are
    being sent again keep the company they were in.
    """
    lines = SyncRecord.objects.filter(company=company_id, step=Step.STATEMENT_LINE)
    blocked = lines.filter(
        # What is alarmed may stand already: a person looks first.
        Q(state__in=(*UNDER_WAY_STATES, State.FAILED))
        | Q(state=State.QUEUED, is_alarmed=True)
    )
    waiting = (
        lines.filter(state=State.QUEUED)
        .exclude(lender_account__in=blocked.values("lender_account"))
        .select_related("event", "loan__company", "lender_account", "request")
        .order_by("value_date", "event")
    )
    put_off = set(
        waiting.filter(not_before__gt=now).values_list("lender_account", flat=True)
    )
    first = waiting.exclude(lender_account__in=put_off).first()
    if first is None or first.lender_account is None:
        return None
    account = first.lender_account
    again = waiting.filter(lender_account=account).exclude(request=None).first()
    same_account = waiting.filter(lender_account=account)
    if again is not None:
        same_account = same_account.filter(request=again.request_id)
    return Push(account=account, records=list(same_account[:LINES_A_PUSH]))


def freeze(*, push: Push, ready: Readiness, now: datetime) -> Claim:
    """Return the claim of a push: its earlier request again, or a fresh one."""
    if ready.connection is None:
        raise ValueError("A push needs a connection.")
    first = push.records[0]
    body = freezing.freeze_lines(
        records=push.records,
        account=push.account,
        balance=statement_balance(push.account),
        latest_sent=latest_date_sent(push.account),
    )
    if first.request is not None and _may_repeat(first.request, ready, body, now):
        # Codat has not taken it in: the same bytes may go under the same key.
        return Claim(
            request=first.request,
            records=tuple(push.records),
            known_organisation=ready.connection.codat_connection_id,
        )
    request = freezing.new_request(
        step=Step.STATEMENT_LINE,
        body=body,
        basis_connection=ready.connection,
        mapping=ready.mapping,
        account=push.account,
        predecessor_id=latest_requests([first]).get(first.pk),
    )
    return Claim(
        request=request,
        records=tuple(push.records),
        known_organisation=ready.connection.codat_connection_id,
    )


def _may_repeat(
    request: WriteRequest, ready: Readiness, body: bytes, now: datetime
) -> bool:
    is_young = now - request.created_at < timedelta(
        seconds=settings.WRITEBACK_KEY_SECONDS
    )
    connection_id = ready.connection.pk if ready.connection else None
    return (
        is_young
        and request.connection_id == connection_id
        and bytes(request.body) == body
    )


def statement_balance(account: AnyAccount) -> Decimal:
    """Return what the statement stands at: the opening balance and all lines in it."""
    total: Decimal | None = _standing(account).aggregate(total=Sum("lender_effect"))[
        "total"
    ]
    return account.opening_balance + (total or Decimal(0))


def latest_date_sent(account: AnyAccount) -> date | None:
    """Return the date of the newest line that stands on the statement."""
    latest: date | None = _standing(account).aggregate(latest=Max("value_date"))[
        "latest"
    ]
    return latest


def _standing(account: AnyAccount) -> QuerySet[SyncRecord]:
    return SyncRecord.objects.filter(
        lender_account=account.pk,
        step=Step.STATEMENT_LINE,
        state__in=STANDING_STATES,
    )


def bookings_of(lines: Iterable[SyncRecord]) -> dict[int, SyncRecord]:
    """Return the bookings that these lines belong to, by event."""
    events = [line.event_id for line in lines]
    bookings = SyncRecord.objects.filter(event__in=events, step__in=BOOKINGS)
    return {booking.event_id: booking for booking in bookings}


def line_of(booking: SyncRecord) -> SyncRecord | None:
    """Return the statement line of a booking, if it moves the lender account."""
    lines = SyncRecord.objects.filter(event=booking.event_id, step=Step.STATEMENT_LINE)
    return lines.first()


def latest_requests(records: Iterable[SyncRecord]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the request that carried each of these entries last, if any did."""
    ids = [record.pk for record in records]
    if not ids:
        return {}
    through = WriteRequest.records.through
    carried = through.objects.filter(syncrecord__in=ids)
    in_order = carried.order_by("writerequest__created_at")
    return dict(in_order.values_list("syncrecord_id", "writerequest_id"))
