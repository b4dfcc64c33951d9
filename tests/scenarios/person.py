"""A person who answers what waits for a person, and never lies.

They look into the borrower's books: what stands there they link by hand, what does not
they say is absent; what was refused they mostly send again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

from tests.scenarios import books
from tests.scenarios.borrowers import Borrower
from tests.scenarios.world import World
from xero_sync.codat.exceptions import DecisionNotAllowed, WritebackBlocked
from xero_sync.connections import backfill, switches
from xero_sync.models import StrayPush, SyncRecord, WriteAttempt
from xero_sync.models.choices import (
    STANDING_STATES,
    UNDER_WAY_STATES,
    Reason,
    State,
    Step,
)
from xero_sync.organisations import changes as organisations
from xero_sync.sandbox.ledger import Entry, Line
from xero_sync.sandbox.wire import new_id
from xero_sync.writeback import decisions, stray_decisions, stray_marks

BY = "person"
WHY = "looked in Xero"


class Person:
    """Answers for all borrowers of a world."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self.chance = chance
        # Entries that stand in Xero although they were refused for good, or that were
        # sent anew while a push of them was on its way.
        self.contradictions: list[str] = []

    def answer_all(self, borrowers: list[Borrower]) -> int:
        """Answer everything that waits; return how many answers were given."""
        answered = 0
        for borrower in borrowers:
            answered += self._switch_on(borrower)
            answered += self._link_strays(borrower)
            waiting = SyncRecord.objects.needing_a_decision().filter(
                company=borrower.company
            )
            for pk in list(waiting.order_by("event", "step").values_list("pk")):
                record = waiting.filter(pk=pk[0]).select_related("event__loan").first()
                if record is not None:
                    answered += self._answer(borrower, record)
        return answered

    def _switch_on(self, borrower: Borrower) -> int:
        connection = borrower.connection
        if connection.organisation_changed and self._is_his_own(borrower):
            self._decide(
                lambda: organisations.confirm_same(
                    connection=connection, confirmed_by=BY, now=self.world.clock.now
                )
            )
            return 1
        if connection.writeback_on or connection.status != "Linked":
            return 0
        held = backfill.held(connection=connection, now=self.world.clock.now)
        fate = self.chance.random()
        days = [one.begun_on for one in held.loans]
        since = self.chance.choice(days) if days and fate > 0.8 else None
        choice = "leave_out" if fate < 0.1 else "publish"
        shown = held.effect(choice, since).fingerprint if held.loans else None
        return self._decide(
            lambda: switches.switch_writeback(
                connection=connection,
                on=True,
                switched_by=BY,
                now=self.world.clock.now,
                held_events=choice,
                publish_from=since,
                fingerprint=shown,
            )
        )

    def _link_strays(self, borrower: Borrower) -> int:
        """Say of pushes that we do not know which of our entries they wrote."""
        connection = borrower.connection
        if connection.held_after_restore_since is None:
            return 0
        given = {
            "connection": connection,
            "reason": WHY,
            "decided_by": BY,
            "now": self.world.clock.now,
        }
        answered = 0
        for push in connection.stray_pushes.unsettled().order_by("requested_on", "pk"):
            records = self._written_by(borrower, push)
            if records:
                self.world.tell(f"  {BY} links what {push.data_type} wrote")
                answered += self._decide(
                    lambda push=push, records=records: stray_decisions.name_ours(
                        pushes=[push], records=records, **given
                    )
                )
        if not answered and self.world.is_quiet_at_codat:
            answered += self._decide(lambda: stray_decisions.let_go(**given))
        return answered

    def _written_by(self, borrower: Borrower, push: StrayPush) -> list[SyncRecord]:
        key = str(push.push_operation_key)
        unsent = stray_marks.unsent(borrower.connection)
        brought = {
            line.reference: line.id
            for line in borrower.books.statement(borrower.source_id)
            if line.push_operation_key == key
        }
        if brought:
            found = [
                one
                for one in unsent
                if one.step == Step.STATEMENT_LINE and one.event.external_id in brought
            ]
            for one in found:
                borrower.renamed[brought[one.event.external_id]] = str(one.pk)
            return found
        made = [
            books.content_of(borrower, entry)
            for entry in books.posted(borrower)
            if entry.push_operation_key == key
        ]
        alike = [
            one
            for one in unsent
            if one.step != Step.STATEMENT_LINE
            and books.expected(borrower, one.event) in made
        ]
        return alike[:1]

    def _is_his_own(self, borrower: Borrower) -> bool:
        name = self.world.sandbox.organisation_name(borrower.remote_id)
        return name == borrower.organisation

    def _answer(self, borrower: Borrower, record: SyncRecord) -> int:
        if record.is_alarmed and record.state not in UNDER_WAY_STATES:
            return self._put_right(borrower, record)
        if record.state == State.UNKNOWN and self._waits(record):
            return 0
        found = self._find(borrower, record)
        words = f"  {BY} about {record.event.external_id} {record.step}"
        words += f" ({record.state} {record.reason})"
        if found is not None:
            self.world.tell(f"{words}: it is there")
            if record.state == State.FAILED:
                self.contradictions.append(f"{record} was refused and stands in Xero")
            return self._link(record, found)
        if record.state == State.UNKNOWN:
            self.world.tell(f"{words}: it is not there")
            return self._deny(record)
        if record.reason == Reason.UNDO_BY_HAND:
            self.world.tell(f"{words}: undone by hand")
            return self._undo(borrower, record)
        gives_up = self.chance.random() < 0.2 and not record.event.is_reversal
        if record.state == State.FAILED and gives_up:
            self.world.tell(f"{words}: give it up")
            return self._decide(lambda: decisions.cancel(**self._act(record)))
        self.world.tell(f"{words}: send it again")
        return self._decide(lambda: decisions.send_again(**self._act(record)))

    def _deny(self, record: SyncRecord) -> int:
        pushes = self.world.sandbox._world.pushes
        own = WriteAttempt.objects.filter(request__records=record)
        keys = {*own.values_list("push_operation_key", flat=True)} - {None}
        pending = [key for key in keys if pushes[str(key)].status == "Pending"]
        answered = self._decide(lambda: decisions.answer_absent(**self._act(record)))
        if answered and pending:
            self.contradictions.append(f"{record} was sent anew beside {pending}")
        return answered

    def _waits(self, record: SyncRecord) -> bool:
        """Whether this person knows better than to look now.

        What is on its way nobody can see, and mostly it is answered all the same; but
        of some of it nobody would ever hear, and a statement is put right by nobody.
        """
        is_line = record.step == Step.STATEMENT_LINE
        lands_unheard = self.world.lands_untold or is_line
        return lands_unheard and not self.world.is_quiet_at_codat

    def _put_right(self, borrower: Borrower, record: SyncRecord) -> int:
        """Remove from Xero what an alarm says is there beside its entry."""
        self.world.tell(f"  {BY} about the alarm of {record.event.external_id}")
        for watched in record.watched_pushes.alarms():
            content = books.expected(borrower, record.event)
            standing = SyncRecord.objects.bookings().filter(
                company=borrower.company, state__in=STANDING_STATES
            )
            wanted = sum(
                books.expected(borrower, one.event) == content
                for one in standing.select_related("event__loan")
            )
            if books.counted(borrower)[content] > wanted:
                books.remove(borrower, str(watched.push_operation_key))
        return self._decide(
            lambda: decisions.settle_alarm(
                record=record, reason=WHY, decided_by=BY, now=self.world.clock.now
            )
        )

    def _act(self, record: SyncRecord) -> dict:
        return {
            "record": record,
            "reason": WHY,
            "decided_by": BY,
            "now": self.world.clock.now,
            "client": self.world.paced,
        }

    def _link(self, record: SyncRecord, record_id: str) -> int:
        return self._decide(
            lambda: decisions.link_by_hand(
                **self._act(record), xero_record_id=record_id
            )
        )

    def _decide(self, act: Callable[[], object]) -> int:
        with self.world.process("a person's decision"):
            try:
                act()
            except (DecisionNotAllowed, WritebackBlocked) as exc:
                self.world.tell(f"  not allowed: {exc}")
                return 0
        return 1

    def _find(self, borrower: Borrower, record: SyncRecord) -> str | None:
        """Look for an entry in the books that no other entry of ours is."""
        if record.step == Step.STATEMENT_LINE:
            ids = {line.id for line in books.lines(borrower)}
            return str(record.pk) if str(record.pk) in ids else None
        content = books.expected(borrower, record.event)
        alike = [
            entry
            for entry in books.posted(borrower)
            if books.content_of(borrower, entry) == content
        ]
        standing = (
            SyncRecord.objects.filter(
                company=borrower.company, step=record.step, state__in=STANDING_STATES
            )
            .exclude(pk=record.pk)
            .select_related("event__loan")
        )
        claimed = [
            one for one in standing if books.expected(borrower, one.event) == content
        ]
        if len(alike) <= len(claimed):
            return None
        taken = {one.xero_record_id for one in claimed}
        free = [one.record_id for one in alike if one.record_id not in taken]
        return free[-1] if free else alike[-1].record_id

    def _undo(self, borrower: Borrower, record: SyncRecord) -> int:
        """Take a payment back in Xero, which only a person can."""
        event = record.event
        content = books.expected(borrower, event.reverses)
        tenant = borrower.books._organisation
        original = next(
            entry
            for entry in books.posted(borrower)
            if books.content_of(borrower, entry) == content
        )
        undone = Entry(
            type=books.BY_HAND,
            record_id=new_id(),
            date=event.value_date,
            amount=original.amount,
            lines=tuple(Line(it.account_id, -it.amount) for it in original.lines),
            posted_at=self.world.clock.now,
            currency=original.currency,
            invoice_id=original.invoice_id,
        )
        if not self._link(record, undone.record_id):
            return 0
        record.refresh_from_db()
        if record.state == State.LINKED_BY_HAND:
            tenant.ledger.post(undone)
            tenant.invoices[original.invoice_id].amount_due += Decimal(original.amount)
        return 1
