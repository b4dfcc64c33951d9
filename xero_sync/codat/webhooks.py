"""Webhooks from Codat: the Standard Webhooks signature and what a message says.

A message is signed over its id, its time and its raw body; it may carry several
signatures while a secret is being changed. Delivery is at least once and in no order:
`webhook_id` is the same for every attempt at one message. Nothing in a message moves
money; it only says what to look at.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from xero_sync.codat import values
from xero_sync.codat.exceptions import WebhookRejected

TOLERANCE = timedelta(minutes=5)

WRITTEN_DATA_TYPES = (
    "transfers",
    "directCosts",
    "payments",
    "bankTransactions",
    "suppliers",
    "chartOfAccounts",
    "bankAccounts",
)
EVENT_TYPES = (
    "connection.created",
    "connection.connected",
    "connection.failed",
    "connection.disconnected",
    "connection.reconnected",
    "connection.deleted",
    *(
        f"{data_type}.write.{outcome}"
        for data_type in WRITTEN_DATA_TYPES
        for outcome in ("successful", "unsuccessful")
    ),
    "read.completed",
    "read.completed.initial",
    "bankFeeds.sourceAccount.connected",
    "bankFeeds.sourceAccount.disconnected",
    "client.rateLimit.reached",
    "client.rateLimit.reset",
    "company.created",
    "company.deleted",
)


@dataclass(frozen=True, slots=True)
class WebhookEnvelope:
    """A message whose signature is right; its content is still only a hint."""

    webhook_id: str
    event_type: str
    payload: dict[str, Any] = field(repr=False)
    raw: str = field(repr=False)

    @property
    def push_operation_key(self) -> UUID | None:
        """The push operation a write message is about."""
        if ".write." not in self.event_type:
            return None
        try:
            return UUID(values.text(self.payload, "id"))
        except ValueError:
            return None

    @property
    def codat_company_id(self) -> str:
        """The company the message is about, or ""."""
        return values.text(self.payload, "referenceCompany", "id") or values.text(
            self.payload, "companyId"
        )

    @property
    def codat_connection_id(self) -> str:
        """The connection the message is about, or "" if it is none or several."""
        named = values.text(self.payload, "connectionId") or values.text(
            self.payload, "connection", "id"
        )
        if named:
            return named
        read = values.records(
            self.payload, "dataTypes", lambda item: values.text(item, "connectionId")
        )
        return read[0] if len(set(read)) == 1 else ""


def verify(
    *,
    body: bytes,
    headers: Mapping[str, str],
    secret: str,
    now: datetime | None = None,
) -> WebhookEnvelope:
    """Return the message if one of its signatures is ours and it is fresh.

    Raises:
        WebhookRejected: anything else, an unset secret included.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    webhook_id = lower.get("webhook-id", "")
    signatures = lower.get("webhook-signature", "").split()
    signed_at = _fresh(lower.get("webhook-timestamp", ""), now or datetime.now(UTC))
    if not webhook_id or not signatures:
        raise WebhookRejected("The webhook is not signed.")
    raw = _decoded(body)
    expected = _expected(secret, webhook_id, signed_at, raw)
    if not any(_matches(expected, signature) for signature in signatures):
        raise WebhookRejected("No signature of the webhook is ours.")
    return _envelope(webhook_id, raw)


def _fresh(written: str, now: datetime) -> datetime:
    try:
        signed_at = datetime.fromtimestamp(int(written), tz=UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise WebhookRejected("The webhook carries no time.") from exc
    if abs(now - signed_at) > TOLERANCE:
        raise WebhookRejected("The webhook is not of this moment.")
    return signed_at


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise WebhookRejected("The webhook is not text.") from exc


def _expected(secret: str, webhook_id: str, signed_at: datetime, raw: str) -> bytes:
    # The package's own verify() reads the system clock and stumbles over a signature
    # without a comma, so only its signing is used.
    try:
        signature = Webhook(secret).sign(webhook_id, signed_at, raw)
    except (EmptyWebhookSecretError, binascii.Error, ValueError) as exc:
        raise WebhookRejected("The webhook secret is not configured.") from exc
    return base64.b64decode(signature.partition(",")[2])


def _matches(expected: bytes, signature: str) -> bool:
    version, _, encoded = signature.partition(",")
    if version != "v1":
        return False
    try:
        return hmac.compare_digest(expected, base64.b64decode(encoded))
    except ValueError:
        return False


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _envelope(webhook_id: str, raw: str) -> WebhookEnvelope:
    try:
        # Numbers with a fraction stay text: exact, and fit for a JSON column.
        message = values.storable_json(
            json.loads(raw, parse_float=str, parse_constant=_refused)
        )
    except (ValueError, RecursionError) as exc:
        raise WebhookRejected("The webhook is not JSON.") from exc
    if not isinstance(message, dict):
        raise WebhookRejected("The webhook is not a message.")
    payload = message.get("payload")
    return WebhookEnvelope(
        webhook_id=values.storable(webhook_id),
        event_type=values.text(message, "eventType"),
        payload=payload if isinstance(payload, dict) else {},
        raw=values.storable(raw),
    )
