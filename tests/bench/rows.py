"""Rows for a bench, made in bulk; what they say is what the services would write."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection as database

from lending.models import Company, EventKind, Loan, LoanEvent
from xero_sync.models import (
    AccountMapping,
    Connection,
    Lane,
    LenderAccount,
    MappingRow,
    RecordChange,
    SyncRecord,
)
from xero_sync.models.choices import Cause, ConnectionStatus, State, Step
from xero_sync.runtime import run
from xero_sync.runtime.clock import database_now


def migrate() -> None:
    """Make the tables, and leave the file complete."""
    call_command("migrate", verbosity=0, interactive=False)
    database.close()


def companies(count: int, *, remote: Sequence[dict[str, str]] = ()) -> list[Company]:
    """Make companies whose accounts are chosen and whose write-back is on.

    `remote` gives the ids that a sandbox knows them by.
    """
    batch = uuid4().hex[:8]
    now = database_now()
    known = remote or [
        {
            name: str(uuid4())
            for name in ("company", "connection", "lender", "nominated")
        }
        for _ in range(count)
    ]
    rows = Company.objects.bulk_create(
        Company(
            reference=f"{batch}-{number}",
            legal_name=f"Borrower {number} Ltd",
            currency="GBP",
            country="GB",
        )
        for number in range(count)
    )
    links = Connection.objects.bulk_create(
        Connection(
            company=row,
            codat_company_id=ids["company"],
            codat_connection_id=ids["connection"],
            status=ConnectionStatus.LINKED,
            writeback_on=True,
            checked_at=now,
        )
        for row, ids in zip(rows, known, strict=True)
    )
    accounts = LenderAccount.objects.bulk_create(
        LenderAccount(
            connection=link,
            target_account_id=ids["lender"],
            name="Lender account",
            currency="GBP",
        )
        for link, ids in zip(links, known, strict=True)
    )
    mappings = AccountMapping.objects.bulk_create(
        AccountMapping(
            connection=account.connection,
            version=1,
            lender_account=account,
            lender_target_account_id=account.target_account_id,
            nominated_account_id=ids["nominated"],
            supplier_id=uuid4(),
            currency="GBP",
            chosen_by="bench",
            created_at=now,
        )
        for account, ids in zip(accounts, known, strict=True)
    )
    MappingRow.objects.bulk_create(
        MappingRow(mapping=mapping, role="fee", account_id=uuid4())
        for mapping in mappings
    )
    return rows


def loans(borrowers: Sequence[Company], count: int) -> list[Loan]:
    """Make loans, spread evenly over the borrowers."""
    batch = uuid4().hex[:8]
    today = database_now().date()
    return Loan.objects.bulk_create(
        Loan(
            reference=f"{batch}-{number}",
            company=borrowers[number % len(borrowers)],
            agreed_on=today - timedelta(days=10),
            invoice_number=f"INV-{number}",
            invoice_amount=1_000,
            debtor_name="Northgate Builders",
        )
        for number in range(count)
    )


def bookings(borrowers: Sequence[Company], count: int) -> list[SyncRecord]:
    """Make queued bookings, one a loan, each with bytes of its own.

    The one look that a company needs after a start is behind them.
    """
    now = database_now()
    Connection.objects.filter(company__in=borrowers).update(
        pushes_seen_by=run.current()
    )
    # So that a company's later bookings differ from its earlier ones.
    base = secrets.randbelow(10**8) * 10_000
    drawdowns = LoanEvent.objects.bulk_create(
        LoanEvent(
            loan=loan,
            sequence=1,
            external_id=f"evt-{uuid4().hex}",
            kind=EventKind.DRAWDOWN,
            amount=Decimal(base + number + 1) / 100,
            value_date=now.date(),
            recorded_at=now,
            recorded_by="bench",
        )
        for number, loan in enumerate(loans(borrowers, count))
    )
    records = SyncRecord.objects.bulk_create(
        SyncRecord(
            event=event,
            step=Step.TRANSFER,
            company_id=event.loan.company_id,
            loan=event.loan,
            sequence=1,
            value_date=event.value_date,
            lender_effect=-event.amount,
            state=State.QUEUED,
            state_since=now,
            created_at=now,
        )
        for event in drawdowns
    )
    RecordChange.objects.bulk_create(
        RecordChange(
            record=record,
            at=now,
            to_state=State.QUEUED,
            cause=Cause.RECORDED,
            actor="bench",
        )
        for record in records
    )
    Lane.objects.bulk_create(
        (Lane(company=one, step=Step.TRANSFER, due_at=now) for one in borrowers),
        update_conflicts=True,
        unique_fields=["company", "step"],
        update_fields=["due_at"],
    )
    settle()
    return records


def settle() -> None:
    """Do now what the database would do at a moment of its own, in the middle of a run.

    PostgreSQL learns about its tables by itself in production; SQLite never does.
    """
    statements = ["PRAGMA wal_checkpoint(TRUNCATE)"]
    if database.vendor == "postgresql":
        statements = ["VACUUM ANALYZE", "CHECKPOINT"]
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def only(values: Any) -> Any:
    """Return what all of these values are.

    Raises:
        AssertionError: they are not all the same, or there are none.
    """
    found = set(values)
    assert len(found) == 1, found
    return found.pop()
