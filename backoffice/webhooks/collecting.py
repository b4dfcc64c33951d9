"""Make messages of what has become of entries, loans and connections.

The engine only writes its timeline. A pass reads on from where the last one stopped,
and stores in one transaction how far it came and what there is to tell.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Max

from backoffice.models import WebhookMessage
from backoffice.models.webhooks import MessageType
from backoffice.webhooks import changes, messages, payloads
from backoffice.webhooks.payloads import Draft
from lending.models import Loan, LoanEvent
from xero_sync.entries.settlement import is_settled
from xero_sync.entries.status import EventStatus, status_of
from xero_sync.models import RecordChange, SyncRecord
from xero_sync.models.choices import (
    CAUSES_OF_NO_MOVE,
    CLOSED_STATES,
    STANDING_STATES,
    Cause,
    State,
)
from xero_sync.models.state_sets import DISPENSABLE, NEEDS_A_DECISION


def collect(*, now: datetime) -> int:
    """Read all changes there are; return how many messages they gave."""
    told = 0
    while (reading := changes.read(now=now)) is not None:
        # Most of the work is reading, and is done before anything is locked.
        drafts = _drafts(reading.changes, now)
        with transaction.atomic():
            if not changes.move_on(reading, now=now):
                break
            told += len(messages.store(drafts, now=now))
    return told


def _drafts(read: Sequence[RecordChange], now: datetime) -> list[Draft]:
    troubles = [(kind, one) for one in read for kind in _troubles(one)]
    ended = [one for one in read if _may_complete(one)]
    # Not with the changes: most of what is read gives no message.
    concerned = {one.record.event_id for one in (*ended, *(one for _, one in troubles))}
    found = LoanEvent.objects.filter(pk__in=concerned).select_related("loan__company")
    events = {event.pk: event for event in found}
    return [
        *(
            payloads.entry_message(kind, event=events[one.record.event_id], change=one)
            for kind, one in troubles
        ),
        *_written([events[pk] for pk in {one.record.event_id for one in ended}]),
        *_settled({events[one.record.event_id].loan for one in ended}, now),
    ]


def _troubles(change: RecordChange) -> list[str]:
    if change.cause in CAUSES_OF_NO_MOVE:
        has_landed = change.cause == Cause.LANDED
        return [str(MessageType.EVENT_NEEDS_ATTENTION)] if has_landed else []
    kinds = []
    if NEEDS_A_DECISION.include(change.to_state, change.reason):
        kinds.append(MessageType.EVENT_NEEDS_ATTENTION)
    if change.to_state == State.UNKNOWN and not _was_unknown(change):
        kinds.append(MessageType.EVENT_UNKNOWN)
    return [str(kind) for kind in kinds]


def _was_unknown(change: RecordChange) -> bool:
    """Whether the entry was unknown before; a repeat in between leaves no change."""
    earlier = RecordChange.objects.filter(record=change.record_id, pk__lt=change.pk)
    before = earlier.order_by("-pk").values_list("to_state", flat=True).first()
    return before == State.UNKNOWN


def _may_complete(change: RecordChange) -> bool:
    """Whether nothing may be left to do for an event or a loan after this."""
    is_dispensable = DISPENSABLE.include(change.to_state, change.reason)
    return change.to_state in CLOSED_STATES or is_dispensable


def _written(events: Iterable[LoanEvent]) -> list[Draft]:
    by_id = {event.pk: event for event in events}
    records = SyncRecord.objects.filter(event__in=by_id).order_by("event")
    written = [
        event_id
        for event_id, found in groupby(records, key=lambda one: one.event_id)
        if status_of(found) == EventStatus.WRITTEN
    ]
    complete = RecordChange.objects.filter(
        record__event__in=written, to_state__in=STANDING_STATES
    ).exclude(cause__in=CAUSES_OF_NO_MOVE)
    # The change that completed it tells this occasion from a later one, when bank feeds
    # have come on and the lines stand as well.
    latest = complete.values_list("record__event").annotate(Max("pk"), Max("at"))
    return [
        payloads.event_written(event=by_id[event_id], change_id=change_id, at=at)
        for event_id, change_id, at in latest
    ]


def _settled(loans: Iterable[Loan], now: datetime) -> list[Draft]:
    return [draft for loan in loans for draft in [settled_message(loan, now)] if draft]


def settled_message(loan: Loan, now: datetime) -> Draft | None:
    """Return the message that a loan is settled, if it is and nobody was told yet."""
    last = loan.events.aggregate(last=Max("sequence"))["last"]
    told = WebhookMessage.objects.filter(
        subject=loan.reference, type=MessageType.LOAN_SETTLED, occasion=str(last)
    )
    if told.exists() or not is_settled(loan):
        return None
    return payloads.loan_settled(loan=loan, sequence=last, at=now)
