"""What every test has."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.guards import suspended
from xero_sync.runtime import throttles

# Where Python keeps no compiled code, each of a run's hundred processes compiles all
# of it anew: half of its time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A busy machine is no reason to fail; what is found is kept with the other leftovers.
set_hypothesis_home_dir(django_settings.BASE_DIR / ".data" / "hypothesis")
hypothesis_settings.register_profile("ours", deadline=None, print_blob=True)
hypothesis_settings.load_profile("ours")

# Each test's client would look through all static files first.
django_settings.WHITENOISE_AUTOREFRESH = True


# Each of these takes seconds, or most of a minute.
LONG = (
    "tests/scenarios/",
    "tests/processes/",
    "tests/backoffice/demo/",
    "tests/backoffice/api/description/test_schemathesis.py",
)


# Of these files and grids, whose cases differ little or go far, a person waits for one
# case in so many; the thorough run has the others, and on PostgreSQL nobody waits.
ONE_IN = {
    "tests/backoffice/admin/test_list_lookups.py::test_a_list": 3,
    "tests/backoffice/test_settings.py::test_what_is_unsafe_in_production": 3,
    "tests/backoffice/trail/test_acts.py::test_an_act_leaves_one_entry": 2,
    "tests/backoffice/users/test_matrix.py::test_an_act_is_done_by_those": 4,
    "tests/browser/test_entries.py::test_entries_are_filtered": 2,
    "tests/browser/test_pages.py::test_every_page_of_a_state": 2,
    "tests/browser/test_posting.py::test_posting_is_switched_off": 2,
    "tests/lending/seals/test_seals.py::test_whichever": 2,
    "tests/scenarios/test_planted_bugs.py::test_a_planted_bug_is_caught": 2,
    "tests/xero_sync/accounts/test_choice.py": 3,
    "tests/xero_sync/accounts/test_lender_accounts.py": 2,
    "tests/xero_sync/accounts/test_plain_accounts.py": 3,
    "tests/xero_sync/borrowers/test_mails.py::test_text_and_html_say": 3,
    "tests/xero_sync/portal/test_feed.py::test_every_state_of_a_feed": 2,
    "tests/xero_sync/portal/test_questions.py::test_what_is_not_offered": 3,
    "tests/xero_sync/portal/test_saving.py::test_a": 2,
    "tests/xero_sync/portal/test_tabs.py::test_a_form_sent_from_its_own_tab": 2,
    "tests/xero_sync/writeback/test_after_restore.py": 2,
    "tests/xero_sync/writeback/test_alarms_and_strangers.py": 3,
    "tests/xero_sync/writeback/test_answers.py": 3,
    "tests/xero_sync/writeback/test_choice_looks.py": 3,
    "tests/xero_sync/writeback/test_decisions.py": 3,
    "tests/xero_sync/writeback/test_hard_cases.py": 2,
    "tests/xero_sync/writeback/test_holds.py": 3,
    "tests/xero_sync/writeback/test_reversals.py": 3,
    "tests/xero_sync/writeback/test_standstill.py": 3,
    "tests/xero_sync/writeback/test_watched_pushes.py": 3,
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most of some grids to the thorough run, and begin with what takes long.

    With `--dist worksteal` each process is given one piece of all, in their order.
    """
    quick = [one for one in items if not one.get_closest_marker("thorough")]
    shares = {} if os.environ.get("TEST_DATABASE_URL") else ONE_IN
    for begins, share in shares.items():
        grid = [one for one in quick if one.nodeid.startswith(begins)]
        for nth, one in enumerate(grid):
            if nth % share:
                one.add_marker(pytest.mark.thorough)
    pieces = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [one for one in items if one.nodeid.startswith(LONG)]
    short = [one for one in items if not one.nodeid.startswith(LONG)]
    size = -(-len(short) // pieces)
    items[:] = [
        one
        for piece in range(pieces)
        for one in (*long[piece::pieces], *short[piece * size : (piece + 1) * size])
    ]


@pytest.fixture(scope="session", autouse=True)
def append_only_suspended_while_flushing() -> Iterator[None]:
    """Let a transactional test's database be emptied; the test itself is guarded.

    Django empties the tables after such a test, which the triggers rightly refuse.
    """
    flush = TransactionTestCase._fixture_teardown

    def flush_without_triggers(self: TransactionTestCase) -> None:
        with suspended(connection):
            flush(self)

    TransactionTestCase._fixture_teardown = flush_without_triggers
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Give each process of the tests a database of its own.

    SQLite gets a file: threads and other processes cannot share one in memory. Nobody
    pulls the plug of this machine in a test, so that nothing waits for its disk.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"tests_{os.getpid()}_{worker}"
    if connection.vendor == "sqlite":
        name = str(django_settings.BASE_DIR / ".data" / f"{name}.sqlite3")
        options = connection.settings_dict["OPTIONS"]
        options["init_command"] += "PRAGMA synchronous=OFF;"
    connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    """Count each test's requests anew: its rows are undone, what was drawn is not."""
    throttles.forget_held()


@pytest.fixture
def undone():
    """Undo what one example wrote, before the next one starts."""

    @contextmanager
    def rolled_back():
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    return rolled_back
