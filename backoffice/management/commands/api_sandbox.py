"""Serve the API with a stand-in for Codat behind it, to try everything offline."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandParser

from backoffice.demo import borrower, callers, guide, stage
from backoffice.demo.children import Children
from backoffice.demo.environment import Places
from backoffice.demo.sandbox import Sandbox


class Command(stage.StageCommand):
    """`manage.py api_sandbox`."""

    help = (
        "Serve the API with a company, a loan, a key and a stand-in for Codat. "
        "Some amounts force a refusal, a delay or an unknown outcome."
    )
    name = "api_sandbox"
    port, sandbox_port = 8100, 8865
    flags = ("fresh",)
    extra = callers.ENVIRONMENT

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        parser.add_argument(
            "--fresh", action="store_true", help="Forget what earlier runs left."
        )

    def run_on(self, places: Places, options: dict[str, Any]) -> None:
        """Start everything, make ready what is missing, and serve."""
        kept = callers.Kept(places)
        if options["fresh"] or not kept.is_complete:
            kept.remove()
        call_command("migrate", verbosity=0, interactive=False)
        callers.free_what_was_held()
        with Children(places.logs) as children:
            stage.start(
                children,
                places,
                "--magic",
                "--no-limits",
                f"--state={kept.books}",
                "--push-seconds=0.5",
                "--feed-seconds=0.2",
            )
            # These look every second, where the worker alone would wait for a minute.
            children.start("engine", "push_drain", "--loop")
            children.start("webhooks", "deliver_webhooks", "--loop")
            self.tell("Sandbox, web and worker run.")
            key = callers.prepare(kept, Sandbox(places.sandbox_url))
            self.tell("A company is connected and ready for write-back.")
            login = borrower.operator_login()
            self.serve(children, "\n".join(guide.screen(places, key, login)))
