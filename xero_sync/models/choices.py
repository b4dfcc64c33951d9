"""The codes stored in the database; their labels are translated on display."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConnectionStatus(models.TextChoices):
    """Codat's words for a connection, plus ours for one that is gone."""

    PENDING_AUTH = "PendingAuth", _("Waiting for the borrower's consent")
    LINKED = "Linked", _("Linked")
    UNLINKED = "Unlinked", _("Unlinked by us")
    DEAUTHORIZED = "Deauthorized", _("Access was withdrawn in Xero")
    DELETED = "Deleted", _("Deleted")


class FeedStatus(models.TextChoices):
    """Codat's words for a source account, plus ours where it has none."""

    NONE = "none", _("No bank feed")
    PENDING = "pending", _("Not mapped yet")
    CONNECTING = "connecting", _("Connecting")
    CONNECTED = "connected", _("Connected")
    DISCONNECTED = "disconnected", _("Disconnected")
    ELSEWHERE = "elsewhere", _("Feeds another account in Xero")
    CLOSED = "closed", _("Closed by us")
    UNKNOWN = "unknown", _("Not known")


class AccountKind(models.TextChoices):
    """The kinds of account that Xero has among its bank accounts."""

    BANK = "bank", _("Bank account")
    CREDIT_CARD = "credit_card", _("Credit card")
    OTHER = "other", _("Other")


class Question(models.TextChoices):
    """What a borrower chooses in their Xero, one question each."""

    LENDER = "lender", _("Lender account")
    BANK = "bank", _("Nominated account")
    FEE = "fee", _("Account for fees")
    TAX = "tax", _("Tax on fees")
    SUPPLIER = "supplier", _("Supplier")


class HeldEvents(models.TextChoices):
    """What happens to held loans when write-back is switched on."""

    PUBLISH = "publish", _("Publish them: all, or those begun from a date on")
    LEAVE_OUT = "leave_out", _("Leave them out of Xero")


class Step(models.TextChoices):
    """The kinds of entry that a loan event may need in Xero."""

    TRANSFER = "transfer", _("Bank transfer")
    DIRECT_COST = "direct_cost", _("Fee")
    PAYMENT = "payment", _("Invoice payment")
    STATEMENT_LINE = "statement_line", _("Statement line")


BOOKINGS = (Step.TRANSFER, Step.DIRECT_COST, Step.PAYMENT)

# Codat's data type of each step: in its addresses, its push operations, its webhooks.
DATA_TYPES = {
    Step.TRANSFER: "transfers",
    Step.DIRECT_COST: "directCosts",
    Step.PAYMENT: "payments",
    Step.STATEMENT_LINE: "bankTransactions",
}


class State(models.TextChoices):
    """Where an entry stands."""

    HELD = "held", _("Held")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    PENDING = "pending", _("Sent, waiting for Xero")
    UNKNOWN = "unknown", _("Outcome not known yet")
    WRITTEN = "written", _("In Xero")
    FAILED = "failed", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")
    LINKED_BY_HAND = "linked_by_hand", _("Linked by hand")


# Settled for good: the next booking of the loan may go.
CLOSED_STATES = (State.WRITTEN, State.LINKED_BY_HAND, State.CANCELLED)
# It stands in Xero.
STANDING_STATES = (State.WRITTEN, State.LINKED_BY_HAND)
# Sent, and the outcome is still to come.
UNDER_WAY_STATES = (State.SENDING, State.PENDING, State.UNKNOWN)
# Not sent, or refused: nothing of it stands in Xero.
NOT_SENT_STATES = (State.HELD, State.QUEUED, State.FAILED)


class Reason(models.TextChoices):
    """Why an entry is where it is, where its state alone does not say it."""

    # held; goes away with its cause
    NO_CONNECTION = "no_connection", _("The company has no connection to Xero")
    NOT_LINKED = "not_linked", _("The connection to Xero is not linked")
    ACCESS_DENIED = "access_denied", _("Codat refuses our key or plan")
    MAPPING_INCOMPLETE = "mapping_incomplete", _("The accounts are not chosen yet")
    ACCOUNT_UNUSABLE = "account_unusable", _("A chosen account is no longer usable")
    BANK_FEEDS_OFF = "bank_feeds_off", _("Bank feeds are off")
    FEEDS_NOT_APPROVED = (
        "feeds_not_approved",
        _("Bank feeds are not approved and switched on for our Xero app"),
    )
    BEFORE_FEED_START = "before_feed_start", _("Dated before the bank feed starts")
    DEMO_COMPANY = "demo_company", _("A demo company takes no statement lines")
    CONSENT_AGAIN = "consent_again", _("The borrower has not consented to bank feeds")
    FEED_NOT_CONNECTED = "feed_not_connected", _("The bank feed is not connected")
    AWAITING_BOOKING = "awaiting_booking", _("Waits for its booking")
    AWAITING_ORIGINAL = "awaiting_original", _("Waits for what it reverses")
    DATED_AHEAD = "dated_ahead", _("Dated ahead of today")
    INVOICE_NOT_FOUND = "invoice_not_found", _("The invoice is not in Xero")
    INVOICE_AMBIGUOUS = "invoice_ambiguous", _("Several invoices match")
    # held; waits for a person
    INVOICE_DIFFERS = "invoice_differs", _("The invoice in Xero differs")
    WRITEBACK_OFF = "writeback_off", _("Write-back is switched off")
    LOCKED_PERIOD = "locked_period", _("The period is locked in Xero")
    TOO_OLD = "too_old", _("Older than Xero accepts")
    ORGANISATION_CHANGED = "organisation_changed", _("Another Xero organisation")
    AFTER_RESTORE = (
        "after_restore",
        _("Xero may have more of us than we know, as after a restored backup"),
    )
    UNDO_BY_HAND = "undo_by_hand", _("Must be undone by hand in Xero")
    FEED_REFUSED = "feed_refused", _("Xero takes no bank feeds for this organisation")
    FEED_APP_REFUSED = "feed_app_refused", _("Xero takes no bank feeds from our app")
    FEED_CURRENCY_REFUSED = (
        "feed_currency_refused",
        _("Multi-currency is off in the borrower's Xero"),
    )
    FEED_UNKNOWN_TO_XERO = (
        "feed_unknown_to_xero",
        _("Xero does not know this bank feed any more"),
    )
    # unknown
    LEASE_EXPIRED = "lease_expired", _("The sender stopped before it had an answer")
    NO_ANSWER = "no_answer", _("No answer came back")
    NO_VERDICT = "no_verdict", _("The answer gave no verdict")
    TIMED_OUT = "timed_out", _("It timed out at Codat, and may still be in Xero")
    NEEDS_PERSON = "needs_person", _("A person must look in Xero")
    # failed
    REFUSED_BY_CODAT = "refused_by_codat", _("Codat refused it")
    REFUSED_BY_XERO = "refused_by_xero", _("Xero refused it")
    NOT_SENDABLE = "not_sendable", _("It cannot be sent as it is")
    # closed
    ALREADY_IN_BOOKS = "already_in_books", _("It was in the books already")
    REVERSED = "reversed", _("Reversed before it was sent")
    LEFT_OUT = "left_out", _("Its loan was left out when write-back was switched on")
    DECIDED = "decided", _("Decided by a person")


# Xero's own kinds of 403 for a bank feed, each with what it means for a line.
FEED_REFUSALS = {
    "invalid-organisation-bank-feeds": Reason.FEED_REFUSED,
    "invalid-application": Reason.FEED_APP_REFUSED,
    "invalid-organisation-multi-currency": Reason.FEED_CURRENCY_REFUSED,
    "invalid-feed-connection": Reason.FEED_UNKNOWN_TO_XERO,
}

# Held for these, a statement line may wait for ever, and nobody has to do anything:
# its booking stands, and the feed does not reach it.
COVERED_REASONS = (
    Reason.BANK_FEEDS_OFF,
    Reason.FEEDS_NOT_APPROVED,
    Reason.BEFORE_FEED_START,
    Reason.DEMO_COMPANY,
)

# Held for these, an entry only moves when a person acts.
REASONS_FOR_A_PERSON = (
    Reason.INVOICE_DIFFERS,
    Reason.WRITEBACK_OFF,
    Reason.LOCKED_PERIOD,
    Reason.TOO_OLD,
    Reason.ORGANISATION_CHANGED,
    Reason.AFTER_RESTORE,
    Reason.UNDO_BY_HAND,
    *FEED_REFUSALS.values(),
)


class Cause(models.TextChoices):
    """What moved an entry from one state to the next."""

    RECORDED = "recorded", _("the event was recorded")
    RECONSIDERED = "reconsidered", _("what it waited for has changed")
    CLAIM = "claim", _("its turn came")
    ANSWER = "answer", _("Codat answered")
    LOOK = "look", _("we looked at Codat")
    LEASE = "lease", _("its sender stopped")
    CHECK = "check", _("the check before sending")
    REVERSAL = "reversal", _("the event was reversed")
    SWITCH = "switch", _("write-back was switched")
    PERSON = "person", _("a person decided")
    # These move nothing: they tell of a push that the entry has left behind.
    WATCHED = "watched", _("a push of it is still watched")
    LANDED = "landed", _("a push that it had left behind succeeded")
    SETTLED = "settled", _("a person settled the alarm")


CAUSES_OF_NO_MOVE = (Cause.WATCHED, Cause.LANDED, Cause.SETTLED)


class Outcome(models.TextChoices):
    """What one HTTP exchange told us about a write."""

    ACCEPTED = "accepted", _("Taken in")
    UNAVAILABLE = "unavailable", _("Not taken in; may be sent again")
    NO_ANSWER = "no_answer", _("No answer")
    NO_VERDICT = "no_verdict", _("An answer without a verdict")
    REFUSED = "refused", _("Refused for good")
    ACCESS_DENIED = "access_denied", _("Access denied")
