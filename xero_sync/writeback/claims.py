"""Take the next entries whose turn it is, and commit what will be sent.

One short transaction: it locks lanes that are due, picks at most one request a lane,
freezes bytes and key, and marks the entries as sending. The HTTP call comes after the
commit, so that what might be in Xero is always on file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from lending.db import bulk
from xero_sync.models import Lane, LoanInXero, SyncRecord, WriteRequest
from xero_sync.models.choices import BOOKINGS, Cause, Reason, State, Step
from xero_sync.writeback import (
    choice_looks,
    choosing,
    freezing,
    holds,
    lines,
    push_looks,
    readiness,
    transitions,
)
from xero_sync.writeback.budget import LATE, Budget
from xero_sync.writeback.exchange import Claim
from xero_sync.writeback.readiness import AnyMapping, LiveConnection, Readiness

# Codat takes ten calls at once for a company; we keep well below.
CALLS_AT_ONCE = 4
# So often at most a claim passes over lanes before the engine sees to other things.
MOST_ROUNDS = 20


@dataclass
class Claimed:
    """What one round of claiming found."""

    sends: list[Claim] = field(default_factory=list)
    checks: list[SyncRecord] = field(default_factory=list)
    # Connections whose chosen accounts are to be looked at before anything is sent.
    unseen: set[UUID] = field(default_factory=set)


@dataclass
class Turn:
    """One lane's turn: when it is due again is settled while it is served."""

    lane_id: int
    company_id: int
    step: str
    due_at: datetime | None = None


def claim(
    *, limit: int, now: datetime, calls: Mapping[int, int] = MappingProxyType({})
) -> Claimed:
    """Claim up to `limit` requests from the lanes that are due.

    Lanes that turn out to have nothing to send are passed over until some do. `calls`
    tells how many exchanges are under way for a company already.
    """
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            turns = _within(_due_lanes(limit, now, calls), calls)
            claimed = _Round(turns, now).run() if turns else Claimed()
            _reschedule(turns)
        choice_looks.ask(claimed.unseen, now=now)
        if not turns or claimed.sends or claimed.checks:
            break
    return claimed


def _within(turns: list[Turn], calls: Mapping[int, int]) -> list[Turn]:
    """Leave out the turns that would make too many calls at once for a company."""
    free: dict[int, int] = {}
    kept = []
    for turn in turns:
        left = free.get(turn.company_id, CALLS_AT_ONCE - calls.get(turn.company_id, 0))
        free[turn.company_id] = left - 1
        if left > 0:
            kept.append(turn)
    return kept


def _due_lanes(limit: int, now: datetime, calls: Mapping[int, int]) -> list[Turn]:
    full = [company for company, count in calls.items() if count >= CALLS_AT_ONCE]
    due = Lane.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    if full:
        due = due.exclude(company__in=full)
    # SQLite has one writer at a time: its transaction is the lock.
    skip = database.features.has_select_for_update_skip_locked
    locked = due.select_for_update(skip_locked=skip)
    return [Turn(*lane) for lane in locked.values_list("pk", "company", "step")[:limit]]


def _reschedule(turns: list[Turn]) -> None:
    idle = [turn.lane_id for turn in turns if turn.due_at is None]
    Lane.objects.filter(pk__in=idle).update(due_at=None)
    for turn in turns:
        if turn.due_at is not None:
            Lane.objects.filter(pk=turn.lane_id).update(due_at=turn.due_at)


class _Round:
    """One round over locked lanes; every query serves all of them."""

    def __init__(self, turns: list[Turn], now: datetime) -> None:
        self.now = now
        self.turns = turns
        companies = {turn.company_id for turn in turns}
        self.ready = readiness.load(company_ids=companies, now=now)
        self.busy = choosing.busy_lanes(companies)
        self.budget = Budget(
            organisations=[
                ready.connection.codat_connection_id
                for ready in self.ready.values()
                if ready.connection
            ],
            now=now,
        )
        self.claimed = Claimed()

    def run(self) -> Claimed:
        bookings = [t for t in self.turns if t.step != Step.STATEMENT_LINE]
        statements = [t for t in self.turns if t.step == Step.STATEMENT_LINE]
        self._claim_bookings(bookings)
        waiting = choosing.companies_with_lines(turn.company_id for turn in statements)
        for turn in statements:
            if turn.company_id in waiting:
                self._claim_lines(turn)
        self.budget.save()
        return self.claimed

    # --- bookings ---------------------------------------------------------------

    def _claim_bookings(self, turns: list[Turn]) -> None:
        free = {
            (turn.company_id, turn.step): turn
            for turn in turns
            if (turn.company_id, turn.step) not in self.busy
        }
        chosen = choosing.next_bookings(
            [turn.lane_id for turn in free.values()], self.now
        )
        put_off = choosing.earliest_due(set(free) - set(chosen), now=self.now)
        for key, moment in put_off.items():
            free[key].due_at = moment
        in_xero = choosing.loans_in_xero(chosen.values())
        # An entry that has never changed has never been sent.
        changed = [record for record in chosen.values() if record.fence]
        self.earlier = lines.latest_requests(changed)
        claims = [
            claim
            for key, record in chosen.items()
            if (claim := self._claim_booking(free[key], record, in_xero))
        ]
        self._commit(claims)

    def _claim_booking(
        self, turn: Turn, record: SyncRecord, in_xero: dict[int, LoanInXero]
    ) -> Claim | None:
        ready = self.ready[record.company_id]
        loan_in_xero = in_xero[record.loan_id]
        fixed = loan_in_xero.lender_account
        reason = holds.hold_reason(record=record, ready=ready, fixed_account=fixed)
        if reason:
            self._hold(turn, record, reason)
            return None
        if self._waits_for_pushes(turn, ready):
            return None
        if choosing.needs_check(record, self.now):
            is_late = self.now - record.state_since > LATE
            turn.due_at = self.budget.take(is_look=not is_late)
            if turn.due_at is None:
                self.claimed.checks.append(record)
            return None
        connection: LiveConnection | None = ready.connection
        mapping: AnyMapping | None = ready.mapping
        # hold_reason has just said that both are there.
        if self._waits_for_look(ready) or connection is None or mapping is None:
            return None
        turn.due_at = self.budget.take(organisation=connection.codat_connection_id)
        if turn.due_at is not None:
            return None
        mapping = freezing.mapping_of(record, mapping)
        if choosing.resendable(record, mapping, self.now):
            return Claim(
                request=record.request,  # type: ignore[arg-type]
                records=(record,),
                known_organisation=connection.codat_connection_id,
            )
        account = freezing.account_of(
            connection=connection, mapping=mapping, in_xero=loan_in_xero
        )
        loan_in_xero.lender_account_id = record.lender_account_id = account.pk
        basis = freezing.Basis(connection, mapping, account, loan_in_xero)
        try:
            body = freezing.freeze_booking(record=record, basis=basis)
        except (ValueError, TypeError) as exc:
            # One entry that cannot be put into words must not stop all others.
            self._refuse(turn, record, str(exc))
            return None
        request = freezing.new_request(
            step=record.step,
            body=body,
            basis_connection=connection,
            mapping=mapping,
            account=account,
            predecessor_id=record.request_id or self.earlier.get(record.pk),
        )
        return Claim(
            request=request,
            records=(record,),
            known_organisation=connection.codat_connection_id,
        )

    def _waits_for_pushes(self, turn: Turn, ready: Readiness) -> bool:
        """Tell whether a look at the pushes that Codat knows comes first."""
        connection = ready.connection
        if connection is None or push_looks.is_answered(connection):
            return False
        turn.due_at = push_looks.ask(connection, now=self.now)
        return True

    def _waits_for_look(self, ready: Readiness) -> bool:
        """Tell whether a look at the chosen accounts comes first; it wakes the lane."""
        connection = ready.connection
        if connection is None or not choice_looks.is_wanted(connection, now=self.now):
            return False
        self.claimed.unseen.add(connection.pk)
        return True

    def _hold(self, turn: Turn, record: SyncRecord, reason: str) -> None:
        transitions.move(
            record, to=State.HELD, reason=reason, cause=Cause.CLAIM, now=self.now
        )
        # The entry behind it may be free to go.
        turn.due_at = self.now

    def _refuse(self, turn: Turn, record: SyncRecord, words: str) -> None:
        transitions.move(
            record,
            to=State.FAILED,
            reason=Reason.NOT_SENDABLE,
            cause=Cause.CLAIM,
            now=self.now,
            note=words,
            failure=words,
        )
        turn.due_at = self.now

    # --- statement lines ----------------------------------------------------------

    def _claim_lines(self, turn: Turn) -> None:
        key = (turn.company_id, turn.step)
        if key in self.busy:
            return
        push = lines.next_push(company_id=turn.company_id, now=self.now)
        if push is None:
            turn.due_at = choosing.earliest_due([key], now=self.now).get(key)
            return
        ready = self.ready[turn.company_id]
        if self._hold_lines(turn, push, ready) or ready.connection is None:
            return
        if self._waits_for_pushes(turn, ready) or self._waits_for_look(ready):
            return
        turn.due_at = self.budget.take(
            organisation=ready.connection.codat_connection_id
        )
        if turn.due_at is not None:
            return
        try:
            claim = lines.freeze(push=push, ready=ready, now=self.now)
        except (ValueError, TypeError) as exc:
            self._refuse(turn, push.records[0], str(exc))
            return
        self._commit([claim])

    def _hold_lines(self, turn: Turn, push: lines.Push, ready: Readiness) -> bool:
        held = False
        bookings = lines.bookings_of(push.records)
        for record in push.records:
            reason = holds.hold_reason(
                record=record,
                ready=ready,
                booking=bookings.get(record.event_id),
                fixed_account=push.account,
            )
            if reason:
                held = True
                self._hold(turn, record, reason)
        return held

    # --- commit -------------------------------------------------------------------

    def _commit(self, claims: list[Claim]) -> None:
        fresh = [claim for claim in claims if claim.request.created_at is None]
        for claim in fresh:
            claim.request.created_at = self.now
        carried = [
            (claim.request, record) for claim in fresh for record in claim.records
        ]
        bulk.insert(WriteRequest, [bulk.values_of(one.request) for one in fresh])
        through = WriteRequest.records.through
        through.objects.bulk_create(
            through(writerequest_id=request.pk, syncrecord_id=record.pk)
            for request, record in carried
        )
        LoanInXero.objects.bulk_create(
            (
                LoanInXero(
                    loan_id=record.loan_id, lender_account_id=record.lender_account_id
                )
                for _, record in carried
                if record.step in BOOKINGS
            ),
            update_conflicts=True,
            unique_fields=["loan"],
            update_fields=["lender_account"],
        )
        self.claimed.sends += start_all(claims, self.now)


def start_sending(claim: Claim, now: datetime) -> bool:
    """Mark a claim's entries as sending under a lease; False if one has moved on."""
    return len(start_all([claim], now)) == 1


def start_all(claims: Sequence[Claim], now: datetime) -> list[Claim]:
    """Mark the entries of claims as sending under a lease.

    Returns:
        The claims whose entries nobody else had moved since they were read.

    Raises:
        RuntimeError: some lines of one push had been moved, which the lane's lock rules
            out; the transaction must not commit half of a push.
    """
    changes = [
        (
            record,
            {"lender_account": record.lender_account_id, "request": claim.request.pk},
        )
        for claim in claims
        for record in claim.records
    ]
    moved = transitions.set_many(
        changes,
        state=State.SENDING,
        reason="",
        state_since=now,
        lease_until=now + timedelta(seconds=settings.WRITEBACK_LEASE_SECONDS),
        # The key of an earlier request must never answer for this one.
        push_operation_key=None,
        candidate_id="",
        candidate_key=None,
        not_before=None,
        next_poll_at=None,
    )
    started = {record.pk for record in moved}
    whole = []
    for claim in claims:
        moved = [record for record in claim.records if record.pk in started]
        if len(moved) == len(claim.records):
            whole.append(claim)
        elif moved:
            raise RuntimeError(f"Only a part of {claim.request} could be claimed.")
    return whole
