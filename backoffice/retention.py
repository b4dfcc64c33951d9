"""What is erased once it has been kept for as long as the settings say.

`settings.RETENTION_DAYS` has the days of each kind; 0 keeps it for ever. What was sent
to Codat is evidence and always stays, and so does the hash of what was answered.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from backoffice.models import StaffSession, StoredReply
from lending.audit import trail
from lending.audit.trail import Subject
from xero_sync.models import (
    AttemptAnswer,
    BorrowerLink,
    BorrowerNotice,
    BorrowerSitting,
    SetupStep,
    SyncRecord,
    WebhookMessage,
)
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now

logger = logging.getLogger(__name__)

JOB = "backoffice.retention.job"
# So many rows at a time: on SQLite nobody else writes meanwhile.
AT_A_TIME = 500
# One run leaves the rest to the next.
MOST_AT_ONCE = 50_000


@dataclass(frozen=True)
class Erasable:
    """Rows that are deleted once they are older, or of which something is emptied."""

    kind: str
    model: type[Model]
    rows: Callable[[datetime], QuerySet]
    emptied: Callable[[datetime], dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        """The table, as the trail and the command name it."""
        return self.model._meta.label


def _answers(before: datetime) -> QuerySet:
    """Return the answers to writes that nothing waits for any more."""
    request = OuterRef("attempt__request")
    open_entry = SyncRecord.objects.open().filter(request=request)
    alarm = SyncRecord.objects.filter(request=request, is_alarmed=True)
    open_step = SetupStep.objects.filter(
        request=request, setup__state=SetupState.RUNNING
    )
    return AttemptAnswer.objects.filter(
        ~Exists(open_entry),
        ~Exists(alarm),
        ~Exists(open_step),
        erased_at=None,
        attempt__finished_at__lt=before,
    )


def _messages(before: datetime) -> QuerySet:
    read = WebhookMessage.objects.filter(processed_at__lt=before)
    return read.exclude(payload={})


def _mails(before: datetime) -> QuerySet:
    over = Q(is_obsolete=True) | ~Q(sent_at=None) | ~Q(given_up_at=None)
    return BorrowerNotice.objects.filter(over, created_at__lt=before)


def _addresses(before: datetime) -> QuerySet:
    return BorrowerLink.objects.filter(expires_at__lt=before).exclude(sent_to="")


def _staff_sessions(before: datetime) -> QuerySet:
    return StaffSession.objects.filter(ended_at__lt=before)


def _replies(before: datetime) -> QuerySet:
    return StoredReply.objects.filter(created_at__lt=before, running_until=None)


def _visits(before: datetime) -> QuerySet:
    return BorrowerSitting.objects.filter(seen_at__lt=before)


def _sessions(before: datetime) -> QuerySet:
    return Session.objects.filter(expire_date__lt=before)


def _wrong_passwords(before: datetime) -> QuerySet:
    found: QuerySet = AccessAttempt.objects.filter(attempt_time__lt=before)
    return found


ERASABLES = (
    Erasable(
        "answers",
        AttemptAnswer,
        _answers,
        lambda now: {"text": "", "erased_at": now},
    ),
    Erasable("webhooks", WebhookMessage, _messages, lambda _: {"payload": {}}),
    Erasable("mails", BorrowerNotice, _mails),
    Erasable("mails", BorrowerLink, _addresses, lambda _: {"sent_to": ""}),
    Erasable("sittings", BorrowerSitting, _visits),
    Erasable("sittings", StaffSession, _staff_sessions),
    Erasable("sittings", Session, _sessions),
    Erasable("sittings", AccessAttempt, _wrong_passwords),
    Erasable("replies", StoredReply, _replies),
)


def count(*, now: datetime) -> dict[str, int]:
    """Return how many rows of each table would be erased now."""
    return {one.name: one.rows(before).count() for one, before in _due(now)}


def erase(*, now: datetime) -> dict[str, int]:
    """Erase what has been kept for long enough; return how many rows of each table.

    A few rows at a time, each time for good, so that it may end anywhere.
    """
    done = {}
    for one, before in _due(now):
        erased = 0
        while erased < MOST_AT_ONCE:
            part = _erase_some(one, before, now)
            erased += part
            if part < AT_A_TIME:
                break
        done[one.name] = erased
    if any(done.values()):
        with transaction.atomic():
            subject = Subject("backoffice.retention", "days", "RETENTION_DAYS")
            trail.record("retention.erased", subject, by="retention", after=done)
        logger.info("Erased what was kept for long enough: %s", done)
    return done


def job(**_ignored: Any) -> str:
    """Erase, as the worker does every hour."""
    return str(erase(now=database_now()))


def _due(now: datetime) -> list[tuple[Erasable, datetime]]:
    kept = settings.RETENTION_DAYS
    return [
        (one, now - timedelta(days=kept[one.kind]))
        for one in ERASABLES
        if kept[one.kind]
    ]


@transaction.atomic
def _erase_some(one: Erasable, before: datetime, now: datetime) -> int:
    rows = one.rows(before)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME])
    chosen = one.model._base_manager.filter(pk__in=keys)
    if one.emptied is None:
        chosen.delete()
    else:
        chosen.update(**one.emptied(now))
    return len(keys)
