"""What was sent to an endpoint, and is sent once more."""

from http import HTTPStatus
from uuid import UUID

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.replies import Reply
from backoffice.api.webhooks.answers import (
    DeliveryShown,
    Replayed,
)
from backoffice.api.webhooks.base import Fields, WebhookView, endpoint_or_404
from backoffice.api.webhooks.bodies import ReplayBody
from backoffice.api.webhooks.queries import DeliveryQuery
from backoffice.models import KeyScope, WebhookAttempt, WebhookEndpoint
from backoffice.webhooks import services
from xero_sync.runtime.clock import database_now


class Replay(WebhookView):
    """`webhook-endpoints/{id}/replay`."""

    scopes = {"POST": KeyScope.WEBHOOKS_ADMIN}

    @extend_schema(
        operation_id="replayMessages",
        summary="Send messages once more",
        request=ReplayBody,
        responses={202: Replayed},
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """Send one message, or those of a time, once more, under the same ids."""
        return self.done(request, endpoint_id, ReplayBody, replay)


class Deliveries(WebhookView):
    """`webhook-endpoints/{id}/deliveries`."""

    scopes = {"GET": KeyScope.WEBHOOKS_ADMIN}
    queries = {"GET": DeliveryQuery}

    @extend_schema(
        operation_id="listDeliveries",
        summary="List what was sent to an endpoint",
        responses=page_of(DeliveryShown),
    )
    def get(self, request: Request, endpoint_id: UUID) -> Response:  # noqa: ARG002
        """List what was sent to an endpoint, newest first, with every attempt."""
        attempts = WebhookAttempt.objects.order_by("pk")
        found = endpoint_or_404(endpoint_id).deliveries.select_related("message")
        return self.listed(
            found.prefetch_related(Prefetch("tries", queryset=attempts)), DeliveryShown
        )


def replay(endpoint: WebhookEndpoint, fields: Fields) -> Reply:
    """Send something once more."""
    now = database_now()
    if "message_id" in fields:
        services.replay_message(endpoint=endpoint, now=now, **fields)
        count = 1
    else:
        count = services.replay_range(endpoint=endpoint, now=now, **fields)
    return Reply(HTTPStatus.ACCEPTED, Replayed.of(messages=count))
