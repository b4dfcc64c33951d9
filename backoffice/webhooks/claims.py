"""Claim deliveries under a lease, and store what came of each attempt.

Claim in a short transaction, call outside any, store the result in another. A worker
that dies in between leaves its lease, and when that is over the message goes out again
under the same `webhook-id`.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from backoffice.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from backoffice.models.webhooks import DisabledReason
from backoffice.webhooks import services
from backoffice.webhooks.sending import Answer
from lending.audit.origin import SYSTEM

# Four times what an attempt may take.
LEASE = timedelta(seconds=60)
# A slow endpoint holds so many threads and no more.
AT_ONCE = 2
# What Standard Webhooks proposes, after each failed attempt.
DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        5,
        5 * 60,
        30 * 60,
        2 * 3_600,
        5 * 3_600,
        10 * 3_600,
        14 * 3_600,
        20 * 3_600,
        24 * 3_600,
    )
)
LONGEST_WAIT = timedelta(hours=24)
# Retries that failed together do not come back together.
JITTER = 0.1
GIVES_UP_AFTER = timedelta(days=5)
GONE = 410


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker may try once, with the secrets that sign it."""

    delivery: WebhookDelivery
    number: int
    secrets: tuple[str, ...] = field(repr=False)


def claim(*, limit: int, now: datetime) -> list[Claim]:
    """Claim due deliveries, at most two at once for each endpoint."""
    waiting = WebhookDelivery.objects.due(now).filter(endpoint=OuterRef("pk"))
    enabled = WebhookEndpoint.objects.enabled().filter(Exists(waiting))
    ids = list(enabled.values_list("pk", flat=True))
    # Nobody is first for ever when there are more endpoints than threads.
    random.shuffle(ids)
    claimed: list[Claim] = []
    for endpoint_id in ids:
        if len(claimed) < limit:
            claimed += _claim_for(endpoint_id, limit - len(claimed), now)
    return claimed


@transaction.atomic
def _claim_for(endpoint_id: UUID, limit: int, now: datetime) -> list[Claim]:
    # The endpoint's row makes the count and the claim one; another claims elsewhere.
    locked = WebhookEndpoint.objects.select_for_update(no_key=True, skip_locked=True)
    endpoint = locked.filter(pk=endpoint_id, disabled_at=None, deleted_at=None).first()
    if endpoint is None:
        return []
    busy = endpoint.deliveries.open().filter(leased_until__gt=now).count()
    room = min(limit, AT_ONCE - busy)
    if room <= 0:
        return []
    due = endpoint.deliveries.due(now).select_related("message")
    found = list(due.order_by("next_attempt_at", "pk")[:room])
    sealed = tuple(endpoint.secrets.signing(now).values_list("encrypted", flat=True))
    claimed = []
    for delivery in found:
        delivery.endpoint = endpoint
        delivery.leased_until = now + LEASE
        delivery.claims += 1
        delivery.save(update_fields=["leased_until", "claims"])
        claimed.append(Claim(delivery, delivery.claims, sealed))
    return claimed


@transaction.atomic
def store(claim: Claim, answer: Answer, *, started_at: datetime, now: datetime) -> bool:
    """Store what came of an attempt, and when the next one is due if it failed.

    Returns:
        Whether the claim still held. If not, somebody else has the delivery by now;
        the attempt is on record, and nothing else is changed.
    """
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(
        pk=claim.delivery.endpoint_id
    )
    WebhookAttempt.objects.create(
        delivery=claim.delivery,
        started_at=started_at,
        status_code=answer.status_code,
        error=answer.error,
        elapsed_ms=answer.elapsed_ms,
    )
    mine = WebhookDelivery.objects.select_for_update(no_key=True).open()
    delivery = mine.filter(pk=claim.delivery.pk, claims=claim.number).first()
    if delivery is None:
        return False
    delivery.leased_until = delivery.next_attempt_at = None
    delivery.attempts += 1
    if answer.is_success:
        delivery.delivered_at = now
    else:
        _put_off(delivery, answer, now)
    delivery.save(
        update_fields=[
            "leased_until",
            "next_attempt_at",
            "attempts",
            "delivered_at",
            "given_up_at",
        ]
    )
    _judge(endpoint, answer, now)
    return True


def _put_off(delivery: WebhookDelivery, answer: Answer, now: datetime) -> None:
    if delivery.attempts > len(DELAYS):
        delivery.given_up_at = now
        return
    delay = DELAYS[delivery.attempts - 1]
    delay += delay * random.uniform(0, JITTER)  # noqa: S311 - nobody gains by guessing
    asked = min(timedelta(seconds=answer.retry_after), LONGEST_WAIT)
    delivery.next_attempt_at = now + max(delay, asked)


def _judge(endpoint: WebhookEndpoint, answer: Answer, now: datetime) -> None:
    """Remember since when an endpoint fails, and disable it when that is for good."""
    if answer.is_success:
        if endpoint.failing_since is not None:
            endpoint.failing_since = None
            endpoint.save(update_fields=["failing_since"])
        return
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if answer.status_code == GONE:
        _give_up(endpoint, DisabledReason.GONE, now)
    elif now - endpoint.failing_since >= GIVES_UP_AFTER:
        _give_up(endpoint, DisabledReason.FAILING, now)


def _give_up(endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    services.switch_off(endpoint, reason=reason, now=now, by=SYSTEM)
