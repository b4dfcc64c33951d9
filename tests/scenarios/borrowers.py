"""A borrower of a schedule: our rows and their Xero, made by the shortest way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from lending import services
from lending.models import Company, Loan, LoanEvent
from tests.feeds import open_feed
from tests.scenarios.world import World
from xero_sync.models import AccountMapping, Connection, LenderAccount
from xero_sync.runtime import run

ROUTES = (
    {"collection_route": "lender"},
    {"collection_route": "lender"},
    {
        "collection_route": "borrower",
        "invoice_payment_posting": "post_on_nominated",
    },
    {"collection_route": "borrower"},
)


@dataclass
class Borrower:
    """One company with its connection, its loans, and what it has in Xero."""

    world: World
    company: Company
    remote_id: str
    organisation: str
    has_feeds: bool
    nominated: list[str] = field(default_factory=list)
    lender_id: str = ""
    source_id: str = ""
    expense_id: str = ""
    supplier_id: str = ""
    loans: list[Loan] = field(default_factory=list)
    events: list[LoanEvent] = field(default_factory=list)
    # The entry that a line on the statement is, where a backup took its first id away.
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        """The connection as our database knows it now."""
        return Connection.objects.get(codat_connection_id=self.remote_id)

    @property
    def books(self) -> Any:
        """The books of their own organisation, whatever is connected just now."""
        return self.world.sandbox.books(self.remote_id, self.organisation)

    @property
    def today(self) -> Any:
        """Today where they are."""
        return self.company.today(self.world.clock.now)

    def forget_events(self) -> list[LoanEvent]:
        """Keep the events that the database knows; return those that are lost."""
        there = LoanEvent.objects.filter(loan__company=self.company)
        known = {one.external_id: one for one in there}
        lost = [one for one in self.events if one.external_id not in known]
        kept = [one for one in self.events if one.external_id in known]
        self.events = [known[one.external_id] for one in kept]
        return lost

    def choose(self, nominated: str) -> AccountMapping:
        """Choose accounts: a new version of the mapping."""
        connection = self.connection
        account = connection.lender_accounts.get()
        mapping = AccountMapping.objects.create(
            connection=connection,
            version=connection.mappings.count() + 1,
            lender_account=account,
            lender_target_account_id=self.lender_id,
            nominated_account_id=nominated,
            nominated_account_name="nominated",
            supplier_id=self.supplier_id,
            currency="GBP",
            chosen_by="harness",
            created_at=self.world.clock.now,
        )
        mapping.rows.create(role="fee", account_id=self.expense_id)
        return mapping


def add_borrower(world: World, number: int, *, has_feeds: bool, loans: int) -> Borrower:
    """A linked borrower whose accounts are chosen and whose write-back is on."""
    company = services.create_company(
        reference=f"company-{number}",
        legal_name=f"Borrower {number} Ltd",
        currency="GBP",
        country="GB",
    )
    sandbox = world.sandbox
    remote_company = sandbox.add_company(company.reference)
    remote = sandbox.add_connection(remote_company.id)
    borrower = Borrower(world, company, remote.id, company.reference, has_feeds)
    books = borrower.books
    other = sandbox.add_account(remote.id, name="Second Account", category="Asset.Bank")
    borrower.nominated = [books.account("Business Current Account").id, other.id]
    borrower.expense_id = books.account("Bank Fees").id
    borrower.supplier_id = sandbox.add_supplier(remote.id, settings.LENDER_NAME).id
    borrower.source_id, borrower.lender_id = open_feed(
        world.client, remote_company.id, remote.id, "GBP", world.clock
    )
    sandbox.sync(remote.id)
    connection = Connection.objects.create(
        company=company,
        codat_company_id=remote_company.id,
        codat_connection_id=remote.id,
        status="Linked",
        organisation_name=company.reference,
        organisation_currency="GBP",
        bank_feeds=has_feeds,
        writeback_on=True,
        checked_at=world.clock.now,
        # Schedules that are about the look after a start begin another one.
        pushes_seen_by=run.current(),
    )
    LenderAccount.objects.create(
        connection=connection,
        source_account_id=borrower.source_id,
        target_account_id=borrower.lender_id,
        name=settings.LENDER_NAME,
        currency="GBP",
        feed_status="connected",
    )
    borrower.choose(borrower.nominated[0])
    for index in range(loans):
        _add_loan(borrower, index)
    return borrower


def _add_loan(borrower: Borrower, index: int) -> None:
    world = borrower.world
    reference = f"{borrower.company.reference}-loan-{index}"
    agreed_on = borrower.today - timedelta(days=20)
    loan = services.create_loan(
        company=borrower.company,
        reference=reference,
        agreed_on=agreed_on,
        invoice_number=f"INV-{reference}",
        invoice_amount=Decimal(5_000),
        debtor_name="Northgate Builders",
        **world.chance.choice(ROUTES),
    )
    world.sandbox.add_invoice(
        borrower.remote_id,
        number=loan.invoice_number,
        total=loan.invoice_amount,
        customer=loan.debtor_name,
        issue_date=agreed_on,
    )
    borrower.loans.append(loan)
