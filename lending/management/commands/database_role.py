"""Grant the running product's database role what it needs."""

from typing import Any

from django.core.management.base import CommandParser
from django.db import connection

from lending.db import runtime_role
from lending.management.base import PlainCommand


class Command(PlainCommand):
    """`manage.py database_role`."""

    help = (
        "Let a PostgreSQL role do what the running product does, and no more. Run it "
        "after each migrate, with the DATABASE_URL of the role that migrates; web, "
        "worker and engine then run with the other one, which can neither alter nor "
        "truncate a table nor take a guard off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the role."""
        parser.add_argument("role", help="The role that the product will run with.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Grant, and say what was granted."""
        role = options["role"]
        granted = runtime_role.grant(connection, role)
        self.say(
            f"{role} may read and add to {granted.added_to} tables that nobody "
            f"changes, and read and change {granted.changed} others."
        )
