"""What the back office itself keeps: its API's callers, and what it tells others."""

from backoffice.models.api import ApiClient, ApiKey, KeyScope, StoredReply
from backoffice.models.users import Authenticator, RecoveryCodes, StaffSession
from backoffice.models.webhooks import (
    ChangeCursor,
    ChangeGap,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)

__all__ = [
    "ApiClient",
    "ApiKey",
    "Authenticator",
    "ChangeCursor",
    "ChangeGap",
    "KeyScope",
    "RecoveryCodes",
    "StaffSession",
    "StoredReply",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
    "WebhookSecret",
]
