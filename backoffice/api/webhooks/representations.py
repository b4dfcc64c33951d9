"""How the API shows webhook endpoints and what was sent to them."""

from datetime import datetime
from typing import Any

from backoffice.models import WebhookDelivery, WebhookEndpoint
from xero_sync.runtime.clock import database_now


def endpoint(row: WebhookEndpoint) -> dict[str, Any]:
    """Show an endpoint, and of its secrets only how they end."""
    now = database_now()
    return {
        "id": str(row.pk),
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "enabled": row.disabled_at is None,
        "disabled_at": _moment(row.disabled_at),
        "disabled_reason": row.disabled_reason,
        "failing_since": _moment(row.failing_since),
        "created_at": _moment(row.created_at),
        "secrets": [
            {"ends_in": one.ending, "signs_until": _moment(one.retires_at)}
            for one in sorted(row.secrets.all(), key=lambda one: -one.pk)
            if one.retires_at is None or one.retires_at > now
        ],
    }


def delivery(row: WebhookDelivery) -> dict[str, Any]:
    """Show a delivery and what came of each attempt."""
    return {
        "message_id": row.message.webhook_id,
        "type": row.message.type,
        "subject": row.message.subject,
        "state": row.state.value,
        "is_replay": row.replays_id is not None,
        "created_at": _moment(row.created_at),
        "next_attempt_at": _moment(row.next_attempt_at),
        "attempts": [
            {
                "started_at": _moment(one.started_at),
                "status_code": one.status_code,
                "error": one.error,
                "elapsed_ms": one.elapsed_ms,
            }
            for one in row.tries.all()
        ],
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
