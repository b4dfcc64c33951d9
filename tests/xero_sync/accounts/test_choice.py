"""A choice of accounts: stored at once, or a run that makes what it needs, once."""

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest
from django.forms import model_to_dict
from django.utils import timezone, translation

from tests.trail import entries
from tests.worlds import World
from tests.xero_sync.accounts.faults import ANSWERS
from tests.xero_sync.bank_feeds.worlds import new_borrower
from xero_sync.accounts import choice
from xero_sync.accounts.choice import Choice, NewExpenseAccount, NewLenderAccount
from xero_sync.accounts.progress import progress
from xero_sync.codat.exceptions import (
    AlreadyUnderWay,
    CodatError,
    DecisionNotAllowed,
    MappingIncomplete,
    OtherVersion,
    SetupUnderWay,
)
from xero_sync.models import (
    AccountMapping,
    AccountSetup,
    Heartbeat,
    LenderAccount,
    SetupStep,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.writeback import setup_answers, setups
from xero_sync.writeback.exchange import Sent

pytestmark = pytest.mark.django_db

LENDER = "Example Invoice Finance"
NEW = NewLenderAccount("12345678", "123456")


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return new_borrower(world)


def wanted(borrower, **changes):
    fields = {
        "lender_account": NEW,
        "nominated_account_id": borrower.books.account("Business Current Account").id,
        "expense_account": NewExpenseAccount("478"),
    }
    return Choice(**fields | changes)


def begin(borrower, **changes):
    return borrower.world.begin(borrower, wanted(borrower, **changes))


def set_up(borrower, **changes):
    return borrower.world.set_up(begin(borrower, **changes))


def suppliers(borrower, name=LENDER):
    organisation = borrower.world.sandbox._organisation(borrower.codat_connection)
    return [one for one in organisation.contacts.values() if one.name == name]


def accounts(borrower, start):
    return [one for one in borrower.books.accounts if one.name.startswith(start)]


def each_once(borrower):
    made = accounts(borrower, LENDER), accounts(borrower, "Finance fees")
    return [len(one) for one in (*made, suppliers(borrower))] == [1, 1, 1]


def pushes(world, of):
    return [one for one in world.sandbox.requests if one.path.endswith(f"/push/{of}")]


# --- a run from its beginning to its end ----------------------------------------------


def test_beginning_reads_and_writes_nothing_at_codat(world, borrower):
    run = begin(borrower)

    assert isinstance(run, AccountSetup)
    assert {one.method for one in world.sandbox.requests} == {"GET"}
    assert not AccountMapping.objects.exists()
    assert [one.kind for one in run.steps.order_by("number")] == [
        "source_account",
        "feed_mapping",
        "expense_account",
        "supplier",
    ]


def test_a_borrower_of_other_tests_stands_where_a_run_ends(world, borrower):
    set_up(borrower, expense_account=borrower.books.account("Bank Fees").id)

    others = world.borrower(writeback=False)

    assert stand_of(others) == stand_of(borrower)


def stand_of(borrower):
    """All that a run leaves, without the ids and times that are each run's own."""
    account, mapping = borrower.lender_account, borrower.mapping
    own = {"id", "connection", "created_at", "lender_account", "mapping"}
    own |= {f"{one}_account_id" for one in ("source", "target", "lender_target")}
    own |= {"nominated_account_id", "account_id", "supplier_id"}
    own |= {"feed_status_since", "feed_checked_at"}
    rows = [account, mapping, *mapping.rows.all()]
    (source,) = borrower.world.client.list_source_accounts(
        borrower.connection.codat_company_id, borrower.codat_connection
    )
    return (
        [model_to_dict(one, exclude=own) for one in rows],
        [bool(account.feed_status_since), bool(account.feed_checked_at)],
        len(suppliers(borrower)),
        [(one.name, one.status) for one in accounts(borrower, LENDER)],
        replace(source, id=""),
    )


def test_a_run_makes_each_thing_once_and_stores_the_choice(world, borrower):
    mapping = set_up(borrower)

    assert each_once(borrower)
    (supplier,) = suppliers(borrower)
    (account,) = accounts(borrower, LENDER)
    assert (mapping.version, mapping.chosen_by) == (1, "test")
    assert mapping.supplier_id == supplier.id
    assert mapping.lender_target_account_id == account.id
    assert mapping.expense_account_name == "Finance fees"
    run = AccountSetup.objects.get()
    assert (run.state, run.mapping) == ("done", mapping)
    assert len(entries("setup.begun")) == len(entries("setup.finished")) == 1
    assert world.sandbox.violations == []


def test_every_write_is_on_file_before_its_first_byte(world, borrower):
    set_up(borrower)

    requests = WriteRequest.objects.all()
    assert {one.data_type for one in requests} == {
        "bankFeedAccounts",
        "bankFeedMappings",
        "accounts",
        "suppliers",
    }
    for one in requests:
        (attempt,) = one.attempts.all()
        assert one.created_at <= attempt.started_at
        assert one.setup_steps.count() == 1
    writes = [one for one in world.sandbox.requests if one.method == "POST"]
    keys = {str(one.idempotency_key) for one in requests}
    refreshes = [one for one in writes if "/data/queue" in one.path]
    assert keys == {one.key for one in writes if one not in refreshes}


def test_the_account_number_lies_nowhere_open_until_it_is_sent(borrower):
    run = begin(borrower)

    step = run.steps.get(kind="source_account")
    assert "12345678" not in run.sealed_choice + step.sealed_body


def test_the_same_choice_is_the_run_that_there_is_and_then_its_version(borrower):
    first = begin(borrower)
    again = begin(borrower)
    mapping = borrower.world.set_up(first)
    after = begin(borrower)

    assert again == first
    assert after == mapping
    assert AccountSetup.objects.count() == 1
    assert each_once(borrower)


def test_another_choice_while_one_runs_is_refused_and_named(borrower):
    begin(borrower)

    with pytest.raises(SetupUnderWay, match="chosen by test on"):
        begin(borrower, expense_account=NewExpenseAccount("479"))

    assert AccountSetup.objects.count() == 1


def test_a_second_tab_that_read_at_the_same_time_makes_no_second_run(borrower):
    run = None

    def other_tab_first(*args, **given):
        nonlocal run
        plan = planned(*args, **given)
        if run is None:
            run = "on its way"
            run = begin(borrower)
        return plan

    planned = choice.planning.plan_of
    with mock.patch.object(choice.planning, "plan_of", other_tab_first):
        mine = begin(borrower)

    assert mine == run
    assert AccountSetup.objects.count() == 1
    assert LenderAccount.objects.count() == 1


def test_a_choice_on_another_version_is_refused_naming_both(world, borrower):
    set_up(borrower)
    seen = borrower.mapping.version
    expense = borrower.books.account("Bank Fees").id
    world.begin(borrower, Choice(expense_account=expense), expected_version=seen)

    with pytest.raises(OtherVersion, match=r"Version 2 .* on version 1") as raised:
        world.begin(borrower, Choice(tax_rate_id="NONE"), expected_version=seen)

    assert raised.value.field == "expected_version"
    assert borrower.mapping.version == 2


def test_a_version_chosen_during_a_run_stops_it(world, borrower):
    set_up(borrower)
    run = begin(borrower, expense_account=NewExpenseAccount("479", "More fees"))
    world.choose_accounts(borrower, lender_account=borrower.lender_account)

    world.set_up(run)

    run.refresh_from_db()
    assert (run.state, run.reason) == ("stopped", "other_version")
    assert borrower.mapping.version == 2


def test_acts_on_the_feed_and_a_run_exclude_each_other(world, borrower):
    Heartbeat.objects.create(
        name=f"choosing {borrower.connection_row.pk}",
        holder="another",
        beat_at=timezone.now(),
        busy_until=timezone.now() + timedelta(minutes=1),
    )
    with pytest.raises(AlreadyUnderWay):
        begin(borrower)
    Heartbeat.objects.all().delete()
    begin(borrower)

    with pytest.raises(AlreadyUnderWay):
        setups.require_none(borrower.connection_row, now=world.clock.now)


def test_the_numbers_of_an_earlier_source_account_are_given_up_with_it(world, borrower):
    world.sandbox.settings.feed_seconds = 0
    first = begin(borrower)
    world.sandbox.faults.add("status_403", match="POST .*/mapping$", problem="")
    world.set_up(first)
    other = NewLenderAccount("87654321", "123456")
    borrower.connection_row.__class__.objects.update(access_problem="")

    mapping = set_up(borrower, lender_account=other)

    assert mapping.version == 1
    assert borrower.books.source_accounts == [mapping.lender_account.source_account_id]
    first.refresh_from_db()
    assert first.state == "given_up"
    closed = LenderAccount.objects.exclude(pk=mapping.lender_account_id).get()
    assert closed.feed_status == "closed"


# --- what goes wrong on the way -------------------------------------------------------

CALLS = (
    "POST .*/connectionInfo/bankFeedAccounts$",
    "POST .*/bankFeedAccounts/mapping$",
    "POST .*/push/accounts",
    "POST .*/push/suppliers",
)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("fault", "given"), ANSWERS)
def test_whatever_happens_to_an_answer_each_thing_is_made_once(
    world, borrower, call, fault, given
):
    run = begin(borrower)
    world.sandbox.faults.add(fault, match=call, **given)

    mapping = world.set_up(run)

    assert each_once(borrower)
    assert mapping.version == 1
    assert world.sandbox.violations == []


@pytest.mark.parametrize("match", ["chartOfAccounts", "suppliers"])
def test_a_push_that_times_out_and_lands_late_is_found(world, borrower, match):
    run = begin(borrower)
    world.sandbox.faults.add("push_times_out_but_written", match=match, seconds=7_200)

    mapping = world.set_up(run)

    assert each_once(borrower)
    assert mapping.version == 1
    assert len(pushes(world, "accounts")) == len(pushes(world, "suppliers")) == 1


def test_a_push_that_times_out_for_good_waits_for_a_person_who_tries_again(
    world, borrower
):
    run = begin(borrower)
    world.sandbox.faults.add("push_times_out", match="suppliers")
    world.set_up(run)
    assert (run.state, run.reason) == ("stopped", "no_final_word")

    choice.again(run, by="user:anna", now=world.clock.now)
    run.refresh_from_db()
    mapping = world.set_up(run)

    assert mapping.version == 1
    assert each_once(borrower)
    acts = entries("setup.tried_again")
    assert [one.actor for one in acts] == ["user:anna"]


def test_what_xero_refuses_stops_the_run_in_its_words(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add(
        "push_fails", match="chartOfAccounts", message="Not today."
    )

    world.set_up(run)

    assert (run.state, run.reason, run.words) == ("stopped", "refused", "Not today.")
    assert suppliers(borrower) == []
    seen = progress(run)
    assert [one.status for one in seen.steps] == [
        "there",
        "there",
        "refused",
        "waiting",
    ]
    choice.again(run, by="test", now=world.clock.now)
    run.refresh_from_db()
    assert world.set_up(run).version == 1
    assert each_once(borrower)
    keys = {one.key for one in pushes(world, "accounts")}
    assert len(keys) == 2


def test_a_name_that_an_archived_supplier_has_is_refused_in_xeros_words(
    world, borrower
):
    world.sandbox.add_supplier(borrower.codat_connection, LENDER, status="Archived")

    run = set_up(borrower)

    assert (run.state, run.reason) == ("stopped", "refused")
    assert "already in use" in run.words


def test_a_run_stops_where_the_borrower_has_gone_and_goes_on_later(world, borrower):
    run = begin(borrower)
    borrower.connection_row.__class__.objects.update(status="Deauthorized")
    world.set_up(run)
    assert (run.state, run.reason) == ("stopped", "not_linked")
    assert {one.method for one in world.sandbox.requests} == {"GET"}

    borrower.connection_row.__class__.objects.update(status="Linked")
    choice.again(run, by="test", now=world.clock.now)
    run.refresh_from_db()

    assert world.set_up(run).version == 1


def test_only_one_that_stopped_can_be_tried_again(world, borrower):
    run = begin(borrower)

    with pytest.raises(DecisionNotAllowed):
        choice.again(run, by="test", now=world.clock.now)


def test_another_choice_goes_on_with_what_a_stopped_run_has_on_its_way(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add(
        "late_landing", match="POST .*/mapping$", seconds=80_000, times=None
    )
    world.drain()
    world.wait(5)
    world.drain()
    assert SetupStep.objects.get(kind="feed_mapping").state == "unknown"
    borrower.connection_row.__class__.objects.update(status="Unlinked")
    world.set_up(run)
    assert run.reason == "not_linked"
    borrower.connection_row.__class__.objects.update(status="Linked")
    world.sandbox.faults.clear()

    other = begin(borrower, expense_account=NewExpenseAccount("479"))

    step = other.steps.get(kind="feed_mapping")
    assert step.request == run.steps.get(kind="feed_mapping").request
    assert world.set_up(other).version == 1
    assert len(accounts(borrower, LENDER)) == 1


# --- a process that dies or sleeps ----------------------------------------------------


def test_a_sender_that_died_is_followed_by_a_look_and_never_by_a_second_one(
    world, borrower
):
    run = begin(borrower)
    with (
        mock.patch.object(
            world.client, "send_feed_write", side_effect=KeyboardInterrupt
        ),
        pytest.raises(KeyboardInterrupt),
    ):
        world.set_up(run)
    assert SetupStep.objects.get(kind="source_account").state == "sending"

    assert world.set_up(run).version == 1
    assert each_once(borrower)


def test_an_answer_that_comes_too_late_is_kept_and_moves_nothing(world, borrower):
    run = begin(borrower)
    world.drain()
    (claim,) = [one for one in _claims(world) if one.step is not None]
    late = SetupStep.objects.get(pk=claim.step.pk)
    world.wait(600)
    world.set_up(run)
    before = SetupStep.objects.get(pk=late.pk)

    error = CodatError("late")
    setup_answers.store(
        [Sent(claim, error, world.clock.now, world.clock.now)], now=world.clock.now
    )

    after = SetupStep.objects.get(pk=late.pk)
    assert (after.state, after.fence) == (before.state, before.fence)
    assert WriteAttempt.objects.filter(request=claim.request).count() >= 1


def _claims(world):
    found = []
    for _ in range(20):
        found = setups.due(limit=1, now=world.clock.now)
        if found and getattr(found[0], "step", None):
            return found
        for one in found:
            one.done(one.call(world.client), world.clock.now)
        world.wait(2)
    return found


def test_the_sweep_finds_a_run_whose_nudge_was_lost(world, borrower):
    begin(borrower)

    world.run(seconds=300)
    world.wait(300)
    while AccountSetup.objects.filter(state="running").exists():
        world.drain()
        world.wait(5)

    assert each_once(borrower)


# --- the supplier and the fee account that are there ----------------------------------


@pytest.mark.parametrize("name", [LENDER, "example invoice FINANCE"])
def test_a_supplier_called_so_is_taken(world, borrower, name):
    there = world.sandbox.add_supplier(borrower.codat_connection, name)

    mapping = set_up(borrower)

    assert mapping.supplier_id == there.id
    assert pushes(world, "suppliers") == []


@pytest.mark.parametrize("is_known", [True, False])
def test_a_supplier_called_nearly_so_is_left_to_a_person(world, borrower, is_known):
    near = world.sandbox.add_supplier(
        borrower.codat_connection, "Example Invoise Finance"
    )
    if is_known:
        world.sandbox.sync(borrower.codat_connection)
        with pytest.raises(MappingIncomplete, match=near.id):
            begin(borrower)
        assert not AccountSetup.objects.exists()
    else:
        run = set_up(borrower)
        assert (run.state, run.reason) == ("stopped", "several_fit")
        assert near.id in run.words
    assert suppliers(borrower) == []


def test_the_expense_account_of_a_code_is_taken(borrower):
    mapping = set_up(borrower, expense_account=NewExpenseAccount("404"))

    assert mapping.expense_account_id == borrower.books.account("Bank Fees").id


def test_an_expense_account_is_made_in_its_category(borrower):
    mapping = set_up(borrower)

    made = borrower.books.account("Finance fees")
    assert (made.id, made.category) == (mapping.expense_account_id, "Expense.Expense")


@pytest.mark.parametrize("code", ["200", "499"])
def test_a_code_that_is_taken_by_something_else_is_refused(borrower, code):
    with pytest.raises(MappingIncomplete) as raised:
        begin(borrower, expense_account=NewExpenseAccount(code))

    assert raised.value.field == "nominal_code"
    assert not AccountSetup.objects.exists()


# --- how far it is --------------------------------------------------------------------


def test_the_steps_say_how_far_they_are(world, borrower):
    world.sandbox.settings.feed_seconds = 60
    run = begin(borrower)
    told = []
    for _ in range(60):
        world.sandbox.tick()
        world.drain()
        status = [one.status.value for one in progress(run).steps]
        if not told or told[-1] != status:
            told.append(status)
        world.wait(2)
        run.refresh_from_db()

    assert ["there", "sent", "waiting", "waiting"] in told
    assert told[-1] == ["there"] * 4
    assert progress(run).state == "done"


def test_what_is_shown_is_said_in_french_too(world, borrower):
    run = begin(borrower)
    with translation.override("fr"):
        seen = progress(run)
        words = [str(seen.words), *(str(one.name) for one in seen.steps)]

    assert words[0] == "Nous configurons vos comptes dans Xero."
    assert "Compte du financeur" in words


def test_a_run_that_can_no_longer_be_read_stops_and_nothing_else_does(
    world, borrower, settings
):
    run = begin(borrower)
    settings.FIELD_ENCRYPTION_KEYS = ["kX1vT0kqk3m8q1zq3XW3mQ9kqj2m1f3sQh1oB3l8n2E="]

    world.set_up(run)

    assert (run.state, run.reason) == ("stopped", "refused")
    assert "FIELD_ENCRYPTION_KEYS" in run.words
