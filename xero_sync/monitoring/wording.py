"""The report in plain words: the same tables for the admin's page and `sync_status`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lending import formats
from lending.formats import NOTHING
from xero_sync.models import Heartbeat
from xero_sync.monitoring.health import FORGOTTEN_AFTER, is_silent
from xero_sync.monitoring.limits import Kind, Limit, MonitoringReport, Process
from xero_sync.runtime import heartbeats

PROCESSES = {
    heartbeats.CLUSTER: gettext_lazy("Worker (manage.py qcluster)"),
    heartbeats.LOOP: gettext_lazy("Engine (push_drain --loop)"),
    heartbeats.ONCE: gettext_lazy("Engine, run by hand (push_drain --once)"),
}
# More organisations than this are counted instead of named.
MOST_NAMED = 3
TO_THE_SECOND = timedelta(minutes=2)


@dataclass(frozen=True)
class Table:
    """A titled table of words, with a sentence below it if there is more to say."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """What needs a person, and what passes by itself; all is well without either."""

    needed: list[str]
    passing: list[str]

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to say."""
        return not self.needed and not self.passing

    @property
    def well(self) -> str:
        """Say so in one line."""
        return _(
            "All is well with the background work: it runs, and nothing holds it back."
        )


def summary(report: MonitoringReport) -> Summary:
    """Say what an operator ought to know before they look at any number."""
    held = [one for one in report.limits if one.standings]
    organisations = [one for one in held if one.kind == Kind.ORGANISATION]
    named = [one for one in held if one.kind != Kind.ORGANISATION]
    counted = report.held > MOST_NAMED
    if not counted:
        named += organisations
    lasting = [_lasting(one) for one in named if one.is_lasting]
    passing = [_held(one) for one in named if not one.is_lasting]
    if counted:
        words = _("%(number)s organisations are held back; the table names them.")
        passing.append(words % {"number": report.held})
    needed = [*_of_guards(report), *_of_background(report), *lasting]
    return Summary(needed=needed, passing=passing)


def tables(report: MonitoringReport) -> list[Table]:
    """Return the limits, the processes and the work that is due, as tables."""
    return [_limits(report), _processes(report), _work(report)]


def state_of(limit: Limit) -> str:
    """Say what holds a limit back, or that nothing does."""
    facts = {
        "until": formats.instant(limit.blocked_until),
        "full": formats.instant(limit.full_at),
        "probe": formats.instant(limit.probe_at),
        "failures": limit.failures,
    }
    rules = (
        (limit.standings, " ".join(one.label % facts for one in limit.standings)),
        (limit.free is None, _("Not known before Codat's next answer")),
        (limit.free == 0, _("All in use for a moment")),
    )
    return next((words for holds, words in rules if holds), _("Free"))


def process_name(name: str) -> str:
    """Name a background process by what it does and how it is started."""
    return str(PROCESSES.get(name, capfirst(name)))


def state_of_beat(beat: Heartbeat, *, now: datetime) -> str:
    """Say whether a process works, is silent, or was not meant to go on."""
    is_busy = beat.busy_until is not None and beat.busy_until > now
    is_long_gone = now - beat.beat_at >= FORGOTTEN_AFTER
    silent = is_silent(name=beat.name, beat_at=beat.beat_at, now=now)
    rules = (
        (silent, _("Silent: restart it")),
        (is_busy, _("Busy until %s") % formats.instant(beat.busy_until)),
        (is_long_gone, _("Out of service")),
        (beat.name == heartbeats.ONCE, _("Runs only when started by hand")),
        (beat.name in PROCESSES, _("Works")),
    )
    return next((words for holds, words in rules if holds), _("Idle"))


def duration(span: timedelta) -> str:
    """Spell how long something took, to the second while it is short."""
    seconds = max(0, int(span.total_seconds()))
    if span < TO_THE_SECOND:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    now = localtime()
    return timesince(now - span, now, depth=1).replace("\xa0", " ")


def _of_guards(report: MonitoringReport) -> list[str]:
    """Say which tables anybody could change now."""
    if not report.unguarded:
        return []
    words = _(
        "The database no longer guards %(tables)s against change. Find out who took "
        "the guard off; manage.py verify tells whether something was altered."
    )
    return [words % {"tables": ", ".join(report.unguarded)}]


def _of_background(report: MonitoringReport) -> list[str]:
    """Say which process is missing, or that due work waits in spite of them."""
    silent = [one for one in report.processes if one.is_silent]
    words = [
        _("%(process)s has been silent for %(ago)s. Restart it; nothing is lost.")
        % {
            "process": process_name(one.name),
            "ago": duration(report.now - one.last_seen),
        }
        for one in silent
    ]
    if words or not report.health.is_late:
        return words
    if not report.health.has_worker:
        return [
            _(
                "No background process runs, so nothing is written to Xero: start "
                "manage.py qcluster, or push_drain --loop. Nothing is lost."
            )
        ]
    waited = timedelta(seconds=report.health.oldest_due_seconds)
    return [
        _(
            "Work has been due for %(ago)s although a background process runs. Restart "
            "it, and look at its log."
        )
        % {"ago": duration(waited)}
    ]


def _name(limit: Limit) -> str:
    if limit.kind == Kind.ORGANISATION:
        return limit.name
    several = limit.kind == Kind.ADDRESS and limit.name != "default"
    return f"{limit.kind.label} ({limit.name})" if several else str(limit.kind.label)


def _held(limit: Limit) -> str:
    return f"{_name(limit)}: {state_of(limit)}"


def _lasting(limit: Limit) -> str:
    advice = _("It has lasted: ask Codat whether it has a fault, and try our network.")
    return f"{_held(limit)} {advice}"


def _limits(report: MonitoringReport) -> Table:
    more = ngettext(
        "%(n)s more organisation is held or in use.",
        "%(n)s more organisations are held or in use.",
        report.more,
    )
    quiet = ngettext(
        "%(n)s other organisation is free.",
        "%(n)s other organisations are free.",
        report.quiet,
    )
    counted = ((more, report.more), (quiet, report.quiet))
    return Table(
        title=_("Requests to Codat"),
        columns=(
            _("Limit"),
            _("Allowed"),
            _("In use now"),
            _("Free now"),
            _("All free again"),
            _("State"),
        ),
        rows=[
            (
                _name(one),
                _allowed(one),
                _in_use(one),
                _number(one.free),
                formats.instant(one.full_at),
                state_of(one),
            )
            for one in report.limits
        ],
        note=" ".join(words % {"n": n} for words, n in counted if n),
    )


def _allowed(limit: Limit) -> str:
    if limit.per_minute is None:
        return _("what Codat says")
    return _("%(n)s a minute") % {"n": limit.per_minute}


def _in_use(limit: Limit) -> str:
    if not limit.being_sent:
        return _number(limit.in_use)
    sent = _("%(n)s on their way") % {"n": limit.being_sent}
    return f"{_number(limit.in_use)}; {sent}"


def _number(number: int | None) -> str:
    return NOTHING if number is None else f"{number:,}"


def _processes(report: MonitoringReport) -> Table:
    return Table(
        title=_("Background processes"),
        columns=(_("Process"), _("Last seen"), _("State")),
        rows=[_process(one, report.now) for one in report.processes],
        note=_("Writing to Xero at this moment: %(running)s of at most %(most)s.")
        % {"running": report.drains, "most": report.most_drains},
    )


def _process(process: Process, now: datetime) -> tuple[str, ...]:
    ago = _("%s ago") % duration(now - process.last_seen)
    beat = Heartbeat(name=process.name, beat_at=process.last_seen)
    seen = f"{formats.instant(process.last_seen)}, {ago}"
    return process_name(process.name), seen, state_of_beat(beat, now=now)


def _work(report: MonitoringReport) -> Table:
    return Table(
        title=_("Work that is due"),
        columns=(_("Work"), _("Waiting"), _("The oldest for")),
        rows=[
            (
                str(one.work.label),
                _number(one.waiting),
                duration(one.waited) if one.waiting else NOTHING,
            )
            for one in report.due
        ],
    )
