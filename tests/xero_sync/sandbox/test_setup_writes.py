import pytest

from tests.xero_sync.sandbox.builders import Borrower, messages

ACCOUNT = {
    "nominalCode": "4041",
    "name": "Invoice finance fees",
    "fullyQualifiedCategory": "Expense.Overhead",
}
BANK = {
    "accountName": "Lender plain",
    "accountType": "Debit",
    "sortCode": "090129",
    "accountNumber": "12345678",
    "currency": "GBP",
    "status": "Active",
}


def test_an_account_is_added_to_the_chart():
    borrower = Borrower()

    done = borrower.write("accounts", ACCOUNT)

    account = borrower.books.account("Invoice finance fees")
    assert done["dataType"] == "chartOfAccounts"
    assert done["changes"][0]["recordRef"]["id"] == account.id
    event = borrower.sandbox.events[-1]["eventType"]
    assert event == "chartOfAccounts.write.successful"


def test_a_name_can_switch_payments_on():
    borrower = Borrower()

    borrower.write("accounts", {**ACCOUNT, "name": "Clearing.PaymentsEnabled"})

    assert borrower.books.account("Clearing").takes_payments


@pytest.mark.parametrize(
    "change",
    [
        {"nominalCode": "12345678901"},
        {"nominalCode": "404"},
        {"name": "Bank Fees"},
        {"fullyQualifiedCategory": "Expense"},
        {"type": "Expense"},
        {"name": None},
    ],
)
def test_an_account_that_xero_does_not_take_fails(change):
    assert Borrower().write("accounts", {**ACCOUNT, **change})["status"] == "Failed"


def test_there_is_no_push_under_the_name_of_the_data_type():
    assert Borrower().push("chartOfAccounts", ACCOUNT).status == 404


def test_a_bank_account_is_added():
    borrower = Borrower()

    done = borrower.write("bankAccounts", BANK)

    assert done["status"] == "Success"
    assert borrower.books.account("Lender plain").is_bank


def test_of_a_card_the_last_four_digits_are_taken():
    borrower = Borrower()
    card = {**BANK, "accountType": "Credit", "accountNumber": "4321"}
    del card["sortCode"]

    done = borrower.write("bankAccounts", card)

    assert done["status"] == "Success"
    assert borrower.books.account("Lender plain").account_type == "Credit"


@pytest.mark.parametrize(
    "change",
    [
        {"sortCode": "0901"},
        {"currency": "USD"},
        {"accountType": "Loan"},
        {"accountName": "Business Current Account"},
        {"overdraftLimit": 5},
        {"accountType": "Credit", "accountNumber": "4111111111111111"},
    ],
)
def test_a_bank_account_that_xero_does_not_take_fails(change):
    assert Borrower().write("bankAccounts", {**BANK, **change})["status"] == "Failed"


def test_a_supplier_is_a_contact_both_ways():
    borrower = Borrower()

    done = borrower.write("suppliers", {"supplierName": "New Lender Ltd"})
    borrower.sandbox.sync(borrower.connection.id)

    record_id = done["changes"][0]["recordRef"]["id"]
    for kind in ("suppliers", "customers"):
        assert borrower.get(f"{borrower.path}/data/{kind}/{record_id}").status == 200


def test_the_name_of_a_contact_is_unique():
    borrower = Borrower()

    done = borrower.write("suppliers", {"supplierName": "lender ltd"})

    assert "already in use" in messages(done)


@pytest.mark.parametrize(
    "change",
    [
        {"supplierName": ""},
        {"contactName": "Jo"},
        {"status": "Archived"},
        {"registrationNumber": "1" * 51},
        {"addresses": [{"line1": "x"}]},
        {"addresses": [{"type": "Billing", "country": "x" * 51}]},
    ],
)
def test_a_supplier_that_xero_does_not_take_fails(change):
    body = {"supplierName": "New Lender Ltd", **change}

    assert Borrower().write("suppliers", body)["status"] == "Failed"


@pytest.mark.parametrize(
    "kind",
    [
        "transfers",
        "directCosts",
        "payments",
        "suppliers",
        "chartOfAccounts",
        "bankAccounts",
    ],
)
def test_the_options_say_what_a_write_may_contain(kind):
    borrower = Borrower()

    node = borrower.get(f"{borrower.connection_path}/options/{kind}").json()

    assert (node["type"], node["required"]) == ("Object", True)
    assert all("displayName" in child for child in node["properties"].values())


def test_the_options_of_a_statement_need_its_source_account():
    borrower = Borrower()
    borrower.open_feed()
    path = f"{borrower.connection_path}/options/bankAccounts"

    assert borrower.get(f"{path}/lender-sa-1/bankTransactions").status == 200
    assert borrower.get(f"{path}/{borrower.lender}/bankTransactions").status == 404


def test_what_cannot_be_pushed_has_no_options():
    borrower = Borrower()

    assert borrower.get(f"{borrower.connection_path}/options/invoices").status == 404
