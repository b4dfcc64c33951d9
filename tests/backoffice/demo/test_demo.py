"""`manage.py demo`: one command, a verdict, and nothing left behind."""

import socket

import pytest

from backoffice.demo.children import ChildEnded, Children, free_port
from backoffice.demo.environment import AnotherDemo, Places, only_demo
from backoffice.demo.report import Report
from tests.backoffice.demo.stages import (
    END_SECONDS,
    children_of,
    interrupt,
    kill_all,
    read_until,
    start,
    wait_until_gone,
)
from tests.worlds import World
from xero_sync.sandbox.views import show_books

START_SECONDS = 60


@pytest.fixture
def directory(tmp_path):
    """A place of its own, so that demos do not meet."""
    yield tmp_path
    kill_all(tmp_path)


def test_once_ends_with_equal_books_and_leaves_nothing_running(directory):
    demo = start("demo", directory, "--once")
    shown, _ = demo.communicate(timeout=START_SECONDS)

    assert demo.returncode == 0, shown
    assert "EQUAL: 15 of 15 entries stand in Xero, each once" in shown
    assert "N   nominated account  Business Current Account  £1,900.00" in shown
    assert children_of(directory) == []
    assert not (directory / "demo.sqlite3").exists()
    assert {log.name for log in (directory / "demo-logs").iterdir()} == {
        "demo.log",
        "sandbox.log",
        "web.log",
        "worker.log",
    }


def test_it_serves_until_it_is_interrupted_and_ends_everything(directory):
    demo = start("demo", directory)
    shown = read_until(demo, "Stop with Ctrl-C.")
    running = len(children_of(directory))
    rest = interrupt(demo)

    assert "/admin/" in shown
    assert "operator / " in shown
    assert running >= 7
    assert demo.returncode == 0, rest
    assert children_of(directory) == []


def test_its_processes_end_even_if_it_is_killed(directory):
    demo = start("demo", directory)
    read_until(demo, "worker run")
    demo.kill()
    demo.communicate(timeout=END_SECONDS)

    assert wait_until_gone(directory) == []


def test_a_process_that_ends_is_reported_with_its_last_lines(tmp_path):
    with Children(tmp_path) as children:
        children.start("worker", "no_such_command")
        with pytest.raises(ChildEnded) as ended:
            children.wait_for("worker", lambda: False)

    assert "The worker ended by itself." in str(ended.value)
    assert "Unknown command: 'no_such_command'" in str(ended.value)


def test_two_demos_do_not_share_a_database(tmp_path):
    places = Places(tmp_path, 1, 2)

    with only_demo(places), pytest.raises(AnotherDemo), only_demo(places):
        pass


def test_another_port_is_taken_when_the_wanted_one_is_in_use():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        wanted = busy.getsockname()[1]

        assert free_port(wanted) not in {0, wanted}


class Look:
    """The sandbox's controls without a port."""

    def __init__(self, books):
        self.answers = {"books": show_books(books), "violations": []}

    def look(self, name):
        return self.answers[name.split("/")[0]]


@pytest.fixture
def written():
    """A borrower whose only drawdown stands in Xero."""
    borrower = World().borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    borrower.world.run()
    return borrower


@pytest.mark.django_db
def test_the_verdict_is_equal_only_if_every_balance_is(written):
    look = Look(written.books)
    nominated = written.mapping.nominated_account_id

    before = Report(written.connection, look).verdict()
    look.answers["books"]["balances"][nominated] += 1
    after = Report(written.connection, look).verdict()

    assert before.startswith("EQUAL: 2 of 2 entries")
    assert after == "NOT EQUAL: nominated account differs."


@pytest.mark.django_db
def test_an_entry_that_stands_twice_is_told(written):
    look = Look(written.books)
    entries = look.answers["books"]["entries"]
    entries.append(next(one for one in entries if one["pushOperationKey"]))

    verdict = Report(written.connection, look).verdict()

    assert verdict == ("NOT EQUAL: the records in Xero are not those that we know.")


@pytest.mark.django_db
def test_an_entry_that_is_not_written_is_told(written):
    written.record(written.loan(), "drawdown", "10")

    verdict = Report(written.connection, Look(written.books)).verdict()

    assert "2 entries are not written" in verdict
