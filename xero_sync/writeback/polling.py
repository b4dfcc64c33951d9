"""Find out about what is under way: pending writes by their key, unknown ones by proof.

A look is put off before it is made, so that two drains do not make the same one; what
it finds is stored by compare-and-set, so that it does not matter if they do.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q, QuerySet

from xero_sync.models import SyncRecord
from xero_sync.models.choices import Reason, State, Step
from xero_sync.writeback import budget, final_word, readback, unknown
from xero_sync.writeback.exchange import Claim, Exchange

Group = list[SyncRecord]


# From this many pending pushes of a company on, its list is read instead of each.
WORTH_A_LIST = 3


def due(
    *, limit: int, now: datetime, busy_companies: Collection[int] = ()
) -> list[Exchange | Claim]:
    """Return the looks that are due: exchanges, and claims to be sent again.

    At most one for each company that is not being looked at already.
    """
    work: list[Exchange | Claim] = []
    if not _under_way(now, busy_companies).exists():
        return []
    with transaction.atomic():
        records = _due_records(limit, now, busy_companies)
        if not records:
            return []
        permits = budget.Budget(organisations=_organisations(records), now=now)
        for groups in _by_company(records):
            # What is unknown may be sent again: that draws on its organisation too.
            wait = permits.take(
                organisation=next(iter(_organisations(groups[0])), None),
                is_look=not _is_late(groups[0], now),
            )
            looked_at = _choose(groups)
            for group in groups if wait else looked_at:
                _put_off(group, now, wait)
            step = None if wait else _look(looked_at, now)
            if step is not None:
                work.append(step)
        permits.save()
    return work


def _is_late(group: Group, now: datetime) -> bool:
    """Tell whether a first look has waited so long that it gives way to no send."""
    first = group[0]
    return first.polls == 0 and now - first.state_since > budget.LATE


def _organisations(records: Sequence[SyncRecord]) -> set[UUID]:
    return {
        record.request.connection.codat_connection_id
        for record in records
        if record.request and record.state == State.UNKNOWN
    }


def _choose(groups: list[Group]) -> list[Group]:
    """Return the requests of a company that one look can serve."""
    pending = [group for group in groups if _may_be_listed(group[0])]
    return pending if len(pending) >= WORTH_A_LIST else groups[:1]


def _may_be_listed(record: SyncRecord) -> bool:
    # What a list has left out past its limit is asked for by its key.
    return record.state == State.PENDING and final_word.told_at(record) is None


def _under_way(now: datetime, busy_companies: Collection[int]) -> QuerySet[SyncRecord]:
    return SyncRecord.objects.filter(
        state__in=(State.PENDING, State.UNKNOWN), next_poll_at__lte=now
    ).exclude(company__in=busy_companies)


def _due_records(
    limit: int, now: datetime, busy_companies: Collection[int]
) -> list[SyncRecord]:
    under_way = _under_way(now, busy_companies)
    skip = database.features.has_select_for_update_skip_locked
    locked = (
        under_way.select_for_update(of=("self",), skip_locked=skip)
        if skip
        else (under_way)
    )
    ordered = locked.order_by("next_poll_at")[:limit]
    found = list(
        ordered.select_related("event", "loan__company", "request__connection")
    )
    taken = _in_other_hands(found) if skip else set()
    return [record for record in found if record.request_id not in taken]


def _in_other_hands(records: Sequence[SyncRecord]) -> set[UUID]:
    """Lock what else belongs to these requests; return those that somebody moves.

    He moves the entries of a request one by one: to wait for one of them, while
    holding another, could be a circle.
    """
    of_lines = {one.request_id for one in records if one.step == Step.STATEMENT_LINE}
    under_way = SyncRecord.objects.filter(
        request__in=of_lines - {None}, state__in=(State.PENDING, State.UNKNOWN)
    )
    entries = dict(under_way.values_list("pk", "request"))
    free = under_way.select_for_update(skip_locked=True).values_list("pk", flat=True)
    return {entries[pk] for pk in entries.keys() - set(free)}


def _by_company(records: Sequence[SyncRecord]) -> list[list[Group]]:
    """Put together the entries of one request, which share a fate, by company."""
    groups: dict[int, dict[object, Group]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        groups[record.company_id][record.request_id or record.pk].append(record)
    return [list(of_company.values()) for of_company in groups.values()]


def _put_off(group: list[SyncRecord], now: datetime, wait: datetime | None) -> None:
    first = group[0]
    later = wait or _next_look(first, now)
    # All entries of a request, those beyond this round's limit included.
    whole = Q(request=first.request_id) if first.request_id else Q(pk=first.pk)
    SyncRecord.objects.filter(whole, state=first.state).update(
        next_poll_at=later, polls=F("polls") + (0 if wait else 1)
    )


def _next_look(record: SyncRecord, now: datetime) -> datetime | None:
    if record.reason == Reason.NEEDS_PERSON:
        return final_word.next_watch(record, now=now)
    base, cap = settings.WRITEBACK_POLL_SECONDS, settings.WRITEBACK_POLL_CAP_SECONDS
    wait = min(cap, base * 2.0 ** min(record.polls + 1, 20))
    return now + timedelta(seconds=wait)


def _look(groups: list[Group], now: datetime) -> Exchange | Claim | None:
    whole = [_whole(group) for group in groups]
    if whole[0][0].state == State.UNKNOWN:
        return unknown.next_step(whole[0], now=now)
    if len(whole) > 1:
        return readback.operations_look(whole, asked_at=now)
    return readback.operation_look(whole[0], asked_at=now)


def _whole(group: Group) -> Group:
    """Return all entries of a group's request, those not due yet included."""
    first = group[0]
    if first.request_id is None:
        return group
    entries = SyncRecord.objects.filter(request=first.request_id, state=first.state)
    return list(entries.select_related("event", "loan__company", "request__connection"))
