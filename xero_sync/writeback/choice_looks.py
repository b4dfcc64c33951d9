"""When all that was chosen has to be looked at in Xero: before the next write.

A look serves all writes of the next `WRITEBACK_LOOK_SECONDS`. What goes within that
time Xero refuses by itself; such a refusal makes the next look due at once, and what
was refused for it is held then. `choice_look_steps` makes the looks that are due.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import Reason, State
from xero_sync.writeback.readiness import LiveConnection

# What is gone may come back in Xero: while entries wait for it, it is looked for.
LOST_AGAIN_AFTER = timedelta(hours=1)


def is_wanted(connection: LiveConnection, *, now: datetime) -> bool:
    """Tell whether a look has to come before the next write of a connection."""
    if not settings.WRITEBACK_LOOK_SECONDS:
        return False
    looked_at = connection.choice_looked_at
    window = timedelta(seconds=settings.WRITEBACK_LOOK_SECONDS)
    is_under_way = connection.choice_look_due_at is not None
    return is_under_way or looked_at is None or looked_at < now - window


def ask(connection_ids: Iterable[UUID], *, now: datetime) -> None:
    """Make looks due at these connections, unless they are under way.

    To be called outside a claim's transaction, which holds the budget.
    """
    if ids := list(connection_ids):
        _not_under_way().filter(pk__in=ids).update(**_begun(now))


def ask_after_refusal(*, company_id: int, now: datetime) -> None:
    """Make a look due at once: a refusal may be the first sign that something went."""
    if settings.WRITEBACK_LOOK_SECONDS:
        _not_under_way().filter(company=company_id).update(**_begun(now))


def ask_again(*, now: datetime) -> None:
    """Make looks due for what is gone and may be back, where entries wait for it."""
    if not settings.WRITEBACK_LOOK_SECONDS:
        return
    waiting = SyncRecord.objects.filter(
        company=OuterRef("company"),
        state=State.HELD,
        reason=Reason.ACCOUNT_UNUSABLE,
    )
    long_ago = Q(choice_looked_at=None) | Q(
        choice_looked_at__lte=now - LOST_AGAIN_AFTER
    )
    lost = _not_under_way().filter(long_ago).exclude(unusable_account="")
    lost.filter(Exists(waiting)).update(**_begun(now))


def _not_under_way() -> QuerySet[Connection]:
    return Connection.objects.linked().filter(choice_look_due_at=None)


def _begun(now: datetime) -> dict[str, datetime]:
    return {"choice_look_begun_at": now, "choice_look_due_at": now}
