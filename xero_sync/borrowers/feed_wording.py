"""How a bank feed stands, in a borrower's words, and what they can do about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from lending import formats
from xero_sync.borrowers import remarks
from xero_sync.borrowers.wording import going_on
from xero_sync.models import BorrowerWish, Connection, LenderAccount
from xero_sync.models.choices import FeedStatus
from xero_sync.models.scopes import BANK_FEEDS_SCOPE
from xero_sync.models.wishes import WishAct
from xero_sync.writeback import readiness
from xero_sync.xero_app import facts, scopes


class FeedAct(StrEnum):
    """What a borrower can do about their feed."""

    CONNECT = "connect"
    DISCONNECT = "disconnect"
    CONSENT = "consent"
    NOTHING = ""


@dataclass(frozen=True)
class FeedWords:
    """What the page of the feed says, and the one thing that it offers."""

    title: str
    sentences: tuple[str, ...]
    act: FeedAct = FeedAct.NOTHING
    # It will be otherwise in a moment, by itself.
    may_change: bool = False


def account_of(connection: Connection) -> LenderAccount | None:
    """Return the lender account that is chosen now, whose feed the page is about."""
    mapping = readiness.latest_mapping(connection)
    if mapping is None or mapping.lender_account.void_since:
        return None
    account: LenderAccount = mapping.lender_account
    return account


def standing(connection: Connection, account: LenderAccount | None) -> FeedWords:
    """Say how the feed stands, and what keeps its lines back."""
    goes_on = _("The payments themselves are posted as usual.")
    if connection.is_demo:
        words = _("You connected Xero's demo company, which takes no bank feed.")
        return FeedWords(_("No bank feed here"), (words, goes_on))
    if account is None:
        words = _("It comes with the account that stands for us. Choose that first.")
        return FeedWords(_("No bank feed yet"), (words,))
    if BANK_FEEDS_SCOPE in scopes.must_consent_again(connection):
        words = _("You have not allowed the bank feed in Xero yet. Allow it there.")
        return FeedWords(_("Your consent is needed"), (words, goes_on), FeedAct.CONSENT)
    if connection.feed_refusal in remarks.CODES:
        refused = remarks.of(connection.feed_refusal)
        return FeedWords(refused.title, refused.sentences)
    if not connection.bank_feeds or facts.current().bank_feeds_on is False:
        words = _("Xero has not approved our bank feed yet. You need not do anything.")
        return FeedWords(_("Waiting for Xero's approval"), (words, goes_on))
    return _of_status(account, goes_on)


def under_way(wish: BorrowerWish, *, now: datetime) -> FeedWords:
    """Say that what they wanted is being done."""
    title = (
        _("We are connecting the bank feed")
        if wish.act == WishAct.CONNECT_FEED
        else _("We are cutting the bank feed")
    )
    return FeedWords(title, going_on(wish, now=now), may_change=True)


def _of_status(account: LenderAccount, goes_on: str) -> FeedWords:
    waits = _("Lines wait until it is connected, and none is lost.")
    match account.feed_status:
        case FeedStatus.CONNECTED:
            since = account.feed_status_since
            words = _("Each movement on our account reaches your Xero as a line.")
            known = _("Connected since %(day)s.") % {"day": formats.moment(since)}
            said = (words, known) if since else (words,)
            return FeedWords(_("The bank feed is connected"), said, FeedAct.DISCONNECT)
        case FeedStatus.CONNECTING:
            words = _("Xero is connecting it. That takes a few minutes.")
            title = _("The bank feed is being connected")
            return FeedWords(title, (words, waits), may_change=True)
        case FeedStatus.NONE:
            words = _("The account that you chose for us has none.")
            return FeedWords(_("No bank feed"), (words, goes_on))
        case FeedStatus.CLOSED:
            words = _("It was ended for good. Choose another account for us.")
            return FeedWords(_("The bank feed has ended"), (words, goes_on))
        case FeedStatus.UNKNOWN:
            words = _("Xero does not say at the moment how it stands.")
            return FeedWords(_("We cannot see the bank feed"), (words, waits))
    title = _("The bank feed is not connected")
    return FeedWords(title, (waits, goes_on), FeedAct.CONNECT)
