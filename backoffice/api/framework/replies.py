"""What writes were answered, kept for those who repeat them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from rest_framework.utils.encoders import JSONEncoder

from backoffice.models import ApiClient, StoredReply
from lending.db.encryption import seal, unseal
from lending.services import TakenMeanwhile


@dataclass(frozen=True)
class Reply:
    """What a write answers.

    `natural_key` names the resource it made. `is_new` is False where the resource was
    there already with the same content; what was answered then is answered again.
    `is_final` is False where a repeat may do better: then nothing is kept.
    `is_secret` marks an answer with a secret in it: it is kept encrypted.
    """

    status: int
    content: Mapping[str, Any]
    natural_key: str | None = None
    is_new: bool = True
    is_final: bool = True
    is_secret: bool = False
    # The address of what the answer is about, where it has one of its own.
    location: str = ""


def store(
    client: ApiClient,
    replies: Sequence[Reply],
    *,
    call: str,
    key: str | None = None,
    sent: Mapping[str, str] | None = None,
) -> None:
    """Keep what writes were answered; with a header's key, also what was `sent`.

    Raises:
        TakenMeanwhile: a twin's answer was stored first; to be rolled back.
    """
    rows = [
        StoredReply(
            client=client,
            header_key=key,
            call=call,
            fingerprint=sent or {},
            natural_key=reply.natural_key if reply.is_new else None,
            status_code=reply.status,
            body=kept(reply),
        )
        for reply in replies
    ]
    try:
        StoredReply.objects.bulk_create(rows)
    except IntegrityError as exc:
        raise TakenMeanwhile from exc


def stored_for(natural_key: str) -> dict[str, Any] | None:
    """Return what was answered when the resource was made through the API."""
    found = StoredReply.objects.filter(natural_key=natural_key).only("body").first()
    return read(found) if found else None


def encode(content: Mapping[str, Any]) -> bytes:
    """Return the bytes of an answer."""
    return json.dumps(content, cls=JSONEncoder, separators=(",", ":")).encode()


def kept(reply: Reply) -> bytes:
    """Return the bytes that are kept: an answer with a secret only encrypted."""
    body = encode(reply.content)
    return seal(body.decode()).encode() if reply.is_secret else body


def read(found: StoredReply) -> dict[str, Any]:
    """Return what was answered, whichever way it is kept."""
    body = bytes(found.body)
    text = body.decode()
    # What is sealed is base64, and no JSON object begins like that.
    plain = text if body.startswith(b"{") else unseal(text)
    content: dict[str, Any] = json.loads(plain)
    return content
