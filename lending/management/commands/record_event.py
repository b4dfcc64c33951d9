"""Record a movement of money on a loan."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from lending import formats, money, services
from lending.management.base import PlainCommand, a_date, at_the_keyboard, loan_named
from lending.models import EventKind


class Command(PlainCommand):
    """`manage.py record_event`."""

    help = "Record a movement of money on a loan; a repeat with an id is harmless."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("loan", help="The loan's reference.")
        parser.add_argument("kind", help=f"One of {', '.join(EventKind.values)}.")
        parser.add_argument("amount", help="Without a sign, such as 1250.00.")
        parser.add_argument(
            "--date",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="The value date (default: today for the company).",
        )
        parser.add_argument("--external-id", help="Your id (default: one is made).")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--already-in-books",
            action="store_true",
            help="The borrower's books have it: nothing is written for it.",
        )
        parser.add_argument(
            "--confirmed-amount",
            help="The amount once more, where it is above a ceiling.",
        )
        parser.add_argument("--reason", default="", help="Why it is right then.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Record the event and name it."""
        loan = loan_named(options["loan"])
        currency = loan.company.currency
        today = loan.company.today(timezone.now())
        again = options["confirmed_amount"]
        event, is_new = services.record_event(
            loan=loan,
            kind=options["kind"],
            amount=money.parse_amount(options["amount"], currency),
            value_date=options["date"] or today,
            recorded_by=at_the_keyboard(),
            today=today,
            external_id=options["external_id"],
            description=options["description"],
            already_in_books=options["already_in_books"],
            confirmed_amount=again and money.parse_amount(again, currency),
            reason=options["reason"],
        )
        if not is_new:
            self.say(f"{event.external_id} was recorded before; nothing was added.")
            return
        amount = formats.money(event.amount, currency)
        self.say(
            f"Recorded {event.external_id}: {event.kind} of {amount} on "
            f"{loan.reference}, value date {formats.day(event.value_date)}."
        )
