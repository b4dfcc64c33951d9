"""From a seed to the script of a setup's schedule."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.scenarios.acts import Act
from tests.scenarios.crashes import SETUP_POINTS
from tests.scenarios.script import seconds
from xero_sync.models.choices import AccountKind

WRITES = (
    "POST .*/connectionInfo/bankFeedAccounts$",
    "POST .*/bankFeedAccounts/mapping$",
    "POST .*/bankFeedAccounts/mapping$",
    "POST .*/push/accounts",
    "POST .*/push/suppliers",
)
PLAIN_WRITES = ("POST .*/push/bankAccounts", "POST .*/push/bankAccounts", *WRITES)
PUSHES = ("chartOfAccounts", "suppliers")
PLAIN_PUSHES = ("bankAccounts", *PUSHES)
READS = ("GET .*/push", "GET .*/data/", "GET .*ankFeedAccounts", "POST .*/data/queue")
CODES = ("478", "478", "478", "479")


def plain_kind(seed: int) -> str:
    """The kind of lender account that is made without a feed; "" with one.

    Drawn apart, so that the story of a schedule with feeds stays what it is.
    """
    return random.Random(f"account kind of {seed}").choice(
        ["", "", "", *AccountKind.values]
    )


class SetupWriter:
    """Writes one script."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"setup of {seed}")
        self.is_plain = bool(plain_kind(seed))
        self.writes = PLAIN_WRITES if self.is_plain else WRITES
        self.pushes = PLAIN_PUSHES if self.is_plain else PUSHES
        self.troubles = self.chance.sample(sorted(TROUBLES), self.chance.randint(2, 5))

    def write(self) -> list[Act]:
        """The acts of the schedule, in order."""
        acts = [self.pace()]
        if self.chance.random() < 0.5:
            acts.append(self.trouble())
        acts.append(self.set_up())
        acts += [self._next() for _ in range(self.chance.randint(4, 11))]
        if self.is_plain and self.chance.random() < 0.7:
            # Somewhere on the way bank feeds come, and one more choice follows.
            acts.insert(self.chance.randint(3, len(acts)), Act("approve"))
            acts.append(self.set_up())
        return acts

    def _next(self) -> Act:
        draw = self.chance.random()
        if draw < 0.2:
            return self.set_up()
        if draw < 0.55:
            name = self.chance.choice(
                ["work", "sweep", "wait", "go_on", "go_on", "try_again"]
            )
            given = name in {"wait", "go_on"}
            return Act(name, {"seconds": seconds(self.chance)} if given else {})
        return self.trouble()

    def trouble(self) -> Act:
        return TROUBLES[self.chance.choice(self.troubles)](self)

    def pace(self) -> Act:
        push = self.chance.choice([0, 0, 2, 20, 90])
        return Act("pace", {"push": push, "refresh": self.chance.choice([0, 1, 5])})

    def who(self) -> int:
        return self.chance.randrange(2)

    def code(self) -> str:
        return self.chance.choice(CODES)

    def set_up(self) -> Act:
        return Act("set_up", {"who": self.who(), "code": self.code()})

    # --- trouble ----------------------------------------------------------------------

    def fault(self, kind: str, match: str, **given: object) -> Act:
        times = self.chance.choice([1, 1, 2, 4])
        return Act("fault", {"kind": kind, "match": match, "times": times, **given})

    def lost_reply(self) -> Act:
        kind = self.chance.choice(["lose_reply_before", "lose_reply_after"])
        return self.fault(kind, self.chance.choice(self.writes))

    def late(self) -> Act:
        given = {"seconds": self.chance.choice([5, 60, 540])}
        return self.fault("late_landing", self.chance.choice(self.writes), **given)

    def error(self) -> Act:
        kind = self.chance.choice(["error_before", "error_after", "bad_json"])
        return self.fault(kind, self.chance.choice(self.writes))

    def busy(self) -> Act:
        kind = self.chance.choice(["busy", "in_progress"])
        given = {"retry_after": 90} if kind == "busy" else {}
        return self.fault(kind, self.chance.choice(self.writes), **given)

    def read_trouble(self) -> Act:
        kind = self.chance.choice(["lose_reply_before", "error_before", "bad_json"])
        return self.fault(kind, self.chance.choice(READS))

    def denied(self) -> Act:
        return self.fault("status_403", self.chance.choice(self.writes), problem="")

    def push_outcome(self) -> Act:
        kind = self.chance.choice(
            ["push_slow", "push_fails", "push_times_out", "push_times_out_but_written",
             "push_success_without_record_id", "webhook_before_reply"]
        )  # fmt: skip
        slow = {"push_slow", "push_times_out_but_written"}
        given = {"seconds": seconds(self.chance)} if kind in slow else {}
        return self.fault(kind, self.chance.choice(self.pushes), **given)

    def webhooks(self) -> Act:
        kind = self.chance.choice(["webhook_lost", "webhook_doubled"])
        return Act("fault", {"kind": kind, "match": None, "times": None})

    def outage(self) -> Act:
        return Act("outage", {"seconds": seconds(self.chance)})

    def crash(self) -> Act:
        at = self.chance.choice(sorted(SETUP_POINTS))
        inner = Act("sweep")
        if at.startswith("begin"):
            inner = self.set_up()
        elif self.chance.random() < 0.5:
            inner = Act("go_on", {"seconds": self.chance.choice([10, 130, 600])})
        given = {"at": at, "time": self.chance.choice([1, 1, 2, 3, 4])}
        return Act("crash", given, (self.set_up(), inner))

    def freeze(self) -> Act:
        at = self.chance.choice(["clock", "claimed", "request", "answer"])
        # What is on the wire arrives within the time that the engine allows for.
        sleeps = min(seconds(self.chance), 3_500)
        inner = [Act("go_on", {"seconds": sleeps}), Act("sweep")]
        given = {"at": at, "time": self.chance.choice([1, 1, 2, 3, 4])}
        return Act("freeze", given, (self.set_up(), *inner))

    def two_tabs(self) -> Act:
        given = {"mine": self.code(), "theirs": self.code()}
        return Act(
            "two_tabs",
            {"who": self.who(), **given, "time": self.chance.randint(1, 5)},
        )

    def connection(self) -> Act:
        if self.chance.random() < 0.5:
            return Act("cut", {"who": self.who(), "status": "Deauthorized"})
        return Act("link", {"who": self.who(), "same": True})

    def purge(self) -> Act:
        return Act("purge")


TROUBLES: dict[str, Callable[[SetupWriter], Act]] = {
    one.__name__: one
    for one in (
        SetupWriter.lost_reply, SetupWriter.late, SetupWriter.error, SetupWriter.busy,
        SetupWriter.read_trouble, SetupWriter.denied, SetupWriter.push_outcome,
        SetupWriter.webhooks, SetupWriter.outage, SetupWriter.crash,
        SetupWriter.freeze, SetupWriter.two_tabs, SetupWriter.connection,
        SetupWriter.purge,
    )
}  # fmt: skip
