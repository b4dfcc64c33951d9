"""What each entry of an event would say, by the accounts chosen now."""

from decimal import Decimal

import pytest

from tests.worlds import World
from xero_sync.accounts import lender_accounts
from xero_sync.entries.preview import previews

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def bodies(world, event):
    found = previews(event=event, now=world.clock.now)
    return {record.step: made for record, made in found}


def test_a_line_is_missing_where_the_lender_account_has_no_feed(world, borrower):
    theirs = world.sandbox.add_account(
        borrower.codat_connection, name="Reserve Account", category="Asset.Bank"
    )
    world.sandbox.sync(borrower.codat_connection)
    plain = lender_accounts.adopt(
        connection=borrower.connection_row,
        target_account_id=theirs.id,
        client=world.client,
    )
    world.choose_accounts(borrower, lender_account=plain)

    found = bodies(world, borrower.record(borrower.loan(), "drawdown", "800"))

    assert found["transfer"].body["from"]["accountRef"]["id"] == plain.target_account_id
    line = found["statement_line"]
    assert (line.body, line.missing) == (None, "The lender account has no bank feed.")


def test_what_takes_a_fee_back_goes_by_the_accounts_of_the_fee(world, borrower):
    fee = borrower.record(borrower.loan(), "fee", "50")
    world.run()
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        expense_account_id=borrower.books.account("Interest Expense").id,
        tax_rate_id="INPUT2",
        tax_percent=Decimal(20),
    )

    (line,) = bodies(world, borrower.reverse(fee))["direct_cost"].body["lineItems"]

    bank_fees = borrower.books.account("Bank Fees").id
    assert (line["accountRef"]["id"], line["taxRateRef"]["id"]) == (bank_fees, "NONE")
