"""The timed part of `recording`: the service, and bare inserts of the same rows."""

import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Model

from lending import services
from lending.models import EventKind, Loan, LoanEvent
from tests.bench import rows
from xero_sync.models import RecordChange, SyncRecord
from xero_sync.runtime.clock import database_now

COMPANIES = 50
WARM_EVENTS = 50


def record(*, events: int, runs: int) -> list[dict[str, float]]:
    """Record events on fresh loans, and insert equal rows bare, in turn."""
    borrowers = rows.companies(COMPANIES)
    through_service(rows.loans(borrowers, WARM_EVENTS))
    found = []
    for _ in range(runs):
        loans = rows.loans(borrowers, events)
        rows.settle()
        service = through_service(loans)
        copies = copies_of(loans, rows.loans(borrowers, events))
        rows.settle()
        orm = through_orm(copies)
        copies = copies_of(loans, rows.loans(borrowers, events))
        inserts = [[_insert(model, of_it) for model, of_it in one] for one in copies]
        rows.settle()
        bare = through_cursor(inserts)
        figures = {"service": service, "orm": orm, "bare": bare}
        found.append({"events": events, **figures, **count(copies)})
    return found


def through_service(loans: Sequence[Loan]) -> float:
    """Record a drawdown on each loan, each in a transaction; return the seconds.

    Planning happens within, and the nudge after the commit, as in production. No
    cluster takes the nudges, so that nothing else writes meanwhile.
    """
    today = database_now().date()
    began = time.perf_counter()
    for loan in loans:
        services.record_event(
            loan=loan,
            kind=EventKind.DRAWDOWN,
            amount=Decimal(800),
            value_date=today,
            recorded_by="bench",
            today=today,
        )
    return time.perf_counter() - began


Copy = list[tuple[type[Model], list[Any]]]


def copies_of(loans: Sequence[Loan], others: Sequence[Loan]) -> list[Copy]:
    """Return, for each event recorded, the same rows for another loan."""
    latest = LoanEvent.objects.aggregate(latest=Max("pk"))["latest"]
    # Far above what PostgreSQL's sequence, which does not see these, will reach.
    event_id = max(latest, 1_000_000_000)
    copies = []
    for loan, other in zip(loans, others, strict=True):
        event_id += 1
        event = loan.events.get()
        records = list(event.sync_records.order_by("step"))
        changes = list(RecordChange.objects.filter(record__event=event))
        event.pk, event.loan, event.external_id = event_id, other, f"evt-{uuid4().hex}"
        new_ids = {one.pk: uuid4() for one in records}
        for one in records:
            one.pk, one.event_id, one.loan = new_ids[one.pk], event_id, other
            one.company_id = other.company_id
        for change in changes:
            change.record_id = new_ids[change.record_id]
            change.pk = None
        copies.append(
            [
                (LoanEvent, [event]),
                (SyncRecord, records),
                (RecordChange, changes),
            ]
        )
    return copies


def through_orm(copies: Sequence[Copy]) -> float:
    """Insert the rows of each event with `bulk_create`; return the seconds."""
    began = time.perf_counter()
    for copy in copies:
        with transaction.atomic():
            for model, instances in copy:
                model._default_manager.bulk_create(instances)
    return time.perf_counter() - began


Insert = tuple[str, list[tuple[Any, ...]]]


def _insert(model: type[Model], instances: Sequence[Model]) -> Insert:
    has_keys = instances[0].pk is not None
    fields = [
        one for one in model._meta.concrete_fields if has_keys or one.name != "id"
    ]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    values = [
        tuple(
            field.get_db_prep_save(getattr(one, field.attname), database)
            for field in fields
        )
        for one in instances
    ]
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places})", values


def through_cursor(inserts: Sequence[Sequence[Insert]]) -> float:
    """Insert the rows of each event with ready statements; return the seconds."""
    began = time.perf_counter()
    for one in inserts:
        with transaction.atomic(), database.cursor() as cursor:
            for statement, values in one:
                cursor.executemany(statement, values)
    return time.perf_counter() - began


def count(copies: Sequence[Copy]) -> dict[str, float]:
    """Tell how many rows an event makes."""
    return {"rows": rows.only(sum(len(one[1]) for one in copy) for copy in copies)}
