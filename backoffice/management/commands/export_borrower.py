"""Give everything that is held about one borrower."""

import json
import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from backoffice.export import export
from lending.audit import trail
from lending.management.base import PlainCommand, company_named


class Command(PlainCommand):
    """`manage.py export_borrower`."""

    help = (
        "Give everything that is held about one borrower, as JSON by table. It holds "
        "their books' names and amounts: give it to nobody else."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the company and the file."""
        parser.add_argument("company", help="The company's reference.")
        parser.add_argument(
            "--output", type=Path, help="A new file that you alone may read."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write it, and a row of the trail beside it.

        Raises:
            CommandError: the file is there already, or cannot be written.
        """
        company = company_named(options["company"])
        with transaction.atomic():
            trail.record("company.exported", company)
            found = export(company)
            text = json.dumps(found, cls=DjangoJSONEncoder, indent=1)
            self._write(text, options["output"])

    def _write(self, text: str, path: Path | None) -> None:
        if path is None:
            self.say(text)
            return
        try:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as exc:
            words = f"--output: {path} is there already; name another file."
            raise CommandError(words) from exc
        except OSError as exc:
            words = f"--output: {path} cannot be written: {exc.strerror}."
            raise CommandError(words) from exc
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        self.say(f"Written to {path}.")
