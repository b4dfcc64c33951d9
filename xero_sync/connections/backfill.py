"""What waits because posting is off, loan by loan, and what each choice makes of it.

A loan stands in the borrower's books whole or not at all: half of one never brings the
lender account to zero. So people choose among loans, by the day on which each began,
and a loan that has come to Xero in any part goes on whatever they choose.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import groupby

from django.db.models import Q, Sum

from lending.models import EventKind, Loan, LoanEvent
from lending.money import quantize
from xero_sync.models import Connection, SyncRecord, WatchedPush
from xero_sync.models.choices import (
    BOOKINGS,
    NOT_SENT_STATES,
    STANDING_STATES,
    UNDER_WAY_STATES,
    HeldEvents,
    Reason,
    State,
    Step,
)
from xero_sync.writeback.holds import LINE_AGE_LIMIT

ZERO = Decimal(0)
# What is told first of an entry that posting keeps back besides; see
# `holds.hindrances`.
TOLD_BEFORE = (
    Reason.ORGANISATION_CHANGED,
    Reason.AFTER_RESTORE,
    Reason.NOT_LINKED,
    Reason.ACCESS_DENIED,
)
# An entry here stands in Xero, or may soon.
HAS_COME = (State.QUEUED, *UNDER_WAY_STATES, *STANDING_STATES)


class Caution(StrEnum):
    """What to know of entries before they are published."""

    # Their statement lines are older than Xero takes, and never go out.
    TOO_OLD = "too_old"
    # They wait until the borrower unlocks the period.
    LOCKED_PERIOD = "locked_period"
    # A bookkeeper may have entered them by hand meanwhile.
    MAY_BE_IN_BOOKS = "may_be_in_books"


@dataclass(frozen=True)
class Warned:
    """A caution, and how many of the entries it is about."""

    caution: Caution
    entries: int


@dataclass(frozen=True)
class HeldLoan:
    """A loan of which something is held because posting is off.

    `entries` are all it has, in their order; `waiting` those of them that are held for
    this. `must_go` tells that some of it has come to Xero, so that the rest follows.
    """

    loan: Loan
    begun_on: date
    advance: Decimal
    entries: tuple[SyncRecord, ...]
    waiting: tuple[SyncRecord, ...]
    must_go: bool

    @property
    def left_to_send(self) -> list[SyncRecord]:
        """Return what of it has not been sent, for whatever reason."""
        return [one for one in self.entries if one.state in NOT_SENT_STATES]

    @property
    def lender_effect(self) -> Decimal:
        """Return what it comes to on the lender account, if it is published."""
        standing = (
            one.lender_effect
            for one in self.entries
            if one.step in BOOKINGS and one.state != State.CANCELLED
        )
        return sum(standing, ZERO)


@dataclass(frozen=True)
class Effect:
    """What a choice does, in the company's currency.

    `lender_account` is where our entries will have brought the lender account once all
    of them stand in Xero. `fingerprint` stands for all of this, and for what is held.
    """

    held_events: HeldEvents
    publish_from: date | None
    published: tuple[HeldLoan, ...]
    left_out: tuple[HeldLoan, ...]
    lender_account: Decimal
    currency: str
    warnings: tuple[Warned, ...]
    fingerprint: str

    @property
    def entries_published(self) -> int:
        """Return how many held entries go out."""
        return sum(len(one.waiting) for one in self.published)

    @property
    def entries_left_out(self) -> int:
        """Return how many held entries are cancelled."""
        return sum(len(one.waiting) for one in self.left_out)


@dataclass(frozen=True)
class Held:
    """All loans of which something is held, by the day on which each began."""

    connection: Connection
    loans: tuple[HeldLoan, ...]
    # Where the lender account stands by all other entries, once they are in Xero.
    elsewhere: Decimal
    today: date

    @property
    def currency(self) -> str:
        """Return the currency of every amount here."""
        return self.connection.company.currency

    @property
    def entries(self) -> int:
        """Return how many entries are held."""
        return sum(len(one.waiting) for one in self.loans)

    @property
    def advanced(self) -> Decimal:
        """Return what was advanced on these loans."""
        return sum((one.advance for one in self.loans), ZERO)

    @property
    def oldest_on(self) -> date | None:
        """Return the oldest value date of what is held."""
        dates = (one.value_date for loan in self.loans for one in loan.waiting)
        return min(dates, default=None)

    @cached_property
    def _state(self) -> list[list[str]]:
        return [
            [str(one.pk), one.state, str(one.value_date), f"{one.lender_effect:f}"]
            for loan in self.loans
            for one in loan.entries
        ]

    def effect(self, held_events: str, publish_from: date | None = None) -> Effect:
        """Return what a choice does; without a day, publishing means all of them."""
        choice = HeldEvents(held_events)
        published: list[HeldLoan] = []
        left_out: list[HeldLoan] = []
        for one in self.loans:
            is_chosen = choice == HeldEvents.PUBLISH and (
                publish_from is None or one.begun_on >= publish_from
            )
            (published if is_chosen or one.must_go else left_out).append(one)
        effects = (one.lender_effect for one in published)
        balance = quantize(sum(effects, self.elsewhere), self.currency)
        warnings = tuple(self._warnings(published))
        return Effect(
            held_events=choice,
            publish_from=publish_from,
            published=tuple(published),
            left_out=tuple(left_out),
            lender_account=balance,
            currency=self.currency,
            warnings=warnings,
            fingerprint=_hash(
                self._state,
                [choice, str(publish_from)],
                [one.loan.reference for one in published],
                [one.loan.reference for one in left_out],
                [str(balance), self.currency],
                [[one.caution, one.entries] for one in warnings],
            ),
        )

    def effects(self, publish_from: date | None = None) -> list[Effect]:
        """Return the choices there are: all, those from a day on if given, or none."""
        if not self.loans:
            return []
        dated = [self.effect(HeldEvents.PUBLISH, publish_from)] if publish_from else []
        return [
            self.effect(HeldEvents.PUBLISH),
            *dated,
            self.effect(HeldEvents.LEAVE_OUT),
        ]

    def _warnings(self, published: Sequence[HeldLoan]) -> Iterable[Warned]:
        waiting = [one for loan in published for one in loan.waiting]
        bookings = [one for one in waiting if one.step in BOOKINGS]
        # Lines may be held for their feed instead, and are too old all the same.
        lines = [
            one
            for loan in published
            for one in loan.left_to_send
            if one.step == Step.STATEMENT_LINE
        ]
        locked = self.connection.ledger_lock_date
        found = {
            Caution.TOO_OLD: [
                one for one in lines if one.value_date < self.today - LINE_AGE_LIMIT
            ],
            Caution.LOCKED_PERIOD: [
                one for one in bookings if locked and one.value_date <= locked
            ],
            Caution.MAY_BE_IN_BOOKS: bookings,
        }
        return (Warned(one, len(rows)) for one, rows in found.items() if rows)


def held(*, connection: Connection, now: datetime) -> Held:
    """Read what is held of a company because posting is off; nothing is changed."""
    company = connection.company
    kept_back = _kept_back(connection)
    own = SyncRecord.objects.filter(company=company)
    loan_ids = set(own.filter(kept_back).values_list("loan", flat=True))
    loans = _loans(loan_ids, own.filter(kept_back))
    elsewhere = (
        own.bookings()
        .exclude(state=State.CANCELLED)
        .exclude(loan__in=loan_ids)
        .aggregate(total=Sum("lender_effect"))["total"]
    )
    return Held(
        connection=connection,
        loans=tuple(sorted(loans, key=lambda one: (one.begun_on, one.loan.pk))),
        elsewhere=elsewhere or ZERO,
        today=company.today(now),
    )


def _kept_back(connection: Connection) -> Q:
    """Return the filter for what posting keeps back while it is off.

    What was recorded before that, and is held for a reason of its own, is not.
    """
    reasons = [Reason.WRITEBACK_OFF]
    if not connection.writeback_on:
        reasons += TOLD_BEFORE
    return Q(state=State.HELD, reason__in=reasons)


def _loans(loan_ids: set[int], waiting: Iterable[SyncRecord]) -> list[HeldLoan]:
    waiting_ids = {one.pk for one in waiting}
    records = SyncRecord.objects.filter(loan__in=loan_ids)
    in_order = records.select_related("event", "compensates").order_by("loan", "event")
    by_loan = {
        pk: tuple(found) for pk, found in groupby(in_order, lambda one: one.loan_id)
    }
    watched = WatchedPush.objects.watched().filter(record__loan__in=loan_ids)
    doubtful = set(watched.values_list("record__loan", flat=True))
    events = LoanEvent.objects.filter(loan__in=loan_ids).in_order()
    of_loan = {
        pk: list(found) for pk, found in groupby(events, lambda one: one.loan_id)
    }
    return [
        HeldLoan(
            loan=loan,
            begun_on=_begun_on(of_loan[loan.pk]),
            advance=sum((one.amount for one in _drawdowns(of_loan[loan.pk])), ZERO),
            entries=entries,
            waiting=tuple(one for one in entries if one.pk in waiting_ids),
            must_go=loan.pk in doubtful or any(map(_has_come, entries)),
        )
        for loan in Loan.objects.with_company().filter(pk__in=loan_ids)
        for entries in [by_loan[loan.pk]]
    ]


def _has_come(record: SyncRecord) -> bool:
    return record.state in HAS_COME or record.is_alarmed


def _drawdowns(events: Sequence[LoanEvent]) -> list[LoanEvent]:
    """Return the drawdowns that nobody has taken back, in the order of recording."""
    taken_back = {one.reverses_id for one in events}
    return [
        one
        for one in events
        if one.kind == EventKind.DRAWDOWN
        and not one.is_reversal
        and one.pk not in taken_back
    ]


def _begun_on(events: Sequence[LoanEvent]) -> date:
    return next(iter(_drawdowns(events)), events[0]).value_date


def _hash(*shown: object) -> str:
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()
