"""Erase what has been kept for long enough."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from backoffice import retention
from lending.management.base import PlainCommand
from xero_sync.runtime.clock import database_now


class Command(PlainCommand):
    """`manage.py retention`."""

    help = (
        "Erase what has been kept for as long as RETENTION_DAYS says. The worker does "
        "it by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the rehearsal."""
        parser.add_argument(
            "--dry-run", action="store_true", help="Only count what would be erased."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Erase or count, and print the rows of each table."""
        do = retention.count if options["dry_run"] else retention.erase
        for kind, days in settings.RETENTION_DAYS.items():
            self.say(f"{kind}: kept for {days} days" if days else f"{kind}: kept")
        for name, rows in do(now=database_now()).items():
            self.say(f"  {name}: {rows} rows")
