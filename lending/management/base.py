"""What the commands share: plain refusals, dates, and who is at the keyboard."""

import getpass
import os
import signal
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from threading import Event
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from lending.audit import origin
from lending.audit.origin import Origin
from lending.exceptions import LendingError
from lending.models import Company, Loan, LoanEvent


class PlainCommand(BaseCommand):
    """A command that answers a refusal with a sentence, never with a traceback."""

    refusals: tuple[type[Exception], ...] = (LendingError,)

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; a refusal of ours becomes a CommandError.

        Raises:
            CommandError: what was refused, which field is meant and what to do.
        """
        came = Origin(actor=at_the_keyboard, request_id=str(uuid4()))
        try:
            with origin.acting(came):
                return super().execute(*args, **options)
        except self.refusals as exc:
            raise CommandError(self.sentence(exc)) from exc
        except DatabaseError as exc:
            if not _says_that_tables_are_missing(exc):
                raise
            raise CommandError(
                "The database lacks tables: run manage.py migrate first, or set "
                "DATABASE_URL to the one that you mean."
            ) from exc
        finally:
            with self._unread_is_no_fault():
                self.stdout.flush()

    def sentence(self, exc: Exception) -> str:
        """Say what was refused, beginning with the field that is meant."""
        text, field = str(exc), getattr(exc, "field", None)
        return f"{field}: {text}" if field and field not in text else text

    def say(self, text: str = "") -> None:
        """Print a line."""
        with self._unread_is_no_fault():
            self.stdout.write(text)

    @contextmanager
    def _unread_is_no_fault(self) -> Iterator[None]:
        """Go on in silence once nobody reads any more, as behind `head`."""
        try:
            yield
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            # What is still in the buffer goes there too, when Python ends.
            os.dup2(nowhere, self.stdout.fileno())
            os.close(nowhere)


def _says_that_tables_are_missing(exc: DatabaseError) -> bool:
    """Tell whether this is what a database without its migrations answers."""
    undefined_table = getattr(exc.__cause__, "sqlstate", None) == "42P01"
    return undefined_table or "no such table" in str(exc)


@contextmanager
def stop_signals() -> Iterator[Event]:
    """Yield what SIGTERM and SIGINT set: what is under way is brought to its end."""
    stopped = Event()
    before = {
        number: signal.signal(number, lambda *_: stopped.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def a_date(text: str) -> date:
    """Read a date option."""
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ArgumentTypeError(
            f"“{text}” is no date; write it as YYYY-MM-DD, such as 2026-03-31."
        ) from exc


def at_the_keyboard() -> str:
    """Name who runs a command, for the record."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number only.
        name = str(os.getuid())
    return f"command:{name}"


def company_named(reference: str) -> Company:
    """Return the company of that reference.

    Raises:
        CommandError: there is none.
    """
    company = Company.objects.filter(reference=reference).first()
    if company is None:
        raise CommandError(f"reference: there is no company “{reference}”.")
    return company


def loan_named(reference: str) -> Loan:
    """Return the loan of that reference, with its company.

    Raises:
        CommandError: there is none.
    """
    loan = Loan.objects.with_company().filter(reference=reference).first()
    if loan is None:
        raise CommandError(
            f"loan: there is no loan “{reference}”; agree it with create_loan first."
        )
    return loan


def event_named(external_id: str) -> LoanEvent:
    """Return the loan event of that id, with its loan and company.

    Raises:
        CommandError: there is none.
    """
    events = LoanEvent.objects.select_related("loan__company")
    event = events.filter(external_id=external_id).first()
    if event is None:
        raise CommandError(f"external_id: there is no loan event “{external_id}”.")
    return event
