"""A bank feed connected, cut off, changed and closed by Codat's rules."""

from decimal import Decimal

import pytest

from tests.trail import entries
from tests.worlds import World
from tests.xero_sync.accounts.test_choice import begin
from tests.xero_sync.bank_feeds.worlds import app_feeds, calls, new_borrower
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_of,
    line_pushes,
    line_state,
    statement,
)
from xero_sync.accounts import lender_accounts
from xero_sync.accounts.choice import NewLenderAccount
from xero_sync.bank_feeds import services as bank_feeds
from xero_sync.bank_feeds import source_accounts
from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    BankFeedsNotEnabled,
    CodatError,
    ConnectionNotLinked,
    DecisionNotAllowed,
    FeedNotMapped,
    MappingIncomplete,
    OrganisationChanged,
)
from xero_sync.connections import onboarding, switches
from xero_sync.models import Connection, LenderAccount
from xero_sync.runtime.clock import database_now
from xero_sync.runtime.leases import alone

pytestmark = pytest.mark.django_db

SOURCES = "connectionInfo/bankFeedAccounts"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def numbers(settings):
    settings.LENDER_ACCOUNT_NUMBER = "87654321"
    settings.LENDER_SORT_CODE = "65-43-21"


def bank_account(borrower, name="Old lender account", **options):
    """An active bank account in the borrower's Xero."""
    account = borrower.world.sandbox.add_account(
        borrower.codat_connection, name=name, category="Asset.Bank", **options
    )
    borrower.world.sandbox.sync(borrower.codat_connection)
    return account.id


def pending(borrower):
    """A source account made before the borrower chooses anything."""
    return lender_accounts.ensure_source(
        connection=borrower.connection, client=borrower.world.client
    )


def connect(borrower, account, target=""):
    return bank_feeds.connect(
        account=account,
        target_account_id=target,
        client=borrower.world.client,
        by="user:anna",
        now=borrower.world.clock.now,
    )


def cut(borrower, account):
    return bank_feeds.disconnect(
        account=account,
        client=borrower.world.client,
        by="user:anna",
        now=borrower.world.clock.now,
    )


def acts_on(account):
    acts = entries("feed.", about=account)
    return [(one.verb.removeprefix("feed."), one.actor) for one in acts]


# --- the source account, before the borrower is sent to Xero --------------------------


def test_it_is_made_once_under_the_configured_name_and_numbers(world, numbers):
    borrower = new_borrower(world, status="PendingAuth")

    account = pending(borrower)
    again = pending(borrower)

    assert again == account
    assert account.feed_status == "pending"
    (source,) = world.client.list_source_accounts(
        *feed_status.ids_of(borrower.connection)
    )
    shown = (source.name, source.account_number, source.sort_code, source.balance)
    assert shown == ("Example Invoice Finance", "87654321", "654321", 0)
    assert (source.currency, source.account_type) == ("GBP", "checking")
    assert calls(world, "POST") == [calls(world, "POST", SOURCES)[0]]


@pytest.mark.parametrize("fault", ["lose_reply_before", "lose_reply_after"])
def test_an_interruption_makes_no_second_one(world, numbers, fault):
    borrower = new_borrower(world, status="PendingAuth")
    world.sandbox.faults.add(fault, match=f"POST .*/{SOURCES}$")
    with pytest.raises(Exception, match="did not arrive"):
        pending(borrower)

    account = pending(borrower)

    assert list(world.sandbox.connection(borrower.codat_connection).feeds) == [
        account.source_account_id
    ]


def test_the_link_comes_after_the_source_account_and_not_without_it(world, numbers):
    borrower = new_borrower(world, status="PendingAuth")
    world.sandbox.faults.add("error_before", match=f"POST .*/{SOURCES}$")
    with pytest.raises(CodatError):
        onboarding.link_url(connection=borrower.connection, client=world.client)
    before = len(world.sandbox.requests)

    url = onboarding.link_url(connection=borrower.connection, client=world.client)

    assert url
    asked = [(one.method, one.path) for one in world.sandbox.requests[before:]]
    assert [method for method, _ in asked] == ["GET", "POST", "GET"]
    assert asked[1][1].endswith(SOURCES)
    assert asked[2][1].endswith(f"/connections/{borrower.codat_connection}")


@pytest.mark.parametrize("off", ["here", "for the lender", "chosen"])
def test_nothing_is_made_where_there_is_nothing_to_make(world, numbers, off):
    borrower = world.borrower() if off == "chosen" else new_borrower(world)
    if off == "here":
        Connection.objects.update(bank_feeds=False)
    elif off == "for the lender":
        app_feeds(on=False)
    before = len(world.sandbox.requests)

    assert pending(borrower) is None

    assert len(world.sandbox.requests) == before


def test_it_is_the_one_that_the_choice_of_accounts_goes_on_with(world, numbers):
    borrower = new_borrower(world)
    made = pending(borrower)

    chosen = world.set_up(begin(borrower, lender_account=NewLenderAccount()))

    chosen = chosen.lender_account
    assert chosen == made
    assert chosen.feed_status == "connected"
    assert len(borrower.books.source_accounts) == 1


def test_one_of_other_numbers_is_given_up_before_it_was_used(world, numbers, settings):
    borrower = new_borrower(world)
    wrong = pending(borrower)
    settings.LENDER_ACCOUNT_NUMBER = "11112222"

    right = pending(borrower)

    wrong.refresh_from_db()
    assert wrong.feed_status == "closed"
    assert borrower.books.source_accounts == [right.source_account_id]


def test_while_the_lenders_toggle_is_off_no_lender_account_is_made(world, numbers):
    borrower = new_borrower(world)
    app_feeds(on=False)
    before = len(world.sandbox.requests)

    with pytest.raises(BankFeedsNotEnabled, match="switched off") as raised:
        begin(borrower, lender_account=NewLenderAccount())

    assert raised.value.code == "feeds_not_approved"
    asked = world.sandbox.requests[before:]
    assert {one.method for one in asked} == {"GET"}
    assert not LenderAccount.objects.exists()


@pytest.mark.parametrize("number", ["", " ", "1" * 41])
def test_numbers_that_codat_would_refuse_are_refused_first(world, settings, number):
    settings.LENDER_ACCOUNT_NUMBER = number
    connection = new_borrower(world).connection

    with pytest.raises(MappingIncomplete) as raised:
        source_accounts.numbers_of(connection)

    assert raised.value.field == "account_number"


def test_numbers_are_in_no_text_of_ours(world, numbers):
    found = source_accounts.numbers_of(new_borrower(world).connection)

    assert "87654321" not in repr(found)
    assert "65" not in repr(found)


# --- connected ------------------------------------------------------------------------


def test_it_is_connected_to_an_account_that_is_there(world, numbers):
    borrower = new_borrower(world)
    target = bank_account(borrower)
    account = pending(borrower)
    offered = bank_feeds.targets(account=account, client=world.client)

    connected = connect(borrower, account, target)

    assert target in {one.id for one in offered}
    assert (connected.feed_status, connected.target_account_id) == ("connected", target)
    assert connected.feed_status_since == connected.feed_checked_at == world.clock.now
    assert ("connected", "user:anna") in acts_on(account)


def test_only_accounts_of_its_currency_and_kind_are_offered(world, numbers):
    borrower = new_borrower(world)
    card = bank_account(borrower, "Card", account_type="Credit")
    euros = borrower.books.account("EUR Account").id

    offered = bank_feeds.targets(account=pending(borrower), client=world.client)

    assert offered
    assert not {card, euros} & {one.id for one in offered}


def test_the_same_again_asks_codat_for_nothing_new(world, numbers):
    borrower = new_borrower(world)
    target = bank_account(borrower)
    account = connect(borrower, pending(borrower), target)

    again = connect(borrower, account, target)

    assert again.feed_status == "connected"
    assert len(calls(world, "POST", "/mapping")) == 1


def test_a_new_account_is_asked_for_once_while_xero_makes_it(world, numbers):
    borrower = new_borrower(world)
    world.sandbox.settings.feed_seconds = 30
    account = connect(borrower, pending(borrower))
    assert account.feed_status == "connecting"

    connect(borrower, account)
    # No webhook tells of it: a drain looks at it of its own accord.
    world.sandbox.faults.add("webhook_lost", times=None)
    world.wait(61)
    world.check_connections()

    account.refresh_from_db()
    assert account.feed_status == "connected"
    assert account.target_account_id
    assert len(calls(world, "POST", "/mapping")) == 1


def test_an_account_that_another_company_feeds_is_refused_in_codats_words(
    world, numbers
):
    first, second = new_borrower(world), new_borrower(world)
    remote = world.sandbox.connection(second.codat_connection)
    remote.organisation_id = world.sandbox.connection(
        first.codat_connection
    ).organisation_id
    target = bank_account(first)
    connect(first, pending(first), target)

    with pytest.raises(FeedNotMapped) as raised:
        connect(second, pending(second), target)

    assert "already connected to another company" in str(raised.value)
    assert "choose another account" in str(raised.value)
    assert raised.value.field == "target_account_id"
    assert second.lender_account.feed_status == "pending"


def test_an_account_that_does_not_fit_is_refused_though_the_answer_is_200(
    world, numbers
):
    borrower = new_borrower(world)

    with pytest.raises(FeedNotMapped, match="does not fit"):
        connect(borrower, pending(borrower), borrower.books.account("EUR Account").id)

    assert borrower.lender_account.target_account_id == ""


def test_going_to_another_account_cuts_the_old_one_first(world, numbers):
    borrower = new_borrower(world)
    old, new = bank_account(borrower, "Old"), bank_account(borrower, "New")
    account = connect(borrower, pending(borrower), old)
    before = len(world.sandbox.requests)

    moved = connect(borrower, account, new)

    assert (moved.feed_status, moved.target_account_id) == ("connected", new)
    written = [
        one.method
        for one in world.sandbox.requests[before:]
        if one.method in {"PATCH", "POST"}
    ]
    assert written == ["PATCH", "POST"]


def test_a_target_that_is_not_offered_does_not_cost_the_old_feed(world, numbers):
    borrower = new_borrower(world)
    account = connect(borrower, pending(borrower), bank_account(borrower))

    with pytest.raises(FeedNotMapped, match="offers no such account"):
        connect(borrower, account, borrower.books.account("EUR Account").id)

    account.refresh_from_db()
    assert account.feed_status == "connected"


def test_a_feed_does_not_leave_an_account_that_entries_stand_on(world):
    borrower = world.borrower()
    other = bank_account(borrower)

    with pytest.raises(DecisionNotAllowed, match="choose the accounts anew"):
        connect(borrower, borrower.lender_account, other)

    assert calls(world, "PATCH") == []


def test_a_feed_is_not_connected_while_the_connection_is_not_linked(world):
    borrower = world.borrower()
    Connection.objects.update(status="Unlinked")

    with pytest.raises(ConnectionNotLinked):
        connect(borrower, borrower.lender_account)


def test_a_feed_is_not_connected_in_what_may_be_another_organisation(world):
    borrower = world.borrower()
    account = borrower.lender_account
    world.sandbox.disconnect_feed(borrower.codat_connection, account.source_account_id)
    Connection.objects.update(organisation_changed=True)
    before = len(calls(world, "POST"))

    with pytest.raises(OrganisationChanged):
        connect(borrower, account)

    assert len(calls(world, "POST")) == before


@pytest.mark.parametrize("fault", ["busy", "unauthorised"])
def test_what_codat_did_not_take_in_does_not_look_as_if_it_were_connecting(
    world, fault
):
    borrower = world.borrower()
    bank_feeds.disconnect(
        account=borrower.lender_account,
        client=world.client,
        by="user:anna",
        now=world.clock.now,
    )
    world.sandbox.faults.add(fault, match="POST .*mapping")

    with pytest.raises(CodatError):
        connect(borrower, borrower.lender_account)

    assert borrower.lender_account.feed_status == "disconnected"


def test_two_do_not_connect_at_once(world):
    borrower = world.borrower()

    with (
        alone(act="choosing", on=borrower.connection.pk),
        pytest.raises(AlreadyUnderWay),
    ):
        connect(borrower, borrower.lender_account)


def test_an_account_that_was_there_before_bank_feeds_is_fed_itself(world, numbers):
    borrower = new_borrower(world)
    target = bank_account(borrower)
    plain = lender_accounts.adopt(
        connection=borrower.connection, target_account_id=target, client=world.client
    )
    world.choose_accounts(borrower, lender_account=plain)
    switches.switch_writeback(
        connection=borrower.connection, on=True, switched_by="t", now=world.clock.now
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)
    assert line_state(event) == "held bank_feeds_off"

    source_accounts.give_feed(
        account=plain,
        numbers=source_accounts.numbers_of(borrower.connection),
        client=world.client,
    )
    connect(borrower, plain)
    world.run()

    assert borrower.lender_account.target_account_id == target
    assert [line.amount for line in statement(borrower)] == [-800]
    assert_books_follow(borrower)


# --- cut off, and connected again -----------------------------------------------------


def test_a_feed_that_was_cut_holds_its_lines_and_resumes_without_gap_or_double(world):
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()

    account = cut(borrower, borrower.lender_account)
    assert account.feed_status == "disconnected"
    event = borrower.record(loan, "invoice_payment", "1000")
    borrower.record(loan, "fee", "50")
    world.run(seconds=200, step=10)
    assert line_state(event) == "held feed_not_connected"
    assert borrower.books.account(account.name)

    connect(borrower, account)
    borrower.record(loan, "residual_release", "150")
    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, 1000, -50, -150]
    assert_books_follow(borrower)


def test_cutting_it_again_is_harmless(world):
    borrower = world.borrower()
    account = cut(borrower, borrower.lender_account)

    cut(borrower, account)

    assert len(calls(world, "PATCH")) == 1
    assert [kind for kind, _ in acts_on(account)].count("disconnected") == 1


def test_what_the_borrower_did_in_xero_is_on_the_feeds_record(world):
    borrower = world.borrower()
    account = borrower.lender_account
    world.sandbox.disconnect_feed(borrower.codat_connection, account.source_account_id)

    world.run(seconds=30)

    assert acts_on(account)[-1] == ("seen", "system")
    latest = entries("feed.seen", about=account)[-1]
    states = (latest.before["feed_status"], latest.after["feed_status"])
    assert states == ("connected", "disconnected")


def test_a_feed_that_now_brings_lines_elsewhere_holds_them(world):
    borrower = world.borrower()
    account = borrower.lender_account
    other = bank_account(borrower)
    feed = world.sandbox.connection(borrower.codat_connection).feeds[
        account.source_account_id
    ]
    feed.target_id = other
    Connection.objects.update(checked_at=None)
    world.check_connections()

    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)

    assert borrower.lender_account.feed_status == "elsewhere"
    assert line_state(event) == "held feed_not_connected"
    assert line_pushes(world) == []


def test_a_feed_sends_nothing_by_being_connected_but_what_waits(world, numbers):
    borrower = new_borrower(world)
    world.sandbox.settings.feed_seconds = 600
    account = connect(borrower, pending(borrower))
    world.wait(1)
    target = next(
        one.id for one in borrower.books.accounts if one.name.startswith("Example")
    )
    LenderAccount.objects.update(target_account_id=target)
    account.refresh_from_db()
    world.choose_accounts(borrower, lender_account=account)
    switches.switch_writeback(
        connection=borrower.connection, on=True, switched_by="t", now=world.clock.now
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)
    assert (line_state(event), line_pushes(world)) == ("held feed_not_connected", [])

    # The webhook of the connected feed is what starts the delivery.
    world.run(seconds=1_000, step=10)

    assert line_state(event) == "written"
    assert any(
        one["eventType"] == "bankFeeds.sourceAccount.connected"
        for one in world.sandbox.events
    )


# --- changed and closed ---------------------------------------------------------------


def rename(borrower, account, name):
    return bank_feeds.rename(
        account=account,
        name=name,
        client=borrower.world.client,
        by="user:anna",
        now=borrower.world.clock.now,
    )


def test_its_name_changes_at_codat_and_not_in_xero(world):
    borrower = world.borrower()
    account = borrower.lender_account
    before = [one.name for one in borrower.books.accounts]

    rename(borrower, account, "Harbour Finance")

    (source,) = world.client.list_source_accounts(
        *feed_status.ids_of(borrower.connection)
    )
    assert source.name == borrower.lender_account.name == "Harbour Finance"
    assert [one.name for one in borrower.books.accounts] == before


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 31])
def test_a_name_that_xero_would_cut_is_refused_before_the_call(world, name):
    borrower = world.borrower()

    with pytest.raises(MappingIncomplete) as raised:
        rename(borrower, borrower.lender_account, name)

    assert raised.value.field == "name"
    assert calls(world, "PATCH") == []


def set_balance(borrower, account, balance):
    return bank_feeds.set_opening_balance(
        account=account,
        balance=Decimal(balance),
        client=borrower.world.client,
        by="user:anna",
        now=borrower.world.clock.now,
    )


def test_the_balance_changes_only_while_the_feed_is_not_connected(world, numbers):
    borrower = new_borrower(world)
    account = pending(borrower)

    set_balance(borrower, account, "-120.50")
    connect(borrower, account)

    account.refresh_from_db()
    assert account.opening_balance == Decimal("-120.50")
    patched = len(calls(world, "PATCH"))
    with pytest.raises(DecisionNotAllowed, match="not connected"):
        set_balance(borrower, account, "0")
    assert len(calls(world, "PATCH")) == patched == 1


def test_the_balance_is_fixed_once_lines_stand_on_the_statement(world):
    borrower = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    account = cut(borrower, borrower.lender_account)

    with pytest.raises(DecisionNotAllowed, match="Lines stand"):
        set_balance(borrower, account, "5")


def close(borrower, account):
    return bank_feeds.close(
        account=account,
        client=borrower.world.client,
        by="user:anna",
        now=borrower.world.clock.now,
    )


def test_closing_deletes_it_with_its_mapping_and_leaves_the_account_in_xero(world):
    borrower = world.borrower()
    account = borrower.lender_account

    closed = close(borrower, account)
    Connection.objects.update(checked_at=None)
    world.check_connections()

    assert closed.feed_status == "closed"
    assert borrower.lender_account.feed_status == "closed"
    assert borrower.books.source_accounts == []
    assert account.target_account_id in {one.id for one in borrower.books.accounts}
    assert acts_on(account)[-1] == ("closed", "user:anna")
    with pytest.raises(DecisionNotAllowed, match="closed for good"):
        connect(borrower, closed)


def test_one_that_codat_has_not_any_more_is_closed_here_as_well(world):
    borrower = world.borrower()
    account = borrower.lender_account
    world.client.delete_source_account(
        *feed_status.ids_of(borrower.connection), account.source_account_id
    )

    assert close(borrower, account).feed_status == "closed"


def test_it_is_not_closed_while_lines_are_under_way(world):
    borrower = world.borrower()
    world.sandbox.faults.add("push_slow", match="bankTransactions", seconds=9_000)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    assert line_of(event).state == "pending"

    with pytest.raises(DecisionNotAllowed, match="under way"):
        close(borrower, borrower.lender_account)

    assert calls(world, "DELETE") == []


def test_accounts_chosen_anew_after_closing_get_a_feed_of_their_own(world):
    borrower = world.borrower()
    old = close(borrower, borrower.lender_account)

    world.choose_accounts(borrower)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    assert borrower.lender_account != old
    assert line_state(event) == "written"


def test_who_says_that_xero_takes_lines_stays_on_record():
    world = World()
    connection = world.borrower().connection
    said = {"connection": connection, "now": database_now(), "set_by": "user:anna"}

    for on in (False, False, True):
        switches.set_bank_feeds(on=on, **said)

    acts = entries("connection.bank_feeds", about=connection)
    assert [one.verb for one in acts if one.actor == "user:anna"] == [
        "connection.bank_feeds_off",
        "connection.bank_feeds_on",
    ]


def test_without_a_source_account_nobody_is_sent_to_xero(world, settings):
    settings.LENDER_ACCOUNT_NUMBER = ""
    borrower = new_borrower(world, status="PendingAuth")

    def link():
        return onboarding.link_url(connection=borrower.connection, client=world.client)

    with pytest.raises(MappingIncomplete, match="LENDER_ACCOUNT_NUMBER") as refused:
        link()
    assert refused.value.field == "account_number"
    assert not calls(world, "GET")

    LenderAccount.objects.create(
        connection=borrower.connection,
        source_account_id="made-by-hand",
        name="By hand",
        currency="GBP",
        feed_status="pending",
    )
    assert link()
