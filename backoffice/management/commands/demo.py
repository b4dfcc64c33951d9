"""Show the whole product at work, with one command and nothing to install."""

import logging
import signal
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection as database

from backoffice.demo import environment, sandbox, story
from backoffice.demo.children import ChildEnded, Children, free_port
from backoffice.demo.environment import AnotherDemo, Places
from backoffice.demo.progress import Progress, follow
from backoffice.demo.report import Report
from lending.exceptions import LendingError
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import XeroSyncError
from xero_sync.models import Connection

WATCH_SECONDS = 0.5
INTERRUPTED = 130


class Command(BaseCommand):
    """`manage.py demo`."""

    help = (
        "Write two loans, from drawdown to settlement, into the books of a stand-in "
        "for Xero, compare them with the prediction, and keep serving."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--once",
            action="store_true",
            help="End with the verdict; 0 if all is equal.",
        )
        parser.add_argument(
            "--port", type=int, default=8000, help="Of the back office."
        )
        parser.add_argument("--sandbox-port", type=int, default=8765)
        parser.add_argument(
            "--keep", action="store_true", help="Leave the demo's database behind."
        )
        parser.add_argument(
            "--directory",
            type=Path,
            default=settings.DATA_DIR,
            help="Where the database and the logs go.",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the demo, or start it anew in its own environment first."""
        if not environment.is_prepared():
            _enter(options)
        places = Places(options["directory"], options["port"], options["sandbox_port"])
        if settings.DATABASES["default"]["NAME"] != str(places.database):
            raise CommandError(
                "The demo would not touch a database that is not its own."
            )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            with environment.only_demo(places):
                self._run(places, once=options["once"], keep=options["keep"])
        except (ChildEnded, AnotherDemo) as exc:
            raise CommandError(str(exc) or AnotherDemo.__doc__) from exc
        except (LendingError, XeroSyncError, HTTPException, OSError) as exc:
            raise CommandError(f"{exc} The logs are in {places.logs}.") from exc
        except KeyboardInterrupt as exc:
            raise CommandError("Stopped.", returncode=INTERRUPTED) from exc

    def _run(self, places: Places, *, once: bool, keep: bool) -> None:
        self._started = time.monotonic()
        self._prepare(places)
        with Children(places.logs) as children:
            _log_into(places.logs / "demo.log")
            _start(children, places)
            self._tell(f"Sandbox, web and worker run; their logs are in {places.logs}.")
            connection, is_equal = self._play(children, places)
            if not once:
                self._serve(children, places, connection)
        if is_equal and not keep:
            database.close()
            environment.remove_database(places)
        if not is_equal:
            raise CommandError(
                "The books are not what they should be. The database is "
                f"{places.database}, the logs are in {places.logs}."
            )

    def _prepare(self, places: Places) -> None:
        environment.remove_database(places)
        call_command("migrate", verbosity=0, interactive=False)
        self._login = story.create_operator()
        self._tell(f"The demo's own database is ready: {places.database}.")

    def _play(self, children: Children, places: Places) -> tuple[Connection, bool]:
        control = sandbox.Sandbox(places.sandbox_url)
        with CodatClient.from_settings() as client:
            connection = story.set_up(control, client)
        self._tell(f"{story.BORROWER} is connected, its accounts are chosen.")
        loans = story.agree_loans(connection, control)
        for words in story.record_lives(loans):
            self.stdout.write(f"  recorded {words}")
        self._tell("Both loans are recorded; the worker writes them into Xero.")
        follow(Progress(self.stdout), children.check)
        report = Report(connection, control)
        self._tell("This is what stands in Xero, read from the sandbox itself.")
        for line in ("", *report.lines()):
            self.stdout.write(line)
        return connection, not report.differences()

    def _serve(
        self, children: Children, places: Places, connection: Connection
    ) -> None:
        try:
            self._tell_addresses(places, connection)
            while True:
                children.check()
                time.sleep(WATCH_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping.")

    def _tell_addresses(self, places: Places, connection: Connection) -> None:
        books = f"{places.sandbox_url}/_sandbox/books/{connection.codat_connection_id}"
        self.stdout.write(
            f"\nBack office  {places.web_url}/admin/\n"
            f"Login        {self._login.name} / {self._login.password}\n"
            f"Xero's books {books}\n"
            f"Health       {places.web_url}/readyz\n"
            "Stop with Ctrl-C."
        )
        self.stdout.flush()

    def _tell(self, text: str) -> None:
        spent = time.monotonic() - self._started
        self.stdout.write(f"[{spent:4.1f} s] {text}")
        self.stdout.flush()


def _enter(options: dict[str, Any]) -> NoReturn:
    directory = options["directory"].resolve()
    try:
        web_port = free_port(options["port"])
        places = Places(
            directory, web_port, free_port(options["sandbox_port"], taken=web_port)
        )
    except (OverflowError, ChildEnded) as exc:
        raise CommandError(f"--port: {exc}") from exc
    flags = [f"--{name}" for name in ("once", "keep") if options[name]]
    environment.enter(
        places,
        [
            f"--port={places.web_port}",
            f"--sandbox-port={places.sandbox_port}",
            f"--directory={directory}",
            *flags,
        ],
    )


def _start(children: Children, places: Places) -> None:
    children.start(
        "sandbox",
        "codat_sandbox",
        f"--port={places.sandbox_port}",
        f"--api-key={settings.CODAT_API_KEY}",
        f"--webhook-secret={settings.CODAT_WEBHOOK_SECRET}",
        "--refresh-seconds=0.4",
    )
    children.start("web", "runserver", "--noreload", f"127.0.0.1:{places.web_port}")
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
