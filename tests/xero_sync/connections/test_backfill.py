"""Held loans are published whole or not at all, and the books stand as was shown."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lending.models import Loan
from lending.positions import company_position
from tests.worlds import World
from tests.xero_sync.evidence import line_state, ours, record_of, state_of
from xero_sync.codat.exceptions import HeldEventsChanged
from xero_sync.connections import backfill, switches
from xero_sync.models import Connection, SyncRecord, WritebackSwitch

pytestmark = pytest.mark.django_db

LEFT_OUT = "cancelled left_out"


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


def held(borrower):
    return backfill.held(connection=borrower.connection, now=borrower.world.clock.now)


def day(borrower, back):
    return borrower.company.today(borrower.world.clock.now) - timedelta(days=back)


def references(loans):
    return [one.loan.reference for one in loans]


# Each loan: what was written before posting was switched off, and what came after it.
MOVEMENT = st.tuples(
    st.sampled_from(["drawdown", "fee", "final_payment", "residual_release"]),
    st.integers(1, 400),
    st.integers(0, 30),
    st.booleans(),
)
LOANS = st.lists(
    st.tuples(
        st.lists(MOVEMENT, max_size=2), st.lists(MOVEMENT, min_size=1, max_size=4)
    ),
    min_size=1,
    max_size=3,
)


def record_all(borrower, loan, movements):
    """Record movements, and take some of them back."""
    for kind, amount, back, is_reversed in movements:
        event = borrower.record(
            loan, kind, f"{amount}.25", value_date=day(borrower, back)
        )
        if is_reversed:
            borrower.reverse(event)


@hypothesis_settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lives=LOANS,
    choice=st.sampled_from(["publish", "leave_out"]),
    since=st.none() | st.integers(0, 31),
)
def test_whatever_is_chosen_each_loan_goes_whole_and_the_balance_is_the_one_shown(
    undone, lives, choice, since
):
    with undone():
        world = World()
        borrower = world.borrower()
        loans = [borrower.loan() for _ in lives]
        for loan, (before, _) in zip(loans, lives, strict=True):
            record_all(borrower, loan, before)
        world.run()
        switch(borrower, False)
        for loan, (_, after) in zip(loans, lives, strict=True):
            record_all(borrower, loan, after)
        waiting = set(SyncRecord.objects.open().values_list("pk", flat=True))
        has_begun = {
            one.loan_id for one in SyncRecord.objects.all() if one.state == "written"
        }
        publish_from = None
        if choice == "publish" and since is not None:
            publish_from = day(borrower, since)
        shown = held(borrower).effect(choice, publish_from)
        offered = bool(held(borrower).loans)

        switch(borrower, True, held_events=choice, publish_from=publish_from)
        world.run()

        fates = defaultdict(set)
        for record in SyncRecord.objects.filter(pk__in=waiting):
            fates[record.loan_id].add(f"{record.state} {record.reason}".strip())
        for loan_id, fate in fates.items():
            assert fate in ({"written"}, {LEFT_OUT}), (loan_id, fate)
            if loan_id in has_begun:
                assert fate == {"written"}
        assert {Loan.objects.get(pk=pk).reference for pk in fates} == {
            *references(shown.published),
            *references(shown.left_out),
        }
        assert offered == bool(fates)
        assert borrower.balance("L") == shown.lender_account
        if not shown.left_out:
            position = company_position(company=borrower.company)
            assert shown.lender_account == position.lender_account


def test_a_loan_begins_with_its_first_drawdown_that_stands(world):
    borrower = world.borrower(writeback=False)
    fees_first, taken_back, feeless = (borrower.loan() for _ in range(3))
    borrower.record(fees_first, "fee", "50", value_date=day(borrower, 9))
    borrower.record(fees_first, "drawdown", "700", value_date=day(borrower, 6))
    # A day before the first drawdown, but recorded later.
    borrower.record(fees_first, "drawdown", "10", value_date=day(borrower, 7))
    wrong = borrower.record(taken_back, "drawdown", "80", value_date=day(borrower, 8))
    borrower.reverse(wrong)
    borrower.record(taken_back, "drawdown", "90", value_date=day(borrower, 5))
    borrower.record(feeless, "fee", "5", value_date=day(borrower, 4))
    borrower.record(feeless, "fee", "5", value_date=day(borrower, 10))

    found = held(borrower)

    begun = {one.loan.pk: one.begun_on for one in found.loans}
    assert begun == {
        fees_first.pk: day(borrower, 6),
        taken_back.pk: day(borrower, 5),
        feeless.pk: day(borrower, 4),
    }
    assert found.advanced == Decimal("800")
    assert found.oldest_on == day(borrower, 10)
    # Of what was taken back nothing is held.
    assert found.entries == 12


def test_each_choice_says_what_it_does(world):
    borrower = world.borrower(writeback=False)
    early, late = borrower.loan(), borrower.loan()
    borrower.record(early, "drawdown", "800", value_date=day(borrower, 5))
    borrower.record(early, "fee", "50", value_date=day(borrower, 1))
    borrower.record(late, "drawdown", "70", value_date=day(borrower, 3))

    every, dated, none = held(borrower).effects(day(borrower, 3))

    one, two = early.reference, late.reference
    assert [references(effect.published) for effect in (every, dated, none)] == [
        [one, two],
        [two],
        [],
    ]
    assert [effect.entries_left_out for effect in (every, dated, none)] == [0, 4, 6]
    assert [effect.lender_account for effect in (every, dated, none)] == [
        Decimal("-920.00"),
        Decimal("-70.00"),
        Decimal("0.00"),
    ]


@pytest.mark.parametrize("state", ["queued", "sending", "pending", "unknown"])
def test_a_loan_under_way_is_never_left_out(world, state):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    fee = borrower.record(event.loan, "fee", "50")
    SyncRecord.objects.filter(event=event, step="transfer").update(
        state=state, reason=""
    )

    switch(borrower, True, held_events="leave_out")

    assert state_of(fee) == "queued"
    assert WritebackSwitch.objects.get().loans_published == 1


def test_a_loan_that_may_stand_twice_is_never_left_out(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    SyncRecord.objects.filter(event=event).update(is_alarmed=True)

    assert references(held(borrower).effect("leave_out").published) == [
        event.loan.reference
    ]


def test_a_loan_that_was_begun_in_the_books_goes_on_whatever_is_chosen(world):
    borrower = world.borrower()
    begun, fresh = borrower.loan(), borrower.loan()
    borrower.record(begun, "drawdown", "800", value_date=day(borrower, 9))
    world.run()
    switch(borrower, False)
    fee = borrower.record(begun, "fee", "50")
    drawn = borrower.record(fresh, "drawdown", "70")

    shown = held(borrower).effect("leave_out")
    switch(borrower, True, held_events="leave_out")
    world.run()

    assert references(shown.published) == [begun.reference]
    assert state_of(fee) == line_state(fee) == "written"
    assert state_of(drawn) == line_state(drawn) == LEFT_OUT
    assert borrower.balance("L") == shown.lender_account == Decimal("-850.00")


def test_what_else_holds_a_loan_back_goes_with_it(world):
    borrower = world.borrower()
    Connection.objects.update(ledger_lock_date=day(borrower, 5))
    loan = borrower.loan()
    locked = borrower.record(loan, "drawdown", "800", value_date=day(borrower, 9))
    switch(borrower, False)
    fee = borrower.record(loan, "fee", "50")
    assert state_of(locked) == "held locked_period"

    switch(borrower, True, held_events="leave_out")

    assert state_of(locked) == state_of(fee) == LEFT_OUT


def test_what_codat_refuses_meanwhile_is_asked_about_as_well(world):
    borrower = world.borrower(writeback=False)
    Connection.objects.update(access_problem="Codat refuses our key")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    assert state_of(event) == "held access_denied"

    switch(borrower, True, held_events="leave_out")

    assert state_of(event) == LEFT_OUT


def test_old_lines_and_locked_periods_are_told_of_before(world):
    borrower = world.borrower(writeback=False)
    loan = borrower.loan(agreed_on=date(2025, 1, 2))
    locked = day(borrower, 30)
    Connection.objects.update(ledger_lock_date=locked)
    borrower.record(loan, "drawdown", "800", value_date=day(borrower, 366))
    borrower.record(loan, "fee", "5", value_date=day(borrower, 365))
    borrower.record(loan, "fee", "6", value_date=locked)
    borrower.record(loan, "fee", "7", value_date=day(borrower, 29))

    every, none = held(borrower).effects()

    assert {one.caution: one.entries for one in every.warnings} == {
        "too_old": 1,
        "locked_period": 3,
        "may_be_in_books": 4,
    }
    assert none.warnings == ()


@pytest.mark.parametrize("choice", ["publish", "leave_out"])
def test_what_was_shown_and_has_changed_is_not_done(world, choice):
    borrower = world.borrower(writeback=False)
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    shown = held(borrower).effect(choice)
    fee = borrower.record(loan, "fee", "50")

    with pytest.raises(HeldEventsChanged) as refused:
        switch(borrower, True, held_events=choice, fingerprint=shown.fingerprint)

    assert refused.value.field == "fingerprint"
    assert not borrower.connection.writeback_on
    assert state_of(event) == state_of(fee) == "held writeback_off"
    assert not WritebackSwitch.objects.exists()
    again = held(borrower).effect(choice)
    switch(borrower, True, held_events=choice, fingerprint=again.fingerprint)
    assert borrower.connection.writeback_on


def test_a_fingerprint_is_of_one_choice_and_of_one_day(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800", value_date=day(borrower, 5))
    effects = held(borrower).effects(day(borrower, 9))
    effects += held(borrower).effects(day(borrower, 4))[1:2]

    assert len({one.fingerprint for one in effects}) == 4
    assert held(borrower).effects()[0].fingerprint == effects[0].fingerprint


def test_a_fingerprint_of_what_is_held_no_more_is_refused(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    shown = held(borrower).effect("publish")
    borrower.reverse(event)

    with pytest.raises(HeldEventsChanged):
        switch(borrower, True, held_events="publish", fingerprint=shown.fingerprint)


def test_a_period_locked_since_changes_the_fingerprint(world):
    borrower = world.borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800", value_date=day(borrower, 5))
    shown = held(borrower).effect("publish")
    Connection.objects.update(ledger_lock_date=day(borrower, 1))

    assert held(borrower).effect("publish").fingerprint != shown.fingerprint


def test_looking_changes_nothing(world, django_assert_max_num_queries):
    borrower = world.borrower(writeback=False)
    for _ in range(5):
        event = borrower.record(borrower.loan(), "drawdown", "80")
    connection = borrower.connection
    fence = record_of(event).fence

    with django_assert_max_num_queries(9):
        found = backfill.held(connection=connection, now=world.clock.now)
        found.effects(day(borrower, 1))

    assert len(found.loans) == 5
    assert record_of(event).fence == fence
    assert ours(borrower) == []
