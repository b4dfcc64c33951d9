"""What the commands share that start the whole product beside a stand-in for Codat."""

import logging
import signal
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.demo import environment, sandbox
from backoffice.demo.children import ChildEnded, Children, free_port
from backoffice.demo.environment import AnotherDemo, Places
from lending.exceptions import LendingError
from xero_sync.borrowers import connecting
from xero_sync.codat.exceptions import XeroSyncError

WATCH_SECONDS = 0.5
INTERRUPTED = 130


class StageCommand(BaseCommand):
    """A command with an environment, a database and processes of its own.

    Its name in `manage.py`, with dashes, names its files.
    """

    requires_system_checks: list[str] = []
    name: ClassVar[str]
    port: ClassVar[int]
    sandbox_port: ClassVar[int]
    flags: ClassVar[Sequence[str]] = ()
    extra: ClassVar[Mapping[str, str]] = {}

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--port", type=int, default=self.port, help="Of the back office."
        )
        parser.add_argument("--sandbox-port", type=int, default=self.sandbox_port)
        parser.add_argument(
            "--directory",
            type=Path,
            default=settings.DATA_DIR,
            help="Where the database and the logs go.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run it, or start it anew in its own environment first."""
        if not environment.is_prepared():
            self._enter(options)
        places = self._places(options)
        if settings.DATABASES["default"]["NAME"] != str(places.database):
            raise CommandError("This would not touch a database that is not its own.")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        self._started = time.monotonic()
        try:
            with environment.only_demo(places):
                self.run_on(places, options)
        except (ChildEnded, AnotherDemo) as exc:
            raise CommandError(str(exc) or AnotherDemo.__doc__) from exc
        except (LendingError, XeroSyncError, HTTPException, OSError) as exc:
            raise CommandError(f"{exc} The logs are in {places.logs}.") from exc
        except KeyboardInterrupt as exc:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from exc

    @abstractmethod
    def run_on(self, places: Places, options: dict[str, Any]) -> None:
        """Do the work, in the environment that was prepared for it."""

    def serve(self, children: Children, words: str) -> None:
        """Say how to use it, and watch the processes until Ctrl-C.

        Raises:
            ChildEnded: one of them ended by itself.
        """
        try:
            self.stdout.write(words)
            self.stdout.flush()
            while True:
                children.check()
                time.sleep(WATCH_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")

    def tell(self, text: str) -> None:
        """Say what has been reached, and after how many seconds."""
        spent = time.monotonic() - self._started
        self.stdout.write(f"[{spent:4.1f} s] {text}")
        self.stdout.flush()

    def _places(self, options: dict[str, Any]) -> Places:
        ports = options["port"], options["sandbox_port"]
        return Places(options["directory"], *ports, name=self.name.replace("_", "-"))

    def _enter(self, options: dict[str, Any]) -> NoReturn:
        directory = options["directory"].resolve()
        try:
            web_port = free_port(options["port"])
            sandbox_port = free_port(options["sandbox_port"], taken=web_port)
        except (OverflowError, ChildEnded) as exc:
            raise CommandError(f"--port: {exc}") from exc
        chosen = {
            "directory": directory,
            "port": web_port,
            "sandbox_port": sandbox_port,
        }
        environment.enter(
            self._places(chosen),
            self.name,
            [
                f"--port={web_port}",
                f"--sandbox-port={sandbox_port}",
                f"--directory={directory}",
                *(f"--{flag}" for flag in self.flags if options[flag]),
            ],
            self.extra,
        )


def start(children: Children, places: Places, *sandbox_options: str) -> None:
    """Start the stand-in, the web and the worker; return when they answer.

    Raises:
        ChildEnded: one of them did not get ready.
    """
    _log_into(places.logs / f"{places.name}.log")
    children.start(
        "sandbox",
        "codat_sandbox",
        f"--port={places.sandbox_port}",
        f"--api-key={settings.CODAT_API_KEY}",
        f"--webhook-secret={settings.CODAT_WEBHOOK_SECRET}",
        "--refresh-seconds=0.4",
        f"--redirect-url={connecting.return_address()}",
        *sandbox_options,
    )
    children.start_web(places.web_port)
    children.start("worker", "qcluster")
    children.wait_for(
        "sandbox", lambda: sandbox.answers(f"{places.sandbox_url}/_sandbox/state")
    )
    children.wait_for("web", lambda: sandbox.answers(f"{places.web_url}/healthz"))


def _log_into(path: Path) -> None:
    """Keep this process's log lines out of the story it tells."""
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger().handlers[:] = [handler]


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
