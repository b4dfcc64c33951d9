"""Where an entry is on its way to Xero, what it waits for, and who must act."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from xero_sync.models import SyncRecord
from xero_sync.models.choices import CLOSED_STATES, Reason, State
from xero_sync.selectors import waits_for


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
    Reason.FEED_NOT_CONNECTED: Actor.BORROWER,
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
    state = State(record.state)
    waiting = waits_for(record)
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
