"""What a check of all connections leaves: one row per run, and one per failure."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.worlds import World
from xero_sync import jobs
from xero_sync.connections import daily_check
from xero_sync.models import Connection, ConnectionCheckFailure, ConnectionCheckRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


def check(world, *, stop=lambda: False):
    """The daily check, as its job asks for it."""
    return daily_check.check_all(
        client=world.client,
        now=world.clock.now,
        unless_since=world.clock.now - jobs.CHECKED_EVERY,
        stop=stop,
        wait=world.wait,
    )


def runs():
    rows = ConnectionCheckRun.objects.order_by("pk")
    return list(rows.values_list("checked", "failed"))


def yesterday(world):
    Connection.objects.update(checked_at=world.clock.now - timedelta(days=1))


def test_a_run_is_recorded_with_its_times(world):
    world.borrower()
    yesterday(world)
    begun = world.clock.now

    check(world)

    assert runs() == [(1, 0)]
    run = ConnectionCheckRun.objects.get()
    assert run.started_at == begun
    assert run.started_at <= run.ended_at < run.started_at + timedelta(minutes=1)
    assert not run.failures.exists()


def test_a_run_that_finds_nothing_due_leaves_nothing(world):
    world.borrower()
    yesterday(world)
    check(world)
    before = Connection.objects.get()

    assert check(world) == (0, 0)
    yesterday(world)
    assert check(world, stop=lambda: True) == (0, 0)

    assert runs() == [(1, 0)]
    after = Connection.objects.get()
    assert (after.status, after.access_problem) == (before.status, "")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, "no_verdict"),
        (400, "refused"),
        (429, "unavailable"),
        (401, "access_denied"),
        (403, "access_denied"),
    ],
)
def test_what_could_not_be_read_is_named_with_why(world, status, kind):
    first, second = world.borrower(), world.borrower()
    yesterday(world)
    world.wire.canned.append((f"/connections/{first.codat_connection}", status))
    begun = world.clock.now

    assert check(world) == (1, 1)

    assert runs() == [(1, 1)]
    failure = ConnectionCheckFailure.objects.get()
    assert (failure.connection, failure.kind) == (first.connection, kind)
    assert second.connection.checked_at == begun


def test_an_outage_is_recorded_for_each_and_they_stay_due(world):
    world.borrower(), world.borrower()
    yesterday(world)
    world.wire.is_reachable = False

    for _ in range(2):
        assert check(world) == (0, 2)
    world.wire.is_reachable = True
    assert check(world) == (2, 0)

    assert runs() == [(0, 2), (0, 2), (2, 0)]
    kinds = ConnectionCheckFailure.objects.values_list("kind", flat=True)
    assert set(kinds) == {"unavailable"}


def test_runs_are_added_to_and_never_altered(world):
    world.borrower()
    yesterday(world)
    world.wire.is_reachable = False
    check(world)

    for model in (ConnectionCheckRun, ConnectionCheckFailure):
        rows = model.objects.all()
        for change in (rows.get().save, lambda rows=rows: rows._raw_delete("default")):
            with (
                pytest.raises(IntegrityError, match="append-only"),
                transaction.atomic(),
            ):
                change()
