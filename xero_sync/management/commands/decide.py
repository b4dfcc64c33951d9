"""Decide about an entry that waits for a person."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from lending.management.base import at_the_keyboard
from xero_sync.entries import wording as entry_wording
from xero_sync.management.base import XeroCommand, a_uuid
from xero_sync.models import SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import decisions
from xero_sync.writeback.paced_client import paced_client

DECISIONS: dict[str, Callable[..., SyncRecord]] = {
    "send-again": decisions.send_again,
    "cancel": decisions.cancel,
    "link": decisions.link_by_hand,
    "absent": decisions.answer_absent,
}
# It is no decision on where the entry stands.
SETTLE = "settle"


class Command(XeroCommand):
    """`manage.py decide`."""

    help = (
        "Show an entry and what to look for in Xero, or decide about it. Decide "
        "send-again once mended, cancel, link what stands in Xero, absent if it does "
        "not, settle the alarm that it may stand twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("record", type=a_uuid, help="sync_status names it.")
        parser.add_argument("decision", nargs="?", choices=[*DECISIONS, SETTLE])
        parser.add_argument("--reason", default="", help="It stays on the record.")
        parser.add_argument("--xero-id", help="With link: the record's id in Xero.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Show the entry, or take the decision."""
        record = _record(options["record"])
        decision = options["decision"]
        if decision is None:
            self._show(record)
            return
        values: dict[str, Any] = {
            "reason": options["reason"],
            "decided_by": at_the_keyboard(),
        }
        if options["xero_id"]:
            if decision != "link":
                raise CommandError("--xero-id: only the decision link takes one.")
            values["xero_record_id"] = options["xero_id"]
        record = _decide(decision, record=record, now=database_now(), **values)
        self.say(f"{record.pk} is now: {entry_wording.state_of(record)}.")

    def _show(self, record: SyncRecord) -> None:
        for line in entry_wording.describe(record):
            self.say(line)
        self.say("What happened:")
        for line in entry_wording.timeline(record):
            self.say(line)


def _decide(decision: str, **values: Any) -> SyncRecord:
    if decision == SETTLE:
        return decisions.settle_alarm(**values)
    with paced_client() as client:
        return DECISIONS[decision](client=client, **values)


def _record(number: UUID) -> SyncRecord:
    known = SyncRecord.objects.select_related(
        "event", "loan__company", "lender_account", "request__mapping__lender_account"
    )
    record = known.filter(pk=number).first()
    if record is None:
        raise CommandError(f"record: there is no entry {number}; see sync_status.")
    return record
