"""What a borrower should know besides: where statement lines do not get through.

Xero's own codes of a refused bank feed stand in its documentation of the Bank Feeds
API; each gets a plain sentence here, and the entries themselves go on meanwhile.
"""

from django.utils.translation import gettext as _

from lending.models import Company
from xero_sync.borrowers.wording import Words
from xero_sync.models import Connection, SyncRecord
from xero_sync.models.choices import FeedStatus, Reason, State, Step

NO_FEEDS = "invalid-organisation-bank-feeds"
NO_APP = "invalid-application"
NO_CURRENCY = "invalid-organisation-multi-currency"
NO_FEED = "invalid-feed-connection"
REJECTED = "lines_rejected"
FEED_CUT = "feed_disconnected"
# Refusals of Xero's that are known here.
CODES = (NO_FEEDS, NO_APP, NO_CURRENCY, NO_FEED)


def of_company(company: Company, connection: Connection | None) -> list[Words]:
    """Return what is to be said of a company's statement lines, if anything."""
    if connection is None or connection.deleted_at is not None:
        return []
    lines = SyncRecord.objects.filter(company=company, step=Step.STATEMENT_LINE)
    found = []
    if connection.feed_refusal in _texts():
        found.append(of(connection.feed_refusal))
    if lines.filter(state=State.FAILED).exists():
        found.append(of(REJECTED))
    cut = connection.lender_accounts.filter(feed_status=FeedStatus.DISCONNECTED)
    waiting = lines.filter(state=State.HELD, reason=Reason.FEED_NOT_CONNECTED)
    if cut.exists() and waiting.exists():
        found.append(of(FEED_CUT))
    return found


def of(code: str) -> Words:
    """Return the words for one of the codes above."""
    title, sentences = _texts()[code]
    return Words(code, title, sentences)


def _texts() -> dict[str, tuple[str, tuple[str, ...]]]:
    goes_on = _("The payments themselves are entered as usual.")
    by_hand = _("Please do not enter the lines by hand: they would stand there twice.")
    refused = (
        _("Statement lines do not reach your Xero"),
        (
            _(
                "Xero does not take bank statement lines from us for your organisation "
                "at the moment."
            ),
            goes_on,
            _("We clear this up with Xero. You do not need to do anything."),
        ),
    )
    cut = (
        _("The bank feed in your Xero is disconnected"),
        (
            _(
                "It was switched off in Xero, or Xero does not know it any more. "
                "Statement lines wait until it is set up again."
            ),
            goes_on,
            _("Please contact us: we set it up again together with you."),
        ),
    )
    return {
        NO_FEEDS: refused,
        NO_APP: refused,
        NO_CURRENCY: (
            _("Your Xero does not take this currency"),
            (
                _(
                    "Xero takes no statement lines in the currency of your financing: "
                    "your organisation is not set up for several currencies."
                ),
                goes_on,
                _("Please contact us before you change anything in Xero."),
            ),
        ),
        NO_FEED: cut,
        FEED_CUT: cut,
        REJECTED: (
            _("Some statement lines were not accepted"),
            (
                _(
                    "Xero did not accept some lines of the bank statement. We keep "
                    "them, clear up the cause and send them again, in order."
                ),
                goes_on,
                by_hand,
            ),
        ),
    }
