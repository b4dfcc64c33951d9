"""Adopting what exists at Codat, and looking at it again."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.builders import make_company
from tests.worlds import World, states
from xero_sync import jobs
from xero_sync.codat.exceptions import (
    CodatAccessDenied,
    CodatOutcomeUnknown,
    CodatRejected,
    CodatUnavailable,
    ConnectionNotLinked,
)
from xero_sync.connections import adopting, daily_check
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def adopt(world, company, codat_company_id, connection_id=None):
    return adopting.import_codat_company(
        company=company,
        codat_company_id=UUID(str(codat_company_id)),
        codat_connection_id=connection_id and UUID(connection_id),
        client=world.client,
        now=world.clock.now,
    )


def test_an_existing_company_is_adopted_with_its_only_connection(world):
    remote = world.sandbox.add_company("Harbour")
    linked = world.sandbox.add_connection(remote.id, organisation="Harbour Ltd")

    connection = adopt(world, make_company(), remote.id)

    assert str(connection.codat_connection_id) == linked.id
    assert connection.status == "Linked"
    assert connection.organisation_name == "Harbour Ltd"
    assert connection.organisation_currency == "GBP"
    assert not connection.writeback_on
    assert not connection.bank_feeds


def test_adopting_twice_is_adopting_once(world):
    remote = world.sandbox.add_company("Harbour")
    world.sandbox.add_connection(remote.id)
    company = make_company()

    first = adopt(world, company, remote.id)
    again = adopt(world, company, remote.id)

    assert first == again
    assert Connection.objects.count() == 1


def test_of_several_connections_one_must_be_named(world):
    remote = world.sandbox.add_company("Harbour")
    world.sandbox.add_connection(remote.id)
    wanted = world.sandbox.add_connection(remote.id, organisation="Second Ltd")
    company = make_company()

    with pytest.raises(ConnectionNotLinked, match="2 fitting"):
        adopt(world, company, remote.id)
    assert not Connection.objects.exists()

    connection = adopt(world, company, remote.id, wanted.id)
    assert str(connection.codat_connection_id) == wanted.id


def test_a_company_without_a_connection_cannot_be_adopted(world):
    remote = world.sandbox.add_company("Harbour")

    with pytest.raises(ConnectionNotLinked, match="0 fitting"):
        adopt(world, make_company(), remote.id)

    assert not Connection.objects.exists()


def test_an_unknown_company_is_refused_in_codats_words(world):
    with pytest.raises(CodatRejected, match="No company was found"):
        adopt(world, make_company(), uuid4())

    assert not Connection.objects.exists()


def test_a_connection_that_is_not_the_companys_is_refused(world):
    remote = world.sandbox.add_company("Harbour")
    world.sandbox.add_connection(remote.id)

    with pytest.raises(ConnectionNotLinked):
        adopt(world, make_company(), remote.id, str(uuid4()))

    assert not Connection.objects.exists()


def test_a_connection_of_another_company_of_ours_is_refused(world):
    remote = world.sandbox.add_company("Harbour")
    world.sandbox.add_connection(remote.id)
    first = make_company()
    adopt(world, first, remote.id)

    with pytest.raises(ConnectionNotLinked, match=first.reference):
        adopt(world, make_company(), remote.id)

    assert Connection.objects.get().company == first


def test_a_second_live_connection_of_a_company_is_refused(world):
    company = make_company()
    for number in range(2):
        remote = world.sandbox.add_company(f"Harbour {number}")
        world.sandbox.add_connection(remote.id)
        if number == 0:
            adopt(world, company, remote.id)

    with pytest.raises(ConnectionNotLinked):
        adopt(world, company, remote.id)

    assert Connection.objects.count() == 1


def test_a_wrong_key_is_named_and_nothing_is_adopted(world):
    remote = world.sandbox.add_company("Harbour")
    world.sandbox.add_connection(remote.id)
    world.sandbox.keyring.valid = "another"

    with pytest.raises(CodatAccessDenied, match="HTTP 401"):
        adopt(world, make_company(), remote.id)

    assert not Connection.objects.exists()


def test_an_outage_leaves_what_is_known_as_it_was(world):
    borrower = world.borrower()
    before = borrower.connection
    world.wire.is_reachable = False

    with pytest.raises(CodatUnavailable):
        connection_status.refresh(
            connection=before, client=world.client, now=world.clock.now
        )

    after = borrower.connection
    assert (after.status, after.checked_at) == (before.status, before.checked_at)


def test_the_end_of_a_connection_keeps_its_date_when_it_is_read_again(world):
    borrower = world.borrower()
    world.client.delete_connection(
        borrower.connection.codat_company_id, borrower.codat_connection
    )
    for _ in range(2):
        gone = connection_status.refresh(
            connection=borrower.connection, client=world.client, now=world.clock.now
        )
        world.wait(60)

    assert gone.deleted_at == world.clock.now - timedelta(seconds=120)


@pytest.mark.parametrize("status", ["", "Suspended"])
def test_a_status_that_codat_has_never_named_changes_nothing(world, status):
    borrower = world.borrower()
    world.sandbox.connection(borrower.codat_connection).status = status

    with pytest.raises(CodatOutcomeUnknown, match="status"):
        connection_status.refresh(
            connection=borrower.connection, client=world.client, now=world.clock.now
        )

    assert borrower.connection.status == "Linked"
    with pytest.raises(CodatOutcomeUnknown, match="status"):
        adopt(world, make_company(), borrower.connection.codat_company_id)
    assert Connection.objects.count() == 1


def test_the_check_of_all_goes_on_after_one_that_fails(world):
    first, second = world.borrower(), world.borrower()
    world.wire.canned.append((f"/connections/{first.codat_connection}", 500))
    world.sandbox.faults.add("webhook_lost", times=None)
    world.sandbox.set_connection_status(second.codat_connection, "Unlinked")

    checked, failed = daily_check.check_all(client=world.client, now=world.clock.now)

    assert (checked, failed) == (1, 1)
    assert second.connection.status == "Unlinked"


def test_the_daily_check_finds_accounts_that_went_away(world):
    borrower = world.borrower()
    world.sandbox.archive_account(
        borrower.codat_connection, borrower.mapping.expense_account_id
    )

    daily_check.check_all(client=world.client, now=world.clock.now)

    assert borrower.connection.unusable_account == "Bank Fees"


def test_an_outage_does_not_stop_the_job_that_looks_at_doubtful_connections(world):
    borrower = world.borrower()
    Connection.objects.update(checked_at=None)
    world.wire.is_reachable = False

    jobs.check_connections(world.client, now=world.clock)

    assert borrower.connection.checked_at is None
    world.wire.is_reachable = True
    jobs.check_connections(world.client, now=world.clock)
    assert borrower.connection.checked_at == world.clock.now


def test_a_feed_that_cannot_be_read_does_not_keep_the_bookings_back(world):
    borrower = world.borrower()
    Connection.objects.update(status="Deauthorized", checked_at=None)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800.00")
    world.sandbox.faults.add(
        "error_before", match="GET .*bankFeedAccounts/mapping", status=500, times=None
    )

    world.run(seconds=300)

    assert borrower.connection.status == "Linked"
    assert ("drawdown", "transfer", "written") in states(loan)


def test_a_feed_that_could_not_be_read_is_looked_at_again_within_minutes(world):
    borrower = world.borrower()
    world.sandbox.disconnect_feed(
        borrower.codat_connection, borrower.lender_account.source_account_id
    )
    world.sandbox.faults.add(
        "error_before", match="GET .*bankFeedAccounts/mapping", status=500
    )
    Connection.objects.update(checked_at=None)
    world.wait(60)
    world.check_connections()
    assert borrower.lender_account.feed_status == "connected"

    world.wait(700)
    world.check_connections()

    assert borrower.lender_account.feed_status == "disconnected"
    assert daily_check.doubtful(now=world.clock.now) == []


def test_a_connection_that_cannot_be_read_does_not_keep_the_others_waiting(world):
    borrowers = [world.borrower(), world.borrower()]
    for broken, other in (borrowers, reversed(borrowers)):
        world.sandbox.faults.add(
            "error_before", match=f"GET .*/{broken.codat_connection}$", status=500
        )
        Connection.objects.update(checked_at=None)
        world.clock.forward(60)

        jobs.check_connections(world.client, now=world.clock)

        assert broken.connection.checked_at is None
        assert other.connection.checked_at == world.clock.now


def test_a_consent_is_found_within_minutes_though_its_webhook_was_lost(world):
    borrower = world.borrower()
    Connection.objects.update(status="PendingAuth", checked_at=world.clock.now)

    world.wait(30)
    world.check_connections()
    assert borrower.connection.status == "PendingAuth"
    world.wait(40)
    world.check_connections()
    assert borrower.connection.status == "Linked"


def test_a_consent_that_never_comes_is_not_asked_for_for_ever(world):
    world.borrower()
    Connection.objects.update(status="PendingAuth", checked_at=world.clock.now)

    world.wait(3_700)

    assert daily_check.doubtful(now=world.clock.now) == []


def test_an_organisation_keeps_its_lock_date_up_to_date(world):
    borrower = world.borrower()
    locked = borrower.company.today(world.clock.now)
    for until in (locked, None):
        world.sandbox.set_ledger_lock_date(borrower.codat_connection, until)
        world.sandbox.sync(borrower.codat_connection)

        connection_status.refresh(
            connection=borrower.connection, client=world.client, now=world.clock.now
        )

        assert borrower.connection.ledger_lock_date == until
