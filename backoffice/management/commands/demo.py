"""Show the whole product at work, with one command and nothing to install."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import connection as database

from backoffice.demo import borrower, environment, sandbox, stage, story
from backoffice.demo.children import Children
from backoffice.demo.environment import Places
from backoffice.demo.progress import Progress, follow
from backoffice.demo.report import Report
from xero_sync.codat.client import CodatClient
from xero_sync.models import Connection


class Command(stage.StageCommand):
    """`manage.py demo`."""

    help = (
        "Live two loans to their settlement, compare the books, and keep serving. "
        "They are written into the books of a stand-in for Xero."
    )
    name = "demo"
    port, sandbox_port = 8000, 8765
    flags = ("once", "keep")

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--once",
            action="store_true",
            help="End with the verdict; 0 if all is equal.",
        )
        parser.add_argument(
            "--keep", action="store_true", help="Leave the demo's database behind."
        )

    def run_on(self, places: Places, options: dict[str, Any]) -> None:
        """Play the story, compare the books, and serve."""
        self._prepare(places)
        with Children(places.logs) as children:
            stage.start(children, places)
            self.tell(f"Sandbox, web and worker run; their logs are in {places.logs}.")
            connection, is_equal = self._play(children, places)
            if not options["once"]:
                self.serve(children, self._addresses(places, connection))
        if is_equal and not options["keep"]:
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
        self._login = borrower.operator_login()
        self.tell(f"The demo's own database is ready: {places.database}.")

    def _play(self, children: Children, places: Places) -> tuple[Connection, bool]:
        control = sandbox.Sandbox(places.sandbox_url)
        with CodatClient.from_settings() as client:
            connection = borrower.take_on(story.BORROWER, control, client)
        self.tell(f"{story.BORROWER.name} is connected, its accounts are chosen.")
        loans = story.agree_loans(connection, control)
        for words in story.record_lives(loans):
            self.stdout.write(f"  recorded {words}")
        self.tell("Both loans are recorded; the worker writes them into Xero.")
        follow(Progress(self.stdout), children.check)
        report = Report(connection, control)
        self.tell("This is what stands in Xero, read from the sandbox itself.")
        for line in ("", *report.lines()):
            self.stdout.write(line)
        return connection, not report.differences()

    def _addresses(self, places: Places, connection: Connection) -> str:
        books = f"{places.sandbox_url}/_sandbox/books/{connection.codat_connection_id}"
        return (
            f"\nBack office  {places.web_url}/admin/\n"
            f"Login        {self._login.name} / {self._login.password}\n"
            f"Xero's books {books}\n"
            f"Health       {places.web_url}/readyz\n"
            "Stop with Ctrl-C."
        )
