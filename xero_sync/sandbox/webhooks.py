"""Signed event messages: queued, signed, delivered, retried.

Codat's webhook pages: at least once, in no promised order, signed as Standard
Webhooks describe, the same `webhook-id` on each attempt, and retried after 5 seconds,
5 minutes, 30 minutes, 2, 5, 10 and 10 hours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from xero_sync.sandbox.faults import Faults
from xero_sync.sandbox.wire import JsonObject, encode, stamp

RETRY_AFTER = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 36_000)
)
HOLD = timedelta(seconds=60)


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The `webhook-signature` of a message, as Standard Webhooks compute it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


@dataclass
class Consumer:
    """A registered endpoint; no event types means all of them."""

    id: str
    url: str
    event_types: list[str] = field(default_factory=list)
    disabled: bool = False
    company_tags: list[str] = field(default_factory=list)

    def wants(self, event_type: str, tags: dict[str, str]) -> bool:
        """Whether an event goes here; any one matching tag is enough."""
        if self.disabled:
            return False
        if self.event_types and event_type not in self.event_types:
            return False
        own = {f"{name}:{value}" for name, value in tags.items()}
        return not self.company_tags or bool(own.intersection(self.company_tags))


@dataclass
class Delivery:
    """A message on its way to one endpoint."""

    message_id: str
    event_type: str
    url: str
    body: bytes
    due: datetime
    consumer_id: str
    attempts: int = 0
    statuses: list[int] = field(default_factory=list)


@dataclass
class Outbox:
    """Messages to deliver, and those that are done with."""

    secret: str
    faults: Faults
    consumers: dict[str, Consumer] = field(default_factory=dict)
    queue: list[Delivery] = field(default_factory=list)
    held: list[Delivery] = field(default_factory=list)
    done: list[Delivery] = field(default_factory=list)
    events: list[JsonObject] = field(default_factory=list)

    def emit(
        self,
        event_type: str,
        payload: JsonObject,
        *,
        now: datetime,
        tags: dict[str, str] | None = None,
    ) -> None:
        """Queue an event for everyone who wants it."""
        event = {
            "id": str(uuid.uuid4()),
            "eventType": event_type,
            "generatedDate": stamp(now),
            "payload": payload,
        }
        self.events.append(event)
        deliveries = [
            Delivery(
                message_id=f"msg_{uuid.uuid4().hex}",
                event_type=event_type,
                url=consumer.url,
                body=encode(event),
                due=now,
                consumer_id=consumer.id,
            )
            for consumer in self.consumers.values()
            if consumer.wants(event_type, tags or {})
        ]
        if deliveries:
            self._enqueue(event_type, deliveries, now)

    def _enqueue(
        self, event_type: str, deliveries: list[Delivery], now: datetime
    ) -> None:
        def fault(kind: str) -> bool:
            taken = self.faults.take(
                kind, event_type.split(".", maxsplit=1)[0], event_type
            )
            if taken is not None and kind == "webhook_delayed":
                for delivery in deliveries:
                    delivery.due += timedelta(seconds=float(taken.get("seconds", 30)))
            return taken is not None

        if fault("webhook_lost"):
            return
        fault("webhook_delayed")
        if fault("webhook_reordered"):
            for delivery in deliveries:
                delivery.due += HOLD
            self.held += deliveries
            return
        self.queue += deliveries
        if fault("webhook_doubled"):
            self.queue += [
                Delivery(**{**vars(it), "statuses": []}) for it in deliveries
            ]
        self.queue += [self._released(delivery, now) for delivery in self.held]
        self.held.clear()

    def _released(self, delivery: Delivery, now: datetime) -> Delivery:
        delivery.due = now
        return delivery

    def take_due(self, now: datetime) -> list[Delivery]:
        """The deliveries to attempt now, taken out of the queue."""
        # what waits for a successor is not kept for ever
        self.queue += [delivery for delivery in self.held if delivery.due <= now]
        self.held = [delivery for delivery in self.held if delivery.due > now]
        due = [delivery for delivery in self.queue if delivery.due <= now]
        self.queue = [delivery for delivery in self.queue if delivery.due > now]
        return due

    def headers(self, delivery: Delivery, now: datetime) -> dict[str, str]:
        """The headers of an attempt: same id, fresh time."""
        timestamp = str(int(now.timestamp()))
        signature = sign(self.secret, delivery.message_id, timestamp, delivery.body)
        return {
            "Content-Type": "application/json",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature,
        }

    def settle(self, delivery: Delivery, status: int, now: datetime) -> None:
        """Note how an attempt went, and plan the next one if it failed."""
        delivery.statuses.append(status)
        delivery.attempts += 1
        ok = 200 <= status < 300  # noqa: PLR2004
        if ok or delivery.attempts > len(RETRY_AFTER):
            self.done.append(delivery)
        elif delivery.consumer_id in self.consumers:
            # deleting a consumer drops what was still planned for it
            delivery.due = now + RETRY_AFTER[delivery.attempts - 1]
            self.queue.append(delivery)

    def drop(self, consumer_id: str) -> None:
        """Forget an endpoint together with the retries planned for it."""
        self.consumers.pop(consumer_id, None)
        self.queue = [it for it in self.queue if it.consumer_id != consumer_id]
        self.held = [it for it in self.held if it.consumer_id != consumer_id]
