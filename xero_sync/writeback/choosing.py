"""Whose turn it is: the queries by which a claim chooses, each for many lanes."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    DateTimeField,
    Exists,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)

from lending.db.prepared import Prepared
from xero_sync.models import Lane, LoanInXero, SyncRecord
from xero_sync.models.choices import State, Step
from xero_sync.writeback.readiness import AnyMapping


def busy_lanes(company_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Return the lanes in which a request has no stored outcome yet.

    Two such requests of one type could not be told apart in Codat's list of push
    operations, which names neither body nor key.
    """
    unanswered = SyncRecord.objects.filter(
        company__in=company_ids, state__in=(State.SENDING, State.UNKNOWN)
    )
    return set(unanswered.values_list("company_id", "step"))


def next_bookings(
    lane_ids: Iterable[int], now: datetime
) -> dict[tuple[int, str], SyncRecord]:
    """Return the booking whose turn it is in each of these lanes that has one.

    It is locked: nobody else changes it before the transaction ends.
    """
    chosen = _NEXT_BOOKINGS.instances(lanes=lane_ids, now=now)
    found = {(record.company_id, record.step): record for record in chosen}
    # Few entries compensate another: a join would read all of it for each.
    compensating = [record for record in found.values() if record.compensates_id]
    prefetch_related_objects(
        compensating, "compensates__request__mapping__lender_account"
    )
    return found


def _next_bookings(lanes: Any, now: Any) -> QuerySet[SyncRecord]:
    earlier = (
        SyncRecord.objects.bookings()
        .open()
        .filter(loan=OuterRef("loan"), sequence__lt=OuterRef("sequence"))
    )
    first = SyncRecord.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now),
        ~Exists(earlier),
        state=State.QUEUED,
        # It may stand already: a person looks first.
        is_alarmed=False,
        company=OuterRef("company"),
        step=OuterRef("step"),
    ).order_by("is_backfill", "event")
    asked = Lane.objects.filter(pk__among=lanes)
    turns = asked.values_list(Subquery(first.values("pk")[:1]))
    return (
        SyncRecord.objects.filter(pk__in=turns, state=State.QUEUED)
        .select_related("event", "loan__company", "request")
        .select_for_update(of=("self",))
    )


_NEXT_BOOKINGS = Prepared(_next_bookings, lanes=[Lane._meta.pk], now=DateTimeField())


def companies_with_lines(company_ids: Iterable[int]) -> set[int]:
    """Return those of these companies that have statement lines waiting to go."""
    waiting = SyncRecord.objects.filter(
        company__in=set(company_ids), step=Step.STATEMENT_LINE, state=State.QUEUED
    )
    return set(waiting.values_list("company_id", flat=True).distinct())


def earliest_due(
    lanes: Iterable[tuple[int, str]], *, now: datetime
) -> dict[tuple[int, str], datetime]:
    """Return when the first entry put off may go, for the lanes that have one."""
    wanted = set(lanes)
    if not wanted:
        return {}
    put_off = SyncRecord.objects.filter(
        company__in={company for company, _ in wanted},
        step__in={step for _, step in wanted},
        state=State.QUEUED,
        not_before__gt=now,
    )
    first = put_off.values_list("company_id", "step").annotate(Min("not_before"))
    return {
        (company, step): moment
        for company, step, moment in first.order_by()
        if (company, step) in wanted
    }


def needs_check(record: SyncRecord, now: datetime) -> bool:
    """Tell whether the invoice must be looked at before this payment is posted."""
    if record.step != Step.PAYMENT:
        return False
    fresh = now - timedelta(seconds=settings.WRITEBACK_INVOICE_SECONDS)
    return record.checked_at is None or record.checked_at < fresh


def resendable(record: SyncRecord, mapping: AnyMapping, now: datetime) -> bool:
    """Tell whether a queued entry's request may go out again under its key.

    A queued entry keeps its request only if Codat has certainly not taken it in, so
    one frozen from accounts that are no longer chosen is frozen anew.
    """
    if record.request is None or record.request.mapping_id != mapping.pk:
        return False
    age = now - record.request.created_at
    return age < timedelta(seconds=settings.WRITEBACK_KEY_SECONDS)


def loans_in_xero(records: Iterable[SyncRecord]) -> dict[int, LoanInXero]:
    """Return what is known in Xero of each entry's loan, by loan; new if nothing is."""
    loan_ids = {record.loan_id for record in records}
    found = LoanInXero.objects.select_related("lender_account")
    known = {one.loan_id: one for one in found.filter(loan__in=loan_ids)}
    return {
        loan_id: known.get(loan_id) or LoanInXero(loan_id=loan_id)
        for loan_id in loan_ids
    }
