"""The borrower's choice of accounts, compared with his Xero as it is."""

from decimal import Decimal
from uuid import uuid4

import pytest

from tests.worlds import World
from xero_sync.accounts import mapping, options
from xero_sync.codat.exceptions import (
    AccountCurrencyMismatch,
    CodatError,
    CodatNoAnswer,
    CodatRejected,
    MappingIncomplete,
    SameAccountTwice,
)
from xero_sync.models import WriteAttempt, WriteRequest

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


def test_rates_that_may_not_be_read_are_not_insisted_on(world, borrower):
    world.sandbox.faults.add("status_403", match="/data/taxRates", times=None)

    chosen = choose(borrower, tax_rate_id="INPUT2", tax_percent=Decimal(19))

    assert chosen.tax_percent == 19


# --- the supplier ---------------------------------------------------------------------


def ensure_supplier(borrower, **given):
    return mapping.ensure_supplier(
        connection=borrower.connection_row,
        client=borrower.world.client,
        wait=borrower.world.wait,
        **given,
    )


def named(borrower, name):
    organisation = borrower.world.sandbox._organisation(borrower.codat_connection)
    return [one for one in organisation.contacts.values() if one.name == name]


def test_the_lender_is_made_a_supplier_once(borrower):
    first = ensure_supplier(borrower)
    again = ensure_supplier(borrower)

    assert first == again
    assert len(named(borrower, LENDER)) == 1


@pytest.mark.parametrize("name", ["Fresh Capital plc", "fresh capital PLC"])
def test_a_supplier_called_so_is_taken(world, borrower, name):
    there = world.sandbox.add_supplier(borrower.codat_connection, "Fresh Capital plc")

    found = ensure_supplier(borrower, name=name)

    assert found.id == there.id


def test_a_supplier_called_nearly_so_is_left_to_a_person(world, borrower):
    near = world.sandbox.add_supplier(borrower.codat_connection, "Fresh Capitol plc")

    with pytest.raises(MappingIncomplete, match=near.id):
        ensure_supplier(borrower, name="Fresh Capital plc")

    assert named(borrower, "Fresh Capital plc") == []


def test_several_suppliers_called_so_are_left_to_a_person(world, borrower):
    for name in ("Fresh Capital plc", "Fresh Capital, plc"):
        world.sandbox.add_supplier(borrower.codat_connection, name)

    with pytest.raises(MappingIncomplete, match="Choose one"):
        ensure_supplier(borrower, name="Fresh Capital plc")


def test_a_name_that_an_archived_supplier_has_is_refused_in_xeros_words(
    world, borrower
):
    world.sandbox.add_supplier(borrower.codat_connection, "Fresh", status="Archived")

    with pytest.raises(CodatRejected, match="already in use"):
        ensure_supplier(borrower, name="Fresh")


@pytest.mark.parametrize("fault", ["lose_reply_before", "lose_reply_after"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_lost_reply_never_makes_a_second_supplier(world, borrower, fault, times):
    world.sandbox.faults.add(fault, match="suppliers", times=times)
    try:
        ensure_supplier(borrower, name="Fresh Capital plc")
    except CodatNoAnswer:
        assert times == 3

    found = ensure_supplier(borrower, name="Fresh Capital plc")

    assert [one.id for one in named(borrower, "Fresh Capital plc")] == [found.id]
    request = WriteRequest.objects.filter(data_type="suppliers").latest("created_at")
    assert WriteAttempt.objects.filter(request=request).count() >= 2
    assert world.sandbox.violations == []


@pytest.mark.parametrize("fault", ["error_before", "error_after"])
def test_a_5xx_never_makes_a_second_supplier(world, borrower, fault):
    world.sandbox.faults.add(fault, match="suppliers")
    with pytest.raises(CodatError):
        ensure_supplier(borrower, name="Fresh Capital plc")
    keys = {
        one.key for one in world.sandbox.requests if one.path.endswith("/suppliers")
    }

    try:
        ensure_supplier(borrower, name="Fresh Capital plc")
    except CodatError:
        assert fault == "error_before"

    made = named(borrower, "Fresh Capital plc")
    assert len(made) == (1 if fault == "error_after" else 0)
    assert keys == {
        one.key for one in world.sandbox.requests if one.path.endswith("/suppliers")
    }


def test_a_refused_key_does_not_stick_to_the_next_try(world, borrower):
    world.sandbox.faults.add("status_403", match="suppliers", problem="")
    with pytest.raises(CodatError):
        ensure_supplier(borrower, name="Fresh Capital plc")

    found = ensure_supplier(borrower, name="Fresh Capital plc")

    assert [one.id for one in named(borrower, "Fresh Capital plc")] == [found.id]


# --- the expense account --------------------------------------------------------------


def ensure_expense(borrower, code, name="Finance fees"):
    return mapping.ensure_expense_account(
        connection=borrower.connection_row,
        client=borrower.world.client,
        name=name,
        nominal_code=code,
        wait=borrower.world.wait,
    )


def test_the_expense_account_of_a_code_is_taken(borrower):
    found = ensure_expense(borrower, "404")

    assert found.id == borrower.books.account("Bank Fees").id


def test_an_expense_account_that_is_missing_is_made_once(borrower):
    first = ensure_expense(borrower, "478")
    again = ensure_expense(borrower, "478")

    assert first == again
    assert borrower.books.account("Finance fees").category == "Expense.Expense"


@pytest.mark.parametrize("code", ["200", "499"])
def test_a_code_that_is_taken_by_something_else_is_refused(borrower, code):
    with pytest.raises(MappingIncomplete) as raised:
        ensure_expense(borrower, code)

    assert raised.value.field == "nominal_code"
