"""What borrowers want done at Codat: each once, whatever happens in between."""

from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from lending.models import AuditEntry
from tests.xero_sync.commands.conftest import codat as codat
from xero_sync import jobs
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.borrowers import wishes
from xero_sync.codat.client import CodatClient
from xero_sync.models import BorrowerWish, Connection, LenderAccount
from xero_sync.models.wishes import WishAct
from xero_sync.runtime import leases
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import due

pytestmark = pytest.mark.django_db

BY = "borrower:harbour"


@pytest.fixture
def ready(codat):
    """A borrower whose accounts are chosen and whose feed is connected."""
    codat.ready()
    return codat


def ask(act):
    account = LenderAccount.objects.get()
    return wishes.ask(
        connection=account.connection,
        account=None if act == WishAct.DISCONNECT else account,
        act=act,
        by=BY,
        now=database_now(),
    )


def writes(codat, since=0):
    """The calls that change something at Codat."""
    sent = [one for one in codat.sandbox.requests if one.method != "GET"]
    return [f"{one.method} {one.path.rpartition('/')[2]}" for one in sent[since:]]


def later(seconds):
    """Let time pass, for whoever asks the database for it."""
    BorrowerWish.objects.open().update(
        due_at=database_now() - timedelta(seconds=1),
        asked_at=database_now() - timedelta(seconds=seconds),
    )


def feed():
    return LenderAccount.objects.get().feed_status


def state():
    wish = BorrowerWish.objects.get()
    return wish.state, wish.refusal


@pytest.mark.parametrize(
    ("act", "verb", "done"),
    [
        (WishAct.CUT_FEED, "feed.cut_wanted", "feed.disconnected"),
        (WishAct.DISCONNECT, "connection.cut_wanted", "connection.disconnected"),
    ],
)
def test_asking_and_doing_stand_on_the_trail_in_their_name(ready, act, verb, done):
    before = len(ready.sandbox.requests)

    ask(act)
    asked = len(ready.sandbox.requests)
    wishes.fulfil()

    assert asked == before
    assert AuditEntry.objects.get(verb=verb).actor == BY
    assert AuditEntry.objects.get(verb=done).actor == BY
    assert state() == ("done", "")


def test_the_drain_sees_to_it_and_knows_that_it_is_due(ready):
    ask(WishAct.CUT_FEED)
    waits = due.seconds_until_due(now=database_now())

    jobs.run_slice(seconds=5)

    assert waits <= 0
    assert feed() == "disconnected"
    assert due.work()[due.Work.WISHES][0].count() == 0


def test_a_feed_is_connected_again_to_the_account_that_it_had(ready):
    had = LenderAccount.objects.get().target_account_id
    ask(WishAct.CUT_FEED)
    wishes.fulfil()
    ask(WishAct.CONNECT_FEED)

    wishes.fulfil()

    assert feed() == "connected"
    assert LenderAccount.objects.get().target_account_id == had
    assert AuditEntry.objects.filter(verb="feed.connected").last().actor == BY


def test_what_was_allowed_anew_while_another_wish_was_seen_to_is_not_cut(ready):
    ask(WishAct.CUT_FEED)
    ask(WishAct.DISCONNECT)
    turns = []

    def consent_before_the_second():
        turns.append(1)
        if len(turns) > 1:
            Connection.objects.update(consented_at=database_now())
        return False

    assert wishes.fulfil(stop=consent_before_the_second) == 2

    cut = BorrowerWish.objects.get(act=WishAct.DISCONNECT)
    assert cut.state == "overtaken"
    assert Connection.objects.get().status == "Linked"


def test_asking_twice_is_asking_once(ready):
    first = ask(WishAct.CUT_FEED)

    assert ask(WishAct.CUT_FEED) == first
    assert ask(WishAct.CONNECT_FEED) == first
    assert AuditEntry.objects.filter(verb__endswith="_wanted").count() == 1


@pytest.mark.parametrize("act", [WishAct.CUT_FEED, WishAct.DISCONNECT])
def test_the_database_keeps_two_from_being_under_way(ready, act):
    wish = ask(act)
    wish.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        wish.save(force_insert=True)


@pytest.mark.parametrize(
    ("act", "after"),
    [(WishAct.CUT_FEED, "disconnected"), (WishAct.CONNECT_FEED, "connected")],
)
def test_while_codat_is_down_it_is_tried_again_until_it_is_back(ready, act, after):
    if act == WishAct.CONNECT_FEED:
        ask(WishAct.CUT_FEED)
        wishes.fulfil()
        BorrowerWish.objects.all().delete()
    ready.sandbox.faults.add("error_before", match=".*", status=503, times=1)
    ask(act)

    wishes.fulfil()
    (down, _), wait = state(), BorrowerWish.objects.get().due_at - database_now()
    later(60)
    wishes.fulfil()

    assert down == "open"
    assert timedelta(seconds=1) < wait < timedelta(minutes=1)
    assert (state(), feed()) == (("done", ""), after)


@pytest.mark.parametrize(
    ("act", "written"),
    [(WishAct.CUT_FEED, "PATCH "), (WishAct.CONNECT_FEED, "POST mapping")],
)
def test_an_answer_that_was_lost_leads_to_a_look_not_to_a_second_write(
    ready, act, written
):
    if act == WishAct.CONNECT_FEED:
        ask(WishAct.CUT_FEED)
        wishes.fulfil()
        BorrowerWish.objects.all().delete()
    before = len(writes(ready))
    method = written.partition(" ")[0]
    ready.sandbox.faults.add("lose_reply_after", match=f"{method} .*bankFeed", times=1)
    ask(act)

    wishes.fulfil()
    lost = state()
    later(60)
    wishes.fulfil()

    assert lost == ("open", "")
    assert state() == ("done", "")
    (sent,) = writes(ready, before)
    assert sent.startswith(written)


def test_who_dies_before_storing_is_followed_by_another(ready):
    """Their try may last as long as the lease; then it is looked for, not repeated."""
    wish = ask(WishAct.CUT_FEED)
    BorrowerWish.objects.update(tries=1, due_at=database_now() + timedelta(minutes=2))
    account = LenderAccount.objects.select_related("connection").get()
    with CodatClient.from_settings() as client:
        client.update_source_account(
            account.connection.codat_company_id,
            account.connection.codat_connection_id,
            account.source_account_id,
            {"status": "disconnected"},
        )
    sent = len(writes(ready))

    wishes.fulfil()
    held = state()
    later(120)
    wishes.fulfil()

    assert held == ("open", "")
    assert (state(), feed()) == (("done", ""), "disconnected")
    assert len(writes(ready)) == sent
    assert BorrowerWish.objects.get(pk=wish.pk).tries == 2


def test_who_slept_through_their_try_stores_nothing(ready):
    wish = ask(WishAct.CUT_FEED)
    (taken,) = wishes._taken(lambda: False)
    BorrowerWish.objects.update(tries=2)

    wishes._try(taken)

    assert BorrowerWish.objects.get(pk=wish.pk).state == "open"


def test_it_waits_while_somebody_else_is_choosing(ready):
    ask(WishAct.CUT_FEED)
    connection = Connection.objects.get()

    with leases.alone(act="choosing", on=connection.pk):
        wishes.fulfil()
    waiting = state()
    later(10)
    wishes.fulfil()

    assert (waiting, state()) == (("open", ""), ("done", ""))


def test_what_xero_refuses_is_kept_by_the_name_of_its_words(ready):
    ask(WishAct.CUT_FEED)
    wishes.fulfil()
    BorrowerWish.objects.all().delete()
    ready.sandbox.faults.add("error_before", match="POST .*/mapping", status=400)
    ask(WishAct.CONNECT_FEED)

    wishes.fulfil()

    assert state() == ("refused", "feed_not_mapped")
    told = AuditEntry.objects.get(verb="feed.wish_refused")
    assert told.after["why"].startswith("Codat did not connect the feed")
    assert feed() == "disconnected"


def test_after_a_day_without_an_answer_it_is_given_up_and_told(ready, settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"
    ask(WishAct.CUT_FEED)
    later(86_400)

    wishes.fulfil()

    wish, since, now = BorrowerWish.objects.get(), None, database_now()
    assert wish.state == "refused"
    told = wishes.refusal_of(wish, since=since, now=now)
    assert told.title == "That did not work just now"
    assert not wishes.refusal_of(wish, since=since, now=now + timedelta(days=8))
    assert not wishes.refusal_of(wish, since=now, now=now)


def test_where_one_gets_no_answer_the_others_wait(ready, settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"
    ask(WishAct.DISCONNECT)
    ask(WishAct.CUT_FEED)

    assert wishes.fulfil() == 1


def test_a_connection_that_was_allowed_anew_is_not_cut_any_more(ready):
    ask(WishAct.DISCONNECT)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        Connection.objects.update(consented_at=timezone.now())

    wishes.fulfil()

    assert state() == ("overtaken", "")
    assert Connection.objects.get().status == "Linked"


def test_a_connection_that_is_cut_already_is_left_as_it_is(ready):
    ask(WishAct.DISCONNECT)
    Connection.objects.update(status="Deauthorized")
    before = len(writes(ready))

    wishes.fulfil()

    assert state() == ("overtaken", "")
    assert len(writes(ready)) == before


def test_a_bug_of_ours_keeps_nobody_else_waiting(ready, caplog):
    wish = ask(WishAct.CUT_FEED)
    bug = mock.patch.object(bank_feeds, "disconnect", side_effect=ZeroDivisionError)

    with bug:
        assert wishes.fulfil() == 1

    wish.refresh_from_db()
    assert (wish.state, wish.tries) == ("open", 1)
    assert wish.due_at > database_now()
    assert "ended in a bug" in caplog.text
    later(0)
    wishes.fulfil()
    assert feed() == "disconnected"


def test_a_bug_that_stays_is_given_up_after_a_day_and_told(ready, settings):
    wish = ask(WishAct.CUT_FEED)
    later(settings.WRITEBACK_TIMED_OUT_SECONDS)

    with mock.patch.object(bank_feeds, "disconnect", side_effect=ZeroDivisionError):
        wishes.fulfil()

    wish.refresh_from_db()
    assert (wish.state, wish.refusal) == ("refused", "unknown")
    entry = AuditEntry.objects.get(verb="feed.wish_refused")
    assert entry.after == {"why": "ZeroDivisionError"}
