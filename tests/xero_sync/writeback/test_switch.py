"""The borrower's switch: what waits, what goes on, what is left out."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_state,
    ours,
    record_of,
    state_of,
    timeline,
)
from xero_sync.codat.exceptions import (
    ConnectionNotLinked,
    DecisionNotAllowed,
    HeldEventsChoiceMissing,
    MappingIncomplete,
)
from xero_sync.connections import adopting, switches
from xero_sync.models import Connection, SyncRecord, WritebackSwitch
from xero_sync.models.choices import ConnectionStatus
from xero_sync.writeback import decisions, reconsider

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


def switch(borrower, on, **choice):
    return switches.switch_writeback(
        connection=borrower.connection_row,
        on=on,
        switched_by="anna",
        now=borrower.world.clock.now,
        **choice,
    )


def day(borrower, back):
    return borrower.company.today(borrower.world.clock.now) - timedelta(days=back)


def test_it_cannot_be_switched_on_before_the_accounts_are_chosen(world):
    borrower = world.borrower(writeback=False)
    fresh = world.sandbox.add_company("fresh")
    linked = world.sandbox.add_connection(fresh.id)
    connection = adopting.import_codat_company(
        company=make_company(),
        codat_company_id=UUID(fresh.id),
        codat_connection_id=UUID(linked.id),
        client=world.client,
        now=world.clock.now,
    )

    with pytest.raises(MappingIncomplete):
        switches.switch_writeback(
            connection=connection, on=True, switched_by="anna", now=world.clock.now
        )

    connection.refresh_from_db()
    assert not connection.writeback_on
    assert switch(borrower, True).writeback_on


def test_it_cannot_be_switched_on_while_the_connection_is_cut(world):
    borrower = world.borrower(writeback=False)
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.run(seconds=20)

    with pytest.raises(ConnectionNotLinked):
        switch(borrower, True)

    assert not borrower.connection.writeback_on


@pytest.mark.parametrize(
    "choice",
    [{}, {"held_events": "everything"}, {"publish_from": date(2026, 3, 2)}],
)
def test_held_events_need_a_choice(world, choice):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    with pytest.raises(HeldEventsChoiceMissing):
        switch(borrower, True, **choice)

    assert not borrower.connection.writeback_on
    assert state_of(event) == "held writeback_off"
    assert not WritebackSwitch.objects.exists()


def test_without_held_events_no_choice_is_needed(world):
    borrower = world.borrower(writeback=False)

    assert switch(borrower, True).writeback_on


def test_loans_are_published_from_a_date_on_and_those_begun_before_left_out(world):
    borrower = world.borrower(writeback=False)
    early, late = borrower.loan(), borrower.loan()
    drawn = borrower.record(early, "drawdown", "800", value_date=day(borrower, 5))
    fee = borrower.record(early, "fee", "50", value_date=day(borrower, 3))
    on_day = borrower.record(late, "drawdown", "70", value_date=day(borrower, 4))

    switch(borrower, True, held_events="publish", publish_from=day(borrower, 4))
    world.run()

    for event in (drawn, fee):
        assert state_of(event) == line_state(event) == "cancelled left_out"
    assert state_of(on_day) == line_state(on_day) == WRITTEN
    assert [entry.amount for entry in ours(borrower)] == [70]
    assert record_of(on_day).is_backfill


def test_held_events_are_left_out_for_good(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    switch(borrower, True, held_events="leave_out")
    world.run(seconds=60)

    assert state_of(event) == line_state(event) == "cancelled left_out"
    assert ours(borrower) == []
    last = record_of(event).changes.order_by("pk").last()
    assert (last.cause, last.actor) == ("switch", "anna")


def test_what_is_recorded_later_of_a_loan_left_out_is_left_out_too(world):
    borrower = world.borrower(writeback=False)
    drawn = borrower.record(borrower.loan(), "drawdown", "800")
    switch(borrower, True, held_events="leave_out")

    repaid = borrower.record(drawn.loan, "final_payment", "300")
    back = borrower.reverse(drawn)
    another = borrower.record(borrower.loan(), "drawdown", "70")
    world.run()

    for event in (drawn, repaid, back):
        assert state_of(event) == line_state(event) == "cancelled left_out"
    assert state_of(another) == WRITTEN
    assert borrower.balance("L") == -70


def test_what_is_recorded_while_posting_is_off_again_is_not_offered_again(world):
    borrower = world.borrower(writeback=False)
    drawn = borrower.record(borrower.loan(), "drawdown", "800")
    switch(borrower, True, held_events="leave_out")
    switch(borrower, False)

    fee = borrower.record(drawn.loan, "fee", "50")

    assert state_of(fee) == line_state(fee) == "cancelled left_out"
    assert switch(borrower, True).writeback_on


def test_publishing_keeps_the_order_of_a_loan_and_new_events_go_first(world):
    borrower = world.borrower(writeback=False)
    held = [
        borrower.record(borrower.loan(), "drawdown", str(amount)) for amount in (1, 2)
    ]
    switch(borrower, True, held_events="publish", publish_from=day(borrower, 9))
    borrower.record(borrower.loan(), "drawdown", "3")

    world.run()

    assert [entry.amount for entry in ours(borrower)] == [3, 1, 2]
    assert {state_of(event) for event in held} == {WRITTEN}
    assert_books_follow(borrower)


def test_switching_off_holds_what_is_queued_and_leaves_what_is_under_way(world):
    borrower = world.borrower()
    world.sandbox.faults.add("push_slow", match="transfers", seconds=60)
    loan = borrower.loan()
    under_way = borrower.record(loan, "drawdown", "800")
    world.drain()
    queued = borrower.record(loan, "fee", "50")

    switch(borrower, False)
    assert state_of(under_way) == "pending"
    assert state_of(queued) == "held writeback_off"
    world.run(seconds=200, step=20)

    assert state_of(under_way) == WRITTEN
    assert state_of(queued) == "held writeback_off"
    assert line_state(under_way) == "held writeback_off"
    assert timeline(queued)[-1] == ("held", "writeback_off", "switch")
    assert [entry.amount for entry in ours(borrower)] == [800]


def test_a_line_whose_booking_stands_is_published_with_the_rest(world):
    borrower = world.borrower()
    world.sandbox.faults.add("push_slow", match="transfers", seconds=60)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    switch(borrower, False)
    world.run(seconds=200, step=20)

    switch(borrower, True, held_events="publish", publish_from=day(borrower, 9))
    world.run()

    assert line_state(event) == WRITTEN
    assert_books_follow(borrower)


def test_while_it_is_off_a_person_cannot_send_an_entry_either(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    with pytest.raises(DecisionNotAllowed, match="switched off") as refused:
        decisions.send_again(
            client=world.client,
            record=record_of(event),
            reason="Now.",
            decided_by="anna",
            now=world.clock.now,
        )

    assert refused.value.code == "writeback_off"
    assert state_of(event) == "held writeback_off"


def test_every_switch_is_remembered_with_its_author_and_its_choice(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")

    switch(borrower, True, held_events="publish", publish_from=day(borrower, 9))
    switch(borrower, False)

    rows = WritebackSwitch.objects.order_by("pk")
    assert [(one.on, one.held_events, one.switched_by) for one in rows] == [
        (True, "publish", "anna"),
        (False, "", "anna"),
    ]
    assert rows[0].publish_from == day(borrower, 9)


def test_bank_feeds_cannot_be_switched_for_a_deleted_connection(world):
    borrower = world.borrower()
    world.client.delete_connection(
        borrower.connection_row.codat_company_id, borrower.codat_connection
    )
    world.run(seconds=20)

    with pytest.raises(DecisionNotAllowed):
        switches.set_bank_feeds(
            connection=borrower.connection_row,
            on=True,
            now=world.clock.now,
            set_by="test",
        )


def test_looking_again_asks_no_more_for_many_entries_than_for_a_few(world):
    borrower = world.borrower()
    Connection.objects.update(status=ConnectionStatus.DEAUTHORIZED)

    def questions():
        with CaptureQueriesContext(connection) as asked:
            reconsider.company(company_id=borrower.company.pk, now=world.clock.now)
        return len(asked)

    borrower.record(borrower.loan(), "drawdown", "800")
    few = questions()
    for _ in range(5):
        borrower.record(borrower.loan(), "drawdown", "800")

    assert questions() == few
    assert SyncRecord.objects.filter(reason="not_linked").count() == 12
