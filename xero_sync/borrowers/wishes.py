"""What borrowers want done at Codat: asked for by their pages, done in the background.

No page of theirs writes at Codat. It stores the wish and shows how far it is; the drain
takes it up, looks first, and does it. What was interrupted is taken up again, and what
is so already is not done twice. While Codat does not answer it is tried again and
again, for a day; a refusal is kept, and told on the page afterwards.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F

from lending.audit import trail
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.borrowers import refusals
from xero_sync.borrowers.wording import Words
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatError,
    CodatNoAnswer,
    CodatRejected,
    CodatUnavailable,
    WritebackBlocked,
)
from xero_sync.connections import offboarding
from xero_sync.models import BorrowerWish, Connection, LenderAccount
from xero_sync.models.choices import ConnectionStatus
from xero_sync.models.wishes import WishAct, WishState
from xero_sync.runtime import task_queue
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import backpressure
from xero_sync.writeback.paced_client import brief_client

logger = logging.getLogger(__name__)

# So many are looked at in one go; the rest in the next.
AT_ONCE = 5
# A refusal is told for this long, unless they ask again or it stands otherwise.
TOLD_FOR = timedelta(days=7)
VERBS = {
    WishAct.CONNECT_FEED: "feed.connection_wanted",
    WishAct.CUT_FEED: "feed.cut_wanted",
    WishAct.DISCONNECT: "connection.cut_wanted",
}


@transaction.atomic
def ask(
    *,
    connection: Connection,
    act: WishAct,
    by: str,
    now: datetime,
    account: LenderAccount | None = None,
) -> BorrowerWish:
    """Take down what a borrower wants, and let the drain see to it.

    `account` is whose feed it is about. While a wish about the same is under way, that
    one is returned and nothing else is taken down.
    """
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    about = {"connection": connection, "lender_account": account}
    under_way: BorrowerWish | None = BorrowerWish.objects.open().filter(**about).first()
    if under_way is not None:
        return under_way
    wish = BorrowerWish.objects.create(
        **about, act=act, asked_by=by, asked_at=now, state_since=now, due_at=now
    )
    trail.record(
        VERBS[act],
        account or connection,
        by=by,
        at=now,
        company_id=connection.company_id,
    )
    task_queue.nudge_drain()
    return wish


def latest(
    connection: Connection, account: LenderAccount | None = None
) -> BorrowerWish | None:
    """Return what they wanted last of a feed, or of the connection itself."""
    wishes = BorrowerWish.objects.filter(connection=connection, lender_account=account)
    return wishes.order_by("asked_at", "pk").last()


def refusal_of(
    wish: BorrowerWish | None, *, since: datetime | None, now: datetime
) -> Words | None:
    """Say why the latest wish was not fulfilled, as long as that is news.

    `since` is from when on it stands as it does now.
    """
    if wish is None or wish.state != WishState.REFUSED:
        return None
    is_past = since is not None and since > wish.state_since
    if is_past or now > wish.state_since + TOLD_FOR:
        return None
    return refusals.words_of(wish.refusal)


def fulfil(*, stop: Callable[[], bool] = lambda: False) -> int:
    """Do what borrowers want and what is due, one after the other; return how many.

    Where Codat does not answer the rest is left: so it would be with them.
    """
    count = 0
    for wish in _taken(stop):
        count += 1
        if not _try(wish):
            break
    return count


def _taken(stop: Callable[[], bool]) -> Iterator[BorrowerWish]:
    """Take up what is due, each for as long as one try can last at most."""
    due = BorrowerWish.objects.due(database_now())
    for wish in due.select_related("connection", "lender_account")[:AT_ONCE]:
        if stop():
            return
        lease = timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS)
        taken = BorrowerWish.objects.open().filter(pk=wish.pk, tries=wish.tries)
        if taken.update(tries=F("tries") + 1, due_at=database_now() + lease):
            wish.tries += 1
            yield wish


def _try(wish: BorrowerWish) -> bool:
    """Do what is wanted and store what came of it; False if Codat did not answer."""
    # Those before it may have taken a while, or changed it.
    wish.connection.refresh_from_db()
    if wish.lender_account is not None:
        wish.lender_account.refresh_from_db()
    if _is_overtaken(wish):
        _end(wish, WishState.OVERTAKEN)
        return True
    try:
        with brief_client(seconds=_seconds()) as client:
            _do(wish, client)
    except DatabaseError:
        # Nothing can be stored; whoever comes after the lease tries again.
        raise
    except (CodatError, WritebackBlocked) as exc:
        logger.warning("Wish %s: %s", wish.pk, type(exc).__name__)
        _settle(wish, exc)
        return not isinstance(exc, CodatNoAnswer | CodatUnavailable)
    except Exception as exc:
        # A bug of ours, which keeps nobody else waiting.
        logger.exception("Wish %s ended in a bug", wish.pk)
        _settle(wish, exc)
        return True
    _end(wish, WishState.DONE)
    return True


def _seconds() -> float:
    """Return how long all calls of a try may take: less than what keeps others out."""
    return float(settings.CODAT_CONNECT_TIMEOUT + settings.CODAT_READ_TIMEOUT)


def _do(wish: BorrowerWish, client: CodatClient) -> None:
    now = database_now()
    if wish.lender_account is None:
        offboarding.disconnect(
            connection=wish.connection,
            client=client,
            disconnected_by=wish.asked_by,
            now=now,
        )
        return
    act = (
        bank_feeds.connect
        if wish.act == WishAct.CONNECT_FEED
        else bank_feeds.disconnect
    )
    act(account=wish.lender_account, client=client, by=wish.asked_by, now=now)


def _is_overtaken(wish: BorrowerWish) -> bool:
    """Tell whether a connection to be cut is cut already, or was allowed anew since."""
    if wish.act != WishAct.DISCONNECT:
        return False
    allowed = wish.connection.consented_at
    is_linked = wish.connection.status == ConnectionStatus.LINKED
    return not is_linked or (allowed is not None and allowed > wish.asked_at)


def _settle(wish: BorrowerWish, exc: Exception) -> None:
    """Try it again later if that may help and the day is not over; else refuse it."""
    if _may_pass(exc) and not _is_over(wish):
        _put_off(wish, exc)
    else:
        _refuse(wish, exc)


def _may_pass(exc: Exception) -> bool:
    """Tell whether it may go through later as it is."""
    if isinstance(exc, WritebackBlocked):
        return isinstance(exc, AlreadyUnderWay)
    return not isinstance(exc, CodatRejected)


def _is_over(wish: BorrowerWish) -> bool:
    limit = timedelta(seconds=settings.WRITEBACK_TIMED_OUT_SECONDS)
    return database_now() >= wish.asked_at + limit


def _put_off(wish: BorrowerWish, exc: Exception) -> None:
    asked = exc.retry_after if isinstance(exc, CodatError) else None
    later = timedelta(seconds=asked or backpressure.backoff(wish.tries))
    _store(wish, due_at=database_now() + later)


@transaction.atomic
def _refuse(wish: BorrowerWish, exc: Exception) -> None:
    """Keep why it is refused: by its words for the borrower, in ours on the trail."""
    if not _end(wish, WishState.REFUSED, refusal=refusals.name_of(exc)):
        return
    if isinstance(exc, CodatError | WritebackBlocked):
        why = str(exc.message).rstrip(".")
    else:
        why = type(exc).__name__
    verb = "feed.wish_refused" if wish.lender_account else "connection.wish_refused"
    trail.record(
        verb,
        wish.lender_account or wish.connection,
        at=database_now(),
        company_id=wish.connection.company_id,
        after={"why": why},
    )


def _end(wish: BorrowerWish, state: WishState, *, refusal: str = "") -> bool:
    now = database_now()
    return _store(wish, state=state, state_since=now, due_at=None, refusal=refusal)


def _store(wish: BorrowerWish, **values: object) -> bool:
    """Store it, unless somebody else has taken it up since; tell whether it was."""
    mine = BorrowerWish.objects.open().filter(pk=wish.pk, tries=wish.tries)
    return bool(mine.update(**values))
