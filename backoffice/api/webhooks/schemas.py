"""What the API answers about webhook endpoints, for its description."""

from rest_framework import serializers

from backoffice.api.lending.schemas import text
from backoffice.models.webhooks import (
    CHOOSABLE,
    DeliveryState,
    DisabledReason,
    MessageType,
)


class SecretEnd(serializers.Serializer):
    """A secret by its end; one that was replaced signs for a while."""

    ends_in = serializers.CharField()
    signs_until = serializers.DateTimeField(allow_null=True)


class EndpointShown(serializers.Serializer):
    """An address that hears from us."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    description = text()
    events = serializers.ListField(child=serializers.ChoiceField(CHOOSABLE))
    enabled = serializers.BooleanField()
    disabled_at = serializers.DateTimeField(allow_null=True)
    disabled_reason = serializers.ChoiceField(DisabledReason.choices, allow_blank=True)
    failing_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    secrets = SecretEnd(many=True)


class EndpointWithSecret(EndpointShown):
    """The only answer that has the secret; keep it."""

    secret = serializers.CharField(allow_null=True)


class TestSent(serializers.Serializer):
    """The message that is on its way."""

    message_id = serializers.CharField()


class Replayed(serializers.Serializer):
    """How many messages are on their way once more."""

    messages = serializers.IntegerField(min_value=0)


class DeliveryAttempt(serializers.Serializer):
    """One POST to the endpoint."""

    started_at = serializers.DateTimeField()
    status_code = serializers.IntegerField(allow_null=True)
    error = text()
    elapsed_ms = serializers.IntegerField(allow_null=True)


class DeliveryShown(serializers.Serializer):
    """A message and what came of each attempt to deliver it."""

    message_id = serializers.CharField()
    type = serializers.ChoiceField(MessageType.choices)
    subject = text()
    state = serializers.ChoiceField(DeliveryState.choices)
    is_replay = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    attempts = DeliveryAttempt(many=True)
