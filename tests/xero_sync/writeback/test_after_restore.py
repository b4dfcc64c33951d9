"""A database that was restored from an older backup writes nothing a second time."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from tests.trail import verbs
from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_balances,
    assert_statement,
    line_of,
    line_pushes,
    line_state,
    ours,
    record_of,
    state_of,
    statement,
)
from xero_sync.codat import payloads
from xero_sync.codat.exceptions import DecisionNotAllowed
from xero_sync.codat.push import push_path
from xero_sync.models import Connection, StrayPush
from xero_sync.models.stray_pushes import Verdict
from xero_sync.runtime import run
from xero_sync.writeback import budget, stray_decisions, stray_marks
from xero_sync.writeback import sweep as sweeping

pytestmark = pytest.mark.django_db

HELD = "held after_restore"
LINKED = "linked_by_hand decided"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower(is_known=False)


@pytest.fixture
def loan(borrower):
    return borrower.loan()


class Backup:
    """A backup, restored at the end while the product is down; then it starts anew."""

    def __enter__(self):
        self.kept = transaction.savepoint()

    def __exit__(self, *_):
        transaction.savepoint_rollback(self.kept)
        run.begin()


def lists(world):
    """How often the list of pushes was read; what was asked so far is forgotten."""
    asked = [
        one
        for one in world.sandbox.requests
        if one.method == "GET" and one.path.partition("?")[0].endswith("/push")
    ]
    world.sandbox.requests.clear()
    return len(asked)


def decide(borrower, decision, **given):
    given = {"reason": "looked in Xero"} | given
    return decision(
        connection=borrower.connection,
        decided_by="user:anna",
        now=borrower.world.clock.now,
        **given,
    )


def unsettled(borrower, data_type=None):
    found = borrower.connection.stray_pushes.unsettled().order_by("requested_on")
    return [one for one in found if data_type in {None, one.data_type}]


def by_a_stranger(borrower, amount="70"):
    """Another system of the lender's writes a transfer through our connection."""
    row, chosen = borrower.connection, borrower.mapping
    body = payloads.transfer(
        amount=Decimal(amount),
        value_date=borrower.company.today(borrower.world.clock.now),
        from_account_id=chosen.lender_target_account_id,
        to_account_id=chosen.nominated_account_id,
    )
    return borrower.world.client.send_push(
        path=push_path(row.codat_company_id, row.codat_connection_id, "transfers"),
        body=payloads.encode(body),
        idempotency_key=uuid.uuid4(),
    )


def lose(world, borrower, loan, *events):
    """Record and write events after a backup, which is then restored."""
    with Backup():
        for kind, amount in events:
            borrower.record(loan, kind, amount, external_id=f"E-{kind}")
        world.run(seconds=120)
    return [
        borrower.record(loan, kind, amount, external_id=f"E-{kind}")
        for kind, amount in events
    ]


# --- the look -------------------------------------------------------------------------


def test_the_first_write_after_a_start_waits_for_one_look(world, borrower, loan):
    events = [borrower.record(loan, "drawdown", "800")]
    world.run(seconds=60)
    events.append(borrower.record(loan, "fee", "50"))
    world.run(seconds=60)

    assert [state_of(one) for one in events] == ["written"] * 2
    assert lists(world) == 1

    run.begin()
    events.append(borrower.record(loan, "residual_release", "100"))
    world.run(seconds=60)

    assert state_of(events[-1]) == "written"
    assert lists(world) == 1


def test_who_has_nothing_to_send_is_not_looked_at(world, borrower, loan):
    other = world.borrower(is_known=False)
    event = borrower.record(loan, "drawdown", "800")

    world.run(seconds=60)

    assert state_of(event) == "written"
    assert lists(world) == 1
    assert other.connection.pushes_seen_by is None


def test_no_other_company_waits_for_a_look_without_an_answer(world, borrower, loan):
    other = world.borrower()
    company_id = borrower.connection.codat_company_id
    world.sandbox.faults.add(
        "error_before", match=f"GET .*{company_id}/push", status=503, times=2
    )
    late = borrower.record(loan, "drawdown", "800")
    event = other.record(other.loan(), "drawdown", "300")

    world.drain()
    world.drain()

    assert state_of(late) == "queued"
    assert state_of(event) == "pending"
    world.run(seconds=120)
    assert state_of(late) == "written"


def test_a_look_waits_for_the_budget(world, borrower, loan):
    budget.block(until=world.clock.now + timedelta(minutes=3))
    event = borrower.record(loan, "drawdown", "800")

    world.run(seconds=120)
    assert lists(world) == 0
    world.run(seconds=120)

    assert lists(world) == 1
    assert state_of(event) == "written"


def test_where_codat_lets_nobody_in_the_writes_are_held_for_that(world, borrower, loan):
    world.sandbox.faults.add("error_before", match="GET .*/push", status=401)
    event = borrower.record(loan, "drawdown", "800")

    world.drain()

    assert state_of(event) == "held access_denied"


def test_what_a_crash_left_unanswered_holds_nobody(world, borrower, loan, settings):
    world.sandbox.faults.add("lose_reply_after", match="transfers", times=1)
    event = borrower.record(loan, "drawdown", "800")
    world.drain()
    assert state_of(event) == "unknown no_answer"

    run.begin()
    fee = borrower.record(borrower.loan(), "fee", "50")
    world.run(seconds=600)

    assert [state_of(event), state_of(fee)] == ["written"] * 2
    assert not StrayPush.objects.exists()


def test_more_pushes_than_a_page_are_all_looked_at(world, borrower, loan):
    first = borrower.record(loan, "drawdown", "800")
    world.run(seconds=60)
    world.wait(300)
    for _ in range(101):
        by_a_stranger(borrower)
    run.begin()
    lists(world)
    event = borrower.record(loan, "fee", "50")

    world.drain()

    assert (state_of(first), state_of(event)) == ("written", HELD)
    assert len(unsettled(borrower)) == 101


# --- what is found --------------------------------------------------------------------


def test_after_a_restore_nothing_goes_out_by_itself(world, borrower, loan):
    borrower.record(loan, "drawdown", "800")
    world.run(seconds=120)
    (fee,) = lose(world, borrower, loan, ("fee", "50"))
    before = len(world.sandbox._world.pushes)
    other = borrower.record(borrower.loan(), "drawdown", "70")

    world.drain()

    assert [state_of(fee), state_of(other)] == [HELD] * 2
    assert len(world.sandbox._world.pushes) == before
    assert verbs("connection.held_after_restore") == ["connection.held_after_restore"]


def test_what_bears_our_mark_is_adopted_and_the_company_goes_on(
    world, borrower, loan, settings
):
    settings.WRITEBACK_LOOK_SECONDS = 0
    Connection.objects.update(bank_feeds=False)
    first = borrower.record(loan, "drawdown", "800")
    world.run(seconds=120)
    fee, payment = lose(
        world, borrower, loan, ("fee", "50"), ("invoice_payment", "600")
    )

    world.run(seconds=600)

    assert [state_of(one) for one in (first, fee, payment)] == ["written"] * 3
    assert len(ours(borrower)) == 3
    assert_balances(borrower)
    assert {one.verdict for one in StrayPush.objects.all()} == {Verdict.ADOPTED}
    assert borrower.connection.held_after_restore_since is None


def test_an_event_is_adopted_once_it_is_recorded_again(world, borrower, loan):
    Connection.objects.update(bank_feeds=False)
    with Backup():
        borrower.record(loan, "fee", "50", external_id="E-fee")
        world.run(seconds=120)
    # What is recorded first makes the company look.
    later = borrower.record(loan, "fee", "7", external_id="E-later")
    world.run(seconds=600)
    assert state_of(later) == HELD

    fee = borrower.record(loan, "fee", "50", external_id="E-fee")
    assert state_of(fee) == HELD
    world.run(seconds=600)

    assert [state_of(later), state_of(fee)] == ["written"] * 2
    assert len(ours(borrower, "directCosts")) == 2


def test_another_amount_under_the_same_mark_is_left_to_a_person(world, borrower, loan):
    Connection.objects.update(bank_feeds=False)
    with Backup():
        borrower.record(loan, "fee", "50", external_id="E-fee")
        world.run(seconds=120)
    fee = borrower.record(loan, "fee", "51", external_id="E-fee")

    world.run(seconds=600)

    assert state_of(fee) == HELD
    assert unsettled(borrower)[0].wrote["reference"] == "E-fee"


def test_a_transfer_is_never_adopted_and_linked_by_a_person(world, borrower, loan):
    drawdown, fee = lose(world, borrower, loan, ("drawdown", "800"), ("fee", "50"))
    world.run(seconds=1_200)
    assert (state_of(drawdown), state_of(fee)) == (HELD, "written")

    decide(borrower, stray_decisions.name_proposed)

    assert state_of(drawdown) == LINKED
    assert record_of(drawdown).xero_record_id == ours(borrower)[0].record_id
    # Lines cannot be read back: a person has seen them on the statement.
    assert line_state(drawdown) == line_state(fee) == HELD
    decide(
        borrower,
        stray_decisions.name_ours,
        pushes=unsettled(borrower, "bankTransactions"),
        records=[line_of(drawdown), line_of(fee)],
    )

    assert borrower.connection.held_after_restore_since is None
    sent = len(line_pushes(world))
    release = borrower.record(loan, "residual_release", "100")
    world.run(seconds=600)
    assert (state_of(release), line_state(release)) == ("written", "written")
    assert len(line_pushes(world)) == sent + 1
    assert len(statement(borrower)) == 3
    assert_statement(borrower)
    assert_balances(borrower)
    assert verbs("connection.pushes") == ["connection.pushes_named_ours"] * 2


def test_what_is_under_way_is_followed_until_it_is_written(world, borrower, loan):
    world.sandbox.settings.push_seconds = 900
    Connection.objects.update(bank_feeds=False)
    with Backup():
        borrower.record(loan, "fee", "50", external_id="E-fee")
        world.drain()
    fee = borrower.record(loan, "fee", "50", external_id="E-fee")

    world.run(seconds=600)
    assert state_of(fee) == HELD
    with pytest.raises(DecisionNotAllowed):
        decide(borrower, stray_decisions.let_go)
    world.run(seconds=1_200)

    assert state_of(fee) == "written"
    assert len(ours(borrower, "directCosts")) == 1


def test_what_failed_holds_nobody(world, borrower, loan):
    world.sandbox.faults.add("push_fails", match="directCosts", times=1)
    with Backup():
        borrower.record(loan, "fee", "50", external_id="E-fee")
        world.run(seconds=120)
    fee = borrower.record(loan, "fee", "50", external_id="E-fee")

    world.run(seconds=120)

    assert state_of(fee) == "written"
    assert len(ours(borrower, "directCosts")) == 1


# --- what a person says ---------------------------------------------------------------


def test_what_is_another_systems_holds_nothing_again(world, borrower, loan):
    by_a_stranger(borrower)
    event = borrower.record(loan, "drawdown", "800")
    world.run(seconds=120)
    assert state_of(event) == HELD

    decide(borrower, stray_decisions.name_anothers, pushes=unsettled(borrower))
    world.run(seconds=120)
    assert state_of(event) == "written"

    run.begin()
    fee = borrower.record(loan, "fee", "50")
    world.run(seconds=120)
    assert state_of(fee) == "written"
    assert verbs("connection.pushes") == ["connection.pushes_named_anothers"]


def test_a_company_is_let_go_after_what_bears_a_mark_was_adopted(world, borrower, loan):
    Connection.objects.update(bank_feeds=False)
    with Backup():
        borrower.record(loan, "fee", "50", external_id="E-fee")
        world.run(seconds=120)
    other = borrower.record(loan, "fee", "7", external_id="E-other")
    world.run(seconds=600)
    fee = borrower.record(loan, "fee", "50", external_id="E-fee")

    decide(borrower, stray_decisions.let_go)
    world.run(seconds=120)

    assert [state_of(fee), state_of(other)] == ["written"] * 2
    assert len(ours(borrower, "directCosts")) == 2
    assert verbs("connection.let_go") == ["connection.let_go_after_restore"]
    run.begin()
    last = borrower.record(loan, "fee", "9")
    world.run(seconds=120)
    assert state_of(last) == "written"


def test_a_person_gives_a_reason_and_names_what_fits(world, borrower, loan):
    drawdown, fee = lose(world, borrower, loan, ("drawdown", "800"), ("fee", "51"))
    world.drain()
    transfer = unsettled(borrower, "transfers")
    refused = (
        (stray_decisions.let_go, {"reason": " "}),
        (stray_decisions.name_anothers, {"pushes": []}),
        (
            stray_decisions.name_ours,
            {"pushes": transfer, "records": [record_of(fee)]},
        ),
        (
            stray_decisions.name_ours,
            {"pushes": transfer, "records": [record_of(drawdown), line_of(drawdown)]},
        ),
    )

    for decision, given in refused:
        with pytest.raises(DecisionNotAllowed), transaction.atomic():
            decide(borrower, decision, **given)

    assert state_of(drawdown) == HELD
    assert unsettled(borrower, "transfers") == transfer
    assert verbs("connection.pushes") == []


def test_who_is_not_held_needs_no_decision(borrower):
    with pytest.raises(DecisionNotAllowed):
        decide(borrower, stray_decisions.let_go)


def test_a_push_is_settled_whole_or_not_at_all(world, borrower, loan):
    by_a_stranger(borrower)
    borrower.record(loan, "drawdown", "800")
    world.drain()
    (push,) = unsettled(borrower)

    for values in (
        {"verdict": Verdict.ADOPTED},
        {"settled_at": world.clock.now},
        {"verdict": Verdict.ANOTHERS, "settled_at": world.clock.now},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            StrayPush.objects.filter(pk=push.pk).update(**values)


def test_no_step_is_due_where_nobody_is_held(world, borrower):
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.update(stray_look_due_at=world.clock.now)


def test_the_sweep_adopts_nothing_twice(world, borrower, loan):
    drawdown, fee = lose(world, borrower, loan, ("drawdown", "800"), ("fee", "50"))
    world.run(seconds=600)
    made = record_of(fee).xero_record_id

    sweeping.sweep(now=world.clock.now)
    stray_marks.adopt(borrower.connection, now=world.clock.now)

    assert (state_of(fee), record_of(fee).xero_record_id) == ("written", made)
    assert state_of(drawdown) == HELD
