"""The messages to other services, as the `webhooks` of the description."""

from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.plumbing import build_mocked_view
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema

from backoffice.api.description.settings import HOOKS_TAG, JSON, ref
from backoffice.api.webhooks.messages import MESSAGES, serializer_of
from backoffice.models.webhooks import MessageType

ANSWERS = {
    "2XX": "Taken in. After any other answer, or none, it is sent again.",
    "410": "No more messages are wanted: the endpoint is disabled.",
}
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def with_webhooks(result: JSON, generator: SchemaGenerator, **_: Any) -> JSON:
    """Describe each message, signed as Standard Webhooks has it."""
    view = build_mocked_view("POST", "/", extend_schema(), generator.registry)
    result["webhooks"] = {
        message_type: {"post": _operation(view.schema, message_type)}
        for message_type in map(str, MESSAGES)
    }
    result["components"] = generator.registry.build(
        spectacular_settings.APPEND_COMPONENTS
    )
    return result


def _operation(schema: Any, message_type: str) -> JSON:
    _data, words = MESSAGES[message_type]
    component = schema.resolve_serializer(serializer_of(message_type), "response")
    return {
        "operationId": message_type,
        "summary": str(MessageType(message_type).label),
        "description": words,
        "tags": [HOOKS_TAG],
        # The signature proves who sends it; no key of the API is in it.
        "security": [],
        "parameters": [ref("parameters", name) for name in HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": component.ref}},
        },
        "responses": {
            status: {"description": words} for status, words in ANSWERS.items()
        },
    }
