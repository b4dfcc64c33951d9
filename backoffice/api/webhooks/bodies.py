"""What is said about webhook endpoints."""

import re
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backoffice.api.framework.fields import (
    ChoiceText,
    MomentField,
    ShortListField,
    StrictSerializer,
    TextField,
    YesNoField,
)
from backoffice.api.framework.problems import CONTRADICTORY
from backoffice.models.webhooks import CHOOSABLE, URL_LENGTH

MESSAGE_ID = re.compile(r"msg_([0-9a-f]{32})", re.ASCII)


@extend_schema_field({"type": "string", "pattern": "^msg_[0-9a-f]{32}$"})
class MessageIdField(TextField):
    """The `webhook-id` of a message."""

    def to_internal_value(self, data: Any) -> UUID:  # type: ignore[override]
        """Return our id of it."""
        match = MESSAGE_ID.fullmatch(super().to_internal_value(data))
        if match is None:
            raise serializers.ValidationError(
                "give the webhook-id of a message, which begins with msg_.",
                code="invalid_message_id",
            )
        return UUID(match[1])


def chosen_events(**options: Any) -> ShortListField:
    """Return a field for the types of message that an endpoint wants."""
    return ShortListField(
        child=ChoiceText(choices=CHOOSABLE),
        max_length=len(CHOOSABLE),
        help_text="Which messages it gets; none named means all of them. "
        "event.needs_attention is sent where an entry needs a decision of its own; "
        "where a connection keeps entries back, connection.changed tells it.",
        **options,
    )


class EndpointBody(StrictSerializer):
    """An address that wants to hear from us."""

    url = TextField(max_length=URL_LENGTH, help_text="https, port 443, public.")
    description = TextField(
        required=False, allow_blank=True, max_length=200, default=""
    )
    events = chosen_events(required=False, default=list)


class EndpointChanges(StrictSerializer):
    """What is changed of an endpoint; what is left out stays."""

    url = TextField(required=False, max_length=URL_LENGTH)
    description = TextField(required=False, allow_blank=True, max_length=200)
    events = chosen_events(required=False)
    enabled = YesNoField(
        required=False, help_text="False: nothing is sent until it is true again."
    )


class ReplayBody(StrictSerializer):
    """One message, or all that the endpoint wants of a time."""

    message_id = MessageIdField(required=False)
    since = MomentField(required=False, help_text="With “until”: its beginning.")
    until = MomentField(required=False, help_text="Its end, which is left out.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body that says both, or half of one."""
        if set(attrs) in ({"message_id"}, {"since", "until"}):
            return attrs
        raise serializers.ValidationError(
            "give either message_id, or since and until.", code=CONTRADICTORY
        )
