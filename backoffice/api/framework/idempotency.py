"""Harmless repeats: a write and what it was answered are committed together.

Two keys hold for ever: the resource's natural key, whoever repeats it, and the header
`Idempotency-Key`, for its client. The same content gets the stored answer; other
content under a header's key is refused, naming the fields. Refusals are not stored:
what was mended may be sent again under the same key.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from backoffice.api.framework import patterns
from backoffice.api.framework.problems import (
    FieldFault,
    Problem,
    busy,
    escaped,
    invalid,
)
from backoffice.models import ApiClient, StoredReply
from lending.db.encryption import Unreadable, seal, unseal
from lending.services import TakenMeanwhile
from xero_sync.runtime.clock import database_now

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
# In a fingerprint, beside the pointers to the fields.
COMPANIES = "companies of the API key"
# A write that talks to Codat is over by then, or its process is gone.
RUNS_AT_MOST = timedelta(minutes=2)
LOCK_SECONDS = 10
# What the database says when a twin's answer was stored first.
ANSWER_TAKEN = StoredReply._meta.db_table


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


Act = Callable[[], Reply]


def once(request: Request, act: Act) -> Response:
    """Run a write that only touches the database, in one transaction with its answer.

    Raises:
        Problem: 422, the key was used for other content; 409, a lock was not given.
    """
    key = header_key(request)
    try:
        return _once(request, act, key)
    except (IntegrityError, TakenMeanwhile) as exc:
        if isinstance(exc, IntegrityError) and ANSWER_TAKEN not in str(exc):
            raise
        # A twin was quicker: what it did is there now. A second failure is its own.
        return _once(request, act, key)


def once_with_calls(
    request: Request, act: Act, *, runs_at_most: timedelta = RUNS_AT_MOST
) -> Response:
    """Run a write of several transactions, such as one that calls Codat.

    Under a header's key, a second one meanwhile gets 409. What such a write does is
    found again by itself when it is repeated, so one that was interrupted is just run
    again, once `runs_at_most` has passed.

    Raises:
        Problem: 422, the key was used for other content; 409, it is still running.
    """
    key = header_key(request)
    if key is None:
        return _answer(act())
    client = _client(request)
    found = _find(client, key) or _begin(request, client, key)
    if found.status_code is not None:
        return replay(found, request)
    _check_same(found, request)
    ours = _take_over(found, runs_at_most)
    try:
        reply = act()
    except BaseException:
        ours.delete()
        raise
    if not reply.is_final:
        ours.delete()
        return _answer(reply)
    is_stored = ours.update(
        status_code=reply.status, body=kept(reply), running_until=None
    )
    if is_stored:
        return _answer(reply)
    # It took so long that a twin ran it too; there is one answer, and it is the twin's.
    other = _find(client, key)
    if other is None:
        raise busy()
    return replay(other, request)


def rehearse(act: Act) -> Response:
    """Run a write and take it back; answer what it would have answered."""
    with transaction.atomic():
        set_patience()
        reply = act()
        transaction.set_rollback(True)
    return Response({**reply.content, "dry_run": True})


def header_key(request: Request) -> str | None:
    """Return the header's key, or None.

    Raises:
        Problem: 400, it is empty, too long or not printable.
    """
    key = request.headers.get(HEADER)
    if key is None or re.fullmatch(patterns.IDEMPOTENCY_KEY, key, re.ASCII):
        return key
    words = f"{HEADER}: use 1 to 255 printable characters, such as a UUID."
    raise invalid([FieldFault(words, parameter=HEADER)])


def replay(found: StoredReply, request: Request) -> Response:
    """Answer what was answered, if the content is the same.

    Raises:
        Problem: 422, the content differs; it names where. 409, there is none yet.
    """
    _check_same(found, request)
    if found.status_code is None:
        raise busy()
    return Response(read(found), status=found.status_code, headers=REPLAYED)


def store(
    client: ApiClient,
    replies: Sequence[Reply],
    *,
    call: str,
    key: str | None = None,
    sent: Mapping[str, str] | None = None,
) -> None:
    """Keep what writes were answered; with a header's key, also what was `sent`."""
    StoredReply.objects.bulk_create(
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
    )


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


def set_patience(seconds: float | None = None) -> None:
    """Let the transaction hang on no lock: PostgreSQL waits for ever unless told."""
    if connection.vendor == "postgresql":
        milliseconds = int((seconds or LOCK_SECONDS) * 1_000)
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")


def _once(request: Request, act: Act, key: str | None) -> Response:
    client = _client(request)
    with transaction.atomic():
        set_patience()
        found = _find(client, key) if key is not None else None
        if found is not None:
            return replay(found, request)
        reply = act()
        if key is not None:
            sent = fingerprint(request)
            store(client, [reply], call=_call(request), key=key, sent=sent)
        elif reply.is_new and reply.natural_key is not None:
            store(client, [reply], call=_call(request))
        return _answer(reply)


def _answer(reply: Reply) -> Response:
    headers = None if reply.is_new else REPLAYED
    return Response(reply.content, status=reply.status, headers=headers)


def _begin(request: Request, client: ApiClient, key: str) -> StoredReply:
    try:
        with transaction.atomic():
            return StoredReply.objects.create(
                client=client,
                header_key=key,
                call=_call(request),
                fingerprint=fingerprint(request),
                running_until=database_now(),
            )
    except IntegrityError as exc:
        raise busy() from exc


def _take_over(
    found: StoredReply, runs_at_most: timedelta
) -> QuerySet[StoredReply, StoredReply]:
    """Run it ourselves, unless somebody does.

    Returns:
        The row for as long as it is ours: nobody else has the same end of his time.
    """
    now = database_now()
    running = StoredReply.objects.filter(pk=found.pk, status_code=None)
    until = now + runs_at_most
    if not running.filter(running_until__lte=now).update(running_until=until):
        raise busy()
    return running.filter(running_until=until)


def _check_same(found: StoredReply, request: Request) -> None:
    if found.call != _call(request):
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


def _find(client: ApiClient, key: str) -> StoredReply | None:
    return StoredReply.objects.filter(client=client, header_key=key).first()


def _client(request: Request) -> ApiClient:
    caller: Any = request.user
    client: ApiClient = caller.client
    return client


def _call(request: Request) -> str:
    # A rehearsal is never stored, so that the path says all.
    return f"{request.method} {request.path}"[:500]


def _hash(salt: str, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{salt} {text}".encode()).hexdigest()[:32]
