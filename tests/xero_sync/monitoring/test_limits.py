"""What the limits say off the rows that all processes share."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.builders import make_company
from tests.worlds import World
from xero_sync.codat.exceptions import CodatUnavailable
from xero_sync.codat.reply import RateLimit
from xero_sync.models import Connection, Lane, RateScope
from xero_sync.monitoring import limits
from xero_sync.monitoring import wording as monitoring_wording
from xero_sync.monitoring.limits import Kind, LimitStanding
from xero_sync.runtime import heartbeats, leases
from xero_sync.writeback import backpressure, budget, circuit_breaker, claims, due

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    """A moment at which a worker has just been seen."""
    moment = timezone.now()
    heartbeats.beat(name=heartbeats.CLUSTER, now=moment)
    return moment


def limit(now, kind=Kind.ADDRESS):
    return next(one for one in limits.read(now=now).limits if one.kind == kind)


def summary(now):
    return monitoring_wording.summary(limits.read(now=now))


def take(now, times=1, **options):
    """Take permits until one is refused; return how many were granted."""
    organisations = [options[name] for name in options if name == "organisation"]
    permits = budget.Budget(organisations=organisations, now=now)
    granted = 0
    while granted < times and permits.take(**options) is None:
        granted += 1
    permits.save()
    return granted


def fail(now, times=circuit_breaker.FAILURES_IN_A_ROW):
    backpressure.learn([(None, CodatUnavailable("refused"))] * times, now=now)


def organisation(name):
    """A connection, by its organisation's name; return its Codat id."""
    row = Connection.objects.create(
        company=make_company(),
        codat_company_id=uuid4(),
        codat_connection_id=uuid4(),
        status="Linked",
        organisation_name=name,
    )
    return row.codat_connection_id


def test_all_is_well_before_the_first_request(now):
    read = limits.read(now=now)

    assert monitoring_wording.summary(read).is_well
    assert [one.kind for one in read.limits] == [Kind.ADDRESS, Kind.DAY]
    assert (limit(now).in_use, limit(now).full_at) == (0, None)
    assert limit(now, Kind.DAY).free is None


@pytest.mark.parametrize("taken", [0, 1, 7, 59, 60])
@pytest.mark.parametrize("later", [0, 0.05, 0.5, 10])
def test_what_is_shown_as_free_is_what_the_budget_lets_out(now, taken, later):
    take(now, times=taken)
    now += timedelta(seconds=later)
    shown = limit(now)

    assert shown.free == take(now, times=1_000)
    assert shown.in_use == max(0, taken - int(later * 15))


def test_an_organisation_in_use_is_named_and_the_others_are_counted(now):
    mill, harbour = organisation("Mill Lane Ltd"), organisation("Harbour Ltd")
    take(now - timedelta(hours=1), organisation=harbour)
    take(now, times=3, organisation=mill)

    read = limits.read(now=now)

    (shown,) = [one for one in read.limits if one.kind == Kind.ORGANISATION]
    assert (shown.name, shown.in_use, shown.per_minute) == ("Mill Lane Ltd", 3, 50)
    assert (read.held, read.more, read.quiet) == (0, 0, 1)
    assert shown.free == take(now, times=100, organisation=mill)


def test_an_organisation_shows_what_is_on_its_way():
    world = World()
    borrower = world.borrower()
    borrower.record(borrower.loan(), "drawdown", "800")
    claims.claim(limit=1, now=world.clock.now)

    shown = limit(world.clock.now + timedelta(minutes=1), Kind.ORGANISATION)

    assert (shown.in_use, shown.being_sent) == (0, 1)


def test_a_retry_after_holds_everything_until_it_has_elapsed(now):
    until = now + timedelta(minutes=4)
    wait = CodatUnavailable("slow down", rate_limited=True, retry_after=240)
    backpressure.learn([(None, wait)], now=now)

    shown = limit(now)

    assert (shown.standings, shown.blocked_until) == ((LimitStanding.BLOCKED,), until)
    assert shown.free == take(now) == 0
    assert "Retry-After" in summary(now).passing[0]
    assert not summary(now).needed
    assert limit(until).standings == ()


def test_an_open_breaker_names_its_next_try(now, settings):
    take(now)
    fail(now)

    shown = limit(now)

    wait = timedelta(seconds=settings.WRITEBACK_BREAKER_SECONDS)
    assert (shown.standings, shown.probe_at) == ((LimitStanding.OPEN,), now + wait)
    assert shown.free == take(now) == 0
    assert "failed 5 times in a row" in summary(now).passing[0]


def test_a_breaker_is_half_open_while_one_request_tries(now, settings):
    take(now)
    fail(now)
    now += timedelta(seconds=settings.WRITEBACK_BREAKER_SECONDS)

    due = limit(now)
    assert (due.standings, due.free) == ((LimitStanding.PROBE_DUE,), 1)
    assert take(now, times=10) == 1

    probing = limit(now)
    assert (probing.standings, probing.free) == ((LimitStanding.PROBING,), 0)
    assert "Trying with one request" in summary(now).passing[0]


def test_a_good_probe_leaves_nothing_to_say(now, settings):
    take(now)
    fail(now)
    now += timedelta(seconds=settings.WRITEBACK_BREAKER_SECONDS)
    take(now)

    backpressure.learn([(None, object())], now=now)

    assert limit(now).standings == ()
    assert summary(now).is_well


def test_a_failure_that_lasts_needs_a_person(now, settings):
    take(now)
    fail(now)
    while limit(now).probe_at < now + timedelta(
        seconds=settings.WRITEBACK_BREAKER_CAP_SECONDS
    ):
        now = limit(now).probe_at
        heartbeats.beat(name=heartbeats.CLUSTER, now=now)
        take(now)
        fail(now, times=1)

    (sentence,) = summary(now).needed

    assert "ask Codat" in sentence


def test_what_is_left_of_the_day_is_shown_until_it_starts_anew(now):
    resets_at = now + timedelta(hours=3)
    budget.learn(limit=RateLimit(remaining=700, reset=resets_at), now=now)

    today, tomorrow = limit(now, Kind.DAY), limit(resets_at, Kind.DAY)

    assert (today.free, today.full_at, today.standings) == (700, resets_at, ())
    assert (tomorrow.free, tomorrow.full_at) == (None, None)


@pytest.mark.parametrize(
    ("remaining", "standing"),
    [
        (0, LimitStanding.SPENT),
        (-3, LimitStanding.SPENT),
        (100, LimitStanding.KEPT_FOR_SENDS),
    ],
)
def test_a_day_that_runs_out_says_so(now, remaining, standing):
    resets_at = now + timedelta(hours=3)
    limit_ = RateLimit(remaining=remaining, reset=resets_at)
    budget.learn(limit=limit_, now=now)

    shown = limit(now, Kind.DAY)

    assert shown.standings == (standing,)
    assert shown.free == max(0, remaining)
    assert take(now, is_look=True) == 0
    assert "Codat's quota for the day" in summary(now).passing[0]


def test_a_day_that_codat_has_closed_says_so(now):
    until = now + timedelta(hours=3)
    budget.block(until=until, key=budget.DAY)

    shown = limit(now, Kind.DAY)

    assert (shown.standings, shown.free) == ((LimitStanding.QUOTA_REACHED,), 0)
    assert shown.full_at == until


def test_held_organisations_come_first_and_many_are_counted(now, monkeypatch):
    monkeypatch.setattr(limits, "MOST_SHOWN", 4)
    for number in range(3):
        take(now, organisation=organisation(f"Busy {number}"))
    held = [organisation(f"Held {number}") for number in range(5)]
    for one in held:
        key = budget.organisation_scope(one)
        budget.block(until=now + timedelta(minutes=1), key=key)

    read = limits.read(now=now)

    named = [one.name for one in read.limits if one.kind == Kind.ORGANISATION]
    assert len(named) == 4
    assert all(name.startswith("Held") for name in named)
    assert (read.held, read.more, read.quiet) == (5, 4, 0)
    assert monitoring_wording.summary(read).passing == [
        "5 organisations are held back; the table names them."
    ]


def test_an_address_that_nobody_uses_any_more_is_left_out(now):
    gone = RateScope(key="address:old", open_seconds=30, failures=5)
    gone.theoretical_arrival = gone.probe_at = now - timedelta(days=8)
    gone.save()

    assert summary(now).is_well
    assert "old" not in [one.name for one in limits.read(now=now).limits]


def test_a_silent_process_needs_a_person(now):
    now += timedelta(minutes=12)

    read = limits.read(now=now)

    assert [(one.name, one.is_silent) for one in read.processes] == [("cluster", True)]
    (sentence,) = monitoring_wording.summary(read).needed
    assert sentence.startswith("Worker (manage.py qcluster) has been silent for 12 min")


def test_no_process_at_all_needs_a_person():
    (sentence,) = summary(timezone.now()).needed

    assert "start manage.py qcluster, or push_drain --loop" in sentence


def test_late_work_needs_a_person_though_a_worker_lives(now):
    waiting = now - timedelta(minutes=7)
    Lane.objects.create(company=make_company(), step="transfer", due_at=waiting)
    Lane.objects.create(company=make_company(), step="transfer", due_at=now)

    read = limits.read(now=now)

    (sends,) = [one for one in read.due if one.work == due.Work.SENDS]
    assert (sends.waiting, sends.waited) == (2, timedelta(minutes=7))
    assert "due for 7 minutes" in monitoring_wording.summary(read).needed[0]


def test_work_that_is_due_later_does_not_wait(now):
    Lane.objects.create(
        company=make_company(), step="transfer", due_at=now + timedelta(minutes=1)
    )

    assert {one.waiting for one in limits.read(now=now).due} == {0}
    assert summary(now).is_well


def test_a_drain_that_runs_is_counted(now, settings):
    settings.WRITEBACK_DRAINS = 2
    with leases.hold(holder="one:1"):
        read = limits.read(now=timezone.now())

    assert (read.drains, read.most_drains) == (1, 2)


def queries(now):
    with CaptureQueriesContext(connection) as found:
        limits.read(now=now)
    return len(found)


def test_reading_costs_no_more_as_the_rows_grow(now):
    take(now, organisation=organisation("First"))
    few = queries(now)
    for number in range(10):
        take(now, organisation=organisation(f"Next {number}"))

    assert queries(now) == few <= 24
