"""Where an entry is on its way to Xero, what it waits for, and who must act."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from xero_sync.bank_feeds import wording as feed_wording
from xero_sync.entries.waiting import Wait, waits_of
from xero_sync.models import AccountMapping, Connection, SyncRecord
from xero_sync.models.choices import CLOSED_STATES, FEED_REFUSALS, Reason, State
from xero_sync.models.state_sets import ANY_REASON, DISPENSABLE, StateSet
from xero_sync.writeback import holds


class EventStatus(models.TextChoices):
    """The stages of all entries of an event in one word."""

    IN_PROGRESS = "in_progress", _("It goes on by itself")
    NEEDS_ATTENTION = "needs_attention", _("Somebody must act before an entry goes on")
    UNKNOWN = "unknown", _("What became of an entry is being looked for")
    WRITTEN = "written", _("It stands in Xero, or nothing has to")
    CANCELLED = "cancelled", _("None of it will be written")


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
    Reason.MAPPING_INCOMPLETE: Actor.BORROWER,
    Reason.ACCOUNT_UNUSABLE: Actor.BORROWER,
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
    Reason.WRITEBACK_OFF: Actor.BORROWER,
    Reason.LOCKED_PERIOD: Actor.OPERATOR,
    Reason.TOO_OLD: Actor.OPERATOR,
    Reason.ORGANISATION_CHANGED: Actor.OPERATOR,
    Reason.AFTER_RESTORE: Actor.OPERATOR,
    Reason.UNDO_BY_HAND: Actor.OPERATOR,
    Reason.NEEDS_PERSON: Actor.OPERATOR,
}


# Somebody must act before it goes on: upon the entry, or upon what it goes through.
_FOR_SOMEBODY = tuple(
    Reason(reason) for reason, actor in ACTOR_OF_REASON.items() if actor != Actor.NOBODY
)
NEEDS_SOMEBODY = StateSet(
    {
        State.FAILED: ANY_REASON,
        State.HELD: _FOR_SOMEBODY,
        State.UNKNOWN: _FOR_SOMEBODY,
    }
)


@dataclass(frozen=True)
class EntryStatus:
    """An entry's place; `blocked_by` is the entry before it, if one keeps it back."""

    words: str
    actor: Actor
    since: datetime
    wait: str = ""
    blocked_by: SyncRecord | None = None


def statuses_of(records: Sequence[SyncRecord]) -> dict[UUID, EntryStatus]:
    """Tell where each of many entries is, with two queries at most."""
    waits = waits_of(records)
    return {one.pk: _stage(one, waits.get(one.pk)) for one in records}


def _stage(record: SyncRecord, waiting: tuple[Wait, SyncRecord] | None) -> EntryStatus:
    words = str(record.get_state_display())
    if record.reason:
        words = f"{words}: {record.get_reason_display()}"
    elif waiting:
        words = f"{words}: {_('waits for')} {waiting[0].label}"
    actor = actor_of(state=record.state, reason=record.reason)
    if record.is_alarmed:
        words = f"{words}. {_('Another push of it succeeded: it may stand twice.')}"
        actor = Actor.OPERATOR
    return EntryStatus(
        words=words,
        actor=actor,
        since=record.state_since,
        wait=waiting[0].value if waiting else "",
        blocked_by=waiting[1] if waiting else None,
    )


def actor_of(*, state: str, reason: str) -> Actor:
    """Tell whose move it is in a state, for a reason."""
    if not NEEDS_SOMEBODY.include(state, reason):
        return Actor.NOBODY
    if state == State.FAILED:
        return Actor.OPERATOR
    return ACTOR_OF_REASON[reason]


def status_of(records: Iterable[SyncRecord]) -> EventStatus:
    """Tell how an event stands whose entries these are.

    It is written once every entry is closed that it does not do without, unless all of
    them were cancelled.
    """
    found = list(records)
    places = {(one.state, one.reason) for one in found}
    is_alarmed = any(one.is_alarmed for one in found)
    if is_alarmed or any(NEEDS_SOMEBODY.include(*place) for place in places):
        return EventStatus.NEEDS_ATTENTION
    states = {place[0] for place in places if not DISPENSABLE.include(*place)}
    if State.UNKNOWN in states:
        return EventStatus.UNKNOWN
    if not states <= set(CLOSED_STATES):
        return EventStatus.IN_PROGRESS
    is_given_up = states == {State.CANCELLED}
    return EventStatus.CANCELLED if is_given_up else EventStatus.WRITTEN


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
        **{reason: feed_wording.remedy_of(reason) for reason in FEED_REFUSALS.values()},
        Reason.ACCESS_DENIED: connection.access_problem,
        Reason.ACCOUNT_UNUSABLE: connection.unusable_account,
    }
    return [_trouble(one, details.get(one, "")) for one in dict.fromkeys(found)]


def _trouble(reason: Reason, detail: str = "") -> Trouble:
    return Trouble(reason, ACTOR_OF_REASON[reason], detail)
