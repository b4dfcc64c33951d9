"""The role that the product runs with can neither take a guard off nor get past it."""

import pytest
from django.db import DatabaseError, connection, transaction

from lending.db import runtime_role
from lending.db.append_only import AppendOnly
from lending.db.guards import table_guards
from lending.db.runtime_role import RoleUnfit
from tests.builders import make_event, make_loan
from tests.worlds import World
from tests.xero_sync.commands.worlds import refusal, run
from xero_sync.models import SyncRecord

pytestmark = pytest.mark.django_db

ROLE = "backoffice_app_of_tests"
GUARDED = sorted(
    one.table
    for one in table_guards()
    if isinstance(one, AppendOnly) and not one.erases
)
REFUSED = r"must be owner|permission denied|must have privileges|must be superuser"
only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'")


def execute(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def role(db):
    """A role that may do nothing yet; it goes with the test's transaction."""
    execute(f'CREATE ROLE "{ROLE}" NOSUPERUSER')
    return ROLE


@pytest.fixture
def as_role(role):
    """What follows is done by the role."""
    run("database_role", role)
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f'SET ROLE "{role}"')
    yield
    execute("RESET ROLE")


@only_postgresql
@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "{table}" SET {column} = {column}',
        'DELETE FROM "{table}"',
        'TRUNCATE "{table}" CASCADE',
        'ALTER TABLE "{table}" DISABLE TRIGGER ALL',
        'DROP TRIGGER "{table}_append_only_row" ON "{table}"',
        'DROP TABLE "{table}" CASCADE',
        'ALTER TABLE "{table}" ADD COLUMN x integer',
        'CREATE RULE x AS ON INSERT TO "{table}" DO INSTEAD NOTHING',
        'SELECT 1 FROM "{table}" FOR UPDATE',
    ],
    ids=lambda one: " ".join(one.split()[:2]),
)
def test_it_cannot_change_what_is_only_added_to(as_role, statement, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass "
            "AND attnum = 1",
            [table],
        )
        (column,) = cursor.fetchone()

    with pytest.raises(DatabaseError, match=REFUSED):
        execute(statement.format(table=table, column=column))


@only_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE x (y integer)",
        "CREATE SCHEMA x",
        "SET session_replication_role = replica",
        'DROP FUNCTION "lending_loanevent_append_only"() CASCADE',
        'TRUNCATE "xero_sync_syncrecord" CASCADE',
        'ALTER TABLE "xero_sync_syncrecord" ADD COLUMN x integer',
        'DROP TABLE "django_q_schedule"',
        "DELETE FROM django_migrations",
        f'ALTER ROLE "{ROLE}" SUPERUSER',
        "COPY lending_loanevent TO PROGRAM 'cat'",
    ],
)
def test_it_cannot_take_more_than_it_was_given(as_role, statement):
    with pytest.raises(DatabaseError, match=REFUSED):
        execute(statement)


@only_postgresql
def test_the_product_works_with_it(as_role):
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "500")
    borrower.record(loan, "fee", "20")

    world.run()

    assert {one.state for one in SyncRecord.objects.all()} == {"written"}


@only_postgresql
def test_a_second_time_changes_nothing_and_takes_what_it_had_besides(role):
    run("database_role", role)
    execute(f'GRANT ALL ON "lending_loanevent" TO "{role}"')
    execute(f'GRANT UPDATE (amount) ON "lending_loanevent" TO "{role}"')
    execute(f'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}"')

    words = run("database_role", role)

    assert f"may read and add to {len(GUARDED)} tables" in words
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(privilege_type, ',' ORDER BY privilege_type) "
            "FROM information_schema.role_table_grants "
            "WHERE grantee = %s AND table_name = 'lending_loanevent'",
            [role],
        )
        assert cursor.fetchone() == ("INSERT,SELECT",)
        cursor.execute(
            "SELECT has_any_column_privilege(%s, 'lending_loanevent', 'UPDATE'), "
            "bool_or(has_sequence_privilege(%s, oid, 'UPDATE')) "
            "FROM pg_class WHERE relkind = 'S'",
            [role, role],
        )
        assert cursor.fetchone() == (False, False)


@only_postgresql
@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([], "There is no such role"),
        ([f'CREATE ROLE "{ROLE}" SUPERUSER'], "no grant limits it"),
        ([f'CREATE ROLE "{ROLE}" BYPASSRLS'], "no grant limits it"),
        ([f'CREATE ROLE "{ROLE}" CREATEROLE'], "no grant limits it"),
        ([f'CREATE ROLE "{ROLE}"', f'GRANT postgres TO "{ROLE}"'], "of postgres,"),
        (
            [
                f'CREATE ROLE "{ROLE}"',
                'CREATE ROLE "another_of_tests" SUPERUSER',
                f'GRANT "another_of_tests" TO "{ROLE}"',
            ],
            "of another_of_tests,",
        ),
        (
            [
                f'CREATE ROLE "{ROLE}"',
                f'ALTER TABLE "lending_loan" OWNER TO "{ROLE}"',
            ],
            "It owns tables itself",
        ),
    ],
)
def test_a_role_that_no_grant_limits_is_refused(statements, words):
    for one in statements:
        execute(one)

    assert words in refusal("database_role", ROLE)


@only_postgresql
def test_only_who_owns_the_tables_grants(as_role):
    execute("RESET ROLE")
    execute('CREATE ROLE "another_of_tests"')
    execute(f'SET ROLE "{ROLE}"')

    assert "Run this as the role that migrates" in refusal(
        "database_role", "another_of_tests"
    )


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_sqlite_has_no_roles():
    assert "Only PostgreSQL has roles" in refusal("database_role", "anybody")


@only_postgresql
@pytest.mark.parametrize("name", ['a"; DROP TABLE x; --', "", "ü", "1st", "a" * 64])
def test_an_odd_name_is_refused(name):
    with pytest.raises(RoleUnfit, match="letters, digits"):
        runtime_role.grant(connection, name)


@only_postgresql
def test_an_event_is_still_recorded(as_role):
    assert make_event(loan=make_loan()).pk
