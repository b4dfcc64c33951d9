"""Xero's refusals of a bank feed in plain words: what it means, and what mends it.

Codat's page on Xero bank feeds and Xero's own API name the kinds of a 403; which one a
text is about is found by its code.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from xero_sync.models.choices import FEED_REFUSALS, Reason

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
