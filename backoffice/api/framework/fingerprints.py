"""Whether a request is the one that was sent before, of which no content is kept."""

import hashlib
import json
import secrets
from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request

from backoffice.api.framework.problems import FieldFault, Problem, escaped
from backoffice.models import StoredReply
from lending.db.encryption import Unreadable, seal, unseal

HEADER = "Idempotency-Key"
# In a fingerprint, beside the pointers to the fields.
COMPANIES = "companies of the API key"


def fingerprint(request: Request, salt: str | None = None) -> dict[str, str]:
    """Return a salted hash of each place, which tells what differs and no more.

    The companies of a key count as a field: what a key for other companies was answered
    may tell of companies that this one may not see.
    """
    salt = salt or secrets.token_hex(8)
    hashes = {name: _hash(salt, value) for name, value in _places(request.data)}
    caller: Any = request.user
    if not caller.key.all_companies:
        seen = sorted(caller.key.companies.values_list("pk", flat=True))
        hashes[COMPANIES] = _hash(salt, seen)
    # Sealed: account numbers are few enough to be tried out one by one.
    return {"salt": seal(salt), **hashes}


def call_of(request: Request) -> str:
    # A rehearsal is never stored, so that the path says all.
    return f"{request.method} {request.path}"[:500]


def check_same(found: StoredReply, request: Request) -> None:
    if found.call != call_of(request):
        words = f"{HEADER}: it was used for {found.call}; take a new one."
        raise Problem(
            "idempotency_key_reused",
            words,
            faults=[FieldFault(words, parameter=HEADER)],
        )
    stored = found.fingerprint
    given = fingerprint(request, _salt_of(found))
    differing = sorted(
        name
        for name in (stored.keys() | given.keys()) - {"salt"}
        if stored.get(name) != given.get(name)
    )
    if differing:
        words = (
            f"{HEADER}: it was used with other content; {', '.join(differing)} differ. "
            "Take a new one for a new request."
        )
        raise Problem(
            "idempotency_key_reused",
            words,
            faults=[
                FieldFault(words, parameter=HEADER)
                if name == COMPANIES
                else FieldFault(words, pointer=name)
                for name in differing
            ],
        )


def _places(sent: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields with their pointers; of a list, its length and its elements."""
    for name, value in (sent if isinstance(sent, dict) else {"": sent}).items():
        pointer = f"/{escaped(name)}"
        if not isinstance(value, list):
            yield pointer, value
            continue
        yield pointer, len(value)
        yield from ((f"{pointer}/{n}", one) for n, one in enumerate(value))


def _salt_of(found: StoredReply) -> str:
    try:
        return unseal(found.fingerprint["salt"])
    except Unreadable as exc:
        words = (
            f"{HEADER}: its first use was sealed under a key that is no longer among "
            "FIELD_ENCRYPTION_KEYS; look by GET for what it did."
        )
        raise Problem(
            "idempotency_key_unreadable",
            words,
            faults=[FieldFault(words, parameter=HEADER)],
        ) from exc


def _hash(salt: str, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{salt} {text}".encode()).hexdigest()[:32]
