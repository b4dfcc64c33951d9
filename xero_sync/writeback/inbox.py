"""Read verified webhook messages: each triggers a look and moves no entry by itself."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.dateparse import parse_datetime

from xero_sync.models import Connection, SyncRecord, WebhookMessage
from xero_sync.models.choices import State
from xero_sync.writeback import budget, setups, watching

logger = logging.getLogger(__name__)

BATCH = 200
A_DAY = timedelta(days=1)


def read(*, now: datetime) -> int:
    """Process the messages that wait, oldest first; return how many there were."""
    waiting = WebhookMessage.objects.filter(processed_at=None).order_by("received_at")
    messages = list(waiting[:BATCH])
    for message in messages:
        _process(message, now)
    return len(messages)


@transaction.atomic
def _process(message: WebhookMessage, now: datetime) -> None:
    outcome = _reader(message.event_type)(message, now)
    WebhookMessage.objects.filter(pk=message.pk).update(
        processed_at=now, outcome=outcome
    )


def _reader(event_type: str) -> Callable[[WebhookMessage, datetime], str]:
    if event_type.endswith((".write.successful", ".write.unsuccessful")):
        return _look_at_write
    subject = event_type.split(".", maxsplit=1)[0]
    return READERS.get(event_type) or READERS.get(subject) or _ignore


def _look_at_write(message: WebhookMessage, now: datetime) -> str:
    if message.push_operation_key is None:
        return "no push operation named"
    under_way = SyncRecord.objects.filter(
        push_operation_key=message.push_operation_key,
        state__in=(State.PENDING, State.UNKNOWN),
    )
    # First, because it waits for whoever is just deciding about them.
    looked_at = under_way.update(next_poll_at=now)
    # Entries that have left the push behind must hear of it just as well.
    is_success = message.event_type.endswith(".write.successful")
    is_watched = watching.told_of(
        message.push_operation_key, is_success=is_success, now=now
    )
    prepares = setups.told_of(message.push_operation_key, now=now)
    # A key that we do not know yet is looked at as soon as its POST is stored.
    return "looked" if looked_at or is_watched or prepares else "kept"


def _look_at_connection(message: WebhookMessage, now: datetime) -> str:  # noqa: ARG001
    if message.codat_connection_id is None:
        return "no connection named"
    known = Connection.objects.live().filter(
        codat_connection_id=message.codat_connection_id
    )
    return "looked" if known.update(checked_at=None) else "unknown connection"


def _slow_down(message: WebhookMessage, now: datetime) -> str:
    expiry = message.payload.get("expiryDate")
    try:
        until = parse_datetime(str(expiry))
    except ValueError:
        until = None
    # Codat's quota ends with the day; a date that cannot be read must not stop us.
    if until is None or until.tzinfo is None or not now < until <= now + A_DAY:
        return "unreadable date"
    budget.block(until=until, key=budget.DAY)
    return "slowed down"


def _go_on(message: WebhookMessage, now: datetime) -> str:  # noqa: ARG001
    budget.unblock(key=budget.DAY)
    return "went on"


def _ignore(message: WebhookMessage, now: datetime) -> str:  # noqa: ARG001
    return "ignored"


READERS: dict[str, Callable[[WebhookMessage, datetime], str]] = {
    "connection": _look_at_connection,
    "bankFeeds": _look_at_connection,
    "client.rateLimit.reached": _slow_down,
    "client.rateLimit.reset": _go_on,
}
