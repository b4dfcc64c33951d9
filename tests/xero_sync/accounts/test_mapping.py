"""The borrower's choice of accounts, compared with their Xero as it is."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.worlds import World
from xero_sync.accounts import options
from xero_sync.codat.accounts import TaxRate
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    MappingIncomplete,
    SameAccountTwice,
)

pytestmark = pytest.mark.django_db

LENDER = "Example Invoice Finance"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def choose(borrower, **chosen):
    chosen.setdefault("lender_account", borrower.lender_account)
    return borrower.world.choose_accounts(borrower, **chosen)


def versions(borrower):
    return borrower.connection_row.mappings.count()


# --- what is offered and chosen -------------------------------------------------------


def test_only_what_fits_is_offered(world, borrower):
    world.sandbox.add_account(
        borrower.codat_connection,
        name="Company card",
        category="Asset.Bank",
        account_type="Credit",
    )
    world.sandbox.sync(borrower.codat_connection)

    offered = options.choices(connection=borrower.connection_row, client=world.client)

    assert [one.name for one in offered.bank_accounts] == ["Business Current Account"]
    names = {one.name for one in offered.expense_accounts}
    assert {"Bank Fees", "General Expenses"} <= names
    assert not names & {"Sales", "Old Finance Charges", "VAT"}


def test_each_choice_is_a_new_version_and_the_old_one_stays(borrower):
    first = borrower.mapping
    expense = borrower.books.account("Interest Expense").id

    second = choose(borrower, expense_account_id=expense)

    assert (first.version, second.version) == (1, 2)
    assert second.expense_account_name == "Interest Expense"
    first.refresh_from_db()
    assert first.expense_account_name == "Bank Fees"


def test_the_lender_account_cannot_be_nominated(borrower):
    with pytest.raises(SameAccountTwice):
        choose(borrower, nominated_account_id=borrower.mapping.lender_target_account_id)

    assert versions(borrower) == 1


def test_an_earlier_lender_account_cannot_be_nominated_either(world, borrower):
    earlier = borrower.mapping.lender_target_account_id
    world.choose_accounts(borrower)
    world.sandbox.sync(borrower.codat_connection)

    with pytest.raises(SameAccountTwice):
        choose(borrower, nominated_account_id=earlier)

    assert versions(borrower) == 2


def test_an_account_in_another_currency_cannot_be_nominated(borrower):
    euros = borrower.books.account("EUR Account").id

    with pytest.raises(AccountCurrencyMismatch, match="EUR"):
        choose(borrower, nominated_account_id=euros)

    assert versions(borrower) == 1


@pytest.mark.parametrize("kind", ["archived", "unknown", "a credit card", "no bank"])
def test_an_account_that_cannot_be_paid_into_cannot_be_nominated(world, borrower, kind):
    card = world.sandbox.add_account(
        borrower.codat_connection,
        name="Company card",
        category="Asset.Bank",
        account_type="Credit",
    )
    world.sandbox.sync(borrower.codat_connection)
    wrong = {
        "archived": borrower.books.account("Old Savings Account").id,
        "unknown": str(uuid4()),
        "a credit card": card.id,
        "no bank": borrower.books.account("Bank Fees").id,
    }[kind]

    with pytest.raises(MappingIncomplete) as raised:
        choose(borrower, nominated_account_id=wrong)

    assert raised.value.field == "nominated_account_id"
    assert versions(borrower) == 1


@pytest.mark.parametrize("name", ["Sales", "Old Finance Charges", "VAT"])
def test_a_fee_needs_an_active_expense_account(borrower, name):
    with pytest.raises(MappingIncomplete) as raised:
        choose(borrower, expense_account_id=borrower.books.account(name).id)

    assert raised.value.field == "expense_account_id"


def test_an_archived_supplier_cannot_be_chosen(world, borrower):
    gone = world.sandbox.add_supplier(
        borrower.codat_connection, "Old Lender", status="Archived"
    )
    world.sandbox.sync(borrower.codat_connection)

    with pytest.raises(MappingIncomplete) as raised:
        choose(borrower, supplier_id=gone.id)

    assert raised.value.field == "supplier_id"


def test_the_lender_account_of_another_company_cannot_be_chosen(world, borrower):
    other = world.borrower()

    with pytest.raises(MappingIncomplete) as raised:
        choose(borrower, lender_account=other.lender_account)

    assert raised.value.field == "lender_account"
    assert versions(borrower) == 1


def test_a_tax_percent_other_than_xeros_is_refused(borrower):
    with pytest.raises(MappingIncomplete, match="20"):
        choose(borrower, tax_rate_id="INPUT2", tax_percent=Decimal(19))

    assert versions(borrower) == 1


@pytest.mark.parametrize(("rate", "percent"), [("OUTPUT2", 20), ("RRINPUT", 5)])
def test_a_rate_of_sales_alone_or_out_of_use_is_refused(world, borrower, rate, percent):
    world.sandbox.archive_tax_rate(borrower.codat_connection, "RRINPUT")
    world.sandbox.sync(borrower.codat_connection)

    with pytest.raises(MappingIncomplete) as raised:
        choose(borrower, tax_rate_id=rate, tax_percent=Decimal(percent))

    assert raised.value.field == "tax_rate_id"
    assert versions(borrower) == 1


@pytest.mark.parametrize(
    ("used_in", "fits"),
    [
        ((), True),
        (("Invoice.LineItems.TaxRateRef.Id",), False),
        (("Invoice.LineItems.TaxRateRef.Id", "Bill.LineItems.TaxRateRef.Id"), True),
        (("DirectCost.LineItems.TaxRateRef.Id",), True),
    ],
)
def test_what_codat_says_of_a_rate_decides_unless_it_says_nothing(used_in, fits):
    rate = TaxRate("R", "A rate", "R", Decimal(5), "Active", False, frozenset(used_in))

    assert options.carries_fees(rate) is fits
    assert not options.carries_fees(replace(rate, is_deleted=True))


def test_rates_that_may_not_be_read_are_not_insisted_on(world, borrower):
    world.sandbox.faults.add("status_403", match="/data/taxRates", times=None)

    chosen = choose(borrower, tax_rate_id="INPUT2", tax_percent=Decimal(19))

    assert chosen.tax_percent == 19
