import pytest

from tests.xero_sync.sandbox.builders import (
    SOURCE_ACCOUNT,
    Borrower,
    line,
    messages,
    new_key,
    statement,
)


def connected(**options):
    borrower = Borrower(**options)
    borrower.open_feed()
    return borrower


def test_lines_are_added_with_their_running_balance():
    borrower = connected()

    done = borrower.write_statement(line(1, -800, -800), line(2, 1000, 200))

    statement_lines = borrower.books.statement(SOURCE_ACCOUNT)
    assert (done["status"], done["dataType"]) == ("Success", "bankTransactions")
    assert [it.amount for it in statement_lines] == [-800, 1000]
    assert borrower.books.statement_balance(SOURCE_ACCOUNT) == 200
    assert borrower.books.entries_of("bankTransactions") == []
    assert borrower.sandbox.violations == []


def test_the_balance_goes_on_from_push_to_push():
    borrower = connected()
    borrower.write_statement(line(1, -800, -800))

    done = borrower.write_statement(line(2, 850, 50))

    assert done["status"] == "Success"


def test_a_balance_that_is_not_running_is_refused():
    borrower = connected()

    done = borrower.write_statement(line(1, -800, -799))

    assert done["status"] == "Failed"
    assert "invalid-end-balance" in messages(done)
    assert "running balance" in borrower.sandbox.violations[0]
    assert borrower.books.statement(SOURCE_ACCOUNT) == []


@pytest.mark.parametrize("day", ["2026-06-02", "2025-05-31"])
def test_a_line_is_neither_in_the_future_nor_older_than_a_year(day):
    done = connected().write_statement(line(1, -800, -800, day=day))

    assert done["status"] == "Failed"


def test_a_line_may_be_a_year_old_and_from_today():
    done = connected().write_statement(
        line(1, -800, -800, day="2025-06-01"), line(2, 800, 0, day="2026-06-01")
    )

    assert done["status"] == "Success"


def test_lines_are_oldest_first():
    borrower = connected()

    done = borrower.write_statement(
        line(1, -800, -800, day="2026-05-30"), line(2, 800, 0, day="2026-05-29")
    )

    assert "oldest first" in messages(done)
    assert "dated before" in borrower.sandbox.violations[0]


def test_a_line_older_than_the_last_push_is_taken_but_noted():
    borrower = connected()
    borrower.write_statement(line(1, -800, -800, day="2026-05-30"))

    done = borrower.write_statement(line(2, 800, 0, day="2026-05-29"))

    assert done["status"] == "Success"
    assert "dated before" in borrower.sandbox.violations[0]


def test_a_repeated_id_fails_unless_the_switch_is_on():
    borrower = connected()
    borrower.write_statement(line(1, -800, -800))

    refused = borrower.write_statement(line(1, 800, 0))
    borrower.sandbox.accept_repeated_line_ids = True
    taken = borrower.write_statement(line(1, 800, 0))

    assert (refused["status"], taken["status"]) == ("Failed", "Success")
    assert "exists already" in messages(refused)


def test_a_sign_against_its_type_is_only_a_warning():
    done = connected().write_statement(
        line(1, 800, 800, transactionType="Debit"),
    )

    assert done["status"] == "Success"
    assert "sign" in done["validation"]["warnings"][0]["message"]


@pytest.mark.parametrize("name", ["description", "transactionType", "balance", "id"])
def test_a_line_has_to_be_complete(name):
    incomplete = line(1, -800, -800)
    del incomplete[name]

    done = connected().write_statement(incomplete)

    assert f"{name} must be provided" in messages(done)


def test_more_than_a_thousand_lines_are_refused():
    lines = [line(number, 1, number + 1) for number in range(1001)]

    assert "1000" in messages(connected().write_statement(*lines))


def test_the_account_in_path_and_body_is_the_same():
    borrower = connected()
    body = {**statement(line(1, -800, -800)), "accountId": "other"}

    done = borrower.write(f"bankAccounts/{SOURCE_ACCOUNT}/bankTransactions", body)

    assert done["status"] == "Failed"


def test_the_id_of_the_xero_account_does_not_do():
    borrower = connected()
    body = {**statement(line(1, -800, -800)), "accountId": borrower.lender}

    done = borrower.write(f"bankAccounts/{borrower.lender}/bankTransactions", body)

    assert done["status"] == "Failed"
    assert "not the id of a source account" in borrower.sandbox.violations[0]


def test_an_unknown_account_is_not_found():
    borrower = connected()

    reply = borrower.push("bankAccounts/nope/bankTransactions", statement())

    assert reply.status == 404


def test_a_disconnected_feed_takes_no_lines():
    borrower = connected()
    borrower.sandbox.disconnect_feed(borrower.connection.id, SOURCE_ACCOUNT)

    done = borrower.write_statement(line(1, -800, -800))

    assert "disconnected" in messages(done)
    assert borrower.sandbox.events[-2]["eventType"] == (
        "bankFeeds.sourceAccount.disconnected"
    )


def test_an_organisation_without_bank_feeds_refuses_lines_at_once():
    borrower = Borrower(bank_feeds=False)
    path = f"bankAccounts/{SOURCE_ACCOUNT}/bankTransactions"

    reply = borrower.push(path, statement(line(1, -800, -800)), key=new_key())

    assert reply.status == 403
    assert reply.headers["Content-Type"] == "application/problem+json"
