"""What the stand-in remembers from one run to the next."""

import pytest

from tests.xero_sync.sandbox.builders import Borrower, new_key
from xero_sync.sandbox import Sandbox


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sandbox.state"


def stopped_and_started_again(borrower, path):
    """The same borrower at a sandbox that knows only what was saved."""
    borrower.sandbox.save(path)
    borrower.sandbox = Sandbox(clock=borrower.clock, entry_of=str)
    borrower.sandbox.load(path)
    return borrower


def test_the_books_and_the_answers_by_key_are_kept(path):
    borrower, key = Borrower(), new_key()
    first = borrower.push("transfers", borrower.transfer(), key=key)

    borrower = stopped_and_started_again(borrower, path)
    again = borrower.push("transfers", borrower.transfer(), key=key)

    assert again.json()["pushOperationKey"] == first.json()["pushOperationKey"]
    assert len(borrower.books.entries_of("transfers")) == 1


def test_a_push_that_was_on_its_way_arrives(path):
    borrower = Borrower(push_seconds=60)
    pushed = borrower.push("transfers", borrower.transfer())

    borrower = stopped_and_started_again(borrower, path)

    assert borrower.operation(pushed)["status"] == "Success"


def test_a_refresh_that_was_running_ends(path):
    borrower = Borrower(refresh_seconds=60)
    borrower.clock.forward(seconds=60)
    queued = borrower.call("POST", f"{borrower.path}/data/queue/transfers").json()

    borrower = stopped_and_started_again(borrower, path)

    found = borrower.get(f"{borrower.path}/data/history/{queued['id']}").json()
    assert found["status"] == "Complete"


def test_a_consent_that_was_withdrawn_is_given_again(path):
    borrower = Borrower(entry_of=str)
    borrower.push("transfers", borrower.transfer("7403.77"))

    borrower = stopped_and_started_again(borrower, path)
    borrower.sandbox.tick()

    assert borrower.sandbox.connection(borrower.connection.id).status == "Linked"


def test_what_has_met_its_magic_does_not_meet_it_again(path):
    borrower, key = Borrower(entry_of=str), new_key()
    body = borrower.transfer("7429.77")
    borrower.push("transfers", body, key=key)

    borrower = stopped_and_started_again(borrower, path)

    assert borrower.push("transfers", body, key=key).status == 200


def test_a_sandbox_without_a_file_starts_empty(path):
    sandbox = Sandbox()
    sandbox.load(path)

    assert sandbox.companies == []
