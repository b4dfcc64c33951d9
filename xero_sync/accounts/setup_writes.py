"""Writes that prepare a borrower's books: the supplier, an expense account.

A person waits for these, so they are made and followed to their end in one call; the
evidence is the same as for loan events: intent first, every exchange kept. One whose
outcome got lost is looked for before it is made again.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from lending.db import bulk
from lending.db.ids import new_id
from xero_sync.codat import payloads
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    CodatError,
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
)
from xero_sync.codat.push import PushOperation, PushStatus, push_path
from xero_sync.models import Connection, WriteAttempt, WriteRequest
from xero_sync.models.choices import Outcome
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.exchange import Claim, Sent
from xero_sync.writeback.refreshes import Refreshes
from xero_sync.writeback.results import attempt_of

Wait = Callable[[float], None]
PATIENCE = timedelta(minutes=2)
NO_VERDICT = (PushStatus.PENDING, PushStatus.UNKNOWN)
POLL_SECONDS = 1.0


def create(
    *,
    connection: Connection,
    data_type: str,
    body: dict,
    client: CodatClient,
    wait: Wait = time.sleep,
) -> str:
    """Create one record in the borrower's books and return its id in Xero.

    The caller has looked for the record in refreshed data, so one that was lost
    earlier is not made twice: it would have been found.

    Raises:
        CodatRejected: Codat or Xero refused it, in their words.
        CodatNoAnswer: it was taken in, and Xero has not answered within two minutes.
        CodatError: the call failed.
    """
    data = payloads.encode(body)
    request, operation = _under_way(connection, data_type, data, client) or (
        _intent(connection, data_type, data),
        None,
    )
    operation = operation or _send(request, client, wait)
    gives_up_at = database_now() + PATIENCE
    while operation.status in NO_VERDICT and database_now() < gives_up_at:
        wait(POLL_SECONDS)
        operation = client.get_push_operation(
            connection.codat_company_id, operation.key
        )
    return _record_id(operation, request)


def _under_way(
    connection: Connection, data_type: str, body: bytes, client: CodatClient
) -> tuple[WriteRequest, PushOperation | None] | None:
    """Return the same write if it was begun and its end is not known.

    Either its answer got lost and its key is still remembered, or Codat has taken it in
    and Xero has not answered; then with its operation.
    """
    young = database_now() - timedelta(seconds=settings.WRITEBACK_KEY_SECONDS)
    earlier = (
        WriteRequest.objects.filter(
            connection=connection, data_type=data_type, created_at__gt=young
        )
        .exclude(attempts__outcome__in=(Outcome.REFUSED, Outcome.ACCESS_DENIED))
        .order_by("-created_at")
    )
    for request in earlier:
        if bytes(request.body) != body:
            continue
        answered = request.attempts.exclude(push_operation_key=None).last()
        key = answered.push_operation_key if answered else None
        if key is None:
            return request, None
        operation = client.get_push_operation(connection.codat_company_id, key)
        if operation.status in NO_VERDICT:
            return request, operation
    return None


def _intent(connection: Connection, data_type: str, body: bytes) -> WriteRequest:
    return WriteRequest.objects.create(
        company_id=connection.company_id,
        connection=connection,
        data_type=data_type,
        path=push_path(
            connection.codat_company_id, connection.codat_connection_id, data_type
        ),
        body=body,
        idempotency_key=new_id(),
        created_at=database_now(),
    )


def _send(request: WriteRequest, client: CodatClient, wait: Wait) -> PushOperation:
    for pause in (1.0, 4.0, None):
        try:
            return _exchange(request, client)
        except (CodatUnavailable, CodatNoAnswer, CodatOutcomeUnknown) as exc:
            # The same bytes under the same key: at worst a replay of the same answer.
            if pause is None:
                raise
            wait(getattr(exc, "retry_after", None) or pause)
    raise AssertionError("The last try either returns or raises.")


def _exchange(request: WriteRequest, client: CodatClient) -> PushOperation:
    started_at = database_now()
    outcome: PushOperation | CodatError
    try:
        outcome = client.send_push(
            path=request.path,
            body=bytes(request.body),
            idempotency_key=request.idempotency_key,
        )
    except CodatError as exc:
        outcome = exc
    claim = Claim(request=request, records=())
    sent = Sent(claim, outcome, started_at, database_now())
    bulk.insert(WriteAttempt, [attempt_of(sent)])
    if isinstance(outcome, CodatError):
        raise outcome
    return outcome


def _record_id(operation: PushOperation, request: WriteRequest) -> str:
    if operation.status == PushStatus.SUCCESS and operation.record_id:
        return operation.record_id
    if operation.status == PushStatus.FAILED:
        words = [item.message for item in operation.errors] or [operation.error_message]
        raise CodatRejected(" ".join(words), method="POST", path=request.path)
    raise CodatNoAnswer(
        _("Xero has not answered yet. Look again in a few minutes; nothing is lost."),
        method="POST",
        path=request.path,
    )


def refresh(
    *,
    connection: Connection,
    data_type: str,
    client: CodatClient,
    wait: Wait = time.sleep,
    since: datetime | None = None,
) -> None:
    """Bring Codat's cached copy of a data type up to now, and wait for it.

    Raises:
        CodatNoAnswer: it was not finished within two minutes.
        CodatError: the call failed.
    """
    since = since or database_now()
    gives_up_at = since + PATIENCE
    while database_now() < gives_up_at:
        known = Refreshes(connection, now=database_now())
        step = known.step_towards(data_type, since=since)
        if step is None:
            return
        try:
            outcome = step.call(client)
        except CodatNoAnswer as exc:
            # One that somebody else asked for is under way.
            if not exc.in_progress:
                raise
            outcome = exc
        step.done(outcome, database_now())
        if not getattr(outcome, "is_completed", False):
            wait(POLL_SECONDS / 2)
    raise CodatNoAnswer(
        _("Codat has not finished reading from Xero; try again in a few minutes."),
        method="POST",
        path=data_type,
    )
