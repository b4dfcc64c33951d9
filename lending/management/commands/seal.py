"""Seal finished days."""

from typing import Any

from django.utils import timezone

from lending.management.base import PlainCommand
from lending.seals import sealing
from lending.seals.sealing import ChainBroken


class Command(PlainCommand):
    """`manage.py seal`."""

    help = (
        "Seal finished days, as the worker does by itself. Keep the head that it "
        "prints elsewhere: manage.py verify --head then shows if seals were cut off."
    )

    refusals = (ChainBroken, *PlainCommand.refusals)

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Seal what is due, and print up to when and the chain's head."""
        sealed = sealing.seal_finished(now=timezone.now())
        if sealed.day is None:
            self.say("No day is finished yet; nothing was sealed.")
            return
        self.say(f"Sealed up to {sealed.day}: {sealed.rows} rows now. Head:")
        self.say(sealed.head)
