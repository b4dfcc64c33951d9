"""`manage.py choose_accounts`."""

from datetime import date
from decimal import Decimal

import pytest

from tests.builders import make_company
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync.models import AccountMapping, Connection, LenderAccount


def test_the_list_shows_what_can_be_chosen(codat):
    codat.adopt()

    shown = run("choose_accounts", "harbour", "--list")

    assert f"  {codat.account_id('Business Current Account')}" in shown
    assert "Bank Fees" in shown
    assert "Petra Paper" in shown
    assert "EUR Account" not in shown


def test_everything_is_chosen_at_once(codat, settings):
    connection = codat.adopt()

    shown = run(
        "choose_accounts",
        "harbour",
        "--lender-account=new",
        "--account-number=12345678",
        "--sort-code=123456",
        "--feed-start=2026-01-01",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    chosen = connection.mappings.get()
    assert chosen.version == 1
    assert chosen.nominated_account_name == "Business Current Account"
    assert chosen.supplier_name == settings.LENDER_NAME
    assert chosen.lender_account.feed_start_date == date(2026, 1, 1)
    assert chosen.lender_account.target_account_id
    assert chosen.chosen_by.startswith("command:")
    assert "Lender account: Ready in Xero" in shown
    assert "Version 1 of the accounts is chosen" in shown


def test_what_is_left_out_stays_as_it_is(codat):
    connection = codat.ready()

    run(
        "choose_accounts",
        "harbour",
        "--expense-code=777",
        "--expense-name=Invoice finance fees",
    )

    before, after = connection.mappings.order_by("version")
    assert after.lender_account == before.lender_account
    assert after.nominated_account_id == before.nominated_account_id
    assert after.supplier_id == before.supplier_id
    assert after.expense_account_name == "Invoice finance fees"
    assert codat.books.account("Invoice finance fees").code == "777"


def test_an_account_in_xero_is_adopted(codat):
    connection = codat.adopt()
    account = codat.sandbox.add_account(
        codat.connection_id, name="Lender loan", category="Asset.Bank"
    )
    codat.sandbox.sync(codat.connection_id)

    run(
        "choose_accounts",
        "harbour",
        f"--lender-account={account.id}",
        "--opening-balance=-120.50",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    adopted = connection.lender_accounts.get()
    assert adopted.target_account_id == account.id
    assert adopted.opening_balance == Decimal("-120.50")


@pytest.mark.parametrize("new", [[], ["--lender-account=new"]])
def test_a_lender_account_is_made_without_a_feed(codat, new):
    connection = codat.adopt()
    Connection.objects.update(bank_feeds=False)

    run(
        "choose_accounts",
        "harbour",
        *new,
        "--without-feed=credit_card",
        "--account-number=4321",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    made = connection.lender_accounts.get()
    assert (made.kind, made.source_account_id) == ("credit_card", "")
    assert connection.mappings.get().lender_account == made


def test_a_whole_card_number_is_refused_and_not_repeated(codat):
    codat.adopt()
    Connection.objects.update(bank_feeds=False)

    message = refusal(
        "choose_accounts",
        "harbour",
        "--without-feed=credit_card",
        "--account-number=4111111111111111",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    assert message == (
        "--account-number: Give the last four digits of the card's number, and no more."
    )


def test_a_lender_account_is_not_made_for_a_choice_that_fails(codat):
    codat.adopt()

    message = refusal(
        "choose_accounts",
        "harbour",
        "--lender-account=new",
        "--account-number=12345678",
        "--nominated=not-an-account",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    assert message == (
        "--nominated: not-an-account is none of those that can be chosen. "
        "--list shows them."
    )
    assert not LenderAccount.objects.exists()
    assert not AccountMapping.objects.exists()


def test_a_lender_account_made_earlier_is_used_and_not_made_again(codat):
    connection = codat.adopt()
    arguments = (
        "--lender-account=new",
        "--account-number=12345678",
        "--sort-code=123456",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )
    codat.sandbox.faults.add("push_fails", match="suppliers", message="Not today.")
    message = refusal("choose_accounts", "harbour", *arguments)
    made = connection.lender_accounts.get()

    run("choose_accounts", "harbour", *arguments)

    assert "Not today." in message

    assert connection.lender_accounts.get() == made
    assert connection.mappings.get().lender_account == made


@pytest.mark.parametrize(
    "wrong", ["--tax-rate=INPUT2", "--expense-code=610", "--supplier=nobody"]
)
def test_nothing_is_made_for_a_choice_that_is_wrong_elsewhere(codat, wrong):
    codat.adopt()

    refusal(
        "choose_accounts",
        "harbour",
        "--lender-account=new",
        "--account-number=12345678",
        "--sort-code=123456",
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
        wrong,
    )

    assert not LenderAccount.objects.exists()


def test_the_tax_that_was_chosen_stays_too(codat):
    connection = codat.ready()
    run("choose_accounts", "harbour", "--tax-rate=INPUT2", "--tax-percent=20")

    run("choose_accounts", "harbour", "--expense-code=777")

    latest = connection.mappings.order_by("version").last()
    assert (latest.tax_rate_id, latest.tax_percent) == ("INPUT2", 20)


def test_the_same_choice_again_is_no_new_version(codat):
    connection = codat.ready()

    run(
        "choose_accounts",
        "harbour",
        "--lender-account=new",
        "--account-number=12345678",
        "--sort-code=12-34-56",
        f"--nominated={codat.account_id('Business Current Account')}",
    )

    assert connection.mappings.count() == 1
    assert connection.lender_accounts.count() == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--nominated: Give the id of an account. --list shows them."),
        (["--nominated=N"], "--expense: Give the id of an account"),
        (["--tax-percent=lots"], "--tax-percent: “lots” is no number"),
        (["--feed-start=soon"], "“soon” is no date; write it as YYYY-MM-DD"),
    ],
)
def test_what_is_missing_or_malformed_is_named(codat, arguments, words):
    codat.adopt()

    assert words in refusal("choose_accounts", "harbour", *arguments)
    assert not AccountMapping.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--lender-account: Say that a new one is made, or which"),
        (["--lender-account=new"], "--account-number: The lender account needs an"),
        (["--without-feed=bank"], "--lender-account: Bank feeds are on"),
        (
            ["--lender-account=X", "--without-feed=bank"],
            "--without-feed: only a new account is made so.",
        ),
        (
            ["--lender-account=X", "--opening-balance=1.234"],
            "--opening-balance: Too exact for GBP",
        ),
    ],
)
def test_what_is_wrong_with_the_lender_account_is_named(codat, arguments, words):
    codat.adopt()
    others = (
        f"--nominated={codat.account_id('Business Current Account')}",
        f"--expense={codat.account_id('Bank Fees')}",
    )

    assert words in refusal("choose_accounts", "harbour", *arguments, *others)
    assert not LenderAccount.objects.exists()


def test_a_company_without_a_connection_is_refused(codat):
    make_company(reference="harbour")

    message = refusal("choose_accounts", "harbour", "--list")

    assert "adopt it with import_codat_company first" in message
