"""Where Codat's signed messages arrive: verified, stored once, answered at once."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from lending.audit import origin
from xero_sync.codat import webhooks
from xero_sync.codat.exceptions import WebhookRejected
from xero_sync.models import WebhookMessage
from xero_sync.runtime import task_queue, throttles
from xero_sync.runtime.clock import database_now

logger = logging.getLogger(__name__)

REFUSED, REFUSED_A_MINUTE = "refused webhook", 60
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
    forged or stale message is a 400, one line in the log and no row; from an address
    that sends many of them it is a 429, and a line a minute. Only what was refused is
    counted: what Codat sends from the same address is taken.
    """
    try:
        _take(request)
    except WebhookRejected as exc:
        return _refused(exc)
    return HttpResponse(status=204)


def _refused(exc: WebhookRejected) -> HttpResponse:
    address = origin.current().address
    if throttles.may(REFUSED, who=address, a_minute=REFUSED_A_MINUTE):
        logger.warning("A webhook was refused: %s", exc)
        answer = HttpResponse(b"The message cannot be trusted or read.\n", status=400)
    else:
        if throttles.may(f"{REFUSED}, told", who=address, a_minute=1):
            logger.warning(
                "More than %s webhooks of one address were refused in a minute; the "
                "others of this minute are not logged",
                REFUSED_A_MINUTE,
            )
        answer = HttpResponse(status=429)
        answer.headers["Retry-After"] = str(throttles.MINUTE)
    answer.headers["Content-Type"] = "text/plain"
    # Django would write a line of its own.
    answer._has_been_logged = True  # type: ignore[attr-defined]
    return answer


def _take(request: HttpRequest) -> None:
    """Verify a message and store it unless it has been stored before.

    Raises:
        WebhookRejected: it cannot be trusted or read.
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
