"""Seal finished days, in their order; nothing of it lies on the way of an event."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Sum

from lending.models import Seal
from lending.seals import chain
from lending.seals.tables import A_DAY, SealedTable, all_tables, lines

logger = logging.getLogger(__name__)

# A process that was frozen may store a row long after the moment that it bears.
FINISHED_AFTER = timedelta(hours=6)
# For so many days it is looked whether rows came later still.
LOOKED_AT_AGAIN = 7
ROWS_IN_A_SEAL = 1_000


class ChainBroken(Exception):
    """None of our keys vouches for the last seal, so nothing is sealed on top of it."""

    def __init__(self) -> None:
        super().__init__(
            "The last seal was made with no key of FIELD_ENCRYPTION_KEYS. Put the key "
            "back that made it and run manage.py reseal; if none did, somebody has "
            "altered the seals: manage.py verify tells more."
        )


@dataclass(frozen=True)
class Sealed:
    """What one run sealed: rows, the last day, and the chain's head to note."""

    rows: int
    late: int
    day: date | None
    head: str


def seal_finished(*, now: datetime, most: int = 1_000) -> Sealed:
    """Seal what is finished and not sealed, at most so many seals at a time.

    It goes on where an earlier run ended, wherever that was; two at once make no seal
    twice, and one of them gives way.

    Raises:
        ChainBroken: somebody else made the last seal.
    """
    rows = late = 0
    try:
        for seal in islice(_due(now), most):
            rows += seal.rows
            late += seal.rows if seal.is_late else 0
    except IntegrityError:
        logger.info("Finished days are being sealed by another process")
    last = _last()
    done = Seal.objects.filter(is_last=True).order_by("number").last()
    found = Sealed(rows, late, done.day if done else None, last.chain if last else "")
    if late:
        logger.warning(
            "%s rows were stored after their day had been sealed; manage.py verify "
            "names them",
            late,
        )
    if rows:
        # To be kept elsewhere: it shows if seals are cut off.
        logger.info("Sealed %s rows up to %s, head %s", rows, found.day, found.head)
    return found


def vouch(*, now: datetime) -> None:
    """Let the present key vouch for all seals there are, by a seal without rows.

    Raises:
        ChainBroken: somebody else made the last one.
    """
    last = _last()
    if last is not None:
        _store(SealedTable(last.table), last.day, [], now, is_late=True)


def last_finished(now: datetime) -> date:
    """Return the last day of which all rows ought to be stored."""
    return (now.astimezone(UTC) - FINISHED_AFTER).date() - A_DAY


def _due(now: datetime) -> Iterator[Seal]:
    """Make one seal after the other; what came later is looked for once a day."""
    last = Seal.objects.filter(is_late=False).order_by("number").last()
    tables = all_tables()
    if last is None:
        days = [day for one in tables if (day := one.first_day())]
        day, left = min(days, default=None), tables
    else:
        day, left = last.day, [one for one in tables if one.label > last.table]
        if not last.is_last:
            after = last.body.splitlines()[-1].split()[0]
            yield from _of_day(SealedTable(last.table), day, now, after=after)
    if day is not None and not left:
        day, left = day + A_DAY, tables
    if day is None or day > last_finished(now):
        return
    while day <= last_finished(now):
        for table in left:
            yield from _of_day(table, day, now)
        day, left = day + A_DAY, tables
    yield from _came_later(now)


def _of_day(
    table: SealedTable, day: date, now: datetime, after: str | None = None
) -> Iterator[Seal]:
    rows = table.of_day(day)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    while True:
        # One row more than a seal takes tells whether it is the last.
        found = list(lines(rows[: ROWS_IN_A_SEAL + 1], table.columns))
        part, more = found[:ROWS_IN_A_SEAL], found[ROWS_IN_A_SEAL:]
        yield _store(table, day, part, now, is_last=not more)
        if not more:
            return
        rows = rows.filter(pk__gt=part[-1][0])


def _came_later(now: datetime) -> Iterator[Seal]:
    """Seal rows of the last sealed days that no seal holds."""
    since = last_finished(now) - LOOKED_AT_AGAIN * A_DAY
    whole = Seal.objects.filter(is_last=True, day__gte=since).order_by("day")
    for label, day in whole.values_list("table", "day"):
        table = SealedTable(label)
        found = unsealed(table, day)
        for start in range(0, len(found), ROWS_IN_A_SEAL):
            keys = found[start : start + ROWS_IN_A_SEAL]
            rows = table.rows().filter(pk__in=keys)
            part = list(lines(rows, table.columns))
            yield _store(table, day, part, now, is_late=True)


def unsealed(table: SealedTable, day: date) -> list[str]:
    """Return the keys of the rows of a sealed day that none of its seals holds."""
    if not table.is_known:
        return []
    seals = Seal.objects.filter(table=table.label, day=day)
    held = seals.aggregate(rows=Sum("rows"))["rows"] or 0
    rows = table.of_day(day)
    if rows.count() == held:
        return []
    known = {
        line.split()[0]
        for body in seals.values_list("body", flat=True)
        for line in body.splitlines()
    }
    keys = map(str, rows.values_list("pk", flat=True))
    return [key for key in keys if key not in known]


def _last() -> Seal | None:
    return Seal.objects.defer("body").order_by("number").last()


@transaction.atomic
def _store(
    table: SealedTable,
    day: date,
    part: list[tuple[str, str]],
    now: datetime,
    *,
    is_last: bool = False,
    is_late: bool = False,
) -> Seal:
    before = _last()
    if before is not None and not chain.is_ours(before):
        # A seal of ours on top would vouch for whatever was put below it.
        raise ChainBroken
    seal = Seal(
        number=before.number + 1 if before else 1,
        day=day,
        table=table.label,
        columns=table.columns,
        body="\n".join(f"{key} {hashed}" for key, hashed in part),
        rows=len(part),
        is_last=is_last,
        is_late=is_late,
        sealed_at=now,
    )
    chain.close(seal, before.chain if before else chain.BEFORE_THE_FIRST)
    seal.save(force_insert=True)
    return seal
