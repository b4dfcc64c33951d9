"""The table is whole, and the tests that it names are there."""

import importlib
from collections import Counter

import pytest

from tests.asvs.ids import IDS
from tests.asvs.rows import Held, NoSurface, Open
from tests.asvs.table import ANSWERS
from tests.marks import on_any_database

pytestmark = on_any_database
NAMED = sorted({test for row in ANSWERS if isinstance(row, Held) for test in row.tests})


def answered(row):
    """The requirements that a row answers; only a reason may be for a whole section."""
    if isinstance(row, NoSurface):
        return [one for one in IDS if f"{one}.".startswith(f"{row.id}.")]
    return [one for one in IDS if one == row.id]


def test_each_number_is_there_once():
    assert len(IDS) == len(set(IDS)) == 253


def test_each_requirement_has_one_answer():
    counted = Counter(one for row in ANSWERS for one in answered(row))

    assert {one for one in IDS if one not in counted} == set()
    assert {one for one, times in counted.items() if times > 1} == set()


def test_no_row_is_about_nothing():
    assert [row.id for row in ANSWERS if not answered(row)] == []
    assert [row.id for row in ANSWERS if isinstance(row, Held) and not row.tests] == []


def test_each_row_says_what_it_means():
    for row in ANSWERS:
        words = row.missing if isinstance(row, Open) else ""
        said = row.reason if isinstance(row, NoSurface) else row.asks
        assert said.strip(), row.id
        assert not isinstance(row, Open) or len(words) > 20, row.id


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named):
    path, _, function = named.partition("::")
    assert path.startswith("tests/")
    assert path.rpartition("/")[2].startswith("test_")
    assert function.startswith("test_")

    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))

    assert callable(getattr(module, function))
    assert getattr(module, function).__module__ == module.__name__
