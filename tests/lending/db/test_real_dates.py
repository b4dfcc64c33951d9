"""A value date is a date, whoever writes the row."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.state import ProjectState

from lending.db.real_dates import RealDates
from lending.models import LoanEvent
from tests.builders import make_event

pytestmark = pytest.mark.django_db

TABLE = "lending_loanevent"


def insert(event, value_date, verb="INSERT"):
    """Another event of the loan, by plain SQL."""
    fresh = {
        "id": event.pk + 1,
        "sequence": event.sequence + 1,
        "external_id": f"{event.external_id}-x",
        "value_date": value_date,
    }
    columns = [field.column for field in LoanEvent._meta.concrete_fields]
    values = ["%s" if name in fresh else name for name in columns]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"{verb} INTO {TABLE} ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM {TABLE} WHERE id = %s",
            [*(fresh[name] for name in columns if name in fresh), event.pk],
        )


@pytest.mark.parametrize(
    "value_date",
    ["soon", "", "2026-02-30", "2026-13-01", 2026, None],
)
def test_nonsense_is_refused(value_date):
    event = make_event()

    with pytest.raises(DatabaseError):
        insert(event, value_date)

    assert LoanEvent.objects.count() == 1


def test_a_date_is_taken():
    event = make_event()

    insert(event, "2026-02-28")

    assert str(LoanEvent.objects.latest("pk").value_date) == "2026-02-28"


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.parametrize("value_date", ["now", "2026-3-1", "20260310", "2026-03-10 9"])
def test_what_postgresql_would_turn_into_a_date_is_refused_by_sqlite(value_date):
    with pytest.raises(DatabaseError, match="value_date must be YYYY-MM-DD"):
        insert(make_event(), value_date)


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_replacing_insert_is_asked_too():
    with pytest.raises(DatabaseError, match="value_date must be YYYY-MM-DD"):
        insert(make_event(), "soon", verb="INSERT OR REPLACE")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
@pytest.mark.django_db(transaction=True)
def test_the_operation_runs_in_both_directions():
    operation = RealDates(TABLE, ["value_date"])
    state = ProjectState()
    event = make_event()

    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("lending", editor, state, state)
    insert(event, "soon")
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("lending", editor, state, state)

    with pytest.raises(DatabaseError, match="must be YYYY-MM-DD"):
        insert(make_event(), "soon")
    assert TABLE in operation.describe()
    assert operation.migration_name_fragment == f"real_dates_{TABLE}"
