"""What can happen in a schedule, each a small function; a script is a list of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from uuid import UUID

from django_q.models import OrmQ

from lending import services
from lending.exceptions import LendingError
from lending.models import LoanEvent
from tests.scenarios import database
from tests.scenarios.borrowers import Borrower
from tests.scenarios.clock import unseeded
from tests.scenarios.person import Person
from tests.scenarios.world import World
from xero_sync.connections import switches
from xero_sync.runtime import run
from xero_sync.sandbox.webhooks import Delivery
from xero_sync.sandbox.wire import encode, stamp


@dataclass
class Stage:
    """Where the acts take place."""

    world: World
    borrowers: list[Borrower]
    person: Person
    chance: random.Random

    def borrower(self, number: int) -> Borrower:
        """The borrower of a number, counted round."""
        return self.borrowers[number % len(self.borrowers)]


@dataclass(frozen=True)
class Act:
    """One thing that happens; some have others within them."""

    name: str
    given: dict[str, Any] = field(default_factory=dict)
    inner: tuple[Act, ...] = ()

    def run(self, stage: Stage) -> None:
        """Let it happen."""
        stage.world.tell(str(self).partition("\n")[0])
        given = dict(self.given)
        if self.inner:
            given["inner"] = self.inner
        ACTS[self.name](stage, **given)

    def __str__(self) -> str:
        words = " ".join(f"{key}={value}" for key, value in self.given.items())
        below = "".join(f"\n  {line}" for act in self.inner for line in _lines(act))
        return f"{self.name} {words}".strip() + below


def _lines(act: Act) -> list[str]:
    return str(act).splitlines()


# --- the lender's book ------------------------------------------------------------


def record(
    stage: Stage, *, who: int, loan: int, kind: str, amount: str, days_ago: int
) -> None:
    borrower = stage.borrower(who)
    with stage.world.process("the recording of an event"):
        try:
            event, _ = services.record_event(
                loan=borrower.loans[loan % len(borrower.loans)],
                kind=kind,
                amount=Decimal(amount),
                value_date=borrower.today - timedelta(days=days_ago),
                recorded_by="harness",
                today=borrower.today,
                external_id=f"E{len(borrower.events) + 1}-{kind}-{amount}-{who}",
            )
        except LendingError as exc:
            stage.world.tell(f"  refused: {exc}")
        else:
            borrower.events.append(event)


def reverse(stage: Stage, *, who: int, event: int) -> None:
    borrower = stage.borrower(who)
    originals = [one for one in borrower.events if not one.is_reversal]
    if not originals:
        return
    chosen = originals[event % len(originals)]
    with stage.world.process("the recording of a reversal"):
        try:
            reversal, _ = services.reverse_event(
                event=chosen,
                recorded_by="harness",
                today=borrower.today,
                external_id=f"R-{chosen.external_id}",
            )
        except LendingError as exc:
            stage.world.tell(f"  refused: {exc}")
        else:
            borrower.events.append(reversal)


# --- our processes ----------------------------------------------------------------


def work(stage: Stage) -> None:
    stage.world.work()


def sweep(stage: Stage) -> None:
    stage.world.sweep()
    stage.world.work()


def daily_check(stage: Stage) -> None:
    stage.world.daily_check()


def wait(stage: Stage, *, seconds: float) -> None:
    stage.world.wait(seconds)


def go_on(stage: Stage, *, seconds: float) -> None:
    stage.world.run(seconds)


def purge(stage: Stage) -> None:
    OrmQ.objects.all().delete()


def crash(stage: Stage, *, at: str, time: int, inner: tuple[Act, ...]) -> None:
    with stage.world.crasher.armed(at, time):
        for act in inner:
            act.run(stage)


def freeze(stage: Stage, *, at: str, time: int, inner: tuple[Act, ...]) -> None:
    before, *others = inner

    def meanwhile() -> None:
        stage.world.tell("  z a worker falls asleep")
        if at == "answer":
            stage.world.forget_what_nobody_else_knows()
        for act in others:
            act.run(stage)
        stage.world.tell("  ! it wakes up")

    before.run(stage)
    with stage.world.freezer.armed(at, time, meanwhile):
        stage.world.sweep()
        stage.world.drain()


def restore(stage: Stage, *, inner: tuple[Act, ...]) -> None:
    """Put a backup back that knows nothing of what happens within; start anew.

    What was recorded since is recorded again, by those who keep it as well.
    """
    backup = database.back_up()
    for act in inner:
        act.run(stage)
    stage.world.tell("  ↶ an older backup is restored")
    database.put_back(backup)
    with unseeded():
        run.begin()
    for borrower in stage.borrowers:
        for event in borrower.forget_events():
            _record_again(stage, borrower, event)


def _record_again(stage: Stage, borrower: Borrower, lost: LoanEvent) -> None:
    event, _ = services.record_event(
        loan=next(one for one in borrower.loans if one.pk == lost.loan_id),
        kind=lost.kind,
        amount=lost.amount,
        value_date=lost.value_date,
        recorded_by="harness",
        today=borrower.today,
        external_id=lost.external_id,
    )
    borrower.events.append(event)


def in_turn(stage: Stage, *, inner: tuple[Act, ...]) -> None:
    for act in inner:
        act.run(stage)


# --- Codat and Xero ---------------------------------------------------------------


def fault(stage: Stage, *, kind: str, **given: Any) -> None:
    after = given.get("retry_after")
    if isinstance(after, str):
        until = stage.world.clock.now + timedelta(seconds=int(after))
        given["retry_after"] = format_datetime(until, usegmt=True)
    if kind == "push_times_out_but_written" and not given.get("told"):
        stage.world.lands_untold = True
    stage.world.sandbox.faults.add(kind, **given)


def clear(stage: Stage) -> None:
    stage.world.sandbox.faults.clear()


def gateway(stage: Stage, *, match: str, status: int) -> None:
    """Refuse the next write of a type in front of Codat, which keeps nothing of it."""
    end = "/bankTransactions" if match == "bankTransactions" else f"/push/{match}"
    stage.world.wire.canned.append((end, status))


def outage(stage: Stage, *, seconds: float) -> None:
    stage.world.wire.is_reachable = False
    stage.world.run(seconds)
    stage.world.wire.is_reachable = True


def pace(stage: Stage, *, push: float, refresh: float) -> None:
    stage.world.sandbox.settings.push_seconds = push
    stage.world.sandbox.settings.refresh_seconds = refresh


def lie(stage: Stage, *, who: int) -> None:
    """A signed webhook calls a write successful that Xero has not dealt with."""
    world = stage.world
    pushes = [
        it for it in world.sandbox._world.pushes.values() if it.status != "Success"
    ]
    for push in pushes[-2:]:
        body = {
            "id": str(UUID(int=stage.chance.getrandbits(128))),
            "eventType": f"{push.data_type}.write.successful",
            "generatedDate": stamp(world.clock.now),
            "payload": {
                "id": push.key,
                "type": "Create",
                "connectionId": push.connection_id,
                "status": "Success",
                "record": {"id": str(UUID(int=stage.chance.getrandbits(128)))},
            },
        }
        delivery = Delivery(
            f"msg_{stage.chance.getrandbits(64)}",
            "",
            "",
            encode(body),
            world.clock.now,
            "",
        )
        headers = world.sandbox.outbox.headers(delivery, world.clock.now)
        world._deliver("", headers, delivery.body)


def cut(stage: Stage, *, who: int, status: str) -> None:
    borrower = stage.borrower(who)
    stage.world.sandbox.set_connection_status(borrower.remote_id, status)
    stage.world.sandbox.tick()


def link(stage: Stage, *, who: int, same: bool) -> None:
    borrower = stage.borrower(who)
    name = borrower.organisation if same else f"{borrower.organisation} Two"
    stage.world.sandbox.consent(borrower.remote_id, organisation=name)
    stage.world.sandbox.tick()


def archive(stage: Stage, *, who: int, account: str) -> None:
    borrower = stage.borrower(who)
    chosen = {"lender": borrower.lender_id, "nominated": borrower.nominated[0]}
    account_id = chosen[account]
    borrower.books._organisation.accounts[account_id].status = "Archived"


def cut_feed(stage: Stage, *, who: int) -> None:
    borrower = stage.borrower(who)
    stage.world.sandbox.disconnect_feed(borrower.remote_id, borrower.source_id)
    stage.world.sandbox.tick()


def lock(stage: Stage, *, who: int, days_ago: int) -> None:
    borrower = stage.borrower(who)
    until = borrower.today - timedelta(days=days_ago)
    borrower.books._organisation.lock_date = until


# --- persons ----------------------------------------------------------------------


def answer(stage: Stage) -> None:
    stage.person.answer_all(stage.borrowers)


def switch_off(stage: Stage, *, who: int) -> None:
    with stage.world.process("a person's decision"):
        switches.switch_writeback(
            connection=stage.borrower(who).connection,
            on=False,
            switched_by="borrower",
            now=stage.world.clock.now,
        )


def feeds(stage: Stage, *, who: int, on: bool) -> None:
    borrower = stage.borrower(who)
    borrower.has_feeds = on
    switches.set_bank_feeds(
        connection=borrower.connection, on=on, now=stage.world.clock.now, set_by="test"
    )


def choose(stage: Stage, *, who: int, nominated: int) -> None:
    borrower = stage.borrower(who)
    borrower.choose(borrower.nominated[nominated])


ACTS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (
        record, reverse, work, sweep, daily_check, wait, go_on, purge, crash, freeze,
        restore, in_turn, fault, clear, gateway, outage, pace, lie, cut, link, archive,
        cut_feed, lock, answer, switch_off, feeds, choose,
    )
}  # fmt: skip
