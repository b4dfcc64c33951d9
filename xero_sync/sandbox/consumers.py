"""Webhook consumers: who is told about events."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from xero_sync.sandbox.routing import Route
from xero_sync.sandbox.state import World
from xero_sync.sandbox.webhooks import Consumer
from xero_sync.sandbox.wire import (
    ApiError,
    Call,
    JsonObject,
    Reply,
    answer,
    empty,
    new_id,
)

MOST_CONSUMERS = 50
MOST_TAGS = 10
# the endpoint given when the sandbox was started; the API does not show it
BUILT_IN = "built-in"


def show(consumer: Consumer) -> JsonObject:
    """A consumer as Codat shows it: never with the signing secret."""
    shown: JsonObject = {
        "id": consumer.id,
        "url": consumer.url,
        "eventTypes": list(consumer.event_types),
        "disabled": consumer.disabled,
    }
    if consumer.company_tags:
        shown["companyTags"] = list(consumer.company_tags)
    return shown


def list_consumers(world: World, _call: Call) -> Reply:
    """`GET /webhooks`."""
    consumers = world.outbox.consumers.values()
    return answer({"results": [show(it) for it in consumers if it.id != BUILT_IN]})


def create_consumer(world: World, call: Call) -> Reply:
    """`POST /webhooks`."""
    body = call.json_object()
    url, types = body.get("url"), body.get("eventTypes")
    if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
        raise ApiError(400, "url must be an absolute URL.", "ClientsApi")
    if not _is_words(types) or not types:
        raise ApiError(400, "At least one event type is needed.", "ClientsApi")
    tags = body.get("companyTags") or []
    if not _is_words(tags) or len(tags) > MOST_TAGS:
        raise ApiError(400, "At most 10 company tags are allowed.", "ClientsApi")
    if len(world.outbox.consumers) >= MOST_CONSUMERS:
        raise ApiError(400, "At most 50 consumers are allowed.", "ClientsApi")
    consumer = Consumer(new_id(), url, types, bool(body.get("disabled")), tags)
    world.outbox.consumers[consumer.id] = consumer
    return answer(show(consumer), 201)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(it, str) for it in value)


def delete_consumer(world: World, _call: Call, consumer: str) -> Reply:
    """`DELETE /webhooks/{webhookId}`: drops planned retries as well."""
    if consumer not in world.outbox.consumers or consumer == BUILT_IN:
        raise ApiError(404, f"No webhook was found with ID {consumer}", "ClientsApi")
    world.outbox.drop(consumer)
    return empty()


ROUTES = [
    Route("GET", "/webhooks", list_consumers),
    Route("POST", "/webhooks", create_consumer),
    Route("DELETE", "/webhooks/{consumer}", delete_consumer),
]
