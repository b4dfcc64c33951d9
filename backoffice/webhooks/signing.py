"""Secrets and signatures as Standard Webhooks wants them."""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime

from standardwebhooks.webhooks import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a secret that nobody has had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(
    *, webhook_id: str, body: bytes, signing_secrets: Iterable[str], now: datetime
) -> dict[str, str]:
    """Return the headers of an attempt, with one signature for each secret."""
    text = body.decode()
    signatures = [
        Webhook(secret).sign(webhook_id, now, text) for secret in signing_secrets
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
