"""A sandbox on a free port, for commands that build their client from the settings."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from lending.models import Company, Loan
from tests.builders import make_company, make_event, make_loan
from xero_sync.accounts import choice, driving, refreshing
from xero_sync.codat.client import CodatClient
from xero_sync.connections import adopting, switches
from xero_sync.models import AccountSetup, Connection, SyncRecord
from xero_sync.models.setups import SetupState
from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.server import SandboxServer

OFTEN = 0.02  # seconds


def run(name: str, *arguments: object, **options: Any) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def refusal(name: str, *arguments: object) -> str:
    """The sentence with which a command refuses."""
    with pytest.raises(CommandError) as refused:
        run(name, *arguments)
    return str(refused.value)


@dataclass
class Codat:
    """The sandbox behind a port, and a borrower's company in it."""

    sandbox: Sandbox
    url: str
    company_id: str
    connection_id: str

    @property
    def books(self) -> Any:
        return self.sandbox.books(self.connection_id)

    def account_id(self, name: str) -> str:
        return str(self.books.account(name).id)

    def adopt(self, company: Company | None = None) -> Connection:
        """Our connection to the company, bank feeds on, no accounts chosen."""
        with CodatClient.from_settings() as client:
            connection = adopting.import_codat_company(
                company=company or make_company(reference="harbour"),
                codat_company_id=UUID(self.company_id),
                codat_connection_id=UUID(self.connection_id),
                client=client,
                now=timezone.now(),
            )
        return switches.set_bank_feeds(
            connection=connection, on=True, now=timezone.now(), set_by="test"
        )

    def choose(self, connection: Connection) -> Any:
        """The run that a first choice of accounts begins."""
        with CodatClient.from_settings() as client:
            return choice.begin(
                connection=connection,
                choice=choice.Choice(
                    lender_account=choice.NewLenderAccount("12345678", "123456"),
                    nominated_account_id=self.account_id("Business Current Account"),
                    expense_account=self.account_id("Bank Fees"),
                ),
                by="test",
                now=timezone.now(),
                client=client,
            )

    def ready(self, company: Company | None = None) -> Connection:
        """The same with accounts chosen and write-back on."""
        connection = self.adopt(company)
        self.choose(connection)
        set_up()
        return switches.switch_writeback(
            connection=connection, on=True, switched_by="test", now=timezone.now()
        )


def set_up() -> None:
    """Let the engine work until no setup of accounts is under way."""
    with CodatClient.from_settings() as client:
        for one in AccountSetup.objects.filter(state=SetupState.RUNNING):
            driving.drive(one, client=client)


@contextmanager
def codat_on_a_port(settings: Any) -> Iterator[Codat]:
    """Serve a sandbox with one linked company, and point the settings at it.

    It answers at once, so it is asked often.
    """
    sandbox = Sandbox(api_key="sandbox-key")
    company = sandbox.add_company("Harbour Joinery Ltd")
    connection = sandbox.add_connection(company.id)
    with SandboxServer(sandbox) as server, pytest.MonkeyPatch.context() as often:
        often.setattr(driving, "PAUSE_SECONDS", OFTEN)
        often.setattr(refreshing, "POLL_SECONDS", OFTEN)
        settings.WRITEBACK_REFRESH_SECONDS = OFTEN
        settings.CODAT_BASE_URL = server.url
        settings.CODAT_API_KEY = "sandbox-key"
        yield Codat(sandbox, server.url, company.id, connection.id)


def record_drawdown(company: Company, **overrides: Any) -> Loan:
    """A loan agreed a month ago with one drawdown of yesterday."""
    today = company.today(timezone.now())
    loan = make_loan(
        company=company, reference="loan-1", agreed_on=today - timedelta(days=30)
    )
    make_event(
        loan=loan,
        value_date=today - timedelta(days=1),
        today=today,
        external_id="drawdown-1",
        **overrides,
    )
    return loan


def record_of(loan: Loan, step: str = "transfer") -> SyncRecord:
    return SyncRecord.objects.get(loan=loan, step=step)
