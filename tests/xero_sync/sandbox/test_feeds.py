import pytest

from tests.xero_sync.sandbox.builders import (
    SOURCE_ACCOUNT,
    Borrower,
    line,
    new_key,
    source_account,
)


def accounts_path(borrower):
    return f"{borrower.connection_path}/connectionInfo/bankFeedAccounts"


def mapping_path(borrower):
    return f"{borrower.connection_path}/bankFeedAccounts/mapping"


def add(borrower, **changes):
    return borrower.call(
        "POST", accounts_path(borrower), source_account(**changes), key=new_key()
    )


def map_to(borrower, target=None):
    body = {"sourceAccountId": SOURCE_ACCOUNT}
    if target is not None:
        body["targetAccountId"] = target
    return borrower.call("POST", mapping_path(borrower), body, key=new_key())


def mapping(borrower):
    return borrower.get(mapping_path(borrower)).json()[0]


def test_a_source_account_is_pending_and_listed_bare():
    borrower = Borrower()

    made = add(borrower)

    assert (made.status, made.json()["status"]) == (200, "pending")
    assert borrower.get(accounts_path(borrower)).json() == [made.json()]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"sortCode": None},
        {"accountType": "gold"},
        {"balance": None},
        {"colour": "red"},
    ],
)
def test_a_source_account_has_to_be_complete(changes):
    assert add(Borrower(), **changes).status == 400


def test_an_id_can_be_used_once():
    borrower = Borrower()
    add(borrower)

    assert add(borrower).status == 400


def test_a_first_generation_account_is_accepted():
    assert add(Borrower(), accountType="Debit").status == 200


def test_a_new_account_is_made_when_the_mapping_is_read():
    borrower = Borrower()
    add(borrower)

    posted = map_to(borrower).json()
    read = mapping(borrower)

    assert (posted["targetAccountId"], posted["status"]) == (None, "connecting")
    assert read["status"] == "connected"
    account = borrower.books.account(read["targetAccountName"])
    assert account.id == read["targetAccountId"]
    assert borrower.sandbox.events[-1]["eventType"] == (
        "bankFeeds.sourceAccount.connected"
    )


def test_a_feed_connects_after_its_delay():
    borrower = Borrower(feed_seconds=60)
    add(borrower)
    map_to(borrower)

    first = mapping(borrower)
    borrower.clock.forward(seconds=61)
    second = mapping(borrower)

    assert (first["status"], second["status"]) == ("connecting", "connected")
    assert first["targetAccountId"] == second["targetAccountId"]


def test_asking_again_while_there_is_no_target_makes_a_second_account():
    borrower = Borrower()
    add(borrower, accountName="Lender feed")

    map_to(borrower)
    map_to(borrower)
    mapping(borrower)

    names = [it.name for it in borrower.books.accounts if "Lender feed" in it.name]
    assert names == ["Lender feed", "Lender feed (2)"]


def test_repeating_a_finished_mapping_succeeds():
    borrower = Borrower()
    borrower.open_feed()

    again = map_to(borrower, borrower.lender).json()

    assert (again["status"], again["error"]) == ("connected", None)


def test_options_have_the_currency_and_kind_of_the_source_account():
    borrower = Borrower()
    add(borrower)

    options = {it["name"] for it in mapping(borrower)["targetAccountOptions"]}

    assert options == {"Business Current Account", "Lender account"}


def test_a_target_of_another_currency_is_an_error_inside_a_200():
    borrower = Borrower()
    add(borrower)

    reply = map_to(borrower, borrower.account("EUR Account"))

    assert reply.status == 200
    assert "does not fit" in reply.json()["error"]


def test_xero_takes_no_feed_of_a_loan():
    borrower = Borrower()
    add(borrower, accountType="loan")

    assert "account type" in map_to(borrower).json()["error"]


def test_a_target_fed_by_another_company_is_refused_and_hidden():
    borrower = Borrower()
    borrower.open_feed()
    other = Borrower.__new__(Borrower)
    other.sandbox, other.clock = borrower.sandbox, borrower.clock
    other.company = borrower.sandbox.add_company("Second Ltd")
    other.connection = borrower.sandbox.add_connection(
        other.company.id, organisation="Harbour Bakery Ltd"
    )
    add(other)

    reply = map_to(other, borrower.lender)

    offered = {it["id"] for it in mapping(other)["targetAccountOptions"]}
    assert reply.status == 400
    assert borrower.lender not in offered


def test_an_organisation_without_bank_feeds_answers_with_xeros_problem():
    borrower = Borrower(bank_feeds=False)
    add(borrower)

    reply = map_to(borrower)

    assert reply.status == 403
    assert reply.json()["type"] == "invalid-organisation-bank-feeds"


def test_the_name_can_change_but_the_status_only_to_disconnected():
    borrower = Borrower()
    borrower.open_feed()
    path = f"{accounts_path(borrower)}/{SOURCE_ACCOUNT}"

    def patch(**changes):
        return borrower.call("PATCH", path, {"id": SOURCE_ACCOUNT, **changes})

    mapping(borrower)
    assert patch(accountName="New name").json()["accountName"] == "New name"
    assert patch(balance=5).status == 400
    assert patch(status="pending").status == 400
    assert patch(status="disconnected").json()["status"] == "disconnected"


def test_a_deleted_source_account_takes_its_mapping_along():
    borrower = Borrower()
    borrower.open_feed()

    reply = borrower.call("DELETE", f"{accounts_path(borrower)}/{SOURCE_ACCOUNT}")

    assert reply.status == 204
    assert borrower.get(mapping_path(borrower)).json() == []


def test_a_batch_answers_for_each_account():
    borrower = Borrower()
    path = f"{accounts_path(borrower)}/batch"
    good, bad = source_account(), source_account(id="sa-2", sortCode=None)

    mixed = borrower.call("POST", path, [good, bad])
    again = borrower.call("POST", path, [good])
    fine = borrower.call("POST", path, [source_account(id="sa-3")])

    assert (mixed.status, again.status, fine.status) == (207, 409, 201)
    assert [it["result"]["statusCode"] for it in mixed.json()] == [201, 400]


def test_credentials_are_not_for_xero():
    borrower = Borrower()

    reply = borrower.call("POST", f"{accounts_path(borrower)}/credentials", {})

    assert reply.status == 400


def test_the_organisation_tells_its_plan_and_currencies():
    borrower = Borrower()

    info = borrower.get(f"{borrower.connection_path}/bankFeeds/info").json()

    assert info == {
        "companyName": "Harbour Bakery Ltd",
        "baseCurrency": "GBP",
        "planType": "Business",
        "multicurrencyEnabled": True,
        "currencies": ["GBP", "EUR"],
    }


def test_another_organisation_gets_another_account_and_a_statement_of_its_own():
    borrower = Borrower()
    borrower.open_feed()
    borrower.write_statement(line(1, -800, -800))
    borrower.sandbox.set_connection_status(borrower.connection.id, "Deauthorized")
    borrower.sandbox.consent(borrower.connection.id, same_organisation=False)

    cut = mapping(borrower)["status"]
    map_to(borrower)
    again = mapping(borrower)
    done = borrower.write_statement(line(2, 100, -700))

    assert (cut, again["status"]) == ("disconnected", "connected")
    assert again["targetAccountId"] != borrower.lender
    assert done["status"] == "Success"


def test_a_connection_without_consent_has_no_organisation_to_show():
    borrower = Borrower()
    connection = borrower.sandbox.add_connection(
        borrower.company.id, status="PendingAuth"
    )
    pending = f"{borrower.path}/connections/{connection.id}/bankFeeds/info"
    ended = f"{borrower.connection_path}/bankFeeds/info"
    borrower.sandbox.set_connection_status(borrower.connection.id, "Unlinked")

    assert borrower.get(pending).status == 400
    assert borrower.get(ended).status == 400
