"""Store messages once, each with a delivery for every endpoint that wants it."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q

from backoffice.models import (
    ChangeCursor,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from backoffice.webhooks.payloads import Draft

# SQLite takes an expression no deeper than a thousand.
AT_A_TIME = 200


def is_anybody_listening() -> bool:
    """Whether an endpoint was ever created: before that nothing is told."""
    return ChangeCursor.objects.exists()


@transaction.atomic
def store(drafts: Iterable[Draft], *, now: datetime) -> list[WebhookMessage]:
    """Store the messages that were not told before, and return those."""
    by_key = {draft.key: draft for draft in drafts}
    for key in _known(list(by_key)):
        del by_key[key]
    fresh = [unsaved(draft, now=now) for draft in by_key.values()]
    WebhookMessage.objects.bulk_create(fresh, batch_size=AT_A_TIME)
    endpoints = list(WebhookEndpoint.objects.enabled()) if fresh else []
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                message=message,
                endpoint=endpoint,
                created_at=now,
                next_attempt_at=now,
            )
            for message in fresh
            for endpoint in endpoints
            if endpoint.wants(message.type)
        ],
        batch_size=AT_A_TIME,
    )
    return fresh


def unsaved(draft: Draft, *, now: datetime) -> WebhookMessage:
    """Return the message of a draft, which is not stored yet."""
    return WebhookMessage(
        type=draft.type,
        subject=draft.subject,
        occasion=draft.occasion,
        payload=draft.payload,
        created_at=now,
    )


def _known(keys: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for start in range(0, len(keys), AT_A_TIME):
        some = reduce(
            or_,
            (
                Q(subject=subject, type=type_, occasion=occasion)
                for subject, type_, occasion in keys[start : start + AT_A_TIME]
            ),
        )
        told = WebhookMessage.objects.filter(some)
        found += told.values_list("subject", "type", "occasion")
    return found
