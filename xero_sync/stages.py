"""Where an entry is on its way to Xero, what it waits for, and who must act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from xero_sync import feed_words
from xero_sync.models import AccountMapping, Connection, SyncRecord
from xero_sync.models.choices import (
    CLOSED_STATES,
    FEED_REFUSALS,
    Reason,
    State,
)
from xero_sync.selectors import Wait, waits_of
from xero_sync.writeback import holds


class Actor(models.TextChoices):
    """Whose move it is."""

    NOBODY = "nobody", _("Nobody: it goes on by itself")
    OPERATOR = "operator", _("An operator of the lender")
    BORROWER = "borrower", _("The borrower")


# Whose move it is where an entry does not go on by itself.
ACTOR_OF_REASON: dict[str, Actor] = {
    Reason.NO_CONNECTION: Actor.OPERATOR,
    Reason.NOT_LINKED: Actor.BORROWER,
    Reason.ACCESS_DENIED: Actor.OPERATOR,
    Reason.MAPPING_INCOMPLETE: Actor.OPERATOR,
    Reason.ACCOUNT_UNUSABLE: Actor.OPERATOR,
    Reason.BANK_FEEDS_OFF: Actor.NOBODY,
    Reason.FEEDS_NOT_APPROVED: Actor.NOBODY,
    Reason.BEFORE_FEED_START: Actor.NOBODY,
    Reason.DEMO_COMPANY: Actor.NOBODY,
    Reason.CONSENT_AGAIN: Actor.BORROWER,
    Reason.FEED_NOT_CONNECTED: Actor.BORROWER,
    Reason.FEED_REFUSED: Actor.OPERATOR,
    Reason.FEED_APP_REFUSED: Actor.OPERATOR,
    Reason.FEED_CURRENCY_REFUSED: Actor.OPERATOR,
    Reason.FEED_UNKNOWN_TO_XERO: Actor.OPERATOR,
    Reason.AWAITING_BOOKING: Actor.NOBODY,
    Reason.AWAITING_ORIGINAL: Actor.NOBODY,
    Reason.DATED_AHEAD: Actor.NOBODY,
    Reason.INVOICE_NOT_FOUND: Actor.BORROWER,
    Reason.INVOICE_AMBIGUOUS: Actor.BORROWER,
    Reason.INVOICE_DIFFERS: Actor.OPERATOR,
    Reason.WRITEBACK_OFF: Actor.OPERATOR,
    Reason.LOCKED_PERIOD: Actor.OPERATOR,
    Reason.TOO_OLD: Actor.OPERATOR,
    Reason.ORGANISATION_CHANGED: Actor.OPERATOR,
    Reason.UNDO_BY_HAND: Actor.OPERATOR,
    Reason.NEEDS_PERSON: Actor.OPERATOR,
}


@dataclass(frozen=True)
class Stage:
    """An entry's place; `blocked_by` is the entry before it, if one keeps it back."""

    state: State
    reason: str
    words: str
    actor: Actor
    since: datetime
    wait: str = ""
    blocked_by: SyncRecord | None = None


def stage_of(record: SyncRecord) -> Stage:
    """Tell where an entry is."""
    return stages_of([record])[record.pk]


def stages_of(records: Sequence[SyncRecord]) -> dict[UUID, Stage]:
    """Tell where each of many entries is, with two queries at most."""
    waits = waits_of(records)
    return {one.pk: _stage(one, waits.get(one.pk)) for one in records}


def _stage(record: SyncRecord, waiting: tuple[Wait, SyncRecord] | None) -> Stage:
    state = State(record.state)
    words = str(state.label)
    if record.reason:
        words = f"{words}: {record.get_reason_display()}"
    elif waiting:
        words = f"{words}: {_('waits for')} {waiting[0].label}"
    return Stage(
        state=state,
        reason=record.reason,
        words=words,
        actor=actor_of(state=state, reason=record.reason),
        since=record.state_since,
        wait=waiting[0].value if waiting else "",
        blocked_by=waiting[1] if waiting else None,
    )


def actor_of(*, state: str, reason: str) -> Actor:
    """Tell whose move it is in a state, for a reason."""
    if state == State.FAILED:
        return Actor.OPERATOR
    if state in CLOSED_STATES or not reason:
        return Actor.NOBODY
    return ACTOR_OF_REASON.get(reason, Actor.NOBODY)


def needs_somebody() -> Q:
    """Return the filter for entries that do not go on by themselves."""
    reasons = [
        reason for reason, actor in ACTOR_OF_REASON.items() if actor != Actor.NOBODY
    ]
    waiting = Q(state__in=(State.HELD, State.UNKNOWN), reason__in=reasons)
    return Q(state=State.FAILED) | waiting


@dataclass(frozen=True)
class Trouble:
    """What keeps a connection from being written to, and whose move it is."""

    reason: Reason
    actor: Actor
    detail: str = ""


def troubles_of(
    connection: Connection,
    mapping: AccountMapping | None,
    *,
    feeds_toggle: bool | None,
) -> list[Trouble]:
    """Tell everything that keeps entries back which go through a connection.

    `feeds_toggle` is the lender's own toggle of bank feeds; None if nobody set it.
    """
    if connection.deleted_at:
        return [_trouble(Reason.NO_CONNECTION)]
    account = mapping.lender_account if mapping else None
    found = list(holds.hindrances(connection, mapping, account))
    if feed := holds.feed_hindrance(connection, account, toggle=feeds_toggle):
        found.append(feed)
    details = {
        **{reason: feed_words.remedy_of(reason) for reason in FEED_REFUSALS.values()},
        Reason.ACCESS_DENIED: connection.access_problem,
        Reason.ACCOUNT_UNUSABLE: connection.unusable_account,
    }
    return [_trouble(one, details.get(one, "")) for one in dict.fromkeys(found)]


def _trouble(reason: Reason, detail: str = "") -> Trouble:
    return Trouble(reason, ACTOR_OF_REASON[reason], detail)
