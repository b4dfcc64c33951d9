"""Look again at entries that are held, when what they wait for may have changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from xero_sync.models import LenderAccount, LoanInXero, SyncRecord
from xero_sync.models.choices import (
    REASONS_FOR_A_PERSON,
    Cause,
    Reason,
    State,
    Step,
)
from xero_sync.runtime import task_queue
from xero_sync.writeback import choosing, holds, lines, readiness
from xero_sync.writeback.transitions import move, move_many, wake

# Only a new check of the invoice tells whether these have gone away.
REASONS_FOR_A_CHECK = (Reason.INVOICE_NOT_FOUND, Reason.INVOICE_AMBIGUOUS)
# So many entries share the queries that tell why they are held.
BATCH = 1_000


@transaction.atomic
def company(*, company_id: int, now: datetime) -> int:
    """Release what a company's entries no longer wait for; return how many went on."""
    held = SyncRecord.objects.filter(company=company_id, state=State.HELD).exclude(
        reason__in=(*REASONS_FOR_A_PERSON, *REASONS_FOR_A_CHECK)
    )
    return records(records=_loaded(held), now=now, cause=Cause.RECONSIDERED)


def feeds(*, now: datetime) -> int:
    """Release the lines of all companies that the lender's own toggle kept back.

    To be called once it was moved, or the scopes were recorded anew; what is queued is
    held when its turn comes.
    """
    waiting = SyncRecord.objects.filter(
        state=State.HELD, reason__in=(Reason.FEEDS_NOT_APPROVED, Reason.CONSENT_AGAIN)
    )
    companies = waiting.order_by("company").values_list("company", flat=True).distinct()
    return sum(company(company_id=one, now=now) for one in companies)


@transaction.atomic
def refused(
    *, company_id: int, since: datetime | None, now: datetime, note: str
) -> int:
    """Hold what was refused after all was last seen well, for what has gone since.

    It was refused because of that, as far as anybody can tell, and goes again once it
    is mended; what is wrong with an entry itself is refused once more then.
    """
    if since is None:
        return 0
    met = SyncRecord.objects.filter(
        company=company_id,
        state=State.FAILED,
        reason__in=(Reason.REFUSED_BY_CODAT, Reason.REFUSED_BY_XERO),
        state_since__gt=since,
    )
    return records(
        records=_loaded(met),
        now=now,
        cause=Cause.LOOK,
        note=note,
    )


@transaction.atomic
def doubted(*, company_id: int, since: datetime | None, now: datetime) -> int:
    """Look once more for what was left to a person after a connection had ended.

    To be called when it is linked again: what could not be read then can be now. Each
    entry is put back where it was before the person was asked.
    """
    if since is None:
        return 0
    left = SyncRecord.objects.filter(
        company=company_id,
        state=State.UNKNOWN,
        reason=Reason.NEEDS_PERSON,
        state_since__gt=since,
    )
    put_back = 0
    for record in left:
        before = record.changes.exclude(reason=Reason.NEEDS_PERSON).latest("pk")
        put_back += move(
            record,
            to=before.to_state,
            reason=before.reason,
            cause=Cause.RECONSIDERED,
            now=now,
            note="the connection is linked again",
            next_poll_at=now,
            polls=0,
        )
    return put_back


@transaction.atomic
def queued(*, company_id: int, now: datetime) -> None:
    """Hold at once what has not been sent, when its connection has just ended."""
    waiting = SyncRecord.objects.filter(company=company_id, state=State.QUEUED)
    records(records=_loaded(waiting), now=now, cause=Cause.RECONSIDERED)


@transaction.atomic
def compensations(*, record: SyncRecord, now: datetime) -> int:
    """Release the compensations that waited for this entry's outcome."""
    waiting = SyncRecord.objects.filter(compensates=record, state=State.HELD)
    return records(records=_loaded(waiting), now=now, cause=Cause.RECONSIDERED)


def _loaded(held: QuerySet[SyncRecord]) -> list[SyncRecord]:
    related = ("event", "compensates", "loan__company", "lender_account")
    return list(held.select_related(*related).order_by("event"))


@transaction.atomic
def records(
    *,
    records: Iterable[SyncRecord],
    now: datetime,
    cause: str,
    actor: str = "",
    note: str = "",
    is_backfill: bool | None = None,
) -> int:
    """Queue held entries whose reason is gone and give the others their true reason."""
    held = list(records)
    company_ids = {record.company_id for record in held}
    ready = readiness.load(company_ids=company_ids, now=now)
    changes = [
        (record, reason)
        for record, reason in _reasons(held, ready)
        if reason != record.reason or record.state != State.HELD
    ]
    if not changes:
        return 0
    wake(company_ids=company_ids, at=now)
    released = 0
    extra = {} if is_backfill is None else {"is_backfill": is_backfill}
    for record, reason in changes:
        if not reason and record.step == Step.STATEMENT_LINE:
            fix_account(record, ready[record.company_id])
    for reason in dict.fromkeys(reason for _, reason in changes):
        released += move_many(
            [(record, {}) for record, why in changes if why == reason],
            to=State.HELD if reason else State.QUEUED,
            reason=reason,
            cause=cause,
            now=now,
            actor=actor,
            note=note,
            not_before=None,
            **extra,
        )
    task_queue.nudge_drain()
    return released


def _reasons(
    held: Sequence[SyncRecord], ready: Mapping[int, readiness.Readiness]
) -> Iterator[tuple[SyncRecord, str]]:
    """Give each entry with why it may not be sent now, "" if it may."""
    for start in range(0, len(held), BATCH):
        batch = held[start : start + BATCH]
        of_feed = [one for one in batch if one.step == Step.STATEMENT_LINE]
        bookings = lines.bookings_of(of_feed) if of_feed else {}
        in_xero = choosing.loans_in_xero(batch)
        for record in batch:
            is_line = record.step == Step.STATEMENT_LINE
            yield (
                record,
                holds.hold_reason(
                    record=record,
                    ready=ready[record.company_id],
                    booking=bookings.get(record.event_id) if is_line else None,
                    fixed_account=_fixed_account(record, in_xero),
                ),
            )


def _fixed_account(
    record: SyncRecord, in_xero: Mapping[int, LoanInXero]
) -> LenderAccount | None:
    """Return the account that is fixed for an entry, or for its loan."""
    return record.lender_account or in_xero[record.loan_id].lender_account


def fix_account(line: SyncRecord, ready: readiness.Readiness) -> None:
    """Give a line its account, if its booking did not: one linked by hand fixes none.

    Then it is the loan's account or, if the loan has none yet, today's choice.
    """
    if line.lender_account_id is not None:
        return
    todays = ready.mapping.lender_account if ready.mapping else None
    account = _fixed_account(line, choosing.loans_in_xero([line])) or todays
    account_id = account.pk if account else None
    LoanInXero.objects.update_or_create(
        loan_id=line.loan_id, defaults={"lender_account_id": account_id}
    )
    SyncRecord.objects.filter(pk=line.pk).update(lender_account=account_id)
    line.lender_account_id = account_id
