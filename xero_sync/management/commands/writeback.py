"""Switch the writing into a borrower's Xero on or off."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from lending.management.base import a_date, at_the_keyboard
from xero_sync.connections import switches
from xero_sync.management.base import XeroCommand, connection_of
from xero_sync.models.choices import HeldEvents
from xero_sync.runtime.clock import database_now


class Command(XeroCommand):
    """`manage.py writeback`."""

    help = "Switch the writing into a borrower's Xero on or off; the history stays."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="The company's reference.")
        parser.add_argument("switch", choices=("on", "off"))
        parser.add_argument(
            "--held-events",
            choices=HeldEvents.values,
            help="What becomes of the events held while it was off.",
        )
        parser.add_argument(
            "--from",
            dest="publish_from",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="With publish: earlier value dates are left out.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Switch, and say what it is now."""
        on = options["switch"] == "on"
        if not on and (options["held_events"] or options["publish_from"]):
            raise CommandError("held_events: only switching on needs this choice.")
        connection = switches.switch_writeback(
            connection=connection_of(options["reference"]),
            on=on,
            switched_by=at_the_keyboard(),
            now=database_now(),
            held_events=options["held_events"],
            publish_from=options["publish_from"],
        )
        now = "on" if connection.writeback_on else "off"
        self.say(f"Write-back is {now} for {connection.company}.")
