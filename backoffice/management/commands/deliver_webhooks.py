"""Collect and deliver outgoing webhooks in this process, without a cluster."""

import logging
from threading import Event
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections

from backoffice.webhooks import jobs
from lending.management.base import PlainCommand, stop_signals

logger = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
# After a failure, so that an outage does not fill the log.
PAUSE_SECONDS = 10.0
OUTAGES = (DatabaseError, InterfaceError, OSError)


class Command(PlainCommand):
    """`manage.py deliver_webhooks`."""

    help = "Tell other services what has happened, once or for ever, without a cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--loop", action="store_true", help="Until it is stopped, not just once."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Deliver once, or until SIGTERM or SIGINT."""
        with stop_signals() as stopped:
            if options["loop"]:
                self.say("Delivering; stop with Ctrl-C.")
                self._loop(stopped)
                self.say("Stopped; nothing is lost.")
            else:
                done = jobs.run_slice(seconds=jobs.SLICE_SECONDS, stop=stopped.is_set)
                self.say(f"{done[0].upper()}{done[1:]}.")

    def _loop(self, stopped: Event) -> None:
        while not stopped.is_set():
            close_old_connections()
            pause = IDLE_SECONDS
            try:
                jobs.run_slice(seconds=jobs.SLICE_SECONDS, stop=stopped.is_set)
            except OUTAGES as exc:
                pause = PAUSE_SECONDS
                logger.warning("The delivery goes on in a moment: %s", exc)
            except Exception:
                # A fault about one message must not end the others'.
                pause = PAUSE_SECONDS
                logger.exception("The delivery met a fault and goes on in a moment")
            stopped.wait(pause)
