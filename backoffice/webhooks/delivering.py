"""Send what is due: threads do HTTP and nothing else, one thread does the database."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime

from backoffice.models.webhooks import AttemptError
from backoffice.webhooks import claims, sending, signing
from backoffice.webhooks.claims import Claim
from backoffice.webhooks.sending import Answer
from lending.db import encryption
from xero_sync.runtime.clock import database_now

logger = logging.getLogger(__name__)

THREADS = 16
# What falls due while slow endpoints are waited for goes out within this time.
POLL_SECONDS = 0.25


@dataclass
class Report:
    """How many attempts were made, and how many of them arrived."""

    attempts: int = 0
    delivered: int = 0


def deliver(
    *,
    now: Callable[[], datetime] = database_now,
    seconds: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Send until nothing is due, the time is up, or `stop` says so.

    Any number may run at the same time, on any number of hosts. What is under way at
    the end is waited for, at most fifteen seconds.
    """
    ends_at = time.monotonic() + seconds if seconds is not None else None
    report = Report()
    under_way: dict[Future[Answer], tuple[Claim, datetime]] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as pool:
        while True:
            is_over = stop() or (ends_at is not None and time.monotonic() >= ends_at)
            if not is_over:
                moment = now()
                room = THREADS - len(under_way)
                for claim in claims.claim(limit=room, now=moment):
                    future = pool.submit(_attempt, claim, moment)
                    under_way[future] = (claim, moment)
            if not under_way:
                return report
            done, _ = wait(under_way, POLL_SECONDS, FIRST_COMPLETED)
            for future in done:
                claim, started_at = under_way.pop(future)
                answer = _answer(future, claim)
                claims.store(claim, answer, started_at=started_at, now=now())
                report.attempts += 1
                report.delivered += answer.is_success


def _attempt(claim: Claim, now: datetime) -> Answer:
    """Make one attempt; this runs in a thread and touches no database."""
    message = claim.delivery.message
    body = bytes(message.payload)
    try:
        secrets = [encryption.unseal(sealed) for sealed in claim.secrets]
    except encryption.Unreadable:
        return Answer(error=AttemptError.SECRET_UNREADABLE)
    headers = signing.signed_headers(
        webhook_id=message.webhook_id, body=body, signing_secrets=secrets, now=now
    )
    return sending.post(
        url=claim.delivery.endpoint.url, body=body, headers=headers, now=now
    )


def _answer(future: Future[Answer], claim: Claim) -> Answer:
    try:
        return future.result()
    except Exception:
        # One delivery with a fault must not hold back the others, nor be tried at once.
        logger.exception("Delivery %s met a fault", claim.delivery.pk)
        return Answer(error=AttemptError.FAULT)
