import pytest

from tests.xero_sync.sandbox.builders import Borrower, new_key
from xero_sync.sandbox import LostReply


def test_the_same_bytes_under_the_same_key_are_written_once():
    borrower = Borrower()
    key = new_key()

    first = borrower.push("transfers", borrower.transfer(), key=key)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert again.body == first.body
    assert len(borrower.books.entries_of("transfers")) == 1


def test_other_bytes_under_the_same_key_are_a_mistake():
    borrower = Borrower()
    key = new_key()

    borrower.push("transfers", borrower.transfer(), key=key)
    reply = borrower.push("transfers", borrower.transfer("1.00"), key=key)

    assert reply.status == 422
    assert len(borrower.sandbox.violations) == 1


def test_after_ninety_minutes_the_key_is_forgotten_and_the_write_happens_again():
    borrower = Borrower()
    key = new_key()

    borrower.push("transfers", borrower.transfer(), key=key)
    borrower.clock.forward(minutes=89)
    borrower.push("transfers", borrower.transfer(), key=key)
    before = len(borrower.books.entries_of("transfers"))
    borrower.clock.forward(minutes=1)
    borrower.push("transfers", borrower.transfer(), key=key)

    assert before == 1
    assert len(borrower.books.entries_of("transfers")) == 2


@pytest.mark.parametrize(("kind", "written"), [("error_before", 0), ("error_after", 1)])
def test_a_5xx_is_replayed_whether_or_not_the_write_happened(kind, written):
    borrower = Borrower()
    borrower.sandbox.faults.add(kind, match="transfers", status=503)
    key = new_key()

    first = borrower.push("transfers", borrower.transfer(), key=key)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert (first.status, again.status) == (503, 503)
    assert again.body == first.body
    assert len(borrower.books.entries_of("transfers")) == written


def test_a_429_releases_the_key():
    borrower = Borrower()
    borrower.sandbox.faults.add("busy", match="transfers", retry_after=1)
    key = new_key()

    first = borrower.push("transfers", borrower.transfer(), key=key)
    borrower.clock.forward(seconds=2)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert (first.status, again.status) == (429, 200)
    assert borrower.sandbox.violations == []


def test_a_lost_reply_is_given_again():
    borrower = Borrower()
    borrower.sandbox.faults.add("lose_reply_after", match="transfers")
    key = new_key()

    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer(), key=key)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert borrower.operation(again)["status"] == "Success"
    assert len(borrower.books.entries_of("transfers")) == 1


def test_a_call_while_the_first_one_runs_is_a_conflict():
    borrower = Borrower()
    borrower.sandbox.faults.add("slow", match="transfers", seconds=3)
    key = new_key()
    during = []
    borrower.sandbox.pause = lambda _seconds: during.append(
        borrower.push("transfers", borrower.transfer(), key=key)
    )

    first = borrower.push("transfers", borrower.transfer(), key=key)

    assert (first.status, during[0].status) == (200, 409)


def test_a_call_that_lands_late_is_still_protected_by_its_key():
    borrower = Borrower()
    borrower.sandbox.faults.add("late_landing", match="transfers", seconds=30)
    key = new_key()

    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer(), key=key)
    borrower.push("transfers", borrower.transfer(), key=key)
    borrower.clock.forward(seconds=31)

    assert len(borrower.books.entries_of("transfers")) == 1


def test_a_call_that_lands_late_is_written():
    borrower = Borrower()
    borrower.sandbox.faults.add("late_landing", match="transfers", seconds=30)

    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer())
    before = len(borrower.books.entries_of("transfers"))
    borrower.clock.forward(seconds=31)

    assert before == 0
    assert len(borrower.books.entries_of("transfers")) == 1


def test_who_sent_in_time_is_not_blamed_for_what_has_changed_when_it_lands():
    borrower = Borrower()
    borrower.sandbox.faults.add("late_landing", match="transfers", seconds=30)

    with pytest.raises(LostReply):
        borrower.push("transfers", borrower.transfer())
    borrower.sandbox.set_connection_status(borrower.connection.id, "Deauthorized")
    borrower.clock.forward(seconds=31)
    entries = borrower.books.entries_of("transfers")

    assert (entries, borrower.sandbox.violations) == ([], [])


def test_a_push_without_a_key_is_noted():
    borrower = Borrower()

    borrower.call(
        "POST", f"{borrower.connection_path}/push/transfers", borrower.transfer()
    )

    assert "without Idempotency-Key" in borrower.sandbox.violations[0]


def test_a_key_that_is_not_a_guid_is_noted():
    borrower = Borrower()

    borrower.push("transfers", borrower.transfer(), key="retry-1")

    assert "not a GUID" in borrower.sandbox.violations[0]
