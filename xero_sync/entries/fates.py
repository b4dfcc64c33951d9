"""What becomes of an event in the borrower's Xero, as far as they are concerned."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from xero_sync.models import SyncRecord
from xero_sync.models.choices import (
    STANDING_STATES,
    UNDER_WAY_STATES,
    Reason,
    State,
    Step,
)


class Fate(models.TextChoices):
    """What we do about an event; the labels speak to the borrower."""

    COMES = "comes", _("We enter it")
    UNDER_WAY = "under_way", _("On its way")
    STANDS = "stands", _("In Xero")
    LEFT_TO_BORROWER = "left_to_borrower", _("You enter it")
    ALREADY_IN_BOOKS = "already_in_books", _("In your books already")
    BY_HAND = "by_hand", _("Entered by hand")
    UNDO_BY_HAND = "undo_by_hand", _("Remove by hand")
    REVERSED = "reversed", _("Not entered")
    LEFT_OUT = "left_out", _("Left out")
    NOT_SENDABLE = "not_sendable", _("Not possible")


# Nothing of these reaches the books.
_NOWHERE = (Fate.REVERSED, Fate.LEFT_OUT, Fate.NOT_SENDABLE)


def fate_of(record: SyncRecord | None) -> Fate:
    """Tell what becomes of an event by its entry; it has none if we enter nothing."""
    if record is None:
        return Fate.LEFT_TO_BORROWER
    if record.state == State.LINKED_BY_HAND:
        was_there = record.reason == Reason.ALREADY_IN_BOOKS
        return Fate.ALREADY_IN_BOOKS if was_there else Fate.BY_HAND
    if record.state == State.CANCELLED:
        taken_back = record.reason == Reason.REVERSED
        return Fate.REVERSED if taken_back else Fate.LEFT_OUT
    if record.state == State.WRITTEN:
        return Fate.STANDS
    if record.state in UNDER_WAY_STATES:
        return Fate.UNDER_WAY
    if record.step == Step.PAYMENT and record.compensates_id:
        # Codat offers neither delete nor update for a payment in Xero.
        return Fate.UNDO_BY_HAND
    return Fate.COMES


def goes_out(fate: Fate) -> bool:
    """Whether we are still to send it."""
    return fate == Fate.COMES


def has_gone_out(record: SyncRecord) -> bool:
    """Whether what was sent stands in Xero, or may."""
    return record.state in (*STANDING_STATES, *UNDER_WAY_STATES)


def counts(fate: Fate) -> bool:
    """Whether it moves the borrower's accounts, whoever enters it."""
    return fate not in _NOWHERE
