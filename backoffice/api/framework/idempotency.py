"""Harmless repeats: a write and what it was answered are committed together.

Two keys hold for ever: the resource's natural key, whoever repeats it, and the header
`Idempotency-Key`, for its client. The same content gets the stored answer; other
content under a header's key is refused, naming the fields. Refusals are not stored:
what was mended may be sent again under the same key.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework import patterns
from backoffice.api.framework.fingerprints import (
    HEADER,
    call_of,
    check_same,
    fingerprint,
)
from backoffice.api.framework.problems import FieldFault, busy, invalid
from backoffice.api.framework.replies import Reply, kept, read, store
from backoffice.models import ApiClient, StoredReply
from lending.services import TakenMeanwhile
from xero_sync.runtime.clock import database_now

REPLAYED = {"Idempotent-Replayed": "true"}
# A write that talks to Codat is over by then, or its process is gone.
RUNS_AT_MOST = timedelta(minutes=2)
LOCK_SECONDS = 10


Act = Callable[[], Reply]


def once(request: Request, act: Act) -> Response:
    """Run a write that only touches the database, in one transaction with its answer.

    Raises:
        Problem: 422, the key was used for other content; 409, a lock was not given.
    """
    key = header_key(request)
    try:
        return _once(request, act, key)
    except TakenMeanwhile:
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
    check_same(found, request)
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
    check_same(found, request)
    if found.status_code is None:
        raise busy()
    return Response(read(found), status=found.status_code, headers=REPLAYED)


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
            store(client, [reply], call=call_of(request), key=key, sent=sent)
        elif reply.is_new and reply.natural_key is not None:
            store(client, [reply], call=call_of(request))
        return _answer(reply)


def _answer(reply: Reply) -> Response:
    headers = {} if reply.is_new else dict(REPLAYED)
    if reply.location:
        headers["Location"] = reply.location
    return Response(reply.content, status=reply.status, headers=headers)


def _begin(request: Request, client: ApiClient, key: str) -> StoredReply:
    try:
        with transaction.atomic():
            return StoredReply.objects.create(
                client=client,
                header_key=key,
                call=call_of(request),
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
        The row for as long as it is ours: nobody else has the same end of their time.
    """
    now = database_now()
    running = StoredReply.objects.filter(pk=found.pk, status_code=None)
    until = now + runs_at_most
    if not running.filter(running_until__lte=now).update(running_until=until):
        raise busy()
    return running.filter(running_until=until)


def _find(client: ApiClient, key: str) -> StoredReply | None:
    return StoredReply.objects.filter(client=client, header_key=key).first()


def _client(request: Request) -> ApiClient:
    caller: Any = request.user
    client: ApiClient = caller.client
    return client
