from datetime import date
from decimal import Decimal

import pytest

from tests.xero_sync.sandbox.builders import Borrower


def refresh(borrower, data_type):
    return borrower.call(
        "POST",
        f"{borrower.path}/data/queue/{data_type}?connectionId={borrower.connection.id}",
    )


def test_before_the_first_sync_nothing_can_be_read():
    borrower = Borrower(refresh_seconds=10)

    before = borrower.get(f"{borrower.path}/data/invoices")
    borrower.clock.forward(seconds=11)
    after = borrower.get(f"{borrower.path}/data/invoices")

    assert (before.status, after.status) == (409, 200)
    assert before.json()["error"] == "The data set has not been requested."


def test_what_was_written_is_read_only_after_a_refresh():
    borrower = Borrower()
    path = f"{borrower.connection_path}/data/transfers"
    borrower.write("transfers", borrower.transfer())

    before = borrower.get(path).json()["totalResults"]
    refresh(borrower, "transfers")
    after = borrower.get(path).json()["results"]

    assert before == 0
    assert after[0]["from"]["accountRef"]["id"] == borrower.lender
    assert after[0]["to"]["amount"] == Decimal("800.00")


@pytest.mark.parametrize(
    ("order", "allocated"),
    [(("payments", "invoices"), 1), (("invoices", "payments"), 0)],
)
def test_allocations_need_payments_to_be_read_first(order, allocated):
    borrower = Borrower()
    borrower.get(f"{borrower.path}/data/invoices")
    borrower.sandbox.pay_by_hand(
        borrower.connection.id,
        borrower.invoice.id,
        Decimal(400),
        borrower.nominated,
        date(2026, 5, 30),
    )

    for data_type in order:
        refresh(borrower, data_type)
    invoice = borrower.get(f"{borrower.path}/data/invoices").json()["results"][0]

    assert (invoice["status"], invoice["amountDue"]) == ("PartiallyPaid", Decimal(600))
    assert len(invoice["paymentAllocations"]) == allocated


def test_a_refresh_is_an_operation_that_takes_its_time():
    borrower = Borrower(refresh_seconds=5)
    borrower.clock.forward(seconds=6)

    pull = refresh(borrower, "invoices").json()
    again = refresh(borrower, "invoices")
    path = f"{borrower.path}/data/history/{pull['id']}"
    during = borrower.get(path).json()
    borrower.clock.forward(seconds=6)
    after = borrower.get(path).json()

    assert (pull["status"], pull["isCompleted"]) == ("Queued", False)
    assert again.status == 409
    assert "DatasetAlreadyInProgressException" in again.json()["error"]
    assert (during["status"], after["status"]) == ("Queued", "Complete")
    assert after["progress"] == 100


def test_bank_transactions_cannot_be_read_from_xero():
    borrower = Borrower()

    pull = refresh(borrower, "bankTransactions").json()

    status = borrower.get(f"{borrower.path}/dataStatus").json()["bankTransactions"]
    history = borrower.get(f"{borrower.path}/data/history/{pull['id']}").json()
    assert status["currentStatus"] == "FetchError"
    assert history["isErrored"] is True


def test_bank_accounts_come_without_a_balance():
    borrower = Borrower()

    accounts = borrower.get(f"{borrower.connection_path}/data/bankAccounts").json()

    names = {it["accountName"]: it for it in accounts["results"]}
    assert names["Business Current Account"]["status"] == "Active"
    assert names["EUR Account"]["currency"] == "EUR"
    assert names["Old Savings Account"]["status"] == "Archived"
    assert all("balance" not in it for it in accounts["results"])


def test_all_types_can_be_refreshed_at_once():
    borrower = Borrower()
    borrower.get(f"{borrower.path}/dataStatus")
    borrower.sandbox.add_supplier(borrower.connection.id, "New Supplier")

    reply = borrower.call("POST", f"{borrower.path}/data/all")

    assert reply.status == 204
    found = borrower.get(f"{borrower.path}/data/suppliers", query="supplierName~new")
    assert found.json()["totalResults"] == 1


def test_an_unlinked_connection_cannot_be_refreshed():
    borrower = Borrower()
    borrower.sandbox.set_connection_status(borrower.connection.id, "Unlinked")

    assert refresh(borrower, "invoices").status == 400


def test_the_lock_date_is_part_of_the_profile_after_a_refresh():
    borrower = Borrower()
    borrower.get(f"{borrower.path}/data/info")
    borrower.sandbox.set_ledger_lock_date(borrower.connection.id, date(2026, 4, 30))

    before = borrower.get(f"{borrower.path}/data/info").json()
    refresh(borrower, "company")
    after = borrower.get(f"{borrower.path}/data/info").json()

    assert "ledgerLockDate" not in before
    assert after["ledgerLockDate"] == "2026-04-30T00:00:00"


def test_one_record_can_be_read():
    borrower = Borrower()
    path = f"{borrower.path}/data/invoices"

    assert borrower.get(f"{path}/{borrower.invoice.id}").json()["status"] == "Submitted"
    assert borrower.get(f"{path}/{borrower.lender}").status == 404


@pytest.mark.parametrize("kind", ["bankAccounts", "transfers", "directCosts"])
def test_one_record_of_a_connection_can_be_read(kind):
    borrower = Borrower()
    borrower.write("transfers", borrower.transfer())
    borrower.write("directCosts", borrower.fee())
    borrower.sandbox.sync(borrower.connection.id)
    path = f"{borrower.connection_path}/data/{kind}"

    listed = borrower.get(path).json()["results"][0]

    assert borrower.get(f"{path}/{listed['id']}").json() == listed


@pytest.mark.parametrize(
    "path",
    [
        "/data/bankAccounts",
        "/data/chartOfAccounts",
        "/data/journals",
        "/connections/{x}/data/invoices",
    ],
)
def test_a_data_type_is_read_only_where_it_belongs(path):
    borrower = Borrower()

    reply = borrower.get(borrower.path + path.replace("{x}", borrower.connection.id))

    assert reply.status == 404


def test_tax_rates_are_listed():
    borrower = Borrower()

    rates = borrower.get(f"{borrower.path}/data/taxRates").json()["results"]

    assert {it["id"]: it["effectiveTaxRate"] for it in rates}["INPUT2"] == 20


def test_the_sandbox_can_be_brought_up_to_date_at_once():
    borrower = Borrower()
    borrower.get(f"{borrower.path}/data/suppliers")
    borrower.sandbox.add_supplier(borrower.connection.id, "New Supplier")

    borrower.sandbox.sync(borrower.connection.id, "suppliers")

    found = borrower.get(f"{borrower.path}/data/suppliers", query="supplierName~new")
    assert found.json()["totalResults"] == 1


def test_a_finished_refresh_is_announced():
    borrower = Borrower(webhook_url="http://127.0.0.1/hook")
    borrower.sandbox.tick()
    refresh(borrower, "invoices")

    borrower.sandbox.tick()

    assert "read.completed.initial" in borrower.inbox.types
    payload = borrower.inbox.events[-1]["payload"]
    assert borrower.inbox.types[-1] == "read.completed"
    assert payload["dataTypes"][0]["dataType"] == "invoices"
    assert payload["dataTypes"][0]["status"] == "Complete"
