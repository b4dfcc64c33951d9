"""Past entries by the million: written bookings with all their evidence, made in SQL.

Four bookings a loan, spread over the companies, half a minute apart. Their ids are
drawn once, in a temporary table, and every other table is filled from it: our own sort
by time, as the product makes them; Codat's are random.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.management.color import no_style
from django.db import connection as database
from django.db import transaction
from django.db.models import Model

from lending.models import Loan, LoanEvent
from tests.bench import rows
from tests.guards import suspended
from xero_sync.models import (
    LoanInXero,
    RecordChange,
    SyncRecord,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.runtime.clock import database_now

COMPANIES = 200
BOOKINGS_A_LOAN = 4
SPACING = timedelta(seconds=30)
THROUGH = WriteRequest.records.through
FILLED = (
    Loan,
    LoanEvent,
    SyncRecord,
    WriteRequest,
    THROUGH,
    WriteAttempt,
    RecordChange,
    LoanInXero,
)

DIALECTS = {
    "sqlite": {
        "theirs": "lower(hex(randomblob(16)))",
        "ours": "printf('%012x', (unixepoch('{start}') + n * {gap}) * 1000) || '7' || "
        "substr(lower(hex(randomblob(2))), 2) || '8' || "
        "substr(lower(hex(randomblob(8))), 2)",
        "numbers": "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL "
        "SELECT n + 1 FROM numbers WHERE n + 1 < {count}) SELECT n, "
        "{{columns}} FROM numbers",
        "moment": "strftime('%Y-%m-%d %H:%M:%f', '{start}', (n * {gap}) || ' seconds')",
        "day": "date('{start}', (n * {gap}) || ' seconds')",
        "body": "CAST('{body}' AS BLOB)",
        "uuid_type": "char(32)",
    },
    "postgresql": {
        "theirs": "gen_random_uuid()",
        "ours": "(lpad(to_hex((extract(epoch FROM timestamptz '{start}+00')::bigint"
        " + n * {gap}) * 1000), 12, '0') || '7' || "
        "substr(translate(gen_random_uuid()::text, '-', ''), 14))::uuid",
        "numbers": "SELECT n, {{columns}} FROM generate_series(0, {count} - 1) AS n",
        "moment": "timestamptz '{start}+00' + n * interval '{gap} seconds'",
        "day": "(timestamp '{start}' + n * interval '{gap} seconds')::date",
        "body": "'{body}'::bytea",
        "uuid_type": "uuid",
    },
}
BODY = (
    '{"date":"2026-06-01T00:00:00","from":{"accountRef":{"id":'
    '"6f2c1a4e-0c6e-4c0e-9f0c-5d1f6f3c2b11"},"amount":800.00,"status":"Unreconciled"},'
    '"to":{"accountRef":{"id":"b1e7b1de-6a0a-4d39-8f6f-1f7f0a6f4c02"},"amount":800.00,'
    '"status":"Unreconciled"}}'
)
ANSWER = (
    '{"companyId":"6f2c1a4e-0c6e-4c0e-9f0c-5d1f6f3c2b11","pushOperationKey":"b1e7b1de'
    '-6a0a-4d39-8f6f-1f7f0a6f4c02","dataConnectionKey":"0d6d5f5e-31f5-4d60-9f7e-6b1e5'
    'b0f7c03","requestedOnUtc":"2026-01-01T00:00:00Z","status":"Pending","statusCode"'
    ':202,"dataType":"transfers","changes":null,"validation":{"errors":[],"warnings":'
    "[]}}"
)

FIRST_OF_LOAN = f"WHERE n % {BOOKINGS_A_LOAN} = 0"
SEQUENCE = f"n % {BOOKINGS_A_LOAN} + 1"
CHANGES = (
    ("", "queued", "recorded"),
    ("sending", "pending", "answer"),
    ("pending", "written", "look"),
)

Table = tuple[type[Model], dict[str, str], str]


def tables() -> list[Table]:
    """Return what to fill from `past`: a model, its columns, and which rows of `past`.

    Columns that are not named get the default of their field.
    """
    path = "'/companies/' || connection || '/connections/' || connection"
    loan = {
        "agreed_on": "day",
        "created_at": "at",
        "id": "loan",
        "reference": "'past-' || loan",
        "company_id": "company",
        "invoice_number": "'INV-' || loan",
        "invoice_amount": "1000",
        "debtor_name": "'Northgate Builders'",
    }
    event = {
        "id": "event",
        "loan_id": "loan",
        "sequence": SEQUENCE,
        "external_id": "'evt-past-' || event",
        "kind": "'drawdown'",
        "amount": "100",
        "value_date": "day",
        "recorded_at": "at",
        "recorded_by": "'bench'",
    }
    request = {
        "id": "request",
        "company_id": "company",
        "connection_id": "connection",
        "mapping_id": "mapping",
        "data_type": "'transfers'",
        "path": f"{path} || '/push/transfers'",
        "body": _dialect("body").format(body=BODY),
        "idempotency_key": "idempotency",
        "created_at": "at",
    }
    record = {
        "id": "record",
        "event_id": "event",
        "step": "'transfer'",
        "company_id": "company",
        "loan_id": "loan",
        "sequence": SEQUENCE,
        "value_date": "day",
        "lender_effect": "-100",
        "state": "'written'",
        "state_since": "at",
        "created_at": "at",
        "fence": "3",
        "polls": "1",
        "lender_account_id": "account",
        "request_id": "request",
        "push_operation_key": "operation",
        "xero_record_id": "record",
    }
    attempt = {
        "request_id": "request",
        "started_at": "at",
        "finished_at": "at",
        "elapsed_ms": "50",
        "outcome": "'accepted'",
        "status_code": "200",
        "push_operation_key": "operation",
        "answer": f"'{ANSWER}'",
    }
    changes = [
        {
            "record_id": "record",
            "at": "at",
            "from_state": f"'{before}'",
            "to_state": f"'{after}'",
            "cause": f"'{cause}'",
            "push_operation_key": "operation" if before else "NULL",
        }
        for before, after, cause in CHANGES
    ]
    in_xero = {"loan_id": "loan", "lender_account_id": "account"}
    return [
        (Loan, loan, FIRST_OF_LOAN),
        (LoanEvent, event, ""),
        (WriteRequest, request, ""),
        (SyncRecord, record, ""),
        (THROUGH, {"writerequest_id": "request", "syncrecord_id": "record"}, ""),
        (WriteAttempt, attempt, ""),
        *((RecordChange, change, "") for change in changes),
        (LoanInXero, in_xero, FIRST_OF_LOAN),
    ]


def _insert(model: type[Model], columns: dict[str, str], where: str) -> str:
    chosen = _defaults(model) | columns
    names = ", ".join(f'"{name}"' for name in chosen)
    values = ", ".join(chosen.values())
    table = model._meta.db_table
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM past {where}"


def _defaults(model: type[Model]) -> dict[str, str]:
    """Return what the columns hold that may not be empty and that nobody names."""
    literals = {}
    for field in model._meta.concrete_fields:
        if field.null or field.primary_key or field.is_relation:
            continue
        default = field.get_default()
        if isinstance(default, bool):
            literals[field.column] = str(default).lower()
        elif isinstance(default, int | str):
            literals[field.column] = f"'{default}'"
    return literals


def fill(*, count: int) -> dict[str, int]:
    """Make companies and past bookings; return how many bookings there are now."""
    borrowers = rows.companies(COMPANIES)
    with suspended(database), _unindexed(), transaction.atomic():
        with database.cursor() as cursor:
            _draw(cursor, count, [company.pk for company in borrowers])
            for table in tables():
                cursor.execute(_insert(*table))
            for statement in database.ops.sequence_reset_sql(no_style(), FILLED):
                cursor.execute(statement)
    rows.settle()
    return {"records": SyncRecord.objects.count()}


def _dialect(name: str) -> str:
    return DIALECTS[database.vendor][name]


def _draw(cursor: Any, count: int, company_ids: list[int]) -> None:
    """Make the temporary table that names what every past booking consists of."""
    gap = int(SPACING.total_seconds())
    start = f"{database_now() - SPACING * (count + 120):%Y-%m-%d %H:%M:%S}"
    cursor.execute(
        "CREATE TEMPORARY TABLE place AS SELECT row_number() OVER (ORDER BY c.id) - 1 "
        "AS k, c.company_id AS company, c.id AS connection, m.id AS mapping, "
        "m.lender_account_id AS account FROM xero_sync_connection c "
        "JOIN xero_sync_accountmapping m ON m.connection_id = c.id "
        f"WHERE c.company_id BETWEEN {company_ids[0]} AND {company_ids[-1]}"
    )
    kinds = {
        "record": "ours",
        "request": "ours",
        "idempotency": "ours",
        "operation": "theirs",
        "at": "moment",
        "day": "day",
    }
    columns = ", ".join(
        f"{_dialect(kind).format(start=start, gap=gap)} AS {name}"
        for name, kind in kinds.items()
    )
    numbers = _dialect("numbers").format(count=count).format(columns=columns)
    cursor.execute(f"CREATE TEMPORARY TABLE drawn AS {numbers}")
    cursor.execute(
        "CREATE TEMPORARY TABLE past AS SELECT drawn.*, place.*, n + 1 AS event, "
        f"n / {BOOKINGS_A_LOAN} + 1 AS loan FROM drawn JOIN place "
        f"ON place.k = (n / {BOOKINGS_A_LOAN}) % {len(company_ids)} ORDER BY n"
    )


@contextmanager
def _unindexed() -> Iterator[None]:
    """Take indexes and foreign keys away while millions of rows go in."""
    tables = ", ".join(f"'{model._meta.db_table}'" for model in FILLED)
    find = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' "
        f"AND sql IS NOT NULL AND tbl_name IN ({tables})"
    )
    before = ["PRAGMA synchronous=OFF", "PRAGMA cache_size=-1000000"]
    if database.vendor == "postgresql":
        find = (
            f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({tables}) "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        )
        before = [
            "SET session_replication_role = replica",
            "SET synchronous_commit = off",
            "SET maintenance_work_mem = '1GB'",
            "SET work_mem = '256MB'",
        ]
    with database.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        cursor.execute(find)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with database.cursor() as cursor:
        for _, definition in indexes:
            cursor.execute(definition)
