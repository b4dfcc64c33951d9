"""Events are written once: the database itself refuses anything else."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from lending.db.append_only import AppendOnly, install, installed, remove, suspended
from lending.models import LoanEvent
from tests.builders import make_event, make_loan, reverse

pytestmark = pytest.mark.django_db

TABLE = "lending_loanevent"
UNIQUE = [["external_id"], ["loan_id", "sequence"], ["reverses_id"]]

only_sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'")
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")


def declared_guards():
    """The latest guard each table was given by a migration."""
    loader = MigrationLoader(connection)
    plan = [
        node
        for target in sorted(loader.graph.leaf_nodes())
        for node in loader.graph.forwards_plan(target)
    ]
    return {
        operation.table: operation
        for node in dict.fromkeys(plan)
        for operation in loader.graph.nodes[node].operations
        if isinstance(operation, AppendOnly)
    }


def execute(sql, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def column(event, name):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {TABLE} WHERE id = %s", [event.pk])
        return cursor.fetchone()[0]


def test_every_table_that_a_migration_guards_is_guarded_in_the_end():
    guards = declared_guards()

    assert TABLE in guards
    assert set(guards) <= installed(connection)


def test_a_guard_knows_every_unique_column_set_of_its_table():
    for table, guard in declared_guards().items():
        with connection.cursor() as cursor:
            constraints = connection.introspection.get_constraints(cursor, table)
        unique = {
            frozenset(found["columns"])
            for found in constraints.values()
            if found["unique"] and found["columns"]
        }
        known = {frozenset(columns) for columns in [[guard.pk], *guard.unique]}
        assert unique <= known, table


def test_an_event_cannot_be_saved_again():
    event = make_event()
    event.description = "second thoughts"

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        event.save()

    assert column(event, "description") == ""


def test_events_cannot_be_updated():
    event = make_event()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LoanEvent.objects.update(amount=1)

    assert column(event, "amount") == 800


def test_an_event_cannot_be_deleted():
    event = make_event()

    # Rows that hang on the event may refuse before the trigger does.
    for delete in (event.delete, LoanEvent.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            delete()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LoanEvent.objects.all()._raw_delete(connection.alias)

    assert LoanEvent.objects.filter(pk=event.pk).exists()


def test_a_loan_with_events_cannot_be_deleted():
    event = make_event()

    with pytest.raises(models.ProtectedError):
        event.loan.delete()


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {TABLE} SET amount = 1",
        f"UPDATE {TABLE} SET id = id",
        f"DELETE FROM {TABLE}",
        f"DELETE FROM {TABLE} WHERE amount > 0",
    ],
)
def test_plain_sql_is_refused_as_well(sql):
    event = make_event()

    with pytest.raises(IntegrityError, match="append-only"):
        execute(sql)

    assert column(event, "amount") == 800


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_truncate_is_refused():
    event = make_event()

    for sql in (f"TRUNCATE {TABLE} CASCADE", "TRUNCATE lending_loan CASCADE"):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(sql)

    assert column(event, "amount") == 800


@only_postgresql
def test_an_upsert_is_refused():
    event = make_event()
    columns = ", ".join(field.column for field in LoanEvent._meta.concrete_fields)

    with pytest.raises(IntegrityError, match="append-only"):
        execute(
            f"INSERT INTO {TABLE} ({columns}) SELECT {columns} FROM {TABLE} "
            "ON CONFLICT (id) DO UPDATE SET amount = 1"
        )

    assert column(event, "amount") == 800


@only_sqlite
@pytest.mark.parametrize(
    "same", ["id", "external_id", "loan_id, sequence", "reverses_id"]
)
def test_a_replacing_insert_is_refused_for_each_unique_column_set(same):
    original = make_event()
    event = reverse(original)
    other = make_event()
    fresh = {
        "id": "9999",
        "loan_id": str(other.loan_id),
        "sequence": "9999",
        "external_id": "'fresh'",
        "reverses_id": "NULL",
    }
    kept = same.split(", ")
    columns = [field.column for field in LoanEvent._meta.concrete_fields]
    values = [name if name in kept else fresh.get(name, name) for name in columns]
    before = LoanEvent.objects.order_by("pk").values_list("pk", "external_id")
    expected = list(before)

    for verb in ("INSERT OR REPLACE", "REPLACE"):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(
                f"{verb} INTO {TABLE} ({', '.join(columns)}) "
                f"SELECT {', '.join(values)} FROM {TABLE} WHERE id = %s",
                event.pk,
            )

    assert list(before.all()) == expected


@only_sqlite
def test_a_replacing_insert_of_a_new_row_is_an_insert():
    event = make_event()
    columns = [field.column for field in LoanEvent._meta.concrete_fields]
    values = ["9999" if c in {"id", "sequence"} else c for c in columns]
    values[columns.index("external_id")] = "'fresh'"

    execute(
        f"INSERT OR REPLACE INTO {TABLE} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {TABLE} WHERE id = %s",
        event.pk,
    )

    assert LoanEvent.objects.filter(loan=event.loan).count() == 2


def test_without_the_guard_an_event_could_be_changed():
    event = make_event()

    remove(connection, TABLE)
    assert TABLE not in installed(connection)
    execute(f"UPDATE {TABLE} SET amount = 1 WHERE id = %s", event.pk)
    install(connection, TABLE, unique=UNIQUE)

    assert TABLE in installed(connection)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"UPDATE {TABLE} SET amount = 2 WHERE id = %s", event.pk)


def test_installing_twice_is_harmless():
    install(connection, TABLE, unique=UNIQUE)
    install(connection, TABLE, unique=UNIQUE)

    assert TABLE in installed(connection)


def test_a_table_that_lost_one_trigger_no_longer_counts_as_guarded():
    on_table = f' ON "{TABLE}"' if connection.vendor == "postgresql" else ""
    name = "truncate" if on_table else "insert"

    execute(f'DROP TRIGGER "{TABLE}_append_only_{name}"{on_table}')

    assert TABLE not in installed(connection)


@pytest.mark.django_db(transaction=True)
def test_the_guard_comes_back_after_a_suspension():
    event = make_event()

    def fail_while_suspended():
        with suspended(connection):
            assert TABLE not in installed(connection)
            execute(f"UPDATE {TABLE} SET amount = 1 WHERE id = %s", event.pk)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_while_suspended()

    assert TABLE in installed(connection)
    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"UPDATE {TABLE} SET amount = 2 WHERE id = %s", event.pk)


@pytest.mark.django_db(transaction=True)
def test_the_operation_runs_in_both_directions():
    operation = AppendOnly("lending_loan", unique=[["reference"]])
    state = ProjectState()
    loan = make_loan()

    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("lending", editor, state, state)
    guarded = installed(connection)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        loan.save()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_backwards("lending", editor, state, state)

    assert "lending_loan" in guarded
    assert "lending_loan" not in installed(connection)
    loan.save()
    assert "lending_loan" in operation.describe()
    assert operation.migration_name_fragment == "append_only_lending_loan"


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_is_guarded_and_leaves_the_guard_in_place():
    make_event()

    assert TABLE in installed(connection)
    with pytest.raises(IntegrityError, match="append-only"):
        LoanEvent.objects.all()._raw_delete(connection.alias)
