"""What the commands of the write-back share."""

from argparse import ArgumentTypeError
from uuid import UUID

from django.core.management.base import CommandError

from lending.exceptions import LendingError
from lending.management.base import PlainCommand, company_named
from xero_sync.codat.exceptions import XeroSyncError
from xero_sync.models import Connection

# By the kind of Codat's error.
REMEDIES = {
    "unavailable": "Check CODAT_BASE_URL, or run this again later.",
    "no_answer": "Run this again in a few minutes.",
    "no_verdict": "Run this again in a few minutes.",
    "refused": "Check the ids that were given.",
    "access_denied": "Check CODAT_API_KEY and what Codat has enabled for it.",
}


class XeroCommand(PlainCommand):
    """A command whose refusals, and Codat's, are sentences that say what to do."""

    refusals = (LendingError, XeroSyncError)

    def sentence(self, exc: Exception) -> str:
        """Say what was refused, by whom, and what to do about it."""
        text = super().sentence(exc)
        remedy = REMEDIES.get(getattr(exc, "kind", ""))
        return f"{text.rstrip('. ')}. {remedy}" if remedy else text


def a_uuid(text: str) -> UUID:
    """Read an option that is an id of Codat's or of ours."""
    try:
        return UUID(text)
    except ValueError as exc:
        raise ArgumentTypeError(
            f"“{text}” is no id; copy it whole, such as "
            "8a210b68-6988-11ed-a1eb-0242ac120002."
        ) from exc


def connection_of(reference: str) -> Connection:
    """Return the live connection of the company of that reference.

    Raises:
        CommandError: there is no such company, or it has no connection.
    """
    company = company_named(reference)
    live = Connection.objects.live().select_related("company")
    connection = live.filter(company=company).first()
    if connection is None:
        raise CommandError(
            f"reference: {reference} has no connection to Xero; adopt it with "
            "import_codat_company first."
        )
    return connection
