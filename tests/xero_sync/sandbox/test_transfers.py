from datetime import date
from decimal import Decimal

import pytest

from tests.xero_sync.sandbox.builders import Borrower, messages, source_account


def test_a_transfer_is_accepted_first_and_booked_later():
    borrower = Borrower(push_seconds=20)

    accepted = borrower.push("transfers", borrower.transfer()).json()
    before = borrower.books.entries_of("transfers")
    borrower.clock.forward(seconds=20)
    entry = borrower.books.entries_of("transfers")[0]
    done = borrower.get(f"{borrower.path}/push/{accepted['pushOperationKey']}").json()

    assert (accepted["status"], accepted["statusCode"]) == ("Pending", 202)
    assert (accepted["changes"], "data" in accepted) == (None, False)
    assert before == []
    assert entry.push_operation_key == accepted["pushOperationKey"]
    assert entry.date == date(2026, 5, 30)
    assert done["status"] == "Success"
    change = done["changes"][0]
    assert change["type"] == "Created"
    assert change["recordRef"] == {"id": entry.record_id, "dataType": "transfers"}


def test_money_moves_from_one_account_to_the_other():
    borrower = Borrower()

    borrower.write("transfers", borrower.transfer("800.00"))

    assert borrower.books.balance(borrower.lender) == Decimal("-800.00")
    assert borrower.books.balance(borrower.nominated) == Decimal("800.00")


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("from", {"status": None}),
        ("from", {"status": "Settled"}),
        ("to", {"amount": Decimal("799.99")}),
        ("to", {"account": Decimal(800)}),
        ("to", {"currency": "GBP"}),
        ("from", {"accountRef": {"id": "not-a-guid"}}),
        ("from", {"accountRef": {"id": "8a156a5a-39cb-4f9d-856e-76ef9b9a9607"}}),
        ("from", {"amount": "800.00"}),
    ],
)
def test_a_side_that_xero_does_not_understand_fails_the_push(side, change):
    borrower = Borrower()
    body = borrower.transfer()
    body[side] = {**body[side], **change}

    reply = borrower.push("transfers", body)

    assert reply.status == 200
    assert borrower.operation(reply)["status"] == "Failed"
    assert borrower.books.entries_of("transfers") == []


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Advance"},
        {"contactRef": {"id": "x"}},
        {"date": None},
        {"date": "soon"},
        {"date": "0001-01-01T00:00:00"},
    ],
)
def test_a_transfer_carries_nothing_of_ours(change):
    borrower = Borrower()

    done = borrower.write("transfers", borrower.transfer(**change))

    assert done["status"] == "Failed"
    assert done["errorMessage"]


@pytest.mark.parametrize("amount", ["0.00", "-5.00"])
def test_a_transfer_is_above_zero(amount):
    borrower = Borrower()

    done = borrower.write("transfers", borrower.transfer(amount))

    assert "greater than zero" in messages(done)


@pytest.mark.parametrize(
    "name", ["EUR Account", "Old Savings Account", "Bank Fees", "Lender account"]
)
def test_the_other_account_is_another_active_bank_account_of_the_currency(name):
    borrower = Borrower()

    done = borrower.write("transfers", borrower.transfer(target=borrower.account(name)))

    assert done["status"] == "Failed"


def test_a_source_account_id_in_a_transfer_breaks_the_contract():
    borrower = Borrower()
    borrower.call(
        "POST",
        f"{borrower.connection_path}/connectionInfo/bankFeedAccounts",
        source_account(),
    )

    done = borrower.write("transfers", borrower.transfer(target="lender-sa-1"))

    assert done["status"] == "Failed"
    assert "source account" in borrower.sandbox.violations[0]


def test_a_closed_period_takes_no_transfer():
    borrower = Borrower()
    borrower.sandbox.set_ledger_lock_date(borrower.connection.id, date(2026, 5, 30))

    refused = borrower.write("transfers", borrower.transfer())
    borrower.sandbox.set_ledger_lock_date(borrower.connection.id, date(2026, 5, 29))
    taken = borrower.write("transfers", borrower.transfer())

    assert "lock date" in messages(refused)
    assert taken["status"] == "Success"


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_a_malformed_body_is_refused_at_once(body):
    assert Borrower().push("transfers", body).status == 400


@pytest.mark.parametrize("refuse", [True, False])
def test_a_connection_that_is_not_linked_takes_no_writes(refuse):
    borrower = Borrower()
    borrower.sandbox.settings.refuse_unlinked = refuse
    borrower.sandbox.set_connection_status(borrower.connection.id, "Unlinked")

    reply = borrower.push("transfers", borrower.transfer())

    assert "Unlinked" in borrower.sandbox.violations[0]
    if refuse:
        assert reply.status == 400
    else:
        assert borrower.operation(reply)["status"] == "Failed"


def test_a_write_to_an_unknown_connection_is_not_found():
    borrower = Borrower()
    path = f"{borrower.path}/connections/{borrower.lender}/push/transfers"

    assert borrower.call("POST", path, borrower.transfer()).status == 404
