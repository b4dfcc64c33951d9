"""Take a recorded event back."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from lending import formats, services
from lending.management.base import PlainCommand, a_date, at_the_keyboard, event_named


class Command(PlainCommand):
    """`manage.py reverse_event`."""

    help = "Take a loan event back with one of opposite effect."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("external_id", help="The id of the event to take back.")
        parser.add_argument(
            "--date",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="The reversal's value date (default: today for the company).",
        )
        parser.add_argument("--reversal-id", help="Your id (default: one is made).")
        parser.add_argument("--description", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Record the reversal and name it."""
        event = event_named(options["external_id"])
        company = event.loan.company
        reversal, is_new = services.reverse_event(
            event=event,
            recorded_by=at_the_keyboard(),
            today=company.today(timezone.now()),
            value_date=options["date"],
            external_id=options["reversal_id"],
            description=options["description"],
        )
        if not is_new:
            self.say(f"{reversal.external_id} was recorded before; nothing was added.")
            return
        amount = formats.money(event.amount, company.currency)
        self.say(
            f"Recorded {reversal.external_id}: it takes {event.external_id} back, "
            f"{event.kind} of {amount} on {event.loan.reference}, value date "
            f"{reversal.value_date}."
        )
