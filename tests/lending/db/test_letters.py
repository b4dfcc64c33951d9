"""What letters a reference is made of, by the database's own functions."""

import re
import sqlite3
from contextlib import closing

import pytest
from django.db import IntegrityError, connection, transaction

from lending.models import Company
from lending.models.references import REFERENCE_PATTERN
from tests.builders import make_company, make_event

pytestmark = pytest.mark.django_db

SHAPES = [
    "a", "Z", "0", "a.b_c:d-9", "a" * 64,
    "", ".a", "-a", "_", "a b", "a/b", "é", "a\n", "a\u0660", "aé", "a" * 65, "batch",
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_database_and_the_form_have_the_same_rule(shape):
    allowed = bool(re.search(REFERENCE_PATTERN, shape)) and shape != "batch"
    company = make_company(reference="other")

    def store():
        # PostgreSQL's own refusal of a text that is too long is no integrity error.
        with transaction.atomic():
            Company.objects.filter(pk=company.pk).update(reference=shape)

    if allowed:
        store()
        assert Company.objects.get().reference == shape
    elif len(shape) <= 64 or connection.vendor == "sqlite":
        with pytest.raises(IntegrityError):
            store()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("currency", one) for one in ("", "GB", "gbp", "G1P", "GB ")),
        *(("country", one) for one in ("", "G", "gb", "G1", "É ")),
    ],
)
def test_the_database_refuses_what_is_no_code(field, value):
    make_company()

    with pytest.raises(IntegrityError), transaction.atomic():
        Company.objects.update(**{field: value})


@pytest.mark.skipif(connection.vendor != "sqlite", reason="checks a file")
@pytest.mark.django_db(transaction=True)
def test_a_file_of_ours_can_be_checked_by_any_program():
    make_event()

    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        ((stored,),) = file.execute("SELECT count(*) FROM lending_loanevent")
    assert stored == 1
