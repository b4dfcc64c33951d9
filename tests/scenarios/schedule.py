"""One schedule from its seed to its verdict."""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from unittest import mock

from django.test import override_settings

from tests.due import next_moment
from tests.scenarios import invariants
from tests.scenarios.acts import Act, Stage
from tests.scenarios.borrowers import Borrower, add_borrower
from tests.scenarios.clock import seeded_ids
from tests.scenarios.database import Pristine
from tests.scenarios.person import Person
from tests.scenarios.script import Writer
from tests.scenarios.world import WEBHOOK_URL, World
from xero_sync.connections import switches
from xero_sync.models import Connection, RecordChange, SyncRecord
from xero_sync.models.choices import CLOSED_STATES, Reason, Step
from xero_sync.sandbox.consumers import BUILT_IN
from xero_sync.sandbox.webhooks import Consumer

A_DAY = 86_400
ROUNDS = 12
# In one schedule of 32 what was chosen is looked at before the writes: the calls of
# a look move all that a seed draws for the calls after it.
LOOKS_EVERY, LOOKS_AT = 32, 6


@dataclass
class Verdict:
    """What became of a schedule."""

    seed: int
    script: list[Act]
    broken: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    timelines: list[str] = field(default_factory=list)
    # The named points at which somebody died.
    deaths: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything that must hold does."""
        return not self.broken


def run(seed: int, script: list[Act] | None = None) -> Verdict:
    """Play a schedule, the seed's own or one that is given, and judge it."""
    script = script or Writer(seed).write()
    verdict = Verdict(seed, script)
    Pristine.restore()
    with seeded_ids(seed), looking(seed):
        world = World(seed)
        with in_virtual_time(world):
            stage = _stage(world, seed)
            try:
                for act in script:
                    act.run(stage)
                verdict.broken += _settle(stage)
                verdict.broken += invariants.broken(stage.borrowers)
            except Exception:  # noqa: BLE001 - a bug of ours is a verdict as well
                verdict.broken.append(traceback.format_exc(limit=-6))
            verdict.broken += [*world.broken, *world.wire.broken]
            verdict.broken += [f"contract: {one}" for one in world.sandbox.violations]
            verdict.broken += stage.person.contradictions
            verdict.deaths = world.crasher.deaths
            verdict.story = world.story
            if not verdict.holds:
                verdict.timelines = list(_timelines())
    return verdict


@contextmanager
def looking(seed: int) -> Iterator[None]:
    """Let the looks before writes be on or off, as the seed says."""
    chance = random.Random(f"looks of {seed}")
    seconds = chance.choice([60, 900]) if seed % LOOKS_EVERY == LOOKS_AT else 0
    with override_settings(WRITEBACK_LOOK_SECONDS=seconds):
        yield


@contextmanager
def in_virtual_time(world: World) -> Iterator[None]:
    """Let the world's clock be everybody's, and its crasher and freezer watch."""
    with (
        world.clock.stopped(),
        world.crasher.watching(lambda done: world.freezer.meet("claimed", done)),
        # Who waits in earnest lets the virtual time pass.
        mock.patch.object(time, "sleep", world.wait),
        mock.patch.object(time, "monotonic", world.clock.monotonic),
    ):
        yield


def _stage(world: World, seed: int) -> Stage:
    chance = random.Random(f"stage of {seed}")
    world.sandbox.limits.enabled = True
    borrowers = [
        add_borrower(
            world,
            number,
            has_feeds=chance.random() < 0.7,
            loans=chance.choice([1, 1, 2]),
        )
        for number in range(chance.choice([1, 1, 2]))
    ]
    world.sandbox.outbox.consumers[BUILT_IN] = Consumer(BUILT_IN, WEBHOOK_URL)
    return Stage(world, borrowers, Person(world, chance), chance)


def _settle(stage: Stage) -> list[str]:
    """Let the faults stop and wait until nothing moves any more."""
    world = stage.world
    world.tell("--- the faults stop")
    world.sandbox.faults.clear()
    world.wire.is_reachable = True
    world.wire.canned.clear()
    for borrower in stage.borrowers:
        _mend(stage, borrower)
    if any(Connection.objects.values_list("unusable_account", flat=True)):
        world.daily_check()
    for _ in range(ROUNDS):
        _come_to_rest(world)
        if _is_settled(world):
            return []
        if asked := list(invariants.told_and_asked_all_the_same(world)):
            return asked
        stuck = list(invariants.broken_at_rest(stage.borrowers))
        if not stage.person.answer_all(stage.borrowers) and stuck:
            # Whatever got lost, the daily check finds at the latest.
            world.run(A_DAY)
            world.daily_check()
            if stuck == list(invariants.broken_at_rest(stage.borrowers)):
                return stuck
    return [f"nothing settles: {one}" for one in invariants.broken_at_rest([])]


def _mend(stage: Stage, borrower: Borrower) -> None:
    """The borrower puts their Xero right again."""
    world, sandbox = stage.world, stage.world.sandbox
    tenant = borrower.books._organisation
    tenant.lock_date = None
    for account in tenant.accounts.values():
        account.status = "Active"
    remote = sandbox.connection(borrower.remote_id)
    is_away = sandbox.organisation_name(borrower.remote_id) != borrower.organisation
    if remote.status != "Linked" or is_away:
        sandbox.consent(borrower.remote_id, organisation=borrower.organisation)
    feed = remote.feeds[borrower.source_id]
    if feed.status != "connected":
        feed.status = "connected"
        sandbox.sync(borrower.remote_id)
    if borrower.has_feeds and not borrower.connection.bank_feeds:
        # A 403 for lines has switched them off, which a person takes back.
        switches.set_bank_feeds(
            connection=borrower.connection, on=True, now=world.clock.now, set_by="test"
        )


def _come_to_rest(world: World) -> None:
    """Go on until nothing is due any more, or only in several days."""
    for _ in range(8):
        world.run(A_DAY / 2)
        if next_moment(world.sandbox) is None or _is_settled(world):
            return


def _is_settled(world: World) -> bool:
    unsettled = SyncRecord.objects.exclude(state__in=CLOSED_STATES).exclude(
        step=Step.STATEMENT_LINE, reason=Reason.BANK_FEEDS_OFF
    )
    alarmed = SyncRecord.objects.filter(is_alarmed=True)
    return world.has_told_all and not (unsettled | alarmed).exists()


def _timelines() -> list[str]:
    told: list[str] = []
    for record in SyncRecord.objects.select_related("event").order_by("event", "step"):
        changes = RecordChange.objects.filter(record=record).order_by("pk")
        told.append(f"{record.event.external_id} {record.step}")
        told += [f"    {_line(one)}" for one in changes]
        for request in record.requests.order_by("created_at"):
            told.append(f"    request {_clock(request.created_at)} {request}")
            told += [
                f"      attempt {_clock(one.started_at)} {one.outcome} "
                f"{one.status_code or ''} {one.error[:60]}"
                for one in request.attempts.order_by("pk")
            ]
    return told


def _line(change: RecordChange) -> str:
    words = (
        change.from_state,
        "→",
        change.to_state,
        change.reason,
        f"({change.cause})",
    )
    return f"{_clock(change.at)} {' '.join(filter(None, words))} {change.note[:60]}"


def _clock(moment: datetime) -> str:
    return f"{moment:%d %H:%M:%S}"
