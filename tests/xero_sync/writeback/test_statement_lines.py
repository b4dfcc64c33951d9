"""Statement lines: one push a source account at a time, in order, with balances."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lending.models import LoanEvent
from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_of,
    line_pushes,
    line_state,
    record_of,
    sent,
    state_of,
    statement,
)
from xero_sync.codat.exceptions import (
    DecisionNotAllowed,
    StatementLineAhead,
    StatementLineTooOld,
)
from xero_sync.connections import switches
from xero_sync.models import LenderAccount, SyncRecord
from xero_sync.models.choices import Step
from xero_sync.writeback import decisions, holds, lines

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def feed_off(world, borrower):
    switches.set_bank_feeds(
        connection=borrower.connection_row, on=False, now=world.clock.now, set_by="test"
    )


def feed_on(world, borrower):
    switches.set_bank_feeds(
        connection=borrower.connection_row, on=True, now=world.clock.now, set_by="test"
    )


def day(borrower, back):
    return borrower.company.today(borrower.world.clock.now) - timedelta(days=back)


def test_waiting_lines_go_together_by_value_date_and_then_by_event(world, borrower):
    feed_off(world, borrower)
    loans = [borrower.loan() for _ in range(3)]
    plan = [(0, "5", 3), (1, "6", 9), (2, "7", 3), (0, "8", 9), (1, "9", 1)]
    for number, amount, back in plan:
        value_date = day(borrower, back)
        borrower.record(loans[number], "drawdown", amount, value_date=value_date)
    world.run(seconds=300, step=10)

    feed_on(world, borrower)
    world.run()

    assert [line.amount for line in statement(borrower)] == [-6, -8, -5, -7, -9]
    assert len(line_pushes(world)) == 1
    assert_books_follow(borrower)


def test_one_push_at_a_time_leaves_for_a_source_account(world, borrower):
    world.sandbox.faults.add("push_slow", match="bankTransactions", seconds=200)
    first = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=40)
    second = borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=100, step=20)
    assert (line_state(first), line_state(second)) == ("pending", "queued")
    assert len(line_pushes(world)) == 1

    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, -70]
    assert_books_follow(borrower)


def test_a_back_dated_line_takes_the_newest_date_and_names_its_own(world, borrower):
    loan = borrower.loan()
    newest = borrower.record(loan, "drawdown", "800", value_date=day(borrower, 1))
    world.run()

    early = borrower.record(loan, "fee", "50", value_date=day(borrower, 9))
    world.run()

    line = statement(borrower)[-1]
    assert line.date == newest.value_date
    assert line.description.endswith(f"value date {early.value_date}")
    assert_books_follow(borrower)


def test_a_refused_line_stops_the_later_ones_of_its_account_only(world, borrower):
    other = world.borrower()
    world.sandbox.faults.add("push_fails", match="bankTransactions", message="No.")
    first = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    later = borrower.record(borrower.loan(), "drawdown", "70")
    abroad = other.record(other.loan(), "drawdown", "60")

    world.run(seconds=120, step=20)

    assert line_state(first) == "failed refused_by_xero"
    assert (state_of(later), line_state(later)) == (WRITTEN, "queued")
    assert line_state(abroad) == WRITTEN


@pytest.mark.parametrize("decision", ["send_again", "cancel"])
def test_a_decision_about_a_refused_line_lets_the_later_ones_go(
    world, borrower, decision
):
    world.sandbox.faults.add("push_fails", match="bankTransactions", message="No.")
    first = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    borrower.record(borrower.loan(), "drawdown", "70")

    getattr(decisions, decision)(
        record=line_of(first),
        reason="Looked.",
        decided_by="anna",
        now=world.clock.now,
        client=world.client,
    )
    world.run()

    amounts = {"send_again": [-800, -70], "cancel": [-70]}[decision]
    assert [line.amount for line in statement(borrower)] == amounts
    assert world.sandbox.violations == []


def test_a_line_linked_by_hand_counts_in_the_balance(world, borrower):
    world.sandbox.faults.add("push_fails", match="bankTransactions", message="No.")
    first = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    decisions.link_by_hand(
        client=world.client,
        record=line_of(first),
        reason="Typed in.",
        decided_by="anna",
        now=world.clock.now,
    )

    second = borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=60)

    body = json.loads(bytes(sent(second, Step.STATEMENT_LINE)[0].body))
    assert body["transactions"][0]["balance"] == -870


def test_a_push_takes_a_thousand_lines_and_leaves_the_rest_for_the_next(
    world, borrower
):
    account = borrower.lender_account
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "1", already_in_books=True)
    events = LoanEvent.objects.bulk_create(
        LoanEvent(
            loan=loan,
            sequence=number + 2,
            external_id=f"bulk-{number}",
            kind="drawdown",
            amount=Decimal(1),
            value_date=event.value_date,
            recorded_by="test",
        )
        for number in range(1_001)
    )
    SyncRecord.objects.bulk_create(
        SyncRecord(
            event=one,
            step=Step.STATEMENT_LINE,
            company=borrower.company,
            loan=loan,
            sequence=one.sequence,
            value_date=one.value_date,
            lender_effect=Decimal(-1),
            state="queued",
            state_since=world.clock.now,
            created_at=world.clock.now,
            lender_account=account,
        )
        for one in events
    )

    push = lines.next_push(company_id=borrower.company.pk, now=world.clock.now)

    assert [one.event_id for one in push.records] == [one.pk for one in events[:1_000]]


@hypothesis_settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    opening=st.decimals("-1000000", "1000000", places=2),
    movements=st.lists(
        st.tuples(
            st.decimals("0.01", "999999.99", places=2),
            st.sampled_from(["drawdown", "final_payment", "fee"]),
            st.integers(0, 20),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_every_balance_is_the_one_before_plus_the_line(undone, opening, movements):
    with undone():
        world = World()
        borrower = world.borrower()
        source = borrower.lender_account
        LenderAccount.objects.filter(pk=source.pk).update(opening_balance=opening)
        feed = borrower.world.sandbox._world.connections[borrower.codat_connection]
        feed.feeds[source.source_account_id].statement_balance = opening
        loan = borrower.loan(invoice_amount="1000000")
        for amount, kind, back in movements:
            value_date = day(borrower, back)
            borrower.record(loan, kind, str(amount), value_date=value_date)

        world.run(seconds=600, step=20)

        balance = opening
        for line in statement(borrower):
            balance += line.amount
            assert line.balance == balance
        assert len(statement(borrower)) == len(movements)
        assert world.sandbox.violations == []


def test_a_push_that_was_not_taken_in_goes_again_with_the_same_bytes(world, borrower):
    world.sandbox.faults.add("busy", match="bankTransactions", retry_after=60)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    assert len(sent(event, Step.STATEMENT_LINE)) == 1
    assert len({one.key for one in line_pushes(world)}) == 1
    assert_books_follow(borrower)


def test_a_line_given_up_meanwhile_does_not_go_out_with_the_push_it_was_in(
    world, borrower
):
    feed_off(world, borrower)
    first = borrower.record(borrower.loan(), "drawdown", "800")
    second = borrower.record(borrower.loan(), "drawdown", "70")
    world.run(seconds=60, step=10)
    world.sandbox.faults.add("busy", match="bankTransactions", retry_after=60)
    feed_on(world, borrower)
    world.drain()
    assert line_state(first) == line_state(second) == "queued"

    decisions.cancel(
        client=world.client,
        record=line_of(first),
        reason="Not wanted.",
        decided_by="anna",
        now=world.clock.now,
    )
    world.run()

    assert [line.amount for line in statement(borrower)] == [-70]
    old, new = sent(second, Step.STATEMENT_LINE)
    assert new.predecessor == old
    assert world.sandbox.violations == []


def test_a_line_uses_the_source_account_of_its_booking(world, borrower):
    feed_off(world, borrower)
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60, step=10)
    old = borrower.lender_account
    world.choose_accounts(borrower)

    feed_on(world, borrower)
    world.run()

    assert borrower.lender_account != old
    lines_there = borrower.books.statement(old.source_account_id)
    assert [line.amount for line in lines_there] == [-800]
    assert statement(borrower) == []


def test_a_feed_that_comes_back_is_filled_without_gap_or_double(world, borrower):
    account = borrower.lender_account
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    world.sandbox.disconnect_feed(borrower.codat_connection, account.source_account_id)
    world.run(seconds=20)
    borrower.record(loan, "invoice_payment", "1000")
    borrower.record(loan, "fee", "50")
    world.run(seconds=200, step=10)
    assert borrower.balance("L") == 150
    assert borrower.statement_balance == -800

    world.client.create_bank_feed_mapping(
        borrower.connection_row.codat_company_id,
        borrower.codat_connection,
        source_account_id=account.source_account_id,
        target_account_id=account.target_account_id,
    )
    borrower.record(loan, "residual_release", "150")
    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, 1000, -50, -150]
    assert_books_follow(borrower)


@pytest.mark.parametrize(
    ("back", "error"), [(366, StatementLineTooOld), (-1, StatementLineAhead)]
)
def test_a_date_that_xero_takes_no_line_for_is_named(borrower, back, error):
    today = day(borrower, 0)

    with pytest.raises(error) as raised:
        holds.check_line_date(today - timedelta(days=back), today=today)

    assert raised.value.field == "value_date"
    assert "Xero refuses statement lines" in str(raised.value)


@pytest.mark.parametrize("back", [0, 365])
def test_today_and_a_year_ago_are_dates_that_xero_takes(borrower, back):
    today = day(borrower, 0)

    assert holds.check_line_date(today - timedelta(days=back), today=today) is None


def test_a_line_dated_ahead_waits_for_its_day(world, borrower):
    event = borrower.record(
        borrower.loan(), "drawdown", "800", value_date=day(borrower, 0)
    )
    # The company moved to a zone where it is still the day before.
    SyncRecord.objects.filter(pk=line_of(event).pk).update(value_date=day(borrower, -1))
    world.run(seconds=60, step=10)
    assert (state_of(event), line_state(event)) == (WRITTEN, "held dated_ahead")
    assert line_pushes(world) == []

    world.wait(86_400)
    world.run(seconds=120)

    assert line_state(event) == WRITTEN
    assert world.sandbox.violations == []


def test_a_line_too_old_cannot_be_sent_again_and_says_why(world, borrower):
    loan = borrower.loan(agreed_on=day(borrower, 500))
    event = borrower.record(loan, "drawdown", "800", value_date=day(borrower, 400))
    world.run(seconds=60, step=10)

    with pytest.raises(DecisionNotAllowed, match="more than a year old"):
        decisions.send_again(
            client=world.client,
            record=line_of(event),
            reason="Try.",
            decided_by="a",
            now=world.clock.now,
        )

    assert line_state(event) == "held too_old"
    assert record_of(event).state == WRITTEN


def lost_line(world, borrower):
    """A line that reached Xero though Codat lost sight of it, and is sent anew."""
    world.sandbox.faults.add(
        "push_times_out_but_written", match="bankTransactions", seconds=30
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)
    line = line_of(event)
    SyncRecord.objects.filter(pk=line.pk).update(state="unknown", reason="needs_person")
    decisions.answer_absent(
        client=world.client,
        record=line_of(event),
        reason="Not seen.",
        decided_by="a",
        now=world.clock.now,
    )
    return event


def test_a_line_that_xero_has_already_after_an_uncertain_attempt_is_there(
    world, borrower
):
    event = lost_line(world, borrower)

    world.run(seconds=300, step=10)

    assert line_state(event) == WRITTEN
    assert [line.amount for line in statement(borrower)] == [-800]
    latest = line_of(event).changes.latest("pk")
    assert "duplicate-statement" in latest.note


def test_a_duplicate_that_was_never_uncertain_is_a_refusal(world, borrower):
    message = "duplicate-statement: known."
    world.sandbox.faults.add("push_fails", match="bankTransactions", message=message)

    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)

    assert line_state(event) == "failed refused_by_xero"


def test_a_line_that_stays_pending_is_shown_as_sent_and_waiting(world, borrower):
    world.sandbox.faults.add("push_slow", match="bankTransactions", seconds=40_000)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=30_000, step=1_000)

    assert line_state(event) == "pending"
    assert line_of(event).get_state_display() == "Sent, waiting for Xero"
    assert len(line_pushes(world)) == 1


def test_dates_go_out_without_a_zone(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    (line,) = json.loads(bytes(sent(event, Step.STATEMENT_LINE)[0].body))[
        "transactions"
    ]
    assert line["date"] == f"{event.value_date}T00:00:00"
