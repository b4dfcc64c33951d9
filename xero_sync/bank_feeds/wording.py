"""Xero's refusals of a bank feed in plain words: what it means, and what mends it.

Codat's page on Xero bank feeds and Xero's own API name the kinds of a 403; which one a
text is about is found by its code.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lending import formats
from xero_sync.models import LenderAccount, SyncRecord
from xero_sync.models.choices import FEED_REFUSALS, FeedStatus, Reason, State
from xero_sync.xero_app import facts

Text = str | Promise


@dataclass(frozen=True)
class Refusal:
    """What a refusal means, and what a person does about it."""

    cause: Text
    remedy: Text


REFUSALS: dict[str, Refusal] = {
    Reason.FEED_REFUSED: Refusal(
        _("Xero says that this organisation takes no automated bank feeds."),
        _(
            "Check that Xero has approved bank feeds for our app and that they are "
            "switched on in the Codat portal; then let the borrower reconnect, so that "
            "he consents to bank feeds, and switch bank feeds on again."
        ),
    ),
    Reason.FEED_APP_REFUSED: Refusal(
        _("Xero has not enabled bank feeds for our app."),
        _(
            "Ask Xero's partner team to enable bank feeds for the app whose keys are "
            "in the Codat portal; then switch bank feeds on again."
        ),
    ),
    Reason.FEED_CURRENCY_REFUSED: Refusal(
        _("The account's currency needs multi-currency, which is off in this Xero."),
        _(
            "Ask the borrower to switch multi-currency on in Xero, which needs a plan "
            "that has it, or choose a lender account in the organisation's own "
            "currency; then switch bank feeds on again."
        ),
    ),
    Reason.FEED_UNKNOWN_TO_XERO: Refusal(
        _("Xero does not know this feed any more: the borrower may have removed it."),
        _(
            "Connect the lender account's feed to its account in Xero again; then "
            "switch bank feeds on again."
        ),
    ),
}

# What Xero answers where the feed's account is fed by somebody else already.
FED_ELSEWHERE = _(
    "Another feed brings lines into this account already. Disconnect that one in Xero "
    "or at the company it belongs to, or choose another account."
)


def refusal_of(problem: str) -> Refusal | None:
    """Return what one of Xero's problem codes means, if it is about bank feeds."""
    reason = FEED_REFUSALS.get(problem)
    return REFUSALS[reason] if reason else None


def remedy_of(reason: str) -> str:
    """Return what a person does about a reason, or "" if it is no refusal."""
    refusal = REFUSALS.get(reason)
    return str(refusal.remedy) if refusal else ""


def in_words(problem: str, detail: str) -> str:
    """Say what Xero refused, in our words and in its own."""
    refusal = refusal_of(problem)
    if refusal is None:
        return detail or problem
    return f"{refusal.cause} {refusal.remedy} ({detail or problem})"


# What a person does about a feed as it is; no word where nobody has to do anything.
OF_STATUS: dict[str, Text] = {
    FeedStatus.NONE: _("No statement lines go to this account: it has no bank feed."),
    FeedStatus.PENDING: _(
        "The source account is made and not connected yet: the borrower connects it, "
        "or you do. Lines wait until then."
    ),
    FeedStatus.CONNECTING: _("Xero is about to connect the feed. Lines wait for it."),
    FeedStatus.CONNECTED: _("The feed is connected; lines go as soon as they are due."),
    FeedStatus.DISCONNECTED: _(
        "The feed was disconnected. Lines wait and none is lost; connect it again and "
        "they go in order."
    ),
    FeedStatus.ELSEWHERE: _(
        "The feed brings its lines into another account than the bookings go to, so no "
        "line is sent. Connect it to its own account again."
    ),
    FeedStatus.CLOSED: _("The feed was closed for good. No line is sent any more."),
    FeedStatus.UNKNOWN: _("Codat does not say how the feed stands. Lines wait."),
}
REJECTED = _("Mend what Xero names on the entry's page, then send it again.")
MEND = _("Mend the cause that the lender account's page names.")
OF_REASON: dict[str, Text] = {
    Reason.FEED_NOT_CONNECTED: _("Connect the feed on the lender account's page."),
    Reason.CONSENT_AGAIN: _(
        "Send the borrower to reconnect, to consent to bank feeds."
    ),
    Reason.NOT_LINKED: _("The borrower has to reconnect."),
    Reason.TOO_OLD: _("Xero never takes it. Enter it in Xero by hand, or give it up."),
    Reason.DATED_AHEAD: _("Nothing: it goes on its day."),
    Reason.NEEDS_PERSON: _("Look in Xero, then say on its page whether it is there."),
}


def in_short(line: SyncRecord) -> str:
    """Return what a person does about a statement line, or "" if nothing."""
    if line.state == State.FAILED:
        return str(REJECTED)
    if line.reason in REFUSALS:
        return str(MEND)
    return str(OF_REASON.get(line.reason, ""))


def standing(account: LenderAccount) -> list[str]:
    """Say how a feed stands, and everything that keeps its lines back."""
    connection = account.connection
    words = [str(OF_STATUS.get(account.feed_status, ""))]
    if account.void_since:
        words = [gettext("It is in the organisation that was connected before.")]
    if refusal := refusal_of(connection.feed_refusal):
        words += [str(refusal.cause), str(refusal.remedy)]
    elif not connection.bank_feeds:
        words.append(gettext("Bank feeds are off for this connection."))
    if facts.current().bank_feeds_on is False:
        words.append(
            gettext(
                "Bank feeds are switched off for our Xero app: see Xero's approval, "
                "the partner status and the toggle."
            )
        )
    if connection.is_demo:
        words.append(gettext("A demo company takes no statement lines."))
    if account.feed_start_date:
        words.append(
            gettext("Lines dated before %(day)s are never sent.")
            % {"day": formats.day(account.feed_start_date)}
        )
    return words
