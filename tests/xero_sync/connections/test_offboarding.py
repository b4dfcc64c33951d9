"""A borrower is let go: deleted at Codat for good, our history kept."""

import pytest

from tests.trail import entries
from tests.worlds import World, states
from tests.xero_sync.evidence import acts_of, state_of
from xero_sync.codat.exceptions import (
    CodatNoAnswer,
    DecisionNotAllowed,
    EntriesWaiting,
)
from xero_sync.connections import offboarding, onboarding, switches
from xero_sync.connections import status as connection_status
from xero_sync.models import AccountMapping, RecordChange, SyncRecord, WriteAttempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def off_board(world, borrower, **fields):
    fields.setdefault("confirmation", borrower.company.reference)
    return offboarding.off_board(
        connection=borrower.connection,
        client=world.client,
        off_boarded_by="user:anna",
        now=world.clock.now,
        **fields,
    )


def deletions(world):
    return [one for one in world.sandbox.requests if one.method == "DELETE"]


def is_at_codat(world, borrower):
    remote = str(borrower.connection_row.codat_company_id)
    return bool(world.sandbox.connections_of(remote))


def test_a_borrower_is_let_go_and_the_history_stays(world, borrower):
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    world.run()
    kept = [AccountMapping, WriteAttempt, RecordChange]
    before = [model.objects.count() for model in kept]

    row = off_board(world, borrower, reason="The facility has ended.")

    assert (row.status, row.deleted_at) == ("Deleted", world.clock.now)
    assert not is_at_codat(world, borrower)
    assert [model.objects.count() for model in kept] == before
    assert state_of(event) == "written"
    (act,) = acts_of(row)
    assert (act.verb, act.actor, act.reason, act.after) == (
        "connection.off_boarded",
        "user:anna",
        "The facility has ended.",
        {},
    )
    assert not row.switches.order_by("pk").last().on


def test_the_feeds_end_with_their_connection(world, borrower):
    off_board(world, borrower)

    account = borrower.lender_account
    act = entries("feed.", about=account)[-1]
    assert account.feed_status == "closed"
    assert act.before == {"feed_status": "connected"}
    assert (act.after, act.actor) == ({"feed_status": "closed"}, "user:anna")


@pytest.mark.parametrize("typed", ["", "ACME", "acme ltd"])
def test_the_reference_has_to_be_typed(world, typed):
    borrower = world.borrower(reference="acme")

    with pytest.raises(DecisionNotAllowed) as refused:
        off_board(world, borrower, confirmation=typed)

    assert refused.value.field == "confirmation"
    assert not deletions(world)
    assert borrower.connection.writeback_on


def test_while_entries_wait_it_is_refused_and_they_are_counted(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")

    with pytest.raises(EntriesWaiting, match="2 entries wait"):
        off_board(world, borrower)

    assert not deletions(world)
    assert borrower.connection.status == "Linked"
    assert not acts_of(borrower.connection)


def test_entries_are_left_out_knowingly_with_a_reason(world):
    borrower = world.borrower(writeback=False)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    with pytest.raises(DecisionNotAllowed) as refused:
        off_board(world, borrower, leave_out=True)
    assert refused.value.field == "reason"

    row = off_board(world, borrower, leave_out=True, reason="Written off.")

    assert {state for _, _, state in states(loan)} == {"cancelled decided"}
    (act,) = acts_of(row)
    assert act.after == {"entries_left_out": 2}
    change = RecordChange.objects.filter(to_state="cancelled").first()
    assert (change.actor, change.note) == ("user:anna", "Written off.")


def test_what_is_under_way_keeps_a_borrower_whatever_is_left_out(world, borrower):
    world.sandbox.settings.push_seconds = 600
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert state_of(event) == "pending"

    with pytest.raises(EntriesWaiting, match="under way"):
        off_board(world, borrower, leave_out=True, reason="Written off.")

    assert not deletions(world)
    assert borrower.connection.writeback_on


def test_lines_that_no_feed_covers_keep_nobody(world, borrower):
    switches.set_bank_feeds(
        connection=borrower.connection, on=False, now=world.clock.now, set_by="test"
    )
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run(seconds=60)
    assert states(loan) == [
        ("drawdown", "statement_line", "held bank_feeds_off"),
        ("drawdown", "transfer", "written"),
    ]

    row = off_board(world, borrower)

    assert row.status == "Deleted"
    assert states(loan)[0][2] == "cancelled decided"


@pytest.mark.parametrize("status", ["PendingAuth", "Unlinked", "Deauthorized"])
def test_whoever_is_not_linked_can_be_let_go(world, borrower, status):
    world.sandbox.set_connection_status(borrower.codat_connection, status)

    assert off_board(world, borrower).status == "Deleted"
    assert not is_at_codat(world, borrower)


def test_letting_go_twice_is_harmless(world, borrower):
    for _ in range(2):
        assert off_board(world, borrower).status == "Deleted"

    assert len(deletions(world)) == 1
    assert len(acts_of(borrower.connection)) == 1


def test_what_codat_has_deleted_already_is_let_go(world, borrower):
    world.client.delete_connection(
        borrower.connection_row.codat_company_id, borrower.codat_connection
    )

    row = off_board(world, borrower)

    assert row.status == "Deleted"
    assert [one.verb for one in acts_of(row)] == ["connection.off_boarded"]


def test_a_deletion_whose_answer_was_lost_is_looked_up(world, borrower):
    world.sandbox.faults.add("lose_reply_after", match="DELETE .*")

    assert off_board(world, borrower).status == "Deleted"


def test_a_deletion_that_did_not_happen_can_be_repeated(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="DELETE .*")

    with pytest.raises(CodatNoAnswer):
        off_board(world, borrower)

    assert borrower.connection.deleted_at is None
    assert not acts_of(borrower.connection)
    assert off_board(world, borrower).status == "Deleted"


def test_what_goes_through_a_later_connection_is_not_touched(world, borrower):
    world.client.delete_connection(
        borrower.connection_row.codat_company_id, borrower.codat_connection
    )
    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )
    onboarding.connect_company(
        company=borrower.company, client=world.client, now=world.clock.now
    )
    event = borrower.record(borrower.loan(in_xero=False), "drawdown", "70")

    off_board(world, borrower, leave_out=True, reason="Again.")

    assert state_of(event) == "held not_linked"
    assert SyncRecord.objects.filter(state="cancelled").count() == 0


def test_nothing_is_asked_of_codat_afterwards(world, borrower):
    off_board(world, borrower)
    number = len(world.sandbox.requests)
    event = borrower.record(borrower.loan(in_xero=False), "drawdown", "70")

    world.run(seconds=600, step=60)

    assert world.sandbox.requests[number:] == []
    assert state_of(event) == "held no_connection"
