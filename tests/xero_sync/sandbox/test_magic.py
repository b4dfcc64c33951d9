"""Amounts that force an outcome."""

import pytest

from tests.xero_sync.sandbox.builders import Borrower, line, messages, new_key
from xero_sync.sandbox import LostReply


@pytest.fixture
def borrower():
    return Borrower(entry_of=str)


def transfers(borrower):
    return borrower.books.entries_of("transfers")


def test_no_amount_is_magic_unless_the_sandbox_is_told_so():
    plain = Borrower()

    assert plain.write("transfers", plain.transfer("7422.77"))["status"] == "Success"


def test_refused_is_refused_in_words(borrower):
    operation = borrower.write("transfers", borrower.transfer("7422.77"))

    assert operation["status"] == "Failed"
    assert messages(operation) == "The sandbox refuses 7422.77 the first time."
    assert transfers(borrower) == []


def test_fees_and_payments_are_bookings_as_well():
    borrower = Borrower(total="10000.00", entry_of=str)

    fee = borrower.write("directCosts", borrower.fee("7422.77"))
    payment = borrower.write("payments", borrower.payment("7422.77"))

    assert (fee["status"], payment["status"]) == ("Failed", "Failed")


def test_a_penny_more_is_an_amount_like_any_other(borrower):
    operation = borrower.write("transfers", borrower.transfer("7422.78"))

    assert operation["status"] == "Success"


def test_each_entry_meets_it_once():
    first, second, again = new_key(), new_key(), new_key()
    entries = {first: "entry 1", again: "entry 1", second: "entry 2"}
    borrower = Borrower(entry_of=entries.__getitem__)
    body = borrower.transfer("7422.77")

    found = [
        borrower.write("transfers", body, key=key)["status"]
        for key in (first, second, again)
    ]

    assert found == ["Failed", "Failed", "Success"]


def test_slow_is_pending_for_five_seconds(borrower):
    reply = borrower.push("transfers", borrower.transfer("7202.77"))

    borrower.clock.forward(seconds=4)
    before = borrower.operation(reply)["status"]
    borrower.clock.forward(seconds=1)

    assert (before, borrower.operation(reply)["status"]) == ("Pending", "Success")


def test_unknown_for_a_person_times_out_and_is_never_written(borrower):
    operation = borrower.write("transfers", borrower.transfer("7408.77"))
    borrower.clock.forward(hours=24)

    assert operation["status"] == "TimedOut"
    assert transfers(borrower) == []


def test_unknown_then_found_loses_the_answer_and_lands_later(borrower):
    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer("7504.77"))

    before = borrower.get(f"{borrower.path}/push").json()["results"]
    borrower.clock.forward(seconds=5)
    after = borrower.get(f"{borrower.path}/push").json()["results"]

    assert before == []
    assert [one["status"] for one in after] == ["Success"]


def test_rate_limited_is_taken_under_the_same_key_once_it_has_waited(borrower):
    body, key = borrower.transfer("7429.77"), new_key()

    refused = borrower.push("transfers", body, key=key)
    borrower.clock.forward(seconds=int(refused.headers["Retry-After"]))
    taken = borrower.push("transfers", body, key=key)

    assert (refused.status, taken.status) == (429, 200)
    assert borrower.sandbox.violations == []


def test_disconnected_ends_the_consent_and_gives_it_again(borrower):
    reply = borrower.push("transfers", borrower.transfer("7403.77"))
    status = borrower.sandbox.connection(borrower.connection.id).status
    borrower.clock.forward(seconds=10)
    borrower.sandbox.tick()

    assert (reply.status, status) == (403, "Deauthorized")
    assert borrower.sandbox.connection(borrower.connection.id).status == "Linked"
    assert transfers(borrower) == []


def test_a_statement_line_follows_its_booking_whatever_its_amount(borrower):
    borrower.open_feed()

    assert (
        borrower.write_statement(line(1, "-7422.77", "-7422.77"))["status"] == "Success"
    )


def test_a_body_that_cannot_be_read_is_left_to_its_model(borrower):
    assert borrower.write("transfers", {"from": None})["status"] == "Failed"
