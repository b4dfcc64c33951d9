"""Switch the writing into a borrower's Xero on or off."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from lending.management.base import a_date, at_the_keyboard
from xero_sync.connections import backfill, backfill_wording, switches
from xero_sync.management.base import XeroCommand, connection_of
from xero_sync.models import Connection
from xero_sync.models.choices import HeldEvents
from xero_sync.runtime.clock import database_now


class Command(XeroCommand):
    """`manage.py writeback`."""

    help = "Switch the writing into a borrower's Xero on or off; the history stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="The company's reference.")
        parser.add_argument(
            "switch",
            choices=("on", "off", "held"),
            help="held: show what is held, and what each choice does; change nothing.",
        )
        parser.add_argument(
            "--held-events",
            choices=HeldEvents.values,
            help="What becomes of the loans held while it was off.",
        )
        parser.add_argument(
            "--from",
            dest="publish_from",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="With publish: loans begun earlier are left out, unless some of them "
            "is in Xero. Without it all are published.",
        )
        parser.add_argument(
            "--fingerprint",
            help="Of the choice as `held` showed it: refused if it has changed.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Switch, and say what it is now."""
        connection = connection_of(options["reference"])
        if options["switch"] == "held":
            self._show(connection, options["publish_from"])
            return
        on = options["switch"] == "on"
        for name in ("held_events", "publish_from", "fingerprint"):
            if options[name] and not on:
                raise CommandError(f"{name}: only switching on needs this choice.")
        connection = switches.switch_writeback(
            connection=connection,
            on=on,
            switched_by=at_the_keyboard(),
            now=database_now(),
            held_events=options["held_events"],
            publish_from=options["publish_from"],
            fingerprint=options["fingerprint"],
        )
        now = "on" if connection.writeback_on else "off"
        self.say(f"Write-back is {now} for {connection.company}.")

    def _show(self, connection: Connection, publish_from: date | None) -> None:
        held = backfill.held(connection=connection, now=database_now())
        self.say(backfill_wording.summary(held))
        for effect in held.effects(publish_from):
            self.say()
            self.say(backfill_wording.choice(effect))
            for sentence in backfill_wording.consequences(effect):
                self.say(f"  {sentence}")
            self.say(f"  Fingerprint: {effect.fingerprint}")
