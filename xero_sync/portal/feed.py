"""The bank feed: how it stands, and how it is connected again or cut."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xero_sync.borrowers import feed_wording, refusals, sittings, wishes
from xero_sync.borrowers.feed_wording import FeedAct
from xero_sync.borrowers.wording import Code, Words, code_of, latest_connection
from xero_sync.models import BorrowerSitting, LenderAccount
from xero_sync.models.wishes import WishAct, WishState
from xero_sync.portal.answers import SeeOther, look_again
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now

# What is done is done at Codat, out of everybody's budget.
A_MINUTE = 12
ACTS = {
    FeedAct.CONNECT: WishAct.CONNECT_FEED,
    FeedAct.DISCONNECT: WishAct.CUT_FEED,
}


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def feed(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show how the feed stands; take down the one thing that the page offers."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.CONNECTED:
        return SeeOther(reverse("customer-connect"))
    account, now = feed_wording.account_of(connection), database_now()
    wish = wishes.latest(connection, account) if account else None
    if wish is not None and wish.state == WishState.OPEN:
        words = feed_wording.under_way(wish, now=now)
    else:
        words = feed_wording.standing(connection, account)
    refusal = None
    if request.method == "POST":
        # Where it stands otherwise by now, the page says how.
        if account and request.POST.get("act", "") == words.act in ACTS:
            refusal = _not_taken(sitting, account, words.act, now)
        if refusal is None:
            return SeeOther(reverse("customer-feed"))
    elif account:
        since = account.feed_status_since
        refusal = wishes.refusal_of(wish, since=since, now=now)
    answer = show_to(
        request,
        sitting,
        "feed",
        words=words,
        account=account,
        refusal=refusal,
    )
    return look_again(answer) if words.may_change else answer


def _not_taken(
    sitting: BorrowerSitting, account: LenderAccount, act: FeedAct, now: datetime
) -> Words | None:
    """Take down what they want of the feed; return why that was not taken, or None."""
    if not throttles.may("feed", who=sitting.company.pk, a_minute=A_MINUTE):
        return refusals.too_much()
    wishes.ask(
        connection=account.connection,
        account=account,
        act=ACTS[act],
        by=sitting.actor,
        now=now,
    )
    sittings.acted(sitting=sitting, what="feed", now=now)
    return None
