"""Register the address that Codat sends its messages to."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from xero_sync.codat.webhooks import EVENT_TYPES
from xero_sync.management.base import XeroCommand
from xero_sync.webhooks import registration as webhook_registration
from xero_sync.webhooks.registration import SECRET_STEP, Registration
from xero_sync.writeback.paced_client import paced_client


class Command(XeroCommand):
    """`manage.py codat_webhooks`."""

    help = "Check or register where Codat sends its messages (PUBLIC_BASE_URL)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true")
        what.add_argument("--create", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Look, register if asked to, and say what is left to do."""
        if not webhook_registration.is_reachable():
            raise CommandError(
                "PUBLIC_BASE_URL: Codat cannot reach "
                f"{webhook_registration.address()}; set "
                "the address that the back office has on the internet."
            )
        with paced_client() as client:
            if options["create"]:
                registration, is_new = webhook_registration.register(client=client)
            else:
                registration, is_new = webhook_registration.look(client=client), False
        if registration.consumer is None:
            raise CommandError(
                f"{registration.address} is not registered at Codat; run "
                "codat_webhooks --create."
            )
        self._show(registration, is_new=is_new)

    def _show(self, registration: Registration, *, is_new: bool) -> None:
        word = "is now registered" if is_new else "is registered"
        self.say(f"{registration.address} {word} at Codat.")
        problems = _problems(registration)
        if problems:
            raise CommandError(
                " ".join(problems)
                + " Codat has no call to change it: delete it in Codat's portal, run "
                "codat_webhooks --create and copy the new signing secret."
            )
        self.say(f"It is told all {len(EVENT_TYPES)} events that we read.")
        self.say(SECRET_STEP)


def _problems(registration: Registration) -> list[str]:
    consumer = registration.consumer
    if consumer is None:
        return []
    problems = []
    if consumer.disabled:
        problems.append("It is switched off.")
    if consumer.company_tags:
        problems.append("It is told of tagged companies only.")
    if registration.missing:
        problems.append(f"It is not told {', '.join(registration.missing)}.")
    return problems
