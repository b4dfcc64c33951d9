"""The official clients, pointed at the stand-in over the loopback."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from codat_bankfeeds import CodatBankFeeds
from codat_bankfeeds.models import shared as feeds_models
from codat_lending import CodatLending
from codat_lending.models import shared as lending_models
from codat_platform import CodatPlatform
from codat_platform.models import shared as platform_models

from xero_sync.sandbox import Sandbox
from xero_sync.sandbox.server import SandboxServer

KEY = "Basic c2FuZGJveC1rZXk="


@dataclass
class Setting:
    """A borrower with an open invoice, and the three clients of the lender."""

    sandbox: Sandbox
    lending: Any
    platform: Any
    feeds: Any
    company_id: str
    connection_id: str
    invoice: Any
    lender: str

    @property
    def ids(self):
        return {"company_id": self.company_id, "connection_id": self.connection_id}

    @property
    def books(self):
        return self.sandbox.books(self.connection_id)

    def account(self, name):
        return self.books.account(name).id

    def outcome(self, accepted):
        """The push operation as the client reads it once it is settled."""
        assert accepted.status.value == "Pending"
        assert accepted.status_code == 202
        return self.lending.loan_writeback.create_operations.get(
            request={
                "company_id": self.company_id,
                "push_operation_key": accepted.push_operation_key,
            }
        )


@pytest.fixture(scope="module")
def server():
    with SandboxServer(Sandbox()) as running:
        yield running


@pytest.fixture
def setting(server):
    sandbox = server.sandbox
    company = sandbox.add_company("Harbour Bakery Ltd", tags={"uid": "7"})
    connection = sandbox.add_connection(company.id, organisation=company.id)
    invoice = sandbox.add_invoice(
        connection.id,
        number="INV-1",
        total=Decimal("1000.00"),
        issue_date=date(2026, 5, 1),
        due_date=date(2026, 7, 1),
    )
    lender = sandbox.add_account(
        connection.id, name="Lender account", category="Asset.Bank"
    )
    # the server ticks: the first synchronisation may have come before the account
    sandbox.sync(connection.id)
    common = {"server_url": server.url, "retry_config": None}
    return Setting(
        sandbox,
        CodatLending(security=lending_models.Security(auth_header=KEY), **common),
        CodatPlatform(security=platform_models.Security(auth_header=KEY), **common),
        CodatBankFeeds(security=feeds_models.Security(auth_header=KEY), **common),
        company.id,
        connection.id,
        invoice,
        lender.id,
    )
