"""Show or settle pushes at Codat that we do not know, as after a restored backup."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from lending.management.base import at_the_keyboard
from xero_sync.connections import stray_wording
from xero_sync.management.base import XeroCommand, a_uuid, connection_of
from xero_sync.models import Connection, StrayPush, SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import stray_decisions, stray_marks

OURS, PROPOSED, ANOTHERS, GO_ON = "ours", "as-proposed", "anothers", "go-on"


class Command(XeroCommand):
    """`manage.py after_restore`."""

    help = (
        "Show the pushes for which companies are held, or say whose those of one are. "
        "Say ours (with --push and --entry), as-proposed (each transfer the one entry "
        "it looks like), anothers (all, or each --push), go-on (let the company go on)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", nargs="?", help="The company's; all if none.")
        parser.add_argument(
            "decision", nargs="?", choices=[OURS, PROPOSED, ANOTHERS, GO_ON]
        )
        parser.add_argument("--push", type=a_uuid, action="append", default=[])
        parser.add_argument("--entry", type=a_uuid, action="append", default=[])
        parser.add_argument("--reason", default="", help="It stays on the record.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Show them, or take the decision."""
        if options["reference"] is None:
            for connection in _held():
                self._show(connection)
            return
        connection = connection_of(options["reference"])
        if options["decision"] is None:
            self._show(connection)
            return
        row = _decide(connection, options)
        left = row.stray_pushes.unsettled().count()
        reference = options["reference"]
        if row.held_after_restore_since is None:
            self.say(f"{reference} goes on.")
        else:
            self.say(f"{reference} is still held: {left} pushes are left.")

    def _show(self, connection: Connection) -> None:
        reference = connection.company.reference
        if connection.held_after_restore_since is None:
            self.say(f"{reference} is not held for pushes of unknown origin.")
            return
        self.say(f"{reference}: {stray_wording.standing(connection)}")
        proposed = stray_marks.proposals(connection)
        accounts = stray_wording.account_names(connection)
        pushes = connection.stray_pushes.unsettled().order_by("requested_on", "pk")
        for push in pushes.select_related("connection__company"):
            words = stray_wording.name(push, accounts)
            self.say(f"  {push.push_operation_key}  {words}")
            if push in proposed:
                self.say(f"    looks like {stray_wording.entry(proposed[push])}")
        self.say("Entries that they may be:")
        for record in stray_marks.unsent(connection):
            self.say(f"  {record.pk}  {stray_wording.entry(record)}")


def _held() -> list[Connection]:
    held = Connection.objects.live().exclude(held_after_restore_since=None)
    return list(held.select_related("company").order_by("company__reference"))


def _decide(connection: Connection, options: dict[str, Any]) -> Connection:
    given: dict[str, Any] = {
        "connection": connection,
        "reason": options["reason"],
        "decided_by": at_the_keyboard(),
        "now": database_now(),
    }
    match options["decision"]:
        case "ours":
            return stray_decisions.name_ours(
                pushes=_pushes(connection, options["push"]),
                records=_records(options["entry"]),
                **given,
            )
        case "as-proposed":
            return stray_decisions.name_proposed(**given)
        case "anothers":
            return stray_decisions.name_anothers(
                pushes=_pushes(connection, options["push"]), **given
            )
        case _:
            return stray_decisions.let_go(**given)


def _pushes(connection: Connection, keys: list[UUID]) -> list[StrayPush]:
    unsettled = connection.stray_pushes.unsettled()
    if not keys:
        return list(unsettled)
    found = list(unsettled.filter(push_operation_key__in=keys))
    if len(found) != len(set(keys)):
        raise CommandError("--push: name pushes that are listed for the company.")
    return found


def _records(ids: list[UUID]) -> list[SyncRecord]:
    found = list(SyncRecord.objects.filter(pk__in=ids))
    if len(found) != len(set(ids)):
        raise CommandError("--entry: name entries that are listed for the company.")
    return found
