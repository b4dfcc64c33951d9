"""What must hold when a schedule has come to rest, whatever happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from lending.models import LoanEvent
from lending.positions import effect_of
from tests.scenarios import books
from tests.scenarios.borrowers import Borrower
from tests.scenarios.world import World
from xero_sync.models import RecordChange, SyncRecord
from xero_sync.models.choices import (
    BOOKINGS,
    CAUSES_OF_NO_MOVE,
    CLOSED_STATES,
    STANDING_STATES,
    Reason,
    State,
    Step,
)

ZERO = Decimal(0)


def broken_at_rest(borrowers: list[Borrower]) -> Iterator[str]:
    """What does not wait for a person with a reason, though nothing moves any more."""
    for record in SyncRecord.objects.exclude(state__in=CLOSED_STATES):
        person = SyncRecord.objects.needing_a_decision().filter(pk=record.pk)
        waits_for_feeds = (
            record.step == Step.STATEMENT_LINE
            and record.reason == Reason.BANK_FEEDS_OFF
        )
        has_words = record.reason or record.failure
        # Behind one that waits for a person, its successors wait visibly as well.
        if waits_for_feeds or (person.exists() and has_words):
            continue
        if not _is_behind_a_person(record):
            yield f"stuck: {_name(record)} {record.state} {record.reason}"


def told_and_asked_all_the_same(world: World) -> Iterator[str]:
    """What waits for a person although Codat has said what became of it."""
    asked = SyncRecord.objects.filter(
        state=State.UNKNOWN, reason=Reason.NEEDS_PERSON
    ).exclude(push_operation_key=None)
    for record in asked:
        status = world.status_of(record.push_operation_key)
        if status in {"Success", "Failed"}:
            yield f"left to a person: {_name(record)}, and Codat says {status}"


def _is_behind_a_person(record: SyncRecord) -> bool:
    waiting = SyncRecord.objects.needing_a_decision().filter(company=record.company_id)
    return waiting.exclude(pk=record.pk).exists()


def broken(borrowers: list[Borrower]) -> Iterator[str]:
    """What is wrong once persons have answered everything."""
    for borrower in borrowers:
        events = list(
            LoanEvent.objects.filter(loan__company=borrower.company)
            .select_related("loan", "reverses__loan")
            .order_by("loan", "sequence")
        )
        records = {
            (one.event_id, one.step in BOOKINGS): one
            for one in SyncRecord.objects.filter(company=borrower.company)
        }
        yield from _planned(borrower, events, records)
        yield from _settled(borrower, records)
        yield from _cut_loans(borrower)
        standing = [
            event
            for event in events
            if (one := records.get((event.pk, True))) and one.state in STANDING_STATES
        ]
        yield from _each_once(borrower, standing)
        yield from _in_order(borrower, standing)
        yield from _reversed_in_pairs(events, records)
        yield from _balances(borrower, standing)
        yield from _statement(borrower, standing, records)
    yield from _timelines()


def _name(record: SyncRecord) -> str:
    return f"{record.event.external_id} {record.step}"


def _planned(borrower, events, records) -> Iterator[str]:
    """Every event has the entries that its kind and route ask for."""
    for event in events:
        wants_booking = books.expected(borrower, event) is not None
        wants_line = wants_booking and bool(effect_of(event, event.loan).lender)
        has = ((event.pk, True) in records, (event.pk, False) in records)
        if has != (wants_booking, wants_line):
            yield f"{event.external_id}: planned {has}"


def _settled(borrower, records) -> Iterator[str]:
    for record in records.values():
        waits_for_feeds = (
            record.step == Step.STATEMENT_LINE
            and record.reason == Reason.BANK_FEEDS_OFF
            and not borrower.has_feeds
        )
        if record.state not in CLOSED_STATES and not waits_for_feeds:
            yield f"not settled: {_name(record)} {record.state} {record.reason}"


def _each_once(borrower, standing) -> Iterator[str]:
    wanted = Counter(books.expected(borrower, event) for event in standing)
    found = books.counted(borrower)
    for content in sorted(wanted.keys() | found.keys(), key=str):
        if wanted[content] != found[content]:
            words = " ".join(str(part) for part in content if part is not None)
            yield f"{found[content]} instead of {wanted[content]} in Xero: {words}"


def _cut_loans(borrower) -> Iterator[str]:
    """What stands of a loan that was left out, although it was there at that time."""
    for loan in borrower.loans:
        changes = RecordChange.objects.filter(record__loan=loan)
        left_out = changes.filter(reason=Reason.LEFT_OUT).order_by("pk").last()
        if left_out is None:
            continue
        earlier = changes.filter(from_state="", pk__lt=left_out.pk)
        for record in SyncRecord.objects.filter(
            pk__in=earlier.values("record"), state__in=STANDING_STATES
        ):
            yield f"of a loan that was left out stands {_name(record)}"


def _in_order(borrower, standing) -> Iterator[str]:
    places: dict = {}
    for place, entry in enumerate(books.posted(borrower)):
        if entry.type == books.BY_HAND:
            # A person undoes a payment when they like.
            continue
        places.setdefault(books.content_of(borrower, entry), []).append(place)
    for loan in borrower.loans:
        latest = -1
        for event in standing:
            own = places.get(books.expected(borrower, event), [])
            if event.loan_id != loan.pk or len(own) != 1:
                # What has a look-alike cannot be told from it.
                continue
            if own[0] < latest:
                yield f"out of order: {event.external_id}"
            latest = max(latest, own[0])


def _reversed_in_pairs(events, records) -> Iterator[str]:
    for event in events:
        if not event.reverses_id:
            continue
        pair = [records.get((pk, True)) for pk in (event.reverses_id, event.pk)]
        states = {one.state in STANDING_STATES for one in pair if one}
        if len(states) > 1:
            shown = [one and one.state for one in pair]
            yield f"{event.external_id}: only one of the pair stands: {shown}"


def _balances(borrower, standing) -> Iterator[str]:
    effects = [effect_of(event, event.loan) for event in standing]
    invoiced = sum((loan.invoice_amount for loan in borrower.loans), ZERO)
    predicted = {
        "L": sum((one.lender for one in effects), ZERO),
        "N": sum((one.nominated for one in effects), ZERO),
        "E": sum((one.expense for one in effects), ZERO),
        "AR": invoiced + sum((one.receivable for one in effects), ZERO),
    }
    xero = borrower.books
    found = {
        "L": xero.balance(borrower.lender_id),
        "N": sum((xero.balance(one) for one in borrower.nominated), ZERO),
        "E": xero.balance(borrower.expense_id),
        "AR": xero.accounts_receivable,
    }
    if found != predicted:
        yield f"balances {found} instead of {predicted}"


def _statement(borrower, standing, records) -> Iterator[str]:
    lines = books.lines(borrower)
    on_lender = {
        str(line.pk): effect_of(event, event.loan).lender
        for event in standing
        if (line := records.get((event.pk, False))) and line.state in STANDING_STATES
    }
    found = Counter(line.id for line in lines)
    for line_id in found.keys() | on_lender.keys():
        if found[line_id] != (line_id in on_lender):
            yield f"{found[line_id]} lines {line_id} on the statement"
    balance = ZERO
    for line in lines:
        balance += line.amount
        if line.balance != balance or on_lender.get(line.id) != line.amount:
            yield f"line {line.reference} of {line.amount} leaves {line.balance}"
    if [line.date for line in lines] != sorted(line.date for line in lines):
        yield "the statement is not in order of date"


def _timelines() -> Iterator[str]:
    """What is settled for good stays so, and the timeline ends where the entry is."""
    for record in SyncRecord.objects.prefetch_related("changes"):
        if record.is_alarmed:
            yield f"nobody has settled the alarm of {_name(record)}"
        changes = sorted(record.changes.all(), key=lambda one: one.pk)
        if not changes or changes[-1].to_state != record.state:
            yield f"the timeline of {_name(record)} does not end at {record.state}"
        # Not by what it came from: a worker that slept may be wrong about that.
        moves = [one for one in changes if one.cause not in CAUSES_OF_NO_MOVE]
        if any(one.to_state in CLOSED_STATES for one in moves[:-1]):
            yield f"{_name(record)} was settled and moved again"
        if record.state == State.SENDING:
            yield f"{_name(record)} is still being sent"
