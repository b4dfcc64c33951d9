"""Compare what is stored with its seals."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection

from lending.db import guards
from lending.management.base import PlainCommand, a_date
from lending.seals import checking
from lending.seals.checking import Finding

MOST_SHOWN = 20


class Command(PlainCommand):
    """`manage.py verify`."""

    help = (
        "Compare what is stored with its seals, and name the first broken day and row. "
        "It looks at the database's guards as well, reads everything and changes "
        "nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--since",
            type=a_date,
            metavar="YYYY-MM-DD",
            help="Compare the rows of this day and later (default: all).",
        )
        parser.add_argument(
            "--head", help="A head that manage.py seal printed: it must be there."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Print what was compared.

        Raises:
            CommandError: something is not as it was sealed, or a guard is missing.
        """
        unguarded = guards.missing(connection)
        report = checking.check(since=options["since"])
        self._say("Worth a look:", report.notes)
        self._say("Broken, the first one first:", report.broken)
        head = options["head"]
        if head and head not in report.heads:
            self.say(f"No seal has the head {head}: seals were cut off or made anew.")
        for table in unguarded:
            self.say(f"The guard of {table} is missing: manage.py migrate made it.")
        if report.broken or unguarded or (head and head not in report.heads):
            first = f" since {report.broken[0]}" if report.broken else ""
            raise CommandError(f"What is stored is not what was sealed{first}.")
        if report.day is None:
            self.say("Nothing is sealed yet; the guards are in place.")
            return
        self.say(
            f"{report.rows} rows up to {report.day} are as they were sealed, by "
            f"{report.seals} seals, and the guards are in place. Head:"
        )
        self.say(report.head)

    def _say(self, title: str, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        self.say(title)
        for one in findings[:MOST_SHOWN]:
            self.say(f"  {one}")
        if len(findings) > MOST_SHOWN:
            self.say(f"  and {len(findings) - MOST_SHOWN} more")
