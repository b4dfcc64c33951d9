"""What is answered about webhook endpoints and what was sent to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from backoffice.api.framework.answers import Answer, Moment, text
from backoffice.models import WebhookDelivery, WebhookEndpoint
from backoffice.models.webhooks import (
    CHOOSABLE,
    DeliveryState,
    DisabledReason,
    MessageType,
)
from xero_sync.runtime.clock import database_now

Known = Mapping[str, Any]


class SecretEnd(Answer):
    """A secret by its end; one that was replaced signs for a while."""

    ends_in = serializers.CharField(source="ending")
    signs_until = Moment(source="retires_at", allow_null=True)


class EndpointShown(Answer):
    """An address that hears from us."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    description = text()
    events = serializers.ListField(child=serializers.ChoiceField(CHOOSABLE))
    enabled = serializers.BooleanField()
    disabled_at = Moment(allow_null=True)
    disabled_reason = serializers.ChoiceField(DisabledReason.choices, allow_blank=True)
    failing_since = Moment(allow_null=True)
    created_at = Moment()
    secrets = SecretEnd(many=True)

    @classmethod
    def known(cls, rows: Sequence[WebhookEndpoint]) -> Sequence[Known]:
        """Return whether they are sent to, and which secrets sign."""
        now = database_now()
        return [
            {
                "enabled": row.disabled_at is None,
                "secrets": [
                    one
                    for one in sorted(row.secrets.all(), key=lambda one: -one.pk)
                    if one.retires_at is None or one.retires_at > now
                ],
            }
            for row in rows
        ]


class EndpointWithSecret(EndpointShown):
    """The only answer that has the secret; keep it."""

    secret = serializers.CharField(allow_null=True)


class TestSent(Answer):
    """The message that is on its way."""

    message_id = serializers.CharField(source="message.webhook_id")


class Replayed(Answer):
    """How many messages are on their way once more."""

    messages = serializers.IntegerField(min_value=0)


class DeliveryAttempt(Answer):
    """One POST to the endpoint."""

    started_at = Moment()
    status_code = serializers.IntegerField(allow_null=True)
    error = text()
    elapsed_ms = serializers.IntegerField(allow_null=True)


class DeliveryShown(Answer):
    """A message and what came of each attempt to deliver it."""

    message_id = serializers.CharField(source="message.webhook_id")
    type = serializers.ChoiceField(MessageType.choices, source="message.type")
    subject = text(source="message.subject")
    state = serializers.ChoiceField(DeliveryState.choices)
    is_replay = serializers.BooleanField()
    created_at = Moment()
    next_attempt_at = Moment(allow_null=True)
    attempts = DeliveryAttempt(many=True)

    @classmethod
    def known(cls, rows: Sequence[WebhookDelivery]) -> Sequence[Known]:
        """Return what came of each of them."""
        return [
            {"is_replay": one.replays_id is not None, "attempts": one.tries.all()}
            for one in rows
        ]
