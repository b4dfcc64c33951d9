"""Where Codat's signed messages arrive: verified, stored once, answered at once."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from xero_sync.codat import webhooks
from xero_sync.codat.exceptions import WebhookRejected
from xero_sync.models import WebhookMessage
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now

# Codat's messages are a few kilobytes.
LARGEST_BODY = 1_000_000
LONGEST_ID = 255
# Where a borrower gives their consent; whoever has such an address can connect books.
LINKS = frozenset({"linkUrl", "redirect"})


@csrf_exempt  # the signature is the proof of origin
@require_POST
def codat(request: HttpRequest) -> HttpResponse:
    """Store a verified message, and answer 2xx also when it has been stored before.

    Codat repeats what is not answered within 15 seconds, so all reading comes later. A
    forged or stale message is a 400 and leaves no row.
    """
    if len(request.body) > LARGEST_BODY:
        raise WebhookRejected("The message is larger than any that Codat sends.")
    envelope = webhooks.verify(
        # The raw bytes, before anything parses them: they are what was signed.
        body=request.body,
        headers=request.headers,
        secret=settings.CODAT_WEBHOOK_SECRET,
    )
    if len(envelope.webhook_id) > LONGEST_ID:
        raise WebhookRejected("The message's id is longer than any that Codat sends.")
    with transaction.atomic():
        _, is_new = WebhookMessage.objects.get_or_create(
            webhook_id=envelope.webhook_id,
            defaults={
                "event_type": envelope.event_type[:100],
                "push_operation_key": envelope.push_operation_key,
                "codat_connection_id": _uuid(envelope.codat_connection_id),
                "payload": _without_links(envelope.payload),
                "received_at": database_now(),
            },
        )
        if is_new:
            task_queue.nudge_inbox()
    return HttpResponse(status=204)


def _without_links(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {name: it for name, it in value.items() if name not in LINKS}
        return {name: _without_links(it) for name, it in kept.items()}
    if isinstance(value, list):
        return [_without_links(it) for it in value]
    return value


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
