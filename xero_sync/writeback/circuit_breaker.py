"""The circuit breaker of a scope: after failures in a row only probes go out.

Its state lies on the scope's row, so that all processes see it and one probe goes out
for all of them. An open breaker burns no attempts: work that finds it open is put off.
What Codat refuses for a reason of its own (4xx) is no failure here.
"""

from collections import defaultdict
from collections.abc import Container, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from xero_sync.codat.exceptions import (
    CodatNoAnswer,
    CodatOutcomeUnknown,
    CodatUnavailable,
)
from xero_sync.models import RateScope

FAILURES_IN_A_ROW = 5


def is_failure(outcome: object) -> bool:
    """Tell whether an exchange failed for want of a working service."""
    if isinstance(outcome, CodatUnavailable):
        return not outcome.rate_limited
    if isinstance(outcome, CodatNoAnswer):
        return not outcome.in_progress
    return isinstance(outcome, CodatOutcomeUnknown)


@transaction.atomic(savepoint=False)
def report(
    outcomes: Iterable[tuple[str, object]], *, troubled: Container[str], now: datetime
) -> None:
    """Take the outcomes of exchanges, each with its scope, in their order.

    The scopes are locked; `troubled` are those that count failures already. What goes
    well where all was well changes nothing.
    """
    by_scope: dict[str, list[bool]] = defaultdict(list)
    for key, outcome in outcomes:
        by_scope[key].append(is_failure(outcome))
    concerned = [
        key for key, failures in by_scope.items() if any(failures) or key in troubled
    ]
    if not concerned:
        return
    scopes = RateScope.objects.select_for_update().filter(key__in=concerned)
    for scope in scopes.order_by("key"):
        for failed in by_scope[scope.key]:
            _count(scope, failed=failed, now=now)
        scope.save(update_fields=["failures", "open_seconds", "probe_at", "is_probing"])


def _count(scope: RateScope, *, failed: bool, now: datetime) -> None:
    if not failed:
        scope.failures = scope.open_seconds = 0
        scope.probe_at, scope.is_probing = None, False
        return
    scope.failures += 1
    is_open = scope.open_seconds > 0
    if is_open and not scope.is_probing:
        # It was on its way when the breaker opened and says nothing new.
        return
    if is_open or scope.failures >= FAILURES_IN_A_ROW:
        scope.open_seconds = min(
            max(settings.WRITEBACK_BREAKER_SECONDS, 2 * scope.open_seconds),
            settings.WRITEBACK_BREAKER_CAP_SECONDS,
        )
        scope.probe_at = now + timedelta(seconds=scope.open_seconds)
        scope.is_probing = False
