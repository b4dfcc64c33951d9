"""Why an entry is held, what lets it go, and that nothing is sent meanwhile."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.builders import make_company, make_event, make_loan
from tests.worlds import Borrower, World
from tests.xero_sync.bank_feeds.worlds import app_feeds
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_of,
    line_pushes,
    line_state,
    ours,
    record_of,
    sent,
    state_of,
    statement,
)
from xero_sync.accounts import mapping
from xero_sync.connections import adopting, switches
from xero_sync.connections import status as connection_status
from xero_sync.entries import status as entry_status
from xero_sync.entries.settlement import is_settled
from xero_sync.models import (
    Connection,
    LenderAccount,
    SyncRecord,
    WriteAttempt,
    WriteRequest,
    XeroApp,
)
from xero_sync.models.scopes import BANK_FEEDS_SCOPE
from xero_sync.writeback import decisions, reconsider
from xero_sync.xero_app import scopes

pytestmark = pytest.mark.django_db

WRITTEN = "written"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def rest(world, seconds=160, step=20):
    """Let the product work for a while on what may not be sent."""
    world.run(seconds=seconds, step=step)


def assert_nothing_sent(event):
    assert not WriteRequest.objects.filter(records__event=event).exists()
    assert not WriteAttempt.objects.filter(request__records__event=event).exists()


def look_at_connection(world, borrower):
    connection_status.refresh(
        connection=borrower.connection, client=world.client, now=world.clock.now
    )


# --- goes away with its cause ---------------------------------------------------------


def test_without_a_connection_an_event_waits_for_one(world):
    company = make_company()
    loan = make_loan(company=company)
    event = make_event(loan=loan)
    rest(world)
    assert state_of(event) == "held no_connection"
    assert_nothing_sent(event)

    borrower = world.borrower(writeback=False, row=company)
    switches.switch_writeback(
        connection=borrower.connection_row,
        on=True,
        held_events="publish",
        publish_from=event.value_date,
        switched_by="anna",
        now=world.clock.now,
    )
    world.run()

    assert state_of(event) == WRITTEN
    assert [entry.amount for entry in ours(borrower)] == [800]


@pytest.mark.parametrize("status", ["Unlinked", "Deauthorized"])
def test_while_the_connection_is_cut_entries_wait_for_it(world, borrower, status):
    world.sandbox.set_connection_status(borrower.codat_connection, status)
    world.run(seconds=60)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)
    assert state_of(event) == "held not_linked"
    assert_nothing_sent(event)

    world.sandbox.consent(borrower.codat_connection)
    world.run()

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_a_key_that_codat_refuses_holds_the_entry_until_it_works(world, borrower):
    key = world.sandbox.keyring.valid
    world.sandbox.keyring.valid = "replaced"
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world, seconds=900, step=60)
    assert state_of(event) == "held access_denied"

    world.sandbox.keyring.valid = key
    world.run()

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_a_refused_key_is_not_hammered(world, borrower):
    world.sandbox.keyring.valid = "replaced"
    borrower.record(borrower.loan(), "drawdown", "800")
    before = len(WriteAttempt.objects.all())

    world.run(seconds=3_600, step=60)

    calls = WriteAttempt.objects.count() - before
    assert calls <= 2


@pytest.mark.parametrize(("fault", "code"), [("payment_required", 402)])
def test_a_plan_that_is_used_up_holds_the_entry_and_is_not_hammered(
    world, borrower, fault, code
):
    world.sandbox.faults.add(fault, match="transfers", times=None)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=1_800, step=30)
    tried = WriteAttempt.objects.filter(request__records__event=event)
    assert 1 <= tried.count() <= 8
    assert set(tried.values_list("status_code", flat=True)) == {code}

    world.sandbox.faults.clear()
    world.run()

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_without_chosen_accounts_entries_wait_for_the_choice(world):
    company = make_company()
    remote = world.sandbox.add_company(company.reference)
    linked = world.sandbox.add_connection(remote.id)
    connection = adopting.import_codat_company(
        company=company,
        codat_company_id=UUID(remote.id),
        codat_connection_id=UUID(linked.id),
        client=world.client,
        now=world.clock.now,
    )
    Connection.objects.filter(pk=connection.pk).update(writeback_on=True)
    borrower = Borrower(world, company, connection)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)
    assert state_of(event) == "held mapping_incomplete"
    assert_nothing_sent(event)

    world.choose_accounts(borrower)
    rest(world)

    assert (state_of(event), line_state(event)) == (WRITTEN, "held bank_feeds_off")


def test_accounts_that_are_no_longer_usable_hold_what_needs_them(world, borrower):
    nominated = borrower.mapping.nominated_account_id
    world.sandbox.archive_account(borrower.codat_connection, nominated)
    mapping.revalidate(
        connection=borrower.connection,
        client=world.client,
        now=world.clock.now,
        wait=world.wait,
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)
    assert state_of(event) == "held account_unusable"
    assert borrower.connection.unusable_account == "Business Current Account"
    assert_nothing_sent(event)

    other = world.sandbox.add_account(
        borrower.codat_connection, name="New Current Account", category="Asset.Bank"
    )
    world.sandbox.sync(borrower.codat_connection)
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        nominated_account_id=other.id,
    )
    world.run()

    assert state_of(event) == WRITTEN
    assert borrower.books.balance(other.id) == 800


def test_without_bank_feeds_bookings_go_and_their_lines_wait(world, borrower):
    switches.set_bank_feeds(
        connection=borrower.connection_row, on=False, now=world.clock.now, set_by="test"
    )
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "invoice_payment", "1000")
    rest(world)
    assert (state_of(first), state_of(second)) == (WRITTEN, WRITTEN)
    assert line_state(first) == line_state(second) == "held bank_feeds_off"
    assert statement(borrower) == []

    switches.set_bank_feeds(
        connection=borrower.connection_row, on=True, now=world.clock.now, set_by="test"
    )
    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, 1000]
    assert_books_follow(borrower)


def test_lines_before_the_feed_starts_stay_out_of_the_feed(world, borrower):
    today = borrower.company.today(world.clock.now)
    account = borrower.lender_account
    account.feed_start_date = today - timedelta(days=5)
    account.save()
    loan = borrower.loan()
    early = borrower.record(
        loan, "drawdown", "800", value_date=today - timedelta(days=6)
    )
    late = borrower.record(loan, "fee", "50", value_date=today - timedelta(days=5))

    rest(world)

    assert (state_of(early), line_state(early)) == (WRITTEN, "held before_feed_start")
    assert (state_of(late), line_state(late)) == (WRITTEN, WRITTEN)
    assert [line.amount for line in statement(borrower)] == [-50]


def test_while_the_feed_is_cut_lines_wait_and_bookings_go_on(world, borrower):
    account = borrower.lender_account
    world.sandbox.disconnect_feed(borrower.codat_connection, account.source_account_id)
    world.run(seconds=60)
    loan = borrower.loan()
    first = borrower.record(loan, "drawdown", "800")
    second = borrower.record(loan, "fee", "50")
    rest(world)
    assert (state_of(first), state_of(second)) == (WRITTEN, WRITTEN)
    assert line_state(first) == line_state(second) == "held feed_not_connected"
    assert statement(borrower) == []

    world.client.create_bank_feed_mapping(
        borrower.connection_row.codat_company_id,
        borrower.codat_connection,
        source_account_id=account.source_account_id,
        target_account_id=account.target_account_id,
    )
    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, -50]
    assert_books_follow(borrower)


def test_a_line_waits_for_its_booking(world, borrower):
    world.sandbox.settings.push_seconds = 120
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    assert state_of(event) == "pending"
    assert line_state(event) == "held awaiting_booking"
    assert statement(borrower) == []

    world.run()

    assert line_state(event) == WRITTEN
    assert_books_follow(borrower)


def test_a_reversal_waits_for_the_outcome_of_what_it_reverses(world, borrower):
    world.sandbox.settings.push_seconds = 120
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=30)
    reversal = borrower.reverse(event)
    assert state_of(reversal) == "held awaiting_original"
    world.run(seconds=30)
    assert_nothing_sent(reversal)

    world.run()

    assert (state_of(event), state_of(reversal)) == (WRITTEN, WRITTEN)
    assert borrower.balance("L") == 0
    assert_books_follow(borrower)


# --- the financed invoice -------------------------------------------------------------


def add_invoice(world, borrower, loan, **changes):
    fields = {
        "number": loan.invoice_number,
        "total": loan.invoice_amount,
        "customer": loan.debtor_name,
        "issue_date": loan.agreed_on,
    }
    return world.sandbox.add_invoice(borrower.codat_connection, **fields | changes)


def test_a_payment_waits_until_its_invoice_is_in_xero(world, borrower):
    loan = borrower.loan(in_xero=False)
    event = borrower.record(loan, "invoice_payment", "1000")
    rest(world)
    assert state_of(event) == "held invoice_not_found"
    assert_nothing_sent(event)

    add_invoice(world, borrower, loan)
    world.run(seconds=7_200, step=300)

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_a_payment_waits_while_several_invoices_match(world, borrower):
    loan = borrower.loan()
    twin = add_invoice(world, borrower, loan)
    event = borrower.record(loan, "invoice_payment", "1000")
    rest(world)
    assert state_of(event) == "held invoice_ambiguous"
    assert_nothing_sent(event)

    twin.fixed_status = "Void"
    world.run(seconds=7_200, step=300)

    assert state_of(event) == WRITTEN


def test_the_invoice_of_a_known_id_is_taken_whatever_its_number(world, borrower):
    loan = borrower.loan(in_xero=False)
    invoice = add_invoice(world, borrower, loan, number="OTHER-1")
    known = borrower.loan(in_xero=False, invoice_external_id=invoice.id)

    event = borrower.record(known, "invoice_payment", "1000")
    world.run()

    assert state_of(event) == WRITTEN
    assert borrower.books.receivable(invoice.id) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"total": Decimal(990)}, "990"),
        ({"currency": "EUR"}, "EUR"),
        ({"amount_due": Decimal(900)}, "amount due 900"),
    ],
)
def test_an_invoice_that_differs_waits_for_a_person(world, borrower, changes, words):
    loan = borrower.loan(in_xero=False)
    add_invoice(world, borrower, loan, **changes)
    event = borrower.record(loan, "invoice_payment", "1000")

    world.run(seconds=7_200, step=600)

    assert state_of(event) == "held invoice_differs"
    assert words in record_of(event).changes.order_by("pk").last().note
    assert_nothing_sent(event)


def test_a_payment_that_the_borrower_booked_by_hand_is_not_booked_again(
    world, borrower
):
    loan = borrower.loan(in_xero=False)
    invoice = add_invoice(world, borrower, loan)
    today = borrower.company.today(world.clock.now)
    lender = borrower.mapping.lender_target_account_id
    world.sandbox.pay_by_hand(
        borrower.codat_connection, invoice.id, Decimal(400), lender, today
    )

    event = borrower.record(loan, "invoice_payment", "400", value_date=today)
    rest(world)

    assert state_of(event) == "held invoice_differs"
    assert "paid by" in record_of(event).changes.order_by("pk").last().note
    assert_nothing_sent(event)


@pytest.mark.parametrize("other", ["amount", "account", "day"])
def test_a_payment_by_hand_that_differs_in_one_thing_is_another_one(
    world, borrower, other
):
    loan = borrower.loan(in_xero=False)
    invoice = add_invoice(world, borrower, loan)
    today = borrower.company.today(world.clock.now)
    chosen = borrower.mapping
    world.sandbox.pay_by_hand(
        borrower.codat_connection,
        invoice.id,
        Decimal(399 if other == "amount" else 400),
        chosen.nominated_account_id
        if other == "account"
        else chosen.lender_target_account_id,
        today - timedelta(days=other == "day"),
    )

    event = borrower.record(loan, "invoice_payment", "400", value_date=today)
    world.run()

    assert state_of(event) == WRITTEN


def test_the_invoice_is_looked_at_anew_before_each_payment(world, borrower):
    loan = borrower.loan()
    borrower.record(loan, "invoice_payment", "300")
    world.run()
    today = borrower.company.today(world.clock.now)
    invoice = borrower.books.invoices[0]
    lender = borrower.mapping.lender_target_account_id
    world.sandbox.pay_by_hand(
        borrower.codat_connection, invoice.id, Decimal(500), lender, today
    )

    event = borrower.record(loan, "invoice_payment", "500", value_date=today)
    rest(world)

    assert state_of(event) == "held invoice_differs"
    assert borrower.books.receivable(invoice.id) == 200


def test_a_check_that_codat_does_not_answer_is_made_again_and_not_hammered(
    world, borrower
):
    world.sandbox.faults.add("error_before", match="GET .*/data/invoices", times=None)
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.run(seconds=1_800, step=30)
    assert state_of(event) == "queued"
    looks = [one for one in world.sandbox.requests if "/data/invoices" in one.path]
    assert 10 < len(looks) <= 30
    assert_nothing_sent(event)

    world.sandbox.faults.clear()
    world.run()

    assert state_of(event) == WRITTEN


def test_a_check_that_is_refused_holds_the_payment_until_the_key_works(world, borrower):
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    key = world.sandbox.keyring.valid
    world.sandbox.keyring.valid = "replaced"
    before = len(world.sandbox.requests)
    world.run(seconds=1_800, step=30)
    assert state_of(event) == "held access_denied"
    assert_nothing_sent(event)
    assert len(world.sandbox.requests) - before < 60

    world.sandbox.keyring.valid = key
    world.run()

    assert state_of(event) == WRITTEN


# --- waits for a person ---------------------------------------------------------------


def test_while_write_back_is_off_nothing_is_sent(world):
    borrower = world.borrower(writeback=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    rest(world)

    assert state_of(event) == line_state(event) == "held writeback_off"
    assert_nothing_sent(event)


def test_an_entry_in_a_locked_period_waits_for_a_person(world, borrower):
    loan = borrower.loan()
    today = borrower.company.today(world.clock.now)
    locked = today - timedelta(days=10)
    world.sandbox.set_ledger_lock_date(borrower.codat_connection, locked)
    world.sandbox.sync(borrower.codat_connection)
    look_at_connection(world, borrower)
    inside = borrower.record(loan, "drawdown", "800", value_date=locked)
    other = borrower.record(
        borrower.loan(), "drawdown", "70", value_date=locked + timedelta(days=1)
    )

    rest(world)

    assert state_of(inside) == "held locked_period"
    assert state_of(other) == WRITTEN
    assert_nothing_sent(inside)
    world.sandbox.set_ledger_lock_date(borrower.codat_connection, None)
    world.sandbox.sync(borrower.codat_connection)
    look_at_connection(world, borrower)
    rest(world)
    assert state_of(inside) == "held locked_period"


def test_a_line_older_than_a_year_waits_for_a_person(world, borrower):
    today = borrower.company.today(world.clock.now)
    loan = borrower.loan(agreed_on=today - timedelta(days=500))
    limit = borrower.record(
        loan, "drawdown", "10", value_date=today - timedelta(days=365)
    )
    old = borrower.record(
        loan, "drawdown", "800", value_date=today - timedelta(days=366)
    )

    rest(world)

    assert (state_of(old), line_state(old)) == (WRITTEN, "held too_old")
    assert (state_of(limit), line_state(limit)) == (WRITTEN, WRITTEN)
    assert [line.amount for line in statement(borrower)] == [-10]


def test_another_organisation_behind_the_connection_halts_everything(world, borrower):
    waiting = borrower.record(borrower.loan(), "drawdown", "800")
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.run(seconds=60)
    world.sandbox.consent(borrower.codat_connection, same_organisation=False)

    rest(world)

    assert state_of(waiting) == "held organisation_changed" or ours(borrower) == []
    later = borrower.record(borrower.loan(), "drawdown", "70")
    rest(world)
    assert state_of(later) == "held organisation_changed"
    assert_nothing_sent(later)
    assert ours(borrower) == []


def test_a_payment_is_undone_by_hand(world, borrower):
    event = borrower.record(borrower.loan(), "invoice_payment", "1000")
    world.run()

    reversal = borrower.reverse(event)
    rest(world)

    assert state_of(reversal) == "held undo_by_hand"
    assert line_state(reversal) == "held awaiting_booking"
    assert sent(reversal) == []


# --- what keeps statement lines back --------------------------------------------------


def test_the_lenders_own_toggle_keeps_lines_back_and_no_call_is_made(world, borrower):
    app_feeds(on=False)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)
    assert (state_of(event), line_state(event)) == (WRITTEN, "held feeds_not_approved")
    assert line_pushes(world) == []

    app_feeds(on=True)
    assert reconsider.feeds(now=world.clock.now) == 1
    world.run()

    assert line_state(event) == WRITTEN
    assert_books_follow(borrower)


def test_lines_that_are_queued_are_held_when_the_toggle_goes_off(world, borrower):
    world.sandbox.faults.add("busy", match="bankTransactions", retry_after=300)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.run(seconds=60)
    assert line_state(event) == "queued"
    sent_before = len(line_pushes(world))

    app_feeds(on=False)
    rest(world, seconds=600)

    assert line_state(event) == "held feeds_not_approved"
    assert len(line_pushes(world)) == sent_before


def test_a_toggle_that_nobody_set_blocks_nothing(world, borrower):
    XeroApp.objects.create()
    event = borrower.record(borrower.loan(), "drawdown", "800")

    world.run()

    assert line_state(event) == WRITTEN


@pytest.mark.parametrize(
    "reason", ["bank_feeds_off", "feeds_not_approved", "before_feed_start"]
)
def test_a_loan_is_settled_though_the_feed_does_not_reach_its_lines(
    world, borrower, reason
):
    if reason == "bank_feeds_off":
        Connection.objects.update(bank_feeds=False)
    elif reason == "feeds_not_approved":
        app_feeds(on=False)
    else:
        ahead = borrower.company.today(world.clock.now) + timedelta(days=1)
        LenderAccount.objects.update(feed_start_date=ahead)
    loan = borrower.loan()
    for kind, amount in (
        ("drawdown", "800"),
        ("invoice_payment", "1000"),
        ("residual_release", "200"),
    ):
        event = borrower.record(loan, kind, amount)

    rest(world, seconds=400)

    assert line_state(event) == f"held {reason}"
    assert is_settled(loan)
    assert not SyncRecord.objects.missing_lines().exists()


def test_lines_of_a_borrower_who_consented_before_bank_feeds_wait_for_him(
    world, borrower
):
    Connection.objects.update(consented_at=world.clock.now - timedelta(days=9))
    scopes.record_change(
        changed_at=world.clock.now - timedelta(days=1),
        added=[BANK_FEEDS_SCOPE],
        author="user:anna",
        now=world.clock.now,
    )
    event = borrower.record(borrower.loan(), "drawdown", "800")
    other = world.borrower()
    Connection.objects.filter(pk=other.connection.pk).update(
        consented_at=world.clock.now
    )
    fresh = other.record(other.loan(), "drawdown", "60")

    rest(world)

    assert (state_of(event), line_state(event)) == (WRITTEN, "held consent_again")
    assert line_state(fresh) == WRITTEN


KINDS = {
    "invalid-organisation-bank-feeds": "feed_refused",
    "invalid-application": "feed_app_refused",
    "invalid-organisation-multi-currency": "feed_currency_refused",
    "invalid-feed-connection": "feed_unknown_to_xero",
}


@pytest.mark.parametrize("problem", KINDS)
def test_a_refusal_of_the_feed_is_met_once_and_lifted_by_a_person(
    world, borrower, problem
):
    world.sandbox.faults.add(
        "status_403", match="bankTransactions", problem=problem, times=None
    )
    first = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)
    later = borrower.record(borrower.loan(), "drawdown", "70")
    rest(world)
    assert line_state(first) == line_state(later) == f"held {KINDS[problem]}"
    assert len(line_pushes(world)) == 1
    assert borrower.connection.feed_refusal == problem
    (trouble,) = entry_status.troubles_of(
        borrower.connection, borrower.mapping, feeds_toggle=None
    )
    assert trouble.reason == KINDS[problem]
    assert "switch bank feeds on again" in trouble.detail

    world.sandbox.faults.clear()
    rest(world)
    assert len(line_pushes(world)) == 1
    decisions.send_again(
        client=world.client,
        record=line_of(later),
        reason="Xero has approved us.",
        decided_by="user:anna",
        now=world.clock.now,
    )
    world.run()

    assert [line.amount for line in statement(borrower)] == [-800, -70]
    assert borrower.connection.feed_refusal == ""
    assert borrower.connection.bank_feeds
    assert line_of(first).changes.filter(actor="user:anna").exists()
    assert_books_follow(borrower)


def test_a_refusal_that_still_stands_costs_one_more_attempt(world, borrower):
    world.sandbox.faults.add("status_403", match="bankTransactions", times=2)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)

    switches.set_bank_feeds(
        connection=borrower.connection, on=True, now=world.clock.now, set_by="a"
    )
    rest(world)

    assert line_state(event) == "held feed_refused"
    assert len(line_pushes(world)) == 2


def test_bank_feeds_switched_off_for_good_take_the_refusal_along(world, borrower):
    world.sandbox.faults.add("status_403", match="bankTransactions")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    rest(world)

    switches.set_bank_feeds(
        connection=borrower.connection, on=False, now=world.clock.now, set_by="a"
    )

    assert line_state(event) == "held bank_feeds_off"
    assert borrower.connection.feed_refusal == ""


def test_a_demo_company_takes_no_lines_and_its_bookings_go_on(world, borrower):
    Connection.objects.update(marked_demo=True)
    event = borrower.record(borrower.loan(), "drawdown", "800")

    rest(world)

    assert (state_of(event), line_state(event)) == (WRITTEN, "held demo_company")
    assert line_pushes(world) == []
