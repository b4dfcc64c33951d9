"""From a seed to a script: which acts, in which order, with which numbers.

Each schedule leans to a few kinds of trouble, so that over many seeds every kind meets
every other, and each story stays short enough to be read.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests.scenarios.acts import Act
from tests.scenarios.crashes import POINTS

KINDS = ("drawdown", "final_payment", "fee", "invoice_payment", "residual_release")
TYPES = ("transfers", "directCosts", "payments", "bankTransactions")
TYPE_OF = {"fee": "directCosts", "invoice_payment": "payments"}
READS = ("GET .*/push", "GET .*/data/", "POST .*/data/queue", None)

# What makes it worse that an entry is in doubt for this reason.
NEXT = {
    "lose_reply_after": ("outage", "gateway", "reverse", "choose"),
    "late_landing": ("wait", "wait", "switch_off"),
    "error_before": ("answer", "switch_off"),
    "busy": ("reverse", "choose"),
    "webhook_lost": ("outage", "switch_off"),
    "push_fails": ("answer", "answer", "reverse"),
}
GIVEN = {
    # Within the ten minutes that lie between our trust in a key and Codat's.
    "late_landing": {"times": 9, "seconds": 540},
    "busy": {"times": 1, "retry_after": 90},
}

Chance = random.Random


def seconds(chance: Chance) -> int:
    """A time to wait: mostly short, now and then past one of the engine's limits."""
    low, high = chance.choice(
        [(0, 5), (0, 5), (6, 60), (6, 60), (61, 180), (600, 1_800)]
        + [(4_700, 4_900), (5_300, 6_000), (5_300, 6_000), (9_000, 20_000)]
        + ([(86_000, 90_000)] if chance.random() < 0.2 else [])
    )
    return chance.randint(low, high)


# One schedule of 32 tells of a restored backup, and of little else.
RESTORES_EVERY, RESTORES_AT = 32, 13


class Writer:
    """Writes one script."""

    def __init__(self, seed: int) -> None:
        self.restores = seed % RESTORES_EVERY == RESTORES_AT
        self.chance = random.Random(f"script of {seed}")
        self.look_alikes = self.chance.random() < 0.12
        self.amount = 100
        # Processes that die or sleep meet every other trouble more often than once.
        troubles = [*sorted(TROUBLES), "crash", "freeze", "freeze"]
        self.troubles = self.chance.sample(troubles, self.chance.randint(1, 4))
        # Its own source of chance: a schedule without it stays what it is.
        standstill = random.Random(f"standstill of {seed}")
        self.stands_still_at = standstill.randint(2, 16)
        self.stands_still = standstill.random() < 0.15

    def write(self) -> list[Act]:
        """The acts of the schedule, in order."""
        if self.restores:
            return self.restored()
        number = range(self.chance.randint(5, 13))
        acts = [self.pace(), self.record(), *(self._next() for _ in number)]
        if self.stands_still:
            acts.insert(self.stands_still_at, self.standstill())
        return [*acts, *self.answered_early()]

    def restored(self) -> list[Act]:
        """A backup is restored under entries that stand, wait or are under way."""
        chance = self.chance
        lost = [self.record() for _ in range(chance.randint(1, 5))]
        lost += [Act("go_on", {"seconds": chance.choice([0, 5, 30, 600])})]
        lost += [self.lost_reply(), self.record(), self.webhooks(), Act("sweep")]
        if chance.random() < 0.5:
            chance.shuffle(lost)
        before = [self.record() for _ in range(chance.randint(0, 3))]
        soon = Act("go_on", {"seconds": chance.choice([0, 5, 60, 4_000])})
        down = Act("wait", {"seconds": chance.choice([0, 60, 3_000, 90_000])})
        after = [Act("sweep"), self._progress(), self.record(), self._progress()]
        story = [soon, Act("restore", {}, tuple(lost)), down, *after]
        return [self.pace(), *before, *story]

    def answered_early(self) -> list[Act]:
        """Now and then a person answers about a push that lands a day later still."""
        # Drawn apart, so that the other schedules stay as they are.
        chance = Chance(f"early answer of {self.chance.random()}")
        if chance.random() > 0.1:
            return []
        slow = {"kind": "push_slow"}
        late = {"kind": "push_times_out_but_written", "told": True}
        given = chance.choice([slow, late, late])
        landing = chance.randint(95_000, 120_000)
        entry = self.record()
        match = TYPE_OF.get(entry.given["kind"], "transfers")
        answers = (Act("go_on", {"seconds": 2_000}), Act("answer")) * 4
        return [
            Act("clear"),
            Act("fault", {"match": match, "times": 1, "seconds": landing, **given}),
            entry,
            Act("sweep"),
            Act("go_on", {"seconds": 87_000}),
            *answers,
        ]

    def _next(self) -> Act:
        draw = self.chance.random()
        if draw < 0.24:
            return self.record()
        if draw < 0.29:
            return self.reverse()
        if draw < 0.55:
            return self._progress()
        if draw < 0.6:
            return self.in_doubt()
        return TROUBLES[self.chance.choice(self.troubles)](self)

    def _progress(self) -> Act:
        chance = self.chance
        name = chance.choice(["work", "work", "sweep", "wait", "go_on", "answer"])
        if name in {"wait", "go_on"}:
            return Act(name, {"seconds": seconds(chance)})
        return Act(name)

    # --- ordinary acts -------------------------------------------------------------

    def pace(self) -> Act:
        push = self.chance.choice([0, 0, 2, 20, 90])
        return Act("pace", {"push": push, "refresh": self.chance.choice([0, 1, 5])})

    def who(self) -> int:
        return self.chance.randrange(2)

    def record(self) -> Act:
        chance = self.chance
        self.amount += 7
        pence = 0 if self.look_alikes else chance.randrange(100)
        amount = "100.00" if self.look_alikes else f"{self.amount}.{pence:02}"
        given = {
            "who": self.who(),
            "loan": chance.randrange(2),
            "kind": chance.choice(KINDS),
            "amount": amount,
            "days_ago": 0 if self.look_alikes else chance.choice([0, 0, 0, 1, 2, 6]),
        }
        return Act("record", given)

    def reverse(self) -> Act:
        given = {"who": self.who(), "event": self.chance.randrange(6)}
        return Act("reverse", given)

    # --- trouble -------------------------------------------------------------------

    def fault(self, kind: str, **given: Any) -> Act:
        chance = self.chance
        given.setdefault("match", chance.choice([*TYPES, TYPES[0], None]))
        given.setdefault("times", chance.choice([1, 1, 1, 2, 4]))
        return Act("fault", {"kind": kind, **given})

    def lost_reply(self) -> Act:
        kind = self.chance.choice(["lose_reply_before", "lose_reply_after"])
        return self.fault(kind)

    def late(self) -> Act:
        landing = self.chance.choice([3, 40, 400, 2_000, 4_500, 5_200])
        # With every repeat on the same slow way, it lands long after our look-up.
        times = self.chance.choice([1, 2, 9, 9])
        return self.fault("late_landing", seconds=landing, times=times)

    def error(self) -> Act:
        kind = self.chance.choice(["error_before", "error_after"])
        return self.fault(kind, status=self.chance.choice([500, 502, 503]))

    def busy(self) -> Act:
        after = self.chance.choice([None, 2, 90, 1_200, "60"])
        match = self.chance.choice([*TYPES, *READS])
        return self.fault("busy", retry_after=after, match=match)

    def quota(self) -> Act:
        remaining = self.chance.choice([0, 1, 3, 8])
        return Act("fault", {"kind": "quota", "remaining": remaining})

    def garbled(self) -> Act:
        kind = self.chance.choice(["in_progress", "bad_json", "in_progress"])
        return self.fault(kind)

    def read_trouble(self) -> Act:
        kind = self.chance.choice(["lose_reply_after", "error_before", "bad_json"])
        return self.fault(kind, match=self.chance.choice(READS))

    def push_outcome(self) -> Act:
        kind = self.chance.choice(
            ["push_fails", "push_slow", "push_success_without_record_id"]
        )
        given = {"seconds": seconds(self.chance)} if kind == "push_slow" else {}
        return self.fault(kind, **given)

    def timed_out(self) -> Act:
        kind = self.chance.choice(["push_times_out", "push_times_out_but_written"])
        if "but" not in kind:
            return self.fault(kind)
        landing = seconds(self.chance)
        # In half of them Codat tells in the end that it was written after all.
        return self.fault(kind, seconds=landing, told=bool(landing % 2))

    def webhooks(self) -> Act:
        kind = self.chance.choice(
            ["lost", "lost", "doubled", "delayed", "reordered", "before_reply"]
        )
        given = {"seconds": seconds(self.chance)} if kind == "delayed" else {}
        return self.fault(f"webhook_{kind}", **given)

    def lie(self) -> Act:
        return Act("lie", {"who": self.who()})

    def denied(self) -> Act:
        kind = self.chance.choice(["unauthorised", "payment_required", "status_403"])
        return self.fault(kind)

    def outage(self) -> Act:
        return Act("outage", {"seconds": seconds(self.chance)})

    def crash(self) -> Act:
        at = self.chance.choice(sorted(POINTS))
        inner = Act("sweep")
        if at.startswith("planning"):
            inner = self.record() if self.chance.random() < 0.8 else self.reverse()
        elif self.chance.random() < 0.5:
            inner = Act("go_on", {"seconds": self.chance.choice([10, 130, 600])})
        given = {"at": at, "time": self.chance.choice([1, 1, 1, 2, 3])}
        before = self.record() if self.chance.random() < 0.5 else Act("sweep")
        return Act("crash", given, (before, inner))

    def freeze(self) -> Act:
        chance = self.chance
        at = chance.choice(["clock", "claimed", "request", "answer", "answer"])
        # What is on the wire arrives within the time that the engine allows for.
        sleeps = min(seconds(chance), 3_500) if at == "request" else seconds(chance)
        if at == "claimed" and chance.random() < 0.5:
            # Codat has forgotten the key by then.
            sleeps = chance.randint(5_400, 9_000)
        inner = [Act(chance.choice(["go_on", "go_on", "wait"]), {"seconds": sleeps})]
        inner += [Act(chance.choice(["sweep", "work"])) for _ in range(2)]
        if chance.random() < 0.3:
            inner.insert(0, self.fault(chance.choice(["error_before", "late_landing"])))
        elif chance.random() < 0.3:
            inner.append(self.record())
        chance.shuffle(inner)
        given = {"at": at, "time": chance.choice([1, 1, 1, 2, 3])}
        return Act("freeze", given, (self.record(), *inner))

    def gateway(self) -> Act:
        """Something in front of Codat refuses what Codat never gets to see."""
        status = self.chance.choice([400, 404, 503])
        return Act("gateway", {"match": self.chance.choice(TYPES), "status": status})

    def in_doubt(self) -> Act:
        """Trouble leaves an entry in doubt or refused, and then comes the next."""
        chance = self.chance
        before, entry = self.record(), self.record()
        match = TYPE_OF.get(entry.given["kind"], "transfers")
        match = chance.choice([match, "bankTransactions"])
        kind = chance.choice(sorted(NEXT))
        worse = self._worse(kind, match, entry.given["who"])
        soon = Act("go_on", {"seconds": chance.choice([5, 30])})
        later = Act("go_on", {"seconds": chance.choice([90, 600, 2_500])})
        doubt = self.fault(kind, match=match, **GIVEN.get(kind, {}))
        first = (doubt, before) if kind == "busy" else (before, soon, doubt)
        return Act("in_turn", {}, (*first, entry, Act("sweep"), worse, later))

    def standstill(self) -> Act:
        """Entries are under way, and the engine, Codat or Xero stops for days."""
        chance = self.chance
        entries = [self.record() for _ in range(chance.choice([1, 1, 2, 4]))]
        kind = chance.choice(
            ["push_slow", "push_slow", "push_fails", "push_times_out_but_written"]
        )
        match = TYPE_OF.get(entries[0].given["kind"], "transfers")
        match = chance.choice([match, match, "bankTransactions"])
        given = {} if kind == "push_fails" else {"seconds": chance.randint(60, 150_000)}
        begin = [self.fault(kind, match=match, times=4, **given)]
        if chance.random() < 0.8:
            begin.append(self.fault("webhook_lost", match=None, times=None))
        begin += [*entries, Act("go_on", {"seconds": chance.choice([0, 5, 30, 600])})]
        who = entries[0].given["who"]
        if chance.random() < 0.3:
            begin.append(Act("cut", {"who": who, "status": "Deauthorized"}))
        stop = {"seconds": chance.randint(90_000, 260_000)}
        end = [Act("clear"), *chance.choice([(), (Act("work"),), (Act("sweep"),)])]
        still = chance.choice(
            [
                (Act("wait", stop),),
                (Act("wait", stop),),
                (Act("outage", stop),),
                (Act("go_on", stop),),
                (self._silence(), Act("go_on", stop)),
            ]
        )
        return Act("in_turn", {}, (*begin, *still, *end))

    def _silence(self) -> Act:
        """Codat is there and answers nothing that is asked."""
        status = self.chance.choice([500, 502, 503])
        return self.fault("error_before", match="GET ", times=None, status=status)

    def _worse(self, kind: str, match: str, who: int) -> Act:
        chance = self.chance
        acts = {
            # Until Codat has forgotten the key, or we no longer trust it.
            "outage": Act("outage", {"seconds": chance.randint(5_000, 6_000)}),
            "wait": Act("wait", {"seconds": chance.randint(4_700, 4_900)}),
            "gateway": Act("gateway", {"match": match, "status": 400}),
            "choose": Act("choose", {"who": who, "nominated": chance.randrange(2)}),
            "switch_off": Act("switch_off", {"who": who}),
            "answer": Act("answer"),
            "reverse": self.reverse(),
        }
        return acts[chance.choice(NEXT[kind])]

    def purge(self) -> Act:
        return Act("purge")

    def connection(self) -> Act:
        chance, who = self.chance, self.who()
        draw = chance.random()
        if draw < 0.5:
            status = chance.choice(["Deauthorized", "Deauthorized", "Unlinked"])
            return Act("cut", {"who": who, "status": status})
        return Act("link", {"who": who, "same": draw < 0.8})

    def accounts(self) -> Act:
        chance = self.chance
        return chance.choice(
            [
                Act(
                    "archive",
                    {
                        "who": self.who(),
                        "account": chance.choice(["lender", "nominated"]),
                    },
                ),
                Act("choose", {"who": self.who(), "nominated": chance.randrange(2)}),
                Act("daily_check"),
                Act("lock", {"who": self.who(), "days_ago": chance.randrange(4)}),
            ]
        )

    def switches(self) -> Act:
        return self.chance.choice(
            [
                Act("switch_off", {"who": self.who()}),
                Act("cut_feed", {"who": self.who()}),
                Act("feeds", {"who": self.who(), "on": True}),
                Act("feeds", {"who": self.who(), "on": False}),
            ]
        )


TROUBLES: dict[str, Callable[[Writer], Act]] = {
    one.__name__: one
    for one in (
        Writer.lost_reply, Writer.late, Writer.error, Writer.busy, Writer.quota,
        Writer.garbled, Writer.read_trouble, Writer.push_outcome, Writer.timed_out,
        Writer.webhooks, Writer.lie, Writer.denied, Writer.outage, Writer.crash,
        Writer.freeze, Writer.gateway, Writer.in_doubt, Writer.purge,
        Writer.connection, Writer.accounts, Writer.switches,
    )
}  # fmt: skip
