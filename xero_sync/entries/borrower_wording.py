"""Where an entry stands, in a borrower's words: what, why, and what they can do.

The operators' words are in `choices` and `status`. A borrower knows none of what lies
between them and Xero, so nothing of it is named here.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lending.models import EventKind
from xero_sync.entries.waiting import Wait
from xero_sync.models.choices import COVERED_REASONS, Reason, State
from xero_sync.models.state_sets import StateSet

Text = str | Promise


class Place(StrEnum):
    """Where an entry is, as far as a borrower tells them apart."""

    POSTED = "posted"
    ON_ITS_WAY = "on_its_way"
    WAITING = "waiting"
    REFUSED = "refused"
    CLOSED = "closed"
    NOT_NEEDED = "not_needed"


PLACES: dict[str, Text] = {
    Place.POSTED: _("In Xero"),
    Place.ON_ITS_WAY: _("On its way"),
    Place.WAITING: _("Waiting"),
    Place.REFUSED: _("Not accepted"),
    Place.CLOSED: _("Closed by us"),
    Place.NOT_NEEDED: _("Not needed"),
}

KINDS: dict[str, Text] = {
    EventKind.DRAWDOWN: _("Advance"),
    EventKind.FINAL_PAYMENT: _("Your repayment"),
    EventKind.FEE: _("Our fee"),
    EventKind.INVOICE_PAYMENT: _("Your customer’s payment"),
    EventKind.RESIDUAL_RELEASE: _("Balance paid out"),
}
LINE = _("Bank statement line")
# What the borrower reads of an entry that takes another one back.
TAKEN_BACK = _("Taken back: %(kind)s")


@dataclass(frozen=True)
class Why:
    """Why an entry is where it is, and what the borrower does about it, if anything.

    Where it goes on by itself or is over, nothing is said of what to do.
    """

    why: Text = ""
    to_do: Text = ""
    # Only they, or whoever looks after their Xero, can let it go on.
    is_theirs: bool = False


NOTHING_TO_DO = _("You do not need to do anything.")
NOT_BY_HAND = _("Please do not enter it by hand: it would stand there twice.")
WRITE_TO_US = _("Write to us: we sort it out together with you.")
WE_CLEAR_IT_UP = _("We clear this up with Xero. You do not need to do anything.")

# An entry whose state alone says it.
OF_STATE: dict[str, Why] = {
    State.HELD: Why(_("It waits for something on our side."), NOTHING_TO_DO),
    State.QUEUED: Why(_("It goes out by itself, in order.")),
    State.SENDING: Why(_("We are sending it to Xero.")),
    State.PENDING: Why(_("We have sent it, and wait until Xero confirms it.")),
    State.UNKNOWN: Why(
        _("We have sent it, and are checking whether it has arrived."), NOT_BY_HAND
    ),
    State.WRITTEN: Why(),
    State.FAILED: Why(
        _("Xero did not accept it. We clear up the cause and send it again."),
        NOT_BY_HAND,
    ),
    State.CANCELLED: Why(_("We do not send it any more.")),
    State.LINKED_BY_HAND: Why(_("It stands in your Xero already.")),
}

OF_REASON: dict[str, Why] = {
    Reason.NO_CONNECTION: Why(
        _("Your Xero is not connected."), _("Connect your Xero."), is_theirs=True
    ),
    Reason.NOT_LINKED: Why(
        _("Your Xero is no longer connected."),
        _("Reconnect your Xero; then it goes out by itself."),
        is_theirs=True,
    ),
    Reason.ACCESS_DENIED: Why(
        _("Our own access to the way into Xero has to be renewed."),
        _("We see to it. You do not need to do anything."),
    ),
    Reason.MAPPING_INCOMPLETE: Why(
        _("You have not chosen your accounts yet."),
        _("Choose your accounts; then it goes out by itself."),
        is_theirs=True,
    ),
    Reason.ACCOUNT_UNUSABLE: Why(
        _("Something that you chose can no longer be used in Xero."),
        _("Choose another one; then it goes out by itself."),
        is_theirs=True,
    ),
    Reason.BANK_FEEDS_OFF: Why(
        _("There is no bank feed, so there is no statement line."), NOTHING_TO_DO
    ),
    Reason.FEEDS_NOT_APPROVED: Why(
        _("Xero has not approved our bank feeds yet."), NOTHING_TO_DO
    ),
    Reason.BEFORE_FEED_START: Why(
        _("It lies before the day on which the bank feed begins."), NOTHING_TO_DO
    ),
    Reason.DEMO_COMPANY: Why(
        _("Xero’s demo company takes no statement lines."), NOTHING_TO_DO
    ),
    Reason.CONSENT_AGAIN: Why(
        _("Xero needs your permission for the bank feed."),
        _("Reconnect your Xero; then it goes out by itself."),
        is_theirs=True,
    ),
    Reason.FEED_NOT_CONNECTED: Why(
        _("The bank feed is not connected."),
        _("Connect the bank feed; then it goes out by itself."),
        is_theirs=True,
    ),
    Reason.AWAITING_BOOKING: Why(
        _("It follows once the entry that it belongs to is in Xero."), NOTHING_TO_DO
    ),
    Reason.AWAITING_ORIGINAL: Why(
        _("It follows once the entry that it takes back is in Xero."), NOTHING_TO_DO
    ),
    Reason.DATED_AHEAD: Why(_("It goes out on its day."), NOTHING_TO_DO),
    Reason.INVOICE_NOT_FOUND: Why(
        _("The invoice is not in your Xero."),
        _("Enter or approve the invoice in Xero, with the same number and amount."),
        is_theirs=True,
    ),
    Reason.INVOICE_AMBIGUOUS: Why(
        _("Several invoices in your Xero have this number and amount."),
        _("Leave only the right one, or write to us."),
        is_theirs=True,
    ),
    Reason.INVOICE_DIFFERS: Why(
        _("The invoice in your Xero is not as we know it, or is paid already."),
        _("Compare it with ours, then write to us."),
        is_theirs=True,
    ),
    Reason.WRITEBACK_OFF: Why(
        _("Posting is off."),
        _("Switch posting on when you want us to enter it."),
        is_theirs=True,
    ),
    Reason.LOCKED_PERIOD: Why(
        _("Its date lies in a period that is locked in your Xero."),
        _("Have your accountant open the period, then write to us."),
        is_theirs=True,
    ),
    Reason.TOO_OLD: Why(
        _("Xero takes no statement lines that are older than a year."), WRITE_TO_US
    ),
    Reason.ORGANISATION_CHANGED: Why(
        _("Your connection leads to another organisation than before."),
        _("Tell us which organisation is the right one."),
        is_theirs=True,
    ),
    Reason.AFTER_RESTORE: Why(
        _("We are comparing our records with your Xero first."),
        _("We see to it. You do not need to do anything."),
    ),
    Reason.UNDO_BY_HAND: Why(
        _("Xero lets nobody but you take back a payment."),
        _("Remove the payment in Xero, then write to us."),
        is_theirs=True,
    ),
    Reason.FEED_REFUSED: Why(
        _("Xero takes no bank feed for your organisation at the moment."),
        WE_CLEAR_IT_UP,
    ),
    Reason.FEED_APP_REFUSED: Why(
        _("Xero takes no bank feed from us at the moment."), WE_CLEAR_IT_UP
    ),
    Reason.FEED_CURRENCY_REFUSED: Why(
        _("Your Xero is not set up for this currency."),
        _("Write to us before you change anything in Xero."),
    ),
    Reason.FEED_UNKNOWN_TO_XERO: Why(
        _("Xero does not know the bank feed any more."), WRITE_TO_US
    ),
    Reason.LEASE_EXPIRED: Why(
        _("We were interrupted, and are checking whether it has arrived."), NOT_BY_HAND
    ),
    Reason.NO_ANSWER: Why(
        _("No answer came back. We are checking whether it has arrived."), NOT_BY_HAND
    ),
    Reason.NO_VERDICT: Why(
        _("The answer was not clear. We are checking whether it has arrived."),
        NOT_BY_HAND,
    ),
    Reason.TIMED_OUT: Why(
        _("Xero takes long. We are checking whether it has arrived."), NOT_BY_HAND
    ),
    Reason.NEEDS_PERSON: Why(
        _("We cannot tell from here whether it has arrived."),
        _("We look into it with you. Please do not enter it by hand meanwhile."),
    ),
    Reason.REFUSED_BY_CODAT: Why(
        _("It was not accepted. We clear up the cause and send it again."), NOT_BY_HAND
    ),
    Reason.REFUSED_BY_XERO: Why(
        _("Xero did not accept it. We clear up the cause and send it again."),
        NOT_BY_HAND,
    ),
    Reason.NOT_SENDABLE: Why(
        _("It cannot go out as it is. We put it right and send it again."), NOT_BY_HAND
    ),
    Reason.ALREADY_IN_BOOKS: Why(_("Your books had it before we began.")),
    Reason.REVERSED: Why(_("It was taken back before it was sent.")),
    Reason.LEFT_OUT: Why(_("Its financing was left out when posting was switched on.")),
    Reason.DECIDED: Why(_("We have settled it by hand.")),
}

OF_WAIT: dict[str, Why] = {
    Wait.EARLIER_BOOKING: Why(
        _("It waits for an earlier entry of the same financing.")
    ),
    Wait.EARLIER_LINE: Why(_("It waits for an earlier line of the bank feed.")),
    Wait.TYPE_UNKNOWN: Why(
        _("It waits until we know that an earlier entry has arrived.")
    ),
}

MAY_STAND_TWICE = Why(
    _("It may stand in your Xero twice. We are checking this."),
    _("Please leave both as they are: we tell you which one goes."),
)

# Held for these, an entry waits for the borrower.
THEIRS = StateSet(
    {State.HELD: tuple(Reason(one) for one, why in OF_REASON.items() if why.is_theirs)}
)


def place_of(state: str, reason: str) -> Place:
    """Tell where an entry in a state, for a reason, is to a borrower."""
    match state:
        case State.WRITTEN | State.LINKED_BY_HAND:
            return Place.POSTED
        case State.CANCELLED:
            return Place.CLOSED
        case State.FAILED:
            return Place.REFUSED
        case State.HELD:
            return Place.NOT_NEEDED if reason in COVERED_REASONS else Place.WAITING
        case _:
            return Place.ON_ITS_WAY


def why(state: str, reason: str, *, wait: str = "", is_alarmed: bool = False) -> Why:
    """Say why an entry is there; `wait` names what keeps a queued one back."""
    if is_alarmed:
        return MAY_STAND_TWICE
    if reason:
        return OF_REASON[reason]
    return OF_WAIT[wait] if wait else OF_STATE[state]
