"""Say how the connections to Xero stand, or read them all at Codat first."""

from typing import Any

from django.core.management.base import CommandParser

from xero_sync.connections import alerts, daily_check
from xero_sync.management.base import XeroCommand
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client
from xero_sync.xero_app import cap


class Command(XeroCommand):
    """`manage.py connections`."""

    help = "Say how the connections to Xero stand and what is used of Xero's limit."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--check",
            action="store_true",
            help="Read all of them at Codat first, as the daily check does.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say it; what could not be read is counted."""
        if options["check"]:
            with paced_client() as client:
                checked, failed = daily_check.check_all(
                    client=client, now=database_now()
                )
            self.say(f"{checked} checked, {failed} could not be read.")
        self.say(cap.in_words(cap.usage()))
        live = Connection.objects.live().select_related("company")
        for connection in live.order_by("company__reference"):
            name = connection.organisation_name or "–"
            demo = ", demo company" if connection.is_demo else ""
            self.say(f"{connection.company.reference}: “{name}”{demo}")
            for sentence in alerts.standing(connection):
                self.say(f"  {sentence}")
        for matter in alerts.alerts(now=database_now()):
            self.say(f"! {matter.sentence}")
