"""Encrypt anew under the first key."""

from typing import Any

from django.core.management.base import CommandError

from backoffice import resealing
from lending.management.base import PlainCommand
from lending.seals.sealing import ChainBroken


class Command(PlainCommand):
    """`manage.py reseal`."""

    help = (
        "Encrypt all secrets anew under the first of FIELD_ENCRYPTION_KEYS. Put a new "
        "key first, restart everything, run this, then take the old keys out."
    )

    refusals = (ChainBroken, *PlainCommand.refusals)

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Reseal, and say how much was done and whether old keys may go.

        Raises:
            CommandError: no key opens some of them; they are named.
        """
        report = resealing.reseal()
        for name, number in report.done.items():
            self.say(f"{name}: {number} encrypted anew")
        if report.unreadable:
            for one in report.unreadable:
                self.say(f"No key opens {one}")
            raise CommandError(
                "Put the key back that sealed these, and repeat; or give them new "
                "secrets, then repeat."
            )
        self.say("Everything is under the first key; the others may go.")
