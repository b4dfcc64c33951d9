"""Adopt a company and its Xero connection that exist at Codat."""

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import CommandParser

from lending import services
from lending.management.base import at_the_keyboard, company_named
from lending.models import Company
from xero_sync.connections import adopting, switches
from xero_sync.management.base import XeroCommand, a_uuid
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client


class Command(XeroCommand):
    """`manage.py import_codat_company`."""

    help = "Adopt a company's connection to Xero that exists at Codat already."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("reference", help="Our name for the company.")
        parser.add_argument("--codat-company", type=a_uuid, required=True)
        parser.add_argument(
            "--codat-connection",
            type=a_uuid,
            help="Needed when Codat knows several Xero connections of the company.",
        )
        parser.add_argument(
            "--bank-feeds",
            action=BooleanOptionalAction,
            help="Whether Xero has enabled bank feeds (default: as it was).",
        )
        new = parser.add_argument_group("to take the company on as well")
        new.add_argument("--create", action="store_true")
        new.add_argument("--legal-name", default="")
        new.add_argument("--currency", default="", help="Such as GBP.")
        new.add_argument("--country", default="", help="Such as GB.")
        new.add_argument("--email", default="")
        new.add_argument("--language", default="en")
        new.add_argument("--time-zone", help="Such as Europe/London.")
        new.add_argument("--borrower-reference", default="")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Adopt the connection and say what it is."""
        if not options["create"]:
            connection = _adopt(company_named(options["reference"]), options)
        else:
            connection = _create_and_adopt(options)
        self._show(connection)

    def _show(self, connection: Connection) -> None:
        name = connection.organisation_name or "an organisation without a name yet"
        feeds = "on" if connection.bank_feeds else "off"
        switch = "on" if connection.writeback_on else "off"
        reference = connection.company.reference
        self.say(f"{connection.company} is connected to “{name}” in Xero.")
        self.say(f"{connection.status}. Bank feeds {feeds}, write-back {switch}.")
        self.say(f"Next: manage.py choose_accounts {reference} --list")


def _create_and_adopt(options: dict[str, Any]) -> Connection:
    company = services.create_company(
        reference=options["reference"],
        legal_name=options["legal_name"],
        currency=options["currency"],
        country=options["country"],
        contact_email=options["email"],
        language=options["language"],
        time_zone=options["time_zone"],
        borrower_reference=options["borrower_reference"],
    )
    try:
        return _adopt(company, options)
    except XeroCommand.refusals:
        # Both or nothing; no transaction is held open over the network for it.
        if not company.connections.exists():
            services.remove_company(company=company)
        raise


def _adopt(company: Company, options: dict[str, Any]) -> Connection:
    with paced_client() as client:
        connection = adopting.import_codat_company(
            company=company,
            codat_company_id=options["codat_company"],
            codat_connection_id=options["codat_connection"],
            client=client,
            now=database_now(),
        )
    if options["bank_feeds"] is not None:
        connection = switches.set_bank_feeds(
            connection=connection,
            on=options["bank_feeds"],
            now=database_now(),
            set_by=at_the_keyboard(),
        )
    return connection
