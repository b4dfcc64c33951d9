"""A lender account without a bank feed: made once, and fed itself later."""

import pytest

from tests.marks import more
from tests.trail import entries
from tests.worlds import World
from tests.xero_sync.accounts.faults import ANSWERS
from tests.xero_sync.bank_feeds.worlds import app_feeds, calls, new_borrower
from xero_sync.accounts import choice, plain_accounts
from xero_sync.accounts.choice import (
    AdoptedLenderAccount,
    Choice,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.bank_feeds import source_accounts
from xero_sync.codat.exceptions import (
    DecisionNotAllowed,
    MappingIncomplete,
    SameAccountTwice,
    SetupUnderWay,
)
from xero_sync.codat.write_models import Property, WriteModel
from xero_sync.connections import switches
from xero_sync.models import AccountMapping, AccountSetup, LenderAccount, WriteRequest
from xero_sync.models.choices import AccountKind

pytestmark = pytest.mark.django_db

LENDER = "Example Invoice Finance"
BANK = NewPlainAccount("bank", "12345678", "12-34-56")
CARD = NewPlainAccount("credit_card", "4321")
OTHER = NewPlainAccount("other", "FAC 2026/17")
PUSH = "POST .*/push/bankAccounts"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return new_borrower(world, feeds=False)


def wanted(borrower, lender_account, **changes):
    fields = {
        "lender_account": lender_account,
        "nominated_account_id": borrower.books.account("Business Current Account").id,
        "expense_account": borrower.books.account("Bank Fees").id,
    }
    return Choice(**fields | changes)


def begin(borrower, lender_account=BANK, **changes):
    return borrower.world.begin(borrower, wanted(borrower, lender_account, **changes))


def set_up(borrower, lender_account=BANK, **changes):
    return borrower.world.set_up(begin(borrower, lender_account, **changes))


def in_xero(borrower):
    return [one for one in borrower.books.accounts if one.name.startswith(LENDER)]


def pushes(world):
    return [
        one for one in world.sandbox.requests if one.path.endswith("/push/bankAccounts")
    ]


def feeds_on(borrower):
    return switches.set_bank_feeds(
        connection=borrower.connection,
        on=True,
        now=borrower.world.clock.now,
        set_by="test",
    )


# --- made -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lender_account", "account_type", "number", "sort_code"),
    [
        (BANK, "Debit", "12345678", "123456"),
        (CARD, "Credit", "4321", None),
        (OTHER, "Debit", "FAC 2026/17", None),
    ],
)
def test_each_kind_is_made_once_with_what_xero_asks_for_it(
    world, borrower, lender_account, account_type, number, sort_code
):
    mapping = set_up(borrower, lender_account)

    (made,) = in_xero(borrower)
    assert (made.name, made.account_type) == (LENDER, account_type)
    assert (made.account_number, made.sort_code) == (number, sort_code)
    assert (made.currency, made.is_bank) == ("GBP", True)
    account = mapping.lender_account
    assert mapping.lender_target_account_id == account.target_account_id == made.id
    assert (account.kind, account.name) == (lender_account.kind, LENDER)
    assert (account.source_account_id, account.feed_status) == ("", "none")
    (act,) = entries("lender_account.made")
    assert (act.actor, act.after) == ("test", {"target_account_id": made.id})
    assert calls(world, "POST") == []
    assert world.sandbox.violations == []


def test_the_intent_is_on_file_before_the_write(borrower):
    set_up(borrower)

    request = WriteRequest.objects.get(data_type="bankAccounts")
    (attempt,) = request.attempts.all()
    assert request.created_at <= attempt.started_at
    assert request.setup_steps.get().kind == "plain_account"


def test_its_entries_are_written_and_its_lines_wait_for_a_feed(world, borrower):
    set_up(borrower)
    switches.switch_writeback(
        connection=borrower.connection, on=True, switched_by="t", now=world.clock.now
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run(seconds=120, step=10)

    states = {
        one.step: f"{one.state} {one.reason}".strip()
        for one in event.sync_records.all()
    }
    assert states == {"transfer": "written", "statement_line": "held bank_feeds_off"}
    assert borrower.balance("L") == -800


@pytest.mark.parametrize("first", [BANK, CARD, OTHER])
def test_the_same_choice_again_is_what_there_is(borrower, first):
    run = begin(borrower, first)
    assert begin(borrower, first) == run
    mapping = borrower.world.set_up(run)

    again = set_up(borrower, first)

    assert again == mapping
    assert AccountMapping.objects.count() == 1
    assert LenderAccount.objects.count() == 1
    assert len(in_xero(borrower)) == 1


# --- what may be asked for ------------------------------------------------------------


@pytest.mark.parametrize(
    "why", ["off here", "off for our app", "a demo company", "refused"]
)
def test_it_can_be_made_where_no_feed_can_come(borrower, why):
    changes = {
        "off for our app": {"bank_feeds": True},
        "a demo company": {"bank_feeds": True, "marked_demo": True},
        "refused": {"bank_feeds": True, "feed_refusal": "invalid-application"},
    }
    if why == "off for our app":
        app_feeds(on=False)
    rows = borrower.connection_row.__class__.objects
    rows.update(**changes.get(why, {"bank_feeds": False}))

    assert set_up(borrower).version == 1
    assert len(in_xero(borrower)) == 1


def test_where_a_feed_can_come_the_account_comes_with_it(borrower):
    feeds_on(borrower)

    with pytest.raises(MappingIncomplete, match="made with its feed") as raised:
        begin(borrower)

    assert raised.value.field == "lender_account"
    assert not LenderAccount.objects.exists()


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("credit_card", "", "account_number"),
        ("credit_card", "432", "account_number"),
        ("credit_card", "43a1", "account_number"),
        ("credit_card", "٤٣٢١", "account_number"),
        ("credit_card", "4111111111111111", "account_number"),
        ("other", "", "account_number"),
        ("other", "x" * 41, "account_number"),
        ("other", "4111 1111 1111 1111", "account_number"),
        ("other", "5555-5555-5555-4444", "account_number"),
        ("bank", "4111111111111111", "account_number"),
        ("bank", "", "account_number"),
        ("bank", "12345678", "sort_code"),
        ("loan", "12345678", "kind"),
    ],
)
def test_a_number_that_will_not_do_is_refused_and_never_repeated(
    borrower, kind, given, field
):
    with pytest.raises(MappingIncomplete) as raised:
        begin(borrower, NewPlainAccount(kind, given))

    assert raised.value.field == field
    assert not given or given not in str(raised.value)
    assert not AccountSetup.objects.exists()


def test_the_number_lies_nowhere_open_until_it_is_sent(borrower):
    run = begin(borrower, OTHER)

    step = run.steps.get(kind="plain_account")
    assert "2026/17" not in run.sealed_choice + step.sealed_body + str(step)
    assert "2026/17" not in repr(OTHER)


def test_numbers_that_are_no_cards_are_taken(borrower):
    # One digit off what a card's number would end in.
    number = plain_accounts.number_of(AccountKind.OTHER, " 4111111111111112 ")

    assert number == "4111111111111112"


MODEL = {
    "accountName": Property(True, ()),
    "accountType": Property(True, ("Debit", "Credit")),
    "accountNumber": Property(True, ()),
    "currency": Property(True, ()),
    "sortCode": Property(False, ()),
    "status": Property(False, ("Active",)),
}
ALL = ["bank", "credit_card", "other"]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ALL),
        ({"accountType": Property(True, ("Debit",))}, ["bank", "other"]),
        ({"accountType": Property(True, ("Credit",))}, ["credit_card"]),
        ({"accountType": None}, []),
        ({"accountNumber": None}, []),
        ({"sortCode": Property(True, ())}, ["bank"]),
        ({"nominalCode": Property(True, ())}, []),
        ({"nominalCode": Property(False, ())}, ALL),
        ({"currency": None}, ALL),
        ({"currency": Property(True, ("EUR",))}, ALL),
    ],
)
def test_codats_model_says_which_kinds_can_be_made(borrower, changes, kinds):
    known = {name: one for name, one in (MODEL | changes).items() if one}
    client = Client(WriteModel(known))

    found = plain_accounts.kinds(connection=borrower.connection, client=client)

    assert found == kinds


class Client:
    """Answers with a model; Codat's own are tried at the wire."""

    def __init__(self, model):
        self.model = model

    def get_write_model(self, *_ids):
        return self.model


def test_only_what_the_model_lists_is_sent(borrower):
    listed = {name: MODEL[name] for name in ("accountName", "accountNumber")}
    model = WriteModel(listed | {"accountType": Property(True, ("Debit",))})

    body = plain_accounts.body_of(
        connection=borrower.connection, wanted=OTHER, client=Client(model)
    )

    assert body == {
        "accountName": LENDER,
        "accountNumber": "FAC 2026/17",
        "accountType": "Debit",
    }


def test_a_currency_that_the_model_does_not_list_must_be_the_organisations(world):
    borrower = new_borrower(world, feeds=False, currency="EUR", base_currency="GBP")
    known = {name: one for name, one in MODEL.items() if name != "currency"}

    found = plain_accounts.kinds(
        connection=borrower.connection, client=Client(WriteModel(known))
    )

    assert found == []


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_currency_beside_the_organisations_own_is_taken_though_nobody_may_look(
    world, is_closed
):
    borrower = new_borrower(world, feeds=False, currency="EUR", base_currency="GBP")
    if is_closed:
        world.sandbox.faults.add("status_403", match="bankFeeds/info", times=None)
    bank = borrower.books.account("EUR Account").id

    mapping = set_up(borrower, OTHER, nominated_account_id=bank)

    assert mapping.lender_account.currency == "EUR"
    assert in_xero(borrower)[0].currency == "EUR"


@pytest.mark.parametrize("status", [403, 404])
def test_where_codat_names_no_model_nothing_can_be_made(world, borrower, status):
    world.sandbox.faults.add(
        "error_before", match="options/bankAccounts", status=status, times=None
    )

    with pytest.raises(MappingIncomplete, match="adopt one") as raised:
        begin(borrower)

    assert raised.value.field == "kind"
    assert not AccountSetup.objects.exists()


# --- a name that is there -------------------------------------------------------------


def add(borrower, number="12345678", **options):
    there = borrower.world.sandbox.add_account(
        borrower.codat_connection,
        name=options.pop("name", LENDER),
        category="Asset.Bank",
        account_number=number,
        **options,
    )
    borrower.world.sandbox.sync(borrower.codat_connection)
    return there


def test_one_of_this_name_and_number_is_taken_and_no_second_one_made(world, borrower):
    there = add(borrower)

    mapping = set_up(borrower)

    assert mapping.lender_target_account_id == there.id
    assert pushes(world) == []


@pytest.mark.parametrize("number", ["87654321", None])
def test_one_of_this_name_and_another_number_is_left_to_a_person(borrower, number):
    add(borrower, number)

    with pytest.raises(MappingIncomplete, match="Adopt that one") as raised:
        begin(borrower)

    assert raised.value.field == "lender_account"


def test_one_that_codat_had_not_read_yet_stops_the_run_before_it_is_sent(
    world, borrower
):
    world.sandbox.add_account(
        borrower.codat_connection,
        name=LENDER.upper(),
        category="Asset.Bank",
        account_number="87654321",
    )

    run = set_up(borrower)

    assert (run.state, run.reason) == ("stopped", "name_taken")
    assert pushes(world) == []
    assert len(in_xero(borrower)) == 0


def test_the_borrowers_own_account_is_never_taken_for_ours(world, borrower):
    there = add(borrower)

    with pytest.raises(SameAccountTwice):
        begin(borrower, nominated_account_id=there.id)


def test_an_account_of_another_currency_is_none_of_ours(borrower):
    add(borrower, currency="EUR")

    with pytest.raises(MappingIncomplete, match="Adopt that one"):
        begin(borrower)


def test_what_xero_refuses_stops_the_run_in_its_words(world, borrower):
    world.sandbox.archive_account(borrower.codat_connection, add(borrower).id)
    world.sandbox.sync(borrower.codat_connection)

    run = set_up(borrower)

    assert (run.state, run.reason) == ("stopped", "refused")
    assert "already in use" in run.words
    assert LenderAccount.objects.get().target_account_id == ""


# --- what goes wrong on the way -------------------------------------------------------


@pytest.mark.parametrize("lender_account", [BANK, *more(CARD)])
@pytest.mark.parametrize(("fault", "given"), ANSWERS)
def test_whatever_happens_to_an_answer_it_is_made_once(
    world, borrower, lender_account, fault, given
):
    run = begin(borrower, lender_account)
    world.sandbox.faults.add(fault, match=PUSH, **given)

    mapping = world.set_up(run)

    assert mapping.version == 1
    assert [one.id for one in in_xero(borrower)] == [mapping.lender_target_account_id]
    assert world.sandbox.violations == []


def test_a_push_that_times_out_and_lands_late_is_found(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add(
        "push_times_out_but_written", match="bankAccounts", seconds=7_200
    )

    mapping = world.set_up(run)

    assert [one.id for one in in_xero(borrower)] == [mapping.lender_target_account_id]
    assert len(pushes(world)) == 1


@pytest.mark.parametrize("shown", ["XXXX5678", None])
def test_after_a_lost_answer_it_is_known_by_the_end_of_its_number_or_by_none(
    world, borrower, shown
):
    run = begin(borrower)
    world.sandbox.faults.add("lose_reply_after", match=PUSH, times=4)
    while not in_xero(borrower):
        world.drain()
        world.wait(2)
    in_xero(borrower)[0].account_number = shown

    mapping = world.set_up(run)

    assert [one.id for one in in_xero(borrower)] == [mapping.lender_target_account_id]


def test_a_refusal_for_want_of_bank_feeds_is_named_so(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add(
        "status_403", match=PUSH, problem="invalid-organisation-bank-feeds"
    )

    world.set_up(run)

    assert (run.state, run.reason) == ("stopped", "feeds_refused")
    assert in_xero(borrower) == []


def test_a_run_that_stopped_leaves_one_row_whatever_is_chosen_then(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add("push_fails", match="bankAccounts", message="No.")
    world.set_up(run)
    assert run.state == "stopped"

    mapping = set_up(borrower, CARD)

    assert mapping.lender_account.kind == "credit_card"
    assert LenderAccount.objects.count() == 1


def in_doubt(world, borrower):
    """A run that stopped while its account may still appear."""
    run = begin(borrower)
    world.sandbox.faults.add("push_times_out", match="bankAccounts")
    world.set_up(run)
    assert (run.state, run.reason) == ("stopped", "no_final_word")
    return run


@pytest.mark.parametrize("other", [CARD, NewLenderAccount("12345678", "123456")])
def test_no_other_one_is_begun_while_xero_may_still_make_the_first(
    world, borrower, other
):
    in_doubt(world, borrower)
    if other is not CARD:
        feeds_on(borrower)

    with pytest.raises(SetupUnderWay, match="may still make"):
        begin(borrower, other)

    assert AccountSetup.objects.count() == 1


def test_no_other_one_is_begun_while_one_that_was_made_is_still_to_be_read(
    world, borrower
):
    run = begin(borrower)
    while not run.steps.filter(kind="plain_account", state="made").exists():
        world.sandbox.tick()
        world.drain()
        world.wait(0.5)
    borrower.connection_row.__class__.objects.update(status="Unlinked")
    world.set_up(run)
    borrower.connection_row.__class__.objects.update(status="Linked")
    feeds_on(borrower)
    assert run.reason == "not_linked"

    with pytest.raises(SetupUnderWay):
        begin(borrower, NewLenderAccount("12345678", "123456"))

    choice.again(run, by="test", now=world.clock.now)
    run.refresh_from_db()
    assert world.set_up(run).version == 1
    set_up(borrower, NewLenderAccount("12345678", "123456"))
    assert len(in_xero(borrower)) == 1


def test_the_same_one_goes_on_with_what_is_on_its_way(world, borrower):
    run = in_doubt(world, borrower)

    other = begin(borrower)

    step = other.steps.get(kind="plain_account")
    assert step.request == run.steps.get(kind="plain_account").request
    choice.again(world.set_up(other), by="test", now=world.clock.now)
    other.refresh_from_db()
    assert world.set_up(other).version == 1
    assert len(in_xero(borrower)) == 1


# --- a feed later ---------------------------------------------------------------------


@pytest.mark.parametrize("lender_account", [BANK, CARD, OTHER])
def test_its_feed_is_joined_to_the_same_account(world, borrower, lender_account):
    before = set_up(borrower, lender_account)
    switches.switch_writeback(
        connection=borrower.connection, on=True, switched_by="t", now=world.clock.now
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=120, step=10)
    feeds_on(borrower)

    after = set_up(borrower, NewLenderAccount("12345678", "123456"))
    world.run()

    assert after == before
    (made,) = in_xero(borrower)
    account = LenderAccount.objects.get()
    assert account.target_account_id == made.id
    assert borrower.books.feed(account.source_account_id) == {
        "status": "connected",
        "targetAccountId": made.id,
    }
    assert account.feed_status == "connected"
    assert event.sync_records.get(step="statement_line").state == "written"
    assert borrower.statement_balance == -800


@pytest.mark.parametrize("fault", ["lose_reply_before", "lose_reply_after"])
@pytest.mark.parametrize(
    "call",
    ["POST .*/connectionInfo/bankFeedAccounts$", "POST .*/bankFeedAccounts/mapping$"],
)
def test_a_feed_is_joined_once_whatever_happens_to_an_answer(
    world, borrower, call, fault
):
    set_up(borrower)
    feeds_on(borrower)
    world.sandbox.faults.add(fault, match=call)

    set_up(borrower, NewLenderAccount("12345678", "123456"))
    set_up(borrower, NewLenderAccount("12345678", "123456"))

    assert len(in_xero(borrower)) == 1
    account = LenderAccount.objects.get()
    assert borrower.books.source_accounts == [account.source_account_id]
    assert account.feed_status == "connected"


def test_one_made_for_a_choice_that_failed_is_joined_as_well(world, borrower):
    run = begin(borrower)
    world.sandbox.faults.add("push_fails", match="suppliers", message="No.")
    world.set_up(run)
    feeds_on(borrower)

    mapping = set_up(borrower, NewLenderAccount("12345678", "123456"))

    assert [one.id for one in in_xero(borrower)] == [mapping.lender_target_account_id]
    assert mapping.lender_account.feed_status == "connected"


def test_a_feed_that_leads_elsewhere_stops_the_run(world, borrower):
    set_up(borrower)
    feeds_on(borrower)
    run = begin(borrower, NewLenderAccount("12345678", "123456"))
    elsewhere = add(borrower, "11112222", name="Elsewhere").id
    account = LenderAccount.objects.get()
    ids = borrower.connection.codat_company_id, borrower.connection.codat_connection_id
    numbers = source_accounts.Numbers("12345678", "123456")
    world.client.create_source_account(*ids, source_accounts.body_of(account, numbers))
    world.client.create_bank_feed_mapping(
        *ids, source_account_id=account.source_account_id, target_account_id=elsewhere
    )

    world.set_up(run)

    assert (run.state, run.reason) == ("stopped", "refused")
    assert "another account in Xero" in run.words


def test_an_account_that_is_not_in_xero_yet_gets_no_feed_of_its_own(world, borrower):
    begin(borrower)
    account = LenderAccount.objects.get()
    numbers = source_accounts.Numbers("12345678", "123456")

    with pytest.raises(DecisionNotAllowed):
        source_accounts.give_feed(account=account, numbers=numbers, client=world.client)

    assert calls(world, "POST") == []


def test_after_a_reconnection_elsewhere_it_is_not_taken_along(world, borrower):
    set_up(borrower)
    LenderAccount.objects.update(void_since=world.clock.now)

    assert plain_accounts.to_be_joined(borrower.connection) is None


def test_an_adopted_card_is_fed_as_one(borrower):
    card = add(borrower, "4321", name="Old card", account_type="Credit")

    mapping = set_up(borrower, AdoptedLenderAccount(card.id))

    assert mapping.lender_account.kind == "credit_card"
