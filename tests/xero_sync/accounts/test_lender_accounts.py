"""The lender account in the borrower's Xero: made once, whatever goes wrong."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from tests.builders import make_company
from tests.trail import entries
from tests.worlds import Borrower, World
from tests.xero_sync.bank_feeds import worlds as feed_worlds
from xero_sync.accounts import lender_accounts
from xero_sync.accounts.choice import Choice, NewLenderAccount
from xero_sync.bank_feeds import status as feed_status
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    CodatError,
    DecisionNotAllowed,
    MappingIncomplete,
)
from xero_sync.connections import adopting
from xero_sync.models import LenderAccount

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def new_borrower(world, *, bank_feeds=True, **company):
    row = make_company(**company)
    remote = world.sandbox.add_company(row.reference)
    linked = world.sandbox.add_connection(
        remote.id, base_currency=row.currency, bank_feeds=bank_feeds
    )
    connection = adopting.import_codat_company(
        company=row,
        codat_company_id=UUID(remote.id),
        codat_connection_id=UUID(linked.id),
        client=world.client,
        now=world.clock.now,
    )
    return Borrower(world, row, connection)


def wanted(borrower, **given):
    """A choice of a new lender account, and for the rest of what is there."""
    fields = {"account_number": "12345678", "sort_code": "12-34-56"} | given
    books, currency = borrower.books, borrower.company.currency
    bank = next(
        (
            one
            for one in books.accounts
            if one.is_bank and one.is_active and one.currency == currency
        ),
        None,
    )
    return Choice(
        lender_account=NewLenderAccount(**fields),
        nominated_account_id=bank.id if bank else "none",
        expense_account=books.account("Bank Fees").id,
    )


def create(borrower, **given):
    """The lender account that is made for a choice, once that is done or stopped."""
    world = borrower.world
    world.set_up(world.begin(borrower, wanted(borrower, **given)))
    return LenderAccount.objects.filter(connection=borrower.connection_row).last()


def lender_accounts_in_xero(borrower):
    return [
        one for one in borrower.books.accounts if one.name.startswith("Example Invoice")
    ]


def test_it_is_made_with_its_feed_and_both_its_ids(world):
    borrower = new_borrower(world)

    account = create(borrower)

    (in_xero,) = lender_accounts_in_xero(borrower)
    assert account.target_account_id == in_xero.id
    assert account.source_account_id != account.target_account_id
    assert account.feed_status == "connected"
    assert borrower.books.feed(account.source_account_id) == {
        "status": "connected",
        "targetAccountId": in_xero.id,
    }


def test_it_is_waited_for_while_xero_makes_it(world):
    borrower = new_borrower(world)
    world.sandbox.settings.feed_seconds = 5

    account = create(borrower)

    assert account.feed_status == "connected"
    assert len(lender_accounts_in_xero(borrower)) == 1


@pytest.mark.parametrize("fault", ["lose_reply_before", "lose_reply_after"])
@pytest.mark.parametrize(
    "call",
    [
        "GET .*/connectionInfo/bankFeedAccounts$",
        "POST .*/connectionInfo/bankFeedAccounts$",
        "GET .*/bankFeedAccounts/mapping$",
        "POST .*/bankFeedAccounts/mapping$",
    ],
)
def test_an_interruption_at_any_call_leaves_one_account_in_the_end(world, call, fault):
    borrower = new_borrower(world)
    world.sandbox.faults.add(fault, match=call)
    with suppress(CodatError):
        create(borrower)

    account = create(borrower)

    assert account.feed_status == "connected"
    assert [one.id for one in lender_accounts_in_xero(borrower)] == [
        account.target_account_id
    ]
    assert borrower.books.source_accounts == [account.source_account_id]
    assert LenderAccount.objects.count() == 1


def test_a_second_mapping_call_is_not_made_while_xero_works_on_the_first(world):
    borrower = new_borrower(world)
    world.sandbox.settings.feed_seconds = 20
    world.sandbox.faults.add("lose_reply_after", match="POST .*/mapping$")

    create(borrower)

    asked = [
        one
        for one in world.sandbox.requests
        if one.method == "POST" and one.path.endswith("/mapping")
    ]
    assert len(asked) == 1
    assert len(lender_accounts_in_xero(borrower)) == 1


def test_asking_again_for_one_that_nobody_has_chosen_yet_makes_no_second(world):
    borrower = new_borrower(world)

    first = create(borrower)
    again = create(borrower)

    assert again == first
    assert len(lender_accounts_in_xero(borrower)) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"sort_code": ""}, "sort_code"),
        ({"sort_code": "12345"}, "sort_code"),
        ({"sort_code": "letter"}, "sort_code"),
        ({"account_number": ""}, "account_number"),
        ({"account_number": " "}, "account_number"),
    ],
)
def test_missing_numbers_are_refused_before_anything_is_made(world, given, field):
    borrower = new_borrower(world)

    with pytest.raises(MappingIncomplete) as raised:
        create(borrower, **given)

    assert raised.value.field == field
    assert feed_worlds.calls(world, "POST") == []
    assert not LenderAccount.objects.exists()


def test_an_account_in_euros_needs_no_sort_code(world):
    borrower = new_borrower(world, currency="EUR", country="FR")

    account = create(borrower, sort_code="")

    assert account.feed_status == "connected"
    assert lender_accounts_in_xero(borrower)[0].currency == "EUR"


@pytest.mark.parametrize(
    ("currency", "multicurrency", "words"),
    [
        ("EUR", False, "Multi-currency is off in this Xero"),
        ("SEK", True, "Ask the borrower to add the currency in Xero"),
    ],
)
def test_a_currency_that_this_xero_lacks_is_refused_before_anything_is_made(
    world, currency, multicurrency, words
):
    borrower = feed_worlds.new_borrower(
        world, currency=currency, base_currency="GBP", multicurrency=multicurrency
    )

    with pytest.raises(AccountCurrencyMismatch, match=words) as raised:
        create(borrower)

    assert raised.value.field == "currency"
    assert feed_worlds.calls(world, "POST") == []
    assert not LenderAccount.objects.exists()


def test_a_currency_beside_the_organisations_own_is_taken_where_it_is_in_use(world):
    borrower = feed_worlds.new_borrower(world, currency="EUR", base_currency="GBP")

    account = create(borrower)

    assert (account.currency, account.feed_status) == ("EUR", "connected")


def test_an_organisation_without_bank_feeds_is_named_as_the_reason(world):
    borrower = new_borrower(world, bank_feeds=False)

    create(borrower)

    stopped = borrower.connection_row.setups.get()
    assert (stopped.state, stopped.reason) == ("stopped", "feeds_refused")
    assert "does not support" in stopped.words
    assert lender_accounts_in_xero(borrower) == []
    assert LenderAccount.objects.get().feed_status == "pending"
    assert borrower.connection.feed_refusal == "invalid-organisation-bank-feeds"


def test_a_feed_that_the_borrower_cut_keeps_the_id_of_its_account(world):
    borrower = world.borrower()
    account = borrower.lender_account
    world.sandbox.disconnect_feed(borrower.codat_connection, account.source_account_id)

    seen = feed_status.look(account=account, client=world.client, now=world.clock.now)

    assert seen.feed_status == "disconnected"
    assert seen.target_account_id == account.target_account_id


# --- one that exists ------------------------------------------------------------------


def adopt(borrower, target_account_id, **given):
    return lender_accounts.adopt(
        connection=borrower.connection_row,
        target_account_id=target_account_id,
        client=borrower.world.client,
        **given,
    )


def test_an_account_without_a_feed_can_be_adopted_and_gets_no_lines(world):
    borrower = new_borrower(world)
    plain = world.sandbox.add_account(
        borrower.codat_connection, name="Old lender", category="Asset.Bank"
    )
    world.sandbox.sync(borrower.codat_connection)

    account = adopt(borrower, plain.id)

    assert (account.source_account_id, account.feed_status) == ("", "none")
    assert adopt(borrower, plain.id) == account


def test_one_that_has_its_feed_already_keeps_it_and_its_start(world):
    borrower = new_borrower(world)
    made = create(borrower, feed_start_date=date(2026, 1, 1))
    world.sandbox.sync(borrower.codat_connection)

    again = adopt(borrower, made.target_account_id)

    assert again == made
    assert (again.source_account_id, again.feed_status, again.feed_start_date) == (
        made.source_account_id,
        "connected",
        date(2026, 1, 1),
    )


def test_a_feed_that_was_closed_does_not_come_back_by_adopting_its_account(world):
    borrower = new_borrower(world)
    made = create(borrower)
    world.sandbox.sync(borrower.codat_connection)
    LenderAccount.objects.update(feed_status="closed")

    account = adopt(borrower, made.target_account_id)

    assert (account.source_account_id, account.feed_status) == ("", "none")


@pytest.mark.parametrize("with_its_source", [True, False])
def test_adopting_an_account_that_is_there_moves_its_start_on_the_record(
    world, with_its_source
):
    borrower = new_borrower(world)
    made = create(borrower, feed_start_date=date(2026, 1, 1))
    world.sandbox.sync(borrower.codat_connection)
    source = {"source_account_id": made.source_account_id} if with_its_source else {}

    for _ in range(2):
        moved = adopt(
            borrower,
            made.target_account_id,
            feed_start_date=date(2026, 2, 1),
            by="user:anna",
            **source,
        )
    kept = adopt(borrower, made.target_account_id, **source)

    assert moved.feed_start_date == kept.feed_start_date == date(2026, 2, 1)
    acts = entries("feed.start_changed")
    field = "feed_start_date"
    assert [(one.before.get(field), one.after[field], one.actor) for one in acts] == [
        (None, "2026-01-01", "test"),
        ("2026-01-01", "2026-02-01", "user:anna"),
    ]


def test_a_statement_that_lines_stand_on_does_not_begin_with_another_balance(world):
    borrower = world.borrower()
    account = borrower.lender_account
    source = {"source_account_id": account.source_account_id}
    borrower.record(borrower.loan(), "drawdown", "100.00")
    world.run(seconds=600)

    adopt(borrower, account.target_account_id, **source)
    with pytest.raises(DecisionNotAllowed) as refusal:
        adopt(borrower, account.target_account_id, opening_balance=Decimal(5), **source)

    assert refusal.value.field == "opening_balance"
    account.refresh_from_db()
    assert account.opening_balance == 0


@pytest.mark.parametrize("wrong", ["unknown", "archived", "an expense account"])
def test_only_an_active_bank_account_can_be_adopted(world, wrong):
    borrower = new_borrower(world)
    account_id = {
        "unknown": "5e7ebd1a-6d0e-4f0e-8f5e-0d3bb1b2a001",
        "archived": borrower.books.account("Old Savings Account").id,
        "an expense account": borrower.books.account("Bank Fees").id,
    }[wrong]

    with pytest.raises(MappingIncomplete):
        adopt(borrower, account_id)

    assert not LenderAccount.objects.exists()


def test_an_account_in_another_currency_cannot_be_adopted(world):
    borrower = new_borrower(world)

    with pytest.raises(AccountCurrencyMismatch):
        adopt(borrower, borrower.books.account("EUR Account").id)

    assert not LenderAccount.objects.exists()


def test_a_source_account_that_feeds_another_account_is_refused(world):
    borrower = world.borrower()
    current = borrower.books.account("Business Current Account")

    with pytest.raises(MappingIncomplete, match="does not feed"):
        adopt(
            borrower,
            current.id,
            source_account_id=borrower.lender_account.source_account_id,
            opening_balance=Decimal(5),
        )

    assert LenderAccount.objects.count() == 1
