"""Make the roles of staff what the product's table says, and show it."""

from typing import Any

from backoffice.users import roles
from lending.management.base import PlainCommand


class Command(PlainCommand):
    """`manage.py roles`."""

    help = (
        "Make the roles of staff what the product's table says, and show it. Run it "
        "after each migration; an administrator then gives the roles in the admin. "
        "The first one is a superuser: manage.py createsuperuser."
    )
    refusals = (LookupError, *PlainCommand.refusals)

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Synchronise, and print each role with what it may do."""
        differed = roles.synchronise()
        for role in roles.ROLES.values():
            mark = "changed" if role.name in differed else "as it was"
            self.say(f"{role.name}: {role.words} ({mark})")
            for permission in sorted(role.permissions):
                self.say(f"  {permission}")
