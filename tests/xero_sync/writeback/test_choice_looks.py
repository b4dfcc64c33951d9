"""What was chosen and disappears in Xero is noticed before the next write."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.db.models import Q

from tests.worlds import World
from tests.xero_sync.accounts.test_lost_choices import lose
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_state,
    ours,
    pushes,
    state_of,
    timeline,
)
from xero_sync.borrowers import account_notices, notices, remarks
from xero_sync.models import Connection, RateScope, SyncRecord, WriteRequest
from xero_sync.models.choices import Question
from xero_sync.writeback import budget, choice_look_steps, claims, lost_choices
from xero_sync.writeback import sweep as sweeping
from xero_sync.writeback.choice_look_steps import PATIENCE
from xero_sync.writeback.choice_looks import LOST_AGAIN_AFTER

pytestmark = pytest.mark.django_db

READS = re.compile(r"/data/(bankAccounts|accounts|suppliers|taxRates)$")
HELD = "held account_unusable"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower(is_looked_at=False)


def looks(world, borrower=None):
    """How often each kind of data was read for a look, of one borrower or of all."""
    company = borrower and str(borrower.connection.codat_company_id)
    return Counter(
        match[1]
        for one in world.sandbox.requests
        if one.method == "GET" and (match := READS.search(one.path))
        if company is None or company in one.path
    )


def since_now(world):
    """Forget what was asked of the sandbox so far."""
    world.sandbox.requests.clear()


def delete(borrower, question):
    """Let something chosen vanish without a trace, as a deleted contact does."""
    organisation, chosen = borrower.books._organisation, borrower.mapping
    match question:
        case Question.FEE:
            del organisation.accounts[chosen.expense_account_id]
        case Question.SUPPLIER:
            del organisation.contacts[chosen.supplier_id]
        case Question.TAX:
            del organisation.tax_rates[chosen.tax_rate_id]


def restore(borrower, name="Bank Fees"):
    account = borrower.books.account(name)
    account.status, account.modified = "Active", borrower.world.clock.now


def choose_anew(world, borrower, question):
    """Choose another thing instead of what is gone."""
    here = borrower.codat_connection
    if question == Question.LENDER:
        return world.choose_accounts(borrower)
    match question:
        case Question.BANK:
            other = world.sandbox.add_account(
                here, name="Other Bank", category="Asset.Bank"
            )
            chosen = {"nominated_account_id": other.id}
        case Question.FEE:
            other = borrower.books.account("Interest Expense")
            chosen = {"expense_account_id": other.id}
        case Question.SUPPLIER:
            other = world.sandbox.add_supplier(here, "Example Invoice Finance Ltd")
            chosen = {"supplier_id": other.id}
        case Question.TAX:
            chosen = {"tax_rate_id": "EXEMPTINPUT"}
    world.sandbox.sync(here)
    return world.choose_accounts(
        borrower, lender_account=borrower.lender_account, **chosen
    )


def remark(borrower):
    return next(iter(remarks.of_company(borrower.company, borrower.connection)), None)


def assert_asked_once(world, borrower, mailoutbox, question):
    """One mail, one button that leads to that question alone."""
    for _ in range(3):
        account_notices.tell(now=world.clock.now)
        notices.send_due(now=world.clock)
    assert len(mailoutbox) == 1
    on_page = remark(borrower)
    assert on_page.title in mailoutbox[0].subject
    assert (on_page.address, on_page.question) == ("customer-question", question)


@pytest.mark.parametrize("question", Question.values)
def test_what_was_archived_after_the_choice_is_noticed_before_the_first_write(
    world, borrower, mailoutbox, question
):
    lose(borrower, question)
    loan = borrower.loan()
    events = [
        borrower.record(loan, "drawdown", "800"),
        borrower.record(loan, "fee", "50"),
    ]

    world.run(seconds=600)

    assert [state_of(one) for one in events] == [HELD, HELD]
    assert WriteRequest.objects.filter(data_type="transfers").count() == 0
    assert ours(borrower) == []
    assert_asked_once(world, borrower, mailoutbox, question)

    choose_anew(world, borrower, question)
    world.run()

    assert [state_of(one) for one in events] == ["written", "written"]
    if question not in {Question.LENDER, Question.BANK}:
        assert_books_follow(borrower)
    account_notices.tell(now=world.clock.now)
    notices.send_due(now=world.clock)
    assert len(mailoutbox) == 1
    assert remark(borrower) is None


@pytest.mark.parametrize("question", ["fee", "supplier", "tax"])
def test_what_was_deleted_is_noticed_as_well(world, borrower, question):
    delete(borrower, question)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=600)

    assert state_of(event) == HELD
    (lost,) = borrower.connection.lost_choices
    assert lost.question == question
    assert pushes(world, "transfers") == []


def test_one_look_serves_the_writes_of_its_time(world, borrower):
    loan = borrower.loan()
    since_now(world)

    for kind, amount in (("drawdown", "800"), ("invoice_payment", "1000")):
        borrower.record(loan, kind, amount)
    borrower.record(borrower.loan(), "fee", "5")
    world.run()

    once = {"bankAccounts": 1, "accounts": 1, "suppliers": 1, "taxRates": 1}
    assert looks(world) == once
    assert_books_follow(borrower)


def test_after_its_time_the_next_write_waits_for_another_look(
    world, borrower, settings
):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    world.wait(settings.WRITEBACK_LOOK_SECONDS + 1)
    lose(borrower, Question.FEE)

    event = borrower.record(loan, "fee", "50")
    world.run(seconds=600)

    assert state_of(event) == HELD


def test_what_goes_within_its_time_is_refused_by_xero_and_then_held_for_it(
    world, borrower, mailoutbox
):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    lose(borrower, Question.FEE)

    event = borrower.record(loan, "fee", "50")
    world.run(seconds=600)

    assert ("failed", "refused_by_xero", "look") in timeline(event)
    assert state_of(event) == HELD
    assert_asked_once(world, borrower, mailoutbox, Question.FEE)

    choose_anew(world, borrower, Question.FEE)
    world.run()

    assert state_of(event) == "written"
    assert_books_follow(borrower)


def test_what_is_refused_for_another_cause_stays_refused(world, borrower):
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    world.run()
    world.sandbox.faults.add("push_fails", match="directCosts", message="No.")

    event = borrower.record(loan, "fee", "50")
    world.run(seconds=600)

    assert state_of(event) == "failed refused_by_xero"
    assert borrower.connection.lost_choices == []


def test_nobody_is_looked_at_who_has_nothing_to_send(world, borrower, settings):
    other = world.borrower(is_looked_at=False)
    since_now(world)
    other.record(other.loan(), "drawdown", "800")
    world.run()
    world.wait(settings.WRITEBACK_LOOK_SECONDS + 1)
    sweeping.sweep(now=world.clock.now)
    world.drain()

    assert not looks(world, borrower)
    assert looks(world, other)["accounts"] == 1


def test_what_others_send_does_not_wait_for_a_look(world, borrower):
    other = world.borrower(is_looked_at=False)
    world.sandbox.settings.refresh_seconds = 0
    first = other.record(other.loan(), "drawdown", "800")
    world.run()
    world.sandbox.settings.refresh_seconds = 300
    waiting = borrower.record(borrower.loan(), "drawdown", "800")
    going = other.record(other.loan(), "drawdown", "800")

    world.run(seconds=60)

    assert [state_of(one) for one in (first, going)] == ["written", "written"]
    assert state_of(waiting) == "queued"


def test_it_is_switched_off_by_its_setting(world, borrower, settings):
    settings.WRITEBACK_LOOK_SECONDS = 0
    since_now(world)

    borrower.record(borrower.loan(), "drawdown", "800")
    world.run()

    assert not looks(world)
    assert_books_follow(borrower)


def test_what_came_back_lets_the_entries_go_out_by_themselves(
    world, borrower, mailoutbox
):
    lose(borrower, Question.FEE)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=600)
    assert state_of(event) == HELD

    restore(borrower)
    world.run(seconds=LOST_AGAIN_AFTER.total_seconds() + 600)

    assert state_of(event) == "written"
    assert borrower.connection.lost_choices == []
    assert remark(borrower) is None
    account_notices.tell(now=world.clock.now)
    notices.send_due(now=world.clock)
    assert mailoutbox == []


def test_what_stays_away_is_looked_for_once_an_hour_and_asked_for_once(
    world, borrower, mailoutbox
):
    lose(borrower, Question.FEE)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=600)
    since_now(world)

    world.run(seconds=4 * 3_600, step=30)

    assert state_of(event) == HELD
    assert looks(world)["accounts"] in {3, 4}
    assert_asked_once(world, borrower, mailoutbox, Question.FEE)


def test_what_is_gone_is_looked_for_only_while_an_entry_waits(world, borrower):
    lose(borrower, Question.FEE)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=600)
    borrower.reverse(event)
    since_now(world)

    world.wait(2 * 3_600)
    sweeping.sweep(now=world.clock.now)
    world.drain()

    assert not looks(world)


@pytest.mark.parametrize("fault", ["error_before", "lose_reply_after", "bad_json"])
def test_a_look_that_codat_does_not_answer_is_made_again(world, borrower, fault):
    lose(borrower, Question.SUPPLIER)
    for match in ("POST .*/data/queue/suppliers", "GET .*/data/suppliers"):
        world.sandbox.faults.add(fault, match=match)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=600)

    assert state_of(event) == HELD
    assert pushes(world, "transfers") == []


def test_one_that_is_never_answered_keeps_nothing_back_for_ever(
    world, borrower, caplog
):
    world.sandbox.faults.add("error_before", match="GET .*/data/accounts", times=None)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=PATIENCE.total_seconds() - 60)
    assert state_of(event) == "queued"
    world.run(seconds=900)

    assert state_of(event) == "written"
    assert "could not be looked at" in caplog.text


def test_without_a_reading_by_then_codats_copy_decides(world, borrower, caplog):
    lose(borrower, Question.FEE)
    world.sandbox.sync(borrower.codat_connection)
    world.sandbox.faults.add("error_before", match="POST .*/data/queue", times=None)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=PATIENCE.total_seconds() + 300)

    assert state_of(event) == HELD
    assert "Codat's copy as it was" in caplog.text


def test_a_reading_that_takes_codat_minutes_is_waited_for(world, borrower):
    lose(borrower, Question.FEE)
    world.sandbox.settings.refresh_seconds = 200
    since_now(world)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=PATIENCE.total_seconds())

    assert state_of(event) == HELD
    asked = [one for one in world.sandbox.requests if "/data/history/" in one.path]
    assert len(asked) < 25


def test_tax_rates_that_a_lender_may_not_read_keep_nothing_back(world, borrower):
    for match in ("POST .*taxRates", "GET .*taxRates"):
        world.sandbox.faults.add("error_before", match=match, status=403, times=None)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=120)

    assert state_of(event) == "written"
    assert borrower.connection.access_problem == ""


def test_where_codat_lets_nobody_in_the_writes_are_held_for_that(world, borrower):
    world.sandbox.faults.add(
        "error_before", match="POST .*bankAccounts", status=401, times=None
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.drain()

    assert state_of(event) == "held access_denied"
    assert borrower.connection.choice_look_due_at is None


def test_while_nothing_may_go_out_the_look_waits_as_well(world, borrower):
    budget.block(until=world.clock.now + timedelta(hours=2), key=budget.DAY)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=7_000)
    assert state_of(event) == "queued"
    lose(borrower, Question.FEE)

    world.run(seconds=900)

    assert state_of(event) == HELD


def test_what_is_kept_for_the_writes_of_a_day_serves_their_look(world, borrower):
    RateScope.objects.update_or_create(
        key=budget.DAY,
        defaults={
            "remaining": budget.RESERVED_CALLS_A_DAY,
            "resets_at": world.clock.now + timedelta(hours=9),
        },
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=120)

    assert state_of(event) == "written"


def test_a_choice_made_during_a_look_is_not_called_lost_for_the_one_before(
    world, borrower
):
    lose(borrower, Question.FEE)
    world.sandbox.settings.refresh_seconds = 60
    event = borrower.record(borrower.loan(), "fee", "50")
    world.run(seconds=30)
    assert borrower.connection.choice_look_begun_at is not None

    choose_anew(world, borrower, Question.FEE)
    world.run(seconds=600)

    assert borrower.connection.lost_choices == []
    assert state_of(event) == "written"


def test_a_step_whose_maker_died_is_made_by_another(world, borrower, settings):
    lose(borrower, Question.FEE)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    lease = timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS)
    Connection.objects.update(
        choice_look_begun_at=world.clock.now,
        choice_look_due_at=world.clock.now + lease,
    )

    world.run(seconds=lease.total_seconds() - 30)
    assert state_of(event) == "queued"
    world.run(seconds=120)

    assert state_of(event) == HELD


def test_two_drains_do_not_make_the_same_step(world, borrower):
    borrower.record(borrower.loan(), "drawdown", "800")
    claims.claim(limit=10, now=world.clock.now)

    first = choice_look_steps.due(limit=10, now=world.clock.now)
    second = choice_look_steps.due(limit=10, now=world.clock.now)

    assert (len(first), second) == (1, [])


def test_who_wakes_up_after_their_lease_stores_nothing(world, borrower, settings):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    claims.claim(limit=10, now=world.clock.now)
    *_, late = steps_up_to_the_reading(world)
    seen = late.call(world.client)
    world.wait(settings.WRITEBACK_LEASE_SECONDS + 1)
    lose(borrower, Question.FEE)
    world.run(seconds=300)
    assert state_of(event) == "written"
    world.wait(settings.WRITEBACK_LOOK_SECONDS)
    held = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=300)
    assert state_of(held) == HELD

    late.done(seen, world.clock.now)

    assert state_of(held) == HELD
    assert borrower.connection.unusable_account == "Bank Fees"


def steps_up_to_the_reading(world):
    """Make the steps of a look; the last one, which reads, is only begun."""
    for _ in range(20):
        (step,) = choice_look_steps.due(limit=1, now=world.clock.now)
        yield step
        outcome = step.call(world.client)
        if isinstance(outcome, lost_choices.Seen):
            return
        step.done(outcome, world.clock.now)
        world.wait(2)


def test_who_comes_by_every_twenty_minutes_only_sends_all_the_same(world, borrower):
    world.sandbox.settings.refresh_seconds = 60
    event = borrower.record(borrower.loan(), "drawdown", "800")

    for _ in range(4):
        world.drain()
        world.wait(1_200)

    assert state_of(event) == "written"


def test_an_invoice_that_is_missing_costs_no_look(world, borrower):
    event = borrower.record(borrower.loan(in_xero=False), "invoice_payment", "1000")
    since_now(world)

    world.run(seconds=3_600)

    assert state_of(event) == "held invoice_not_found"
    assert not looks(world)


def test_who_stood_still_meanwhile_has_it_read_anew(world, borrower):
    world.sandbox.settings.refresh_seconds = 60
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=20)
    world.wait(2 * 86_400)
    lose(borrower, Question.FEE)

    world.run(seconds=600)

    assert state_of(event) == HELD


def test_a_connection_that_ends_ends_its_look(world, borrower):
    world.sandbox.settings.refresh_seconds = 60
    borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=20)
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")
    world.clock.forward(1)
    Connection.objects.update(checked_at=None)
    world.check_connections()

    world.run(seconds=600)

    assert not Connection.objects.filter(~Q(choice_look_due_at=None)).exists()
    assert set(SyncRecord.objects.values_list("reason", flat=True)) >= {"not_linked"}


def test_a_line_that_waited_long_for_its_booking_is_preceded_by_a_look(
    world, borrower, settings
):
    world.sandbox.settings.push_seconds = settings.WRITEBACK_LOOK_SECONDS + 60
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    lose(borrower, Question.FEE)

    world.run(seconds=settings.WRITEBACK_LOOK_SECONDS + 1_200)

    assert state_of(event) == "written"
    assert line_state(event) == HELD
