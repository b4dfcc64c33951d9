"""The bank feed: how it stands, and how it is connected again, moved or cut."""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.borrowers import feed_wording, refusals, sittings
from xero_sync.borrowers.feed_wording import FeedAct
from xero_sync.borrowers.wording import Code, Words, code_of, latest_connection
from xero_sync.codat.bank_feeds import TargetAccountOption
from xero_sync.codat.exceptions import CodatError, WritebackBlocked
from xero_sync.models import BorrowerSitting, Connection, LenderAccount
from xero_sync.portal.answers import SeeOther
from xero_sync.portal.sittings import in_a_sitting, show_to
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import page_client

logger = logging.getLogger(__name__)

# Each look and each act reads at Codat, out of everybody's budget.
A_MINUTE = 12


@require_http_methods(["GET", "HEAD", "POST"])
@in_a_sitting()
def feed(request: HttpRequest, sitting: BorrowerSitting) -> HttpResponse:
    """Show how the feed stands; do the one thing that the page offers."""
    connection = latest_connection(sitting.company)
    if connection is None or code_of(connection) != Code.CONNECTED:
        return SeeOther(reverse("customer-connect"))
    account = feed_wording.account_of(connection)
    words = feed_wording.standing(connection, account)
    asked = request.POST.get("act", "") if request.method == "POST" else ""
    refusal = None
    if asked and account and asked == words.act:
        refusal = _refused(sitting, account, asked, request.POST.get("target", ""))
        if refusal is None:
            sittings.acted(sitting=sitting, what="feed", now=database_now())
            return SeeOther(reverse("customer-feed"))
    elif asked:
        # It stands otherwise by now; the page says how.
        return SeeOther(reverse("customer-feed"))
    return show_to(
        request,
        sitting,
        "feed",
        words=words,
        account=account,
        ending=settings.LENDER_ACCOUNT_NUMBER[-4:],
        targets=_targets(sitting, connection, account, words.act),
        refusal=refusal,
    )


def _refused(
    sitting: BorrowerSitting, account: LenderAccount, act: str, target: str
) -> Words | None:
    """Connect or cut the feed; return why that did not work, or None."""
    if not throttles.may("feed", who=sitting.company.pk, a_minute=A_MINUTE):
        return refusals.too_much()
    now = database_now()
    try:
        with page_client() as client:
            if act == FeedAct.CONNECT:
                bank_feeds.connect(
                    account=account,
                    client=client,
                    by=sitting.actor,
                    now=now,
                    target_account_id=target,
                )
            elif act == FeedAct.DISCONNECT:
                bank_feeds.disconnect(
                    account=account, client=client, by=sitting.actor, now=now
                )
    except (CodatError, WritebackBlocked) as exc:
        logger.warning("Feed %s: %s", account.pk, type(exc).__name__)
        return refusals.refusal_for_borrower(exc)
    return None


def _targets(
    sitting: BorrowerSitting,
    connection: Connection,
    account: LenderAccount | None,
    act: FeedAct,
) -> list[TargetAccountOption]:
    """Return the accounts in Xero that the feed may move to, if it may move."""
    if account is None or act != FeedAct.CONNECT or bank_feeds.has_lines(account):
        return []
    if not throttles.may("feed", who=sitting.company.pk, a_minute=A_MINUTE):
        return []
    try:
        with page_client() as client:
            return list(bank_feeds.targets(account=account, client=client))
    except (CodatError, WritebackBlocked) as exc:
        logger.warning("Targets of %s: %s", connection.pk, type(exc).__name__)
        return []
