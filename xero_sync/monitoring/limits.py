"""How far the shared limits are used, and whether the background work is being done.

Read from the rows that all processes share, so that it holds for all of them.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db.models import Count, Min, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from lending.db import guards
from xero_sync.models import Connection, Heartbeat, RateScope, SyncRecord
from xero_sync.models.choices import State
from xero_sync.monitoring import health
from xero_sync.runtime import leases
from xero_sync.writeback import budget, due

MOST_SHOWN = 20


class Kind(TextChoices):
    """What a limit is for; the beginning of its key."""

    ADDRESS = "address", _("All requests to Codat")
    ORGANISATION = "organisation", _("One organisation")
    DAY = budget.DAY, _("Codat's quota for the day")


class LimitStanding(TextChoices):
    """What keeps requests from going out: a sentence each, with its facts."""

    BLOCKED = (
        "blocked",
        _("Nothing goes out until %(until)s: Codat asked us to wait (Retry-After)."),
    )
    QUOTA_REACHED = (
        "quota_reached",
        _("Nothing goes out until %(until)s: Codat says that the quota is spent."),
    )
    SPENT = "spent", _("Spent; nothing goes out until it starts anew at %(full)s.")
    KEPT_FOR_SENDS = (
        "kept_for_sends",
        _("Nearly spent: what is left is kept for sending until %(full)s."),
    )
    OPEN = (
        "open",
        _("Paused: Codat failed %(failures)s times in a row. Next try at %(probe)s."),
    )
    PROBE_DUE = (
        "probe_due",
        _("Paused: Codat failed %(failures)s times in a row. The next request tries."),
    )
    PROBING = (
        "probing",
        _("Trying with one request, after Codat failed %(failures)s times in a row."),
    )


@dataclass(frozen=True)
class Limit:
    """How one limit stands at a moment; every number counts requests.

    `per_minute` is what it allows in the long run, None for the day. `in_use` are taken
    and not yet earned back. `free` would be let out at this moment if all were sends,
    None if Codat has not said it. At `full_at` all is free again; None if all is.
    `being_sent`, for an organisation, are on the wire, one for each type of entry at
    most. `is_lasting` says that Codat has failed for as long as we wait between tries.
    """

    kind: Kind
    name: str
    per_minute: int | None = None
    in_use: int | None = None
    free: int | None = None
    full_at: datetime | None = None
    blocked_until: datetime | None = None
    probe_at: datetime | None = None
    failures: int = 0
    is_lasting: bool = False
    being_sent: int = 0
    standings: tuple[LimitStanding, ...] = ()


@dataclass(frozen=True)
class Process:
    """When a background process was last seen, and whether it ought to have been."""

    name: str
    last_seen: datetime
    is_silent: bool


@dataclass(frozen=True)
class Due:
    """Work of one kind whose time has come; `waited` counts from the oldest."""

    work: due.Work
    waiting: int
    waited: timedelta


@dataclass(frozen=True)
class MonitoringReport:
    """Everything that an operator reads off, at `now`.

    `limits` has the whole address, the day, and those organisations that are held or in
    use, at most `MOST_SHOWN` of them, the held ones first. Of all organisations `held`
    are held back, `more` are held or in use but not listed, and `quiet` are neither.
    `drains` of at most `most_drains` are writing to Xero at this moment. Nothing keeps
    the rows of `unguarded` tables from being changed any more.
    """

    now: datetime
    limits: list[Limit]
    held: int
    more: int
    quiet: int
    health: health.BackgroundHealth
    processes: list[Process]
    drains: int
    most_drains: int
    due: list[Due]
    unguarded: list[str]


def read(*, now: datetime) -> MonitoringReport:
    """Read all limits; the number of queries does not grow with the number of rows."""
    scopes = _scopes(now)
    limits = [
        limit_of(scope, now=now) for scope in scopes if _is_in_service(scope, now)
    ]
    sending = _being_sent()
    common = [one for one in limits if one.kind != Kind.ORGANISATION]
    organisations = [one for one in limits if one.kind == Kind.ORGANISATION]
    held = [one for one in organisations if one.standings]
    used = [
        one
        for one in organisations
        if not one.standings and (one.in_use or sending[one.name])
    ]
    listed = (held + used)[:MOST_SHOWN]
    number = sum(_kind(scope) == Kind.ORGANISATION for scope in scopes)
    background = health.background_health(now=now)
    return MonitoringReport(
        now=now,
        limits=common + _named(listed, sending),
        held=len(held),
        more=len(held) + len(used) - len(listed),
        quiet=number - len(held) - len(used),
        health=background,
        processes=[
            Process(name, seen, name in background.silent)
            for name, seen in background.last_seen.items()
        ],
        drains=Heartbeat.objects.filter(
            name__startswith=leases.DRAIN, busy_until__gte=now
        ).count(),
        most_drains=settings.WRITEBACK_DRAINS,
        due=[_due(kind, now) for kind in due.Work],
        unguarded=guards.missing(database),
    )


def _scopes(now: datetime) -> list[RateScope]:
    """Return all scopes in order; ours are there before their first request."""
    stored = {scope.key: scope for scope in RateScope.objects.all()}
    ours = (budget.address_scope(), budget.DAY)
    new = [RateScope(key=key, theoretical_arrival=now) for key in ours]
    scopes = {one.key: one for one in new} | stored
    kinds = [Kind.ADDRESS, Kind.DAY, Kind.ORGANISATION]
    return sorted(scopes.values(), key=lambda one: (kinds.index(_kind(one)), one.key))


def _is_in_service(scope: RateScope, now: datetime) -> bool:
    """Leave out what nobody asks through any more: it would stand held for ever."""
    if scope.key in (budget.address_scope(), budget.DAY):
        return True
    used_at = scope.theoretical_arrival or now
    return used_at > now - health.FORGOTTEN_AFTER


def limit_of(scope: RateScope, *, now: datetime) -> Limit:
    """Read one limit off its row; an organisation is named by its Codat connection."""
    kind = _kind(scope)
    name = scope.key.partition(":")[2]
    if kind == Kind.DAY:
        return _day(scope, now)
    interval = budget.interval(scope.key)
    debt = max(timedelta(0), (scope.theoretical_arrival or now) - now)
    standings = _standings(scope, now)
    free = max(0, (budget.SAVED_UP[kind.value] - debt) // interval + 1)
    if standings:
        free = min(free, 1) if LimitStanding.PROBE_DUE in standings[:1] else 0
    return Limit(
        kind=kind,
        name=name,
        per_minute=budget.per_minute(scope.key),
        in_use=-(-debt // interval),
        free=free,
        full_at=scope.theoretical_arrival if debt else None,
        blocked_until=_ahead(scope.blocked_until, now),
        probe_at=_ahead(scope.probe_at, now),
        failures=scope.failures,
        is_lasting=scope.open_seconds >= settings.WRITEBACK_BREAKER_CAP_SECONDS,
        standings=standings,
    )


def _day(scope: RateScope, now: datetime) -> Limit:
    resets_at = _ahead(scope.resets_at, now)
    left = max(0, scope.remaining) if scope.remaining is not None else None
    # What Codat said of yesterday says nothing of today.
    left = left if resets_at else None
    blocked_until = _ahead(scope.blocked_until, now)
    is_spent = left is not None and left == 0
    is_low = left is not None and 0 < left <= budget.RESERVED_CALLS_A_DAY
    rules = (
        (LimitStanding.QUOTA_REACHED, blocked_until),
        (LimitStanding.SPENT, is_spent and not blocked_until),
        (LimitStanding.KEPT_FOR_SENDS, is_low and not blocked_until),
    )
    return Limit(
        kind=Kind.DAY,
        name="",
        free=0 if blocked_until else left,
        full_at=max(filter(None, (resets_at, blocked_until)), default=None),
        blocked_until=blocked_until,
        standings=tuple(standing for standing, holds in rules if holds),
    )


def _standings(scope: RateScope, now: datetime) -> tuple[LimitStanding, ...]:
    is_open = scope.open_seconds > 0
    waits = is_open and _ahead(scope.probe_at, now) is not None
    rules = (
        (LimitStanding.BLOCKED, _ahead(scope.blocked_until, now)),
        (LimitStanding.OPEN, waits and not scope.is_probing),
        (LimitStanding.PROBING, waits and scope.is_probing),
        (LimitStanding.PROBE_DUE, is_open and not waits),
    )
    return tuple(standing for standing, holds in rules if holds)


def _kind(scope: RateScope) -> Kind:
    return Kind(scope.key.partition(":")[0])


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment and moment > now else None


def _being_sent() -> Counter[str]:
    """Count the types of entry that are on the wire for each Codat connection."""
    on_the_wire = SyncRecord.objects.filter(
        state=State.SENDING, company__connections__deleted_at=None
    ).values_list("company__connections__codat_connection_id", "step")
    return Counter(str(connection) for connection, _step in on_the_wire.distinct())


def _named(limits: list[Limit], sending: Counter[str]) -> list[Limit]:
    """Name organisations as people know them, and count what is being sent."""
    ids = [one.name for one in limits]
    known = Connection.objects.filter(codat_connection_id__in=ids)
    names = {
        str(one.codat_connection_id): one.organisation_name or one.company.legal_name
        for one in known.select_related("company")
    }
    return [
        replace(one, name=names.get(one.name, one.name), being_sent=sending[one.name])
        for one in limits
    ]


def _due(kind: due.Work, now: datetime) -> Due:
    rows, moment = due.work()[kind]
    found = rows.filter(Q(**{f"{moment}__lte": now})).aggregate(
        waiting=Count("pk"), oldest=Min(moment)
    )
    waited = now - found["oldest"] if found["oldest"] else timedelta(0)
    return Due(kind, found["waiting"], waited)
