"""One schedule of setups from its seed to its verdict."""

from __future__ import annotations

import random
import traceback

from tests.scenarios.acts import Act, Stage
from tests.scenarios.clock import seeded_ids
from tests.scenarios.database import Pristine
from tests.scenarios.person import Person
from tests.scenarios.schedule import A_DAY, ROUNDS, Verdict, in_virtual_time
from tests.scenarios.setups import acts as _acts  # noqa: F401 - their names
from tests.scenarios.setups import invariants
from tests.scenarios.setups.newcomers import Newcomer, add_newcomer
from tests.scenarios.setups.script import SetupWriter, plain_kind
from tests.scenarios.world import WEBHOOK_URL, World
from xero_sync.models import AccountSetup, SetupStep
from xero_sync.models.setups import SetupState
from xero_sync.sandbox.consumers import BUILT_IN
from xero_sync.sandbox.webhooks import Consumer


def run(seed: int, script: list[Act] | None = None) -> Verdict:
    """Play a schedule, the seed's own or one that is given, and judge it."""
    script = script or SetupWriter(seed).write()
    verdict = Verdict(seed, script)
    Pristine.restore()
    with seeded_ids(seed):
        world = World(seed)
        world.wire.watches_feeds = True
        with in_virtual_time(world):
            stage = _stage(world, seed)
            try:
                for act in script:
                    act.run(stage)
                _settle(stage)
                for borrower in stage.borrowers:
                    verdict.broken += invariants.broken(borrower)
            except Exception:  # noqa: BLE001 - a bug of ours is a verdict as well
                verdict.broken.append(traceback.format_exc(limit=-6))
            verdict.broken += [*world.broken, *world.wire.broken]
            verdict.broken += [f"contract: {one}" for one in world.sandbox.violations]
            verdict.deaths = world.crasher.deaths
            verdict.story = world.story
            if not verdict.holds:
                verdict.timelines = list(_steps())
    return verdict


def _stage(world: World, seed: int) -> Stage:
    chance = random.Random(f"setup stage of {seed}")
    world.sandbox.limits.enabled = True
    world.sandbox.settings.feed_seconds = chance.choice([0, 1, 5, 40])
    kind = plain_kind(seed)
    borrowers = [
        add_newcomer(world, number, plain_kind=kind)
        for number in range(chance.choice([1, 2]))
    ]
    world.sandbox.outbox.consumers[BUILT_IN] = Consumer(BUILT_IN, WEBHOOK_URL)
    return Stage(world, borrowers, Person(world, chance), chance)


def _settle(stage: Stage) -> None:
    """Let the faults stop, and persons try again until everything is chosen."""
    world = stage.world
    world.tell("--- the faults stop")
    world.sandbox.faults.clear()
    world.wire.is_reachable = True
    for borrower in stage.borrowers:
        remote = world.sandbox.connection(borrower.remote_id)
        if remote.status != "Linked":
            world.sandbox.consent(
                borrower.remote_id, organisation=borrower.organisation
            )
    world.run(60)
    world.daily_check()
    for _ in range(ROUNDS):
        world.run(A_DAY / 2)
        running = AccountSetup.objects.filter(state=SetupState.RUNNING)
        waits = [one for one in stage.borrowers if _asks_again(one)]
        if not running.exists() and not waits:
            return


def _asks_again(borrower: Newcomer) -> bool:
    """Try again what stopped, or choose where nothing was taken; tell whether so."""
    run = borrower.latest
    if run is not None and run.state == SetupState.RUNNING:
        return False
    if borrower.try_again():
        return True
    if borrower.accepted and run is not None:
        return False
    borrower.choose("478")
    return True


def _steps() -> list[str]:
    told = []
    for step in SetupStep.objects.order_by("setup", "number"):
        told.append(f"{step.setup} {step.kind} {step.state} {step.words[:60]}")
        for request in step.requests.order_by("created_at"):
            told.append(f"    request {request.created_at:%d %H:%M:%S} {request}")
            told += [
                f"      attempt {one.started_at:%d %H:%M:%S} {one.outcome} "
                f"{one.status_code or ''} {one.error[:60]}"
                for one in request.attempts.order_by("pk")
            ]
    return told
