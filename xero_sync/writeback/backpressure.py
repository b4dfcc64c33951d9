"""What an answer says about the service itself, whatever it says about an entry."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from xero_sync.codat.exceptions import CodatUnavailable
from xero_sync.runtime import clock
from xero_sync.writeback import budget, circuit_breaker


@transaction.atomic(savepoint=False)
def learn(outcomes: Iterable[tuple[object | None, object]], *, now: datetime) -> None:
    """Take over quota, Retry-After and health from exchanges, in their order.

    Each outcome comes with the Codat connection it concerned, if it was one.
    """
    sent = [one for one in outcomes if getattr(one[1], "was_sent", True)]
    if not sent:
        return
    # Locked in the order of the claims, so that nobody waits in a circle.
    troubled = budget.lock(organisations=[one[0] for one in sent if one[0] is not None])
    latest_limit = None
    healths: list[tuple[str, object]] = []
    for codat_connection_id, outcome in sent:
        _heed_retry_after(outcome, now)
        meta = getattr(outcome, "meta", None)
        latest_limit = (meta and meta.rate_limit) or latest_limit
        healths.append((budget.address_scope(), outcome))
        if codat_connection_id is not None:
            healths.append((budget.organisation_scope(codat_connection_id), outcome))
    circuit_breaker.report(healths, troubled=troubled, now=now)
    if latest_limit:
        budget.learn(limit=latest_limit, now=now)


def note(outcome: object) -> None:
    """Learn from one exchange of a client that is not the engine's."""
    learn([(None, outcome)], now=clock.database_now())


def _heed_retry_after(outcome: object, now: datetime) -> None:
    """Let nothing out before a Retry-After has elapsed, whatever call it answered."""
    wait = getattr(outcome, "retry_after", None)
    if isinstance(outcome, CodatUnavailable) and outcome.rate_limited:
        wait = wait or settings.WRITEBACK_RETRY_BASE_SECONDS
    if wait:
        budget.block(until=now + timedelta(seconds=wait))


def backoff(times: int) -> float:
    """Return the seconds to wait after so many sends: doubling, up to a cap."""
    base: float = settings.WRITEBACK_RETRY_BASE_SECONDS
    cap: float = settings.WRITEBACK_RETRY_CAP_SECONDS
    return min(cap, base * 2.0 ** min(max(times - 1, 0), 20))
