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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each process begin with its share of what takes long.

    With `--dist worksteal` each is given one piece of all, in their order.
    """
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
