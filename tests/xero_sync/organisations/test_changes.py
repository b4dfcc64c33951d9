"""Another organisation behind a connection: halted, asked about, never mixed up."""

from datetime import timedelta

import pytest

from tests.worlds import World
from tests.xero_sync.evidence import acts_of, state_of
from xero_sync.accounts import lender_accounts, mapping
from xero_sync.accounts.choice import Choice, NewLenderAccount
from xero_sync.codat.exceptions import (
    DecisionNotAllowed,
    MappingIncomplete,
    OrganisationChanged,
)
from xero_sync.connections import daily_check, switches
from xero_sync.models import LenderAccount, SyncRecord, WriteRequest
from xero_sync.organisations import changes as organisations
from xero_sync.writeback import readiness

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


def moved_to(world, borrower, name):
    """The borrower reconnects, to the organisation of that name."""
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")
    world.run(seconds=20)
    world.sandbox.consent(borrower.codat_connection, organisation=name)
    world.run(seconds=20)


def replaced(world, borrower):
    return organisations.replace(
        connection=borrower.connection,
        replaced_by="user:anna",
        reason="They sold the business.",
        now=world.clock.now,
    )


def bodies_since(moment):
    requests = WriteRequest.objects.filter(created_at__gt=moment)
    return b"".join(bytes(one.body) for one in requests)


def test_both_names_are_kept_while_a_person_is_asked(world):
    borrower = world.borrower()
    before = borrower.connection.organisation_name

    moved_to(world, borrower, "Quayside Ltd")

    now = borrower.connection
    assert now.organisation_changed
    assert (now.previous_organisation_name, now.organisation_name) == (
        before,
        "Quayside Ltd",
    )
    # A third name does not hide the first.
    moved_to(world, borrower, "Harbourside Ltd")
    assert borrower.connection.previous_organisation_name == before
    assert borrower.connection.organisation_name == "Harbourside Ltd"


def test_a_renamed_organisation_is_shown_by_its_new_name_and_asked_about(world):
    borrower = world.borrower()
    before = borrower.connection.organisation_name
    world.sandbox._world.organisations[
        world.sandbox.connection(borrower.codat_connection).organisation_id
    ].name = "Renamed Ltd"

    daily_check.check_all(client=world.client, now=world.clock.now)

    assert borrower.connection.organisation_name == "Renamed Ltd"
    assert borrower.connection.previous_organisation_name == before
    organisations.confirm_same(
        connection=borrower.connection, confirmed_by="user:anna", now=world.clock.now
    )
    assert not borrower.connection.organisation_changed
    assert borrower.connection.previous_organisation_name == ""
    (act,) = acts_of(borrower.connection)
    assert (act.verb, act.actor) == ("connection.same_organisation", "user:anna")
    assert act.before == {"organisation_name": before}
    assert act.after == {"organisation_name": "Renamed Ltd"}
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()
    assert state_of(event) == WRITTEN


def test_a_stale_profile_does_not_hide_another_organisation(world):
    borrower = world.borrower()
    connection = borrower.connection
    row = organisations.Connection.objects.get(pk=connection.pk)

    organisations.take_over(
        row,
        {"feed_name": "Quayside Ltd", "books_name": connection.books_name},
    )

    assert row.organisation_changed
    assert row.organisation_name == "Quayside Ltd"


def test_another_base_currency_is_another_organisation(world):
    row = world.borrower().connection

    organisations.take_over(
        row, {"feed_name": row.feed_name, "organisation_currency": "USD"}
    )

    assert row.organisation_changed


def test_the_books_and_the_feed_may_spell_one_organisation_in_two_ways(world):
    row = world.borrower().connection
    name = row.organisation_name

    for facts in (
        {"books_name": f"{name} Limited", "feed_name": name},
        {"books_name": f"{name} Limited"},
        {"feed_name": name},
    ):
        row.books_name = f"{name} Limited"
        organisations.take_over(row, dict(facts))

        assert not row.organisation_changed
        assert row.organisation_name == name


def test_nothing_is_chosen_until_a_person_has_said_which_one_it_is(world):
    borrower = world.borrower()
    moved_to(world, borrower, "Quayside Ltd")
    account = borrower.lender_account

    with pytest.raises(OrganisationChanged):
        mapping.choose_accounts(
            connection=borrower.connection,
            lender_account=account,
            nominated_account_id="any",
            expense_account_id="any",
            supplier_id="any",
            client=world.client,
            chosen_by="test",
            now=world.clock.now,
        )
    with pytest.raises(OrganisationChanged):
        world.begin(borrower, Choice(lender_account=NewLenderAccount("12345678")))
    with pytest.raises(OrganisationChanged):
        lender_accounts.adopt(
            connection=borrower.connection,
            target_account_id="any",
            client=world.client,
        )


def test_old_accounts_are_never_used_in_the_new_organisation(world):
    borrower = world.borrower()
    begun = borrower.loan()
    first = borrower.record(begun, "drawdown", "800")
    world.run()
    old = borrower.mapping
    waiting = borrower.loan()
    moved_to(world, borrower, "Quayside Ltd")
    later = borrower.record(begun, "final_payment", "800")
    fresh = borrower.record(waiting, "drawdown", "70")
    world.run(seconds=60)
    assert {state_of(later), state_of(fresh)} == {"held organisation_changed"}
    moment = world.clock.now

    replaced(world, borrower)
    world.run(seconds=60)

    # The old choice is void: nothing goes before the accounts are chosen anew.
    assert state_of(fresh) == "held mapping_incomplete"
    ready = readiness.of(company_id=borrower.company.pk, now=world.clock.now)
    assert ready.mapping
    assert ready.mapping.lender_account.void_since
    with pytest.raises(MappingIncomplete):
        switches.switch_writeback(
            connection=borrower.connection,
            on=True,
            switched_by="test",
            now=world.clock.now,
        )
    world.sandbox.sync(borrower.codat_connection)
    new = world.choose_accounts(borrower)
    assert new.lender_account_id != old.lender_account_id
    world.run()

    assert state_of(first) == WRITTEN
    assert state_of(fresh) == WRITTEN
    # The loan that began elsewhere waits for a person.
    assert state_of(later) == "held organisation_changed"
    sent = bodies_since(moment)
    assert sent
    for old_id in (
        old.lender_target_account_id,
        old.nominated_account_id,
        old.expense_account_id,
        old.supplier_id,
    ):
        assert old_id.encode() not in sent
    paths = WriteRequest.objects.filter(created_at__gt=moment)
    source = old.lender_account.source_account_id
    assert not paths.filter(path__contains=source).exists()


def test_a_void_lender_account_cannot_be_chosen_again(world):
    borrower = world.borrower()
    account = borrower.lender_account
    moved_to(world, borrower, "Quayside Ltd")
    replaced(world, borrower)
    assert not borrower.connection.organisation_changed

    with pytest.raises(MappingIncomplete, match="another organisation"):
        world.choose_accounts(borrower, lender_account=LenderAccount.objects.get())

    account.refresh_from_db()
    assert account.void_since is not None


def test_bytes_frozen_for_one_organisation_are_not_repeated_in_another(world):
    borrower = world.borrower()
    world.sandbox.faults.add("lose_reply_before", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert state_of(event).startswith("unknown")
    moved_to(world, borrower, "Quayside Ltd")
    replaced(world, borrower)

    world.run(seconds=3 * 3_600, step=600)

    pushes = [
        one
        for one in world.sandbox.requests
        if one.method == "POST" and one.path.endswith("/push/transfers")
    ]
    assert len(pushes) == 1
    assert SyncRecord.objects.get(event=event, step="transfer").state != WRITTEN


def test_an_organisation_that_did_not_change_cannot_be_replaced(world):
    borrower = world.borrower()

    with pytest.raises(DecisionNotAllowed):
        replaced(world, borrower)

    assert not acts_of(borrower.connection)
    assert borrower.lender_account.void_since is None


def test_confirming_what_did_not_change_leaves_no_trace(world):
    borrower = world.borrower()

    organisations.confirm_same(
        connection=borrower.connection, confirmed_by="user:anna", now=world.clock.now
    )

    assert not acts_of(borrower.connection)


def test_an_account_is_adopted_again_when_the_borrower_comes_back(world):
    borrower = world.borrower()
    target = borrower.lender_account.target_account_id
    home = borrower.connection.organisation_name
    moved_to(world, borrower, "Quayside Ltd")
    replaced(world, borrower)
    moved_to(world, borrower, home)
    replaced(world, borrower)
    world.wait(timedelta(minutes=1).total_seconds())
    world.sandbox.sync(borrower.codat_connection)

    account = lender_accounts.adopt(
        connection=borrower.connection, target_account_id=target, client=world.client
    )

    assert account.void_since is None
