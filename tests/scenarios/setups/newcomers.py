"""A borrower who is linked and has chosen nothing yet, and who then chooses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lending import services
from lending.models import Company
from tests.scenarios.world import World
from xero_sync.accounts import choice, plain_accounts
from xero_sync.accounts.choice import (
    Choice,
    LenderAccountWanted,
    NewExpenseAccount,
    NewLenderAccount,
    NewPlainAccount,
)
from xero_sync.codat.exceptions import XeroSyncError
from xero_sync.connections import switches
from xero_sync.models import AccountSetup, Connection
from xero_sync.models.choices import AccountKind
from xero_sync.models.setups import SetupState


@dataclass
class Newcomer:
    """One company with its connection and its Xero."""

    world: World
    company: Company
    remote_id: str
    organisation: str
    # The kind of account that they have made while no bank feed can come.
    plain_kind: str = ""
    # What was taken from them, in order: the code of the fee account.
    accepted: list[str] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        """The connection as our database knows it now."""
        return Connection.objects.get(codat_connection_id=self.remote_id)

    @property
    def books(self) -> Any:
        """The books of their organisation."""
        return self.world.sandbox.books(self.remote_id, self.organisation)

    @property
    def latest(self) -> AccountSetup | None:
        """The run that is not given up, of which there is one at most, or was done."""
        kept = self.connection.setups.exclude(state=SetupState.GIVEN_UP)
        open_ones = kept.exclude(state=SetupState.DONE)
        return open_ones.first() or kept.order_by("begun_at", "pk").last()

    @property
    def lender_account(self) -> LenderAccountWanted:
        """The new account that can be made now."""
        if self.plain_kind and plain_accounts.feeds_wait(self.connection):
            is_card = self.plain_kind == AccountKind.CREDIT_CARD
            number = "4321" if is_card else "12345678"
            return NewPlainAccount(self.plain_kind, number, "123456")
        return NewLenderAccount("12345678", "123456")

    def choose(self, code: str) -> None:
        """Choose accounts on a page, with a new fee account of a code."""
        wanted = Choice(
            lender_account=self.lender_account,
            nominated_account_id=self.books.account("Business Current Account").id,
            expense_account=NewExpenseAccount(code, f"Finance fees {code}"),
        )
        with self.world.process("a page"):
            try:
                begun = choice.begin(
                    connection=self.connection,
                    choice=wanted,
                    by="borrower",
                    now=self.world.clock.now,
                    client=self.world.paced,
                )
            except XeroSyncError as exc:
                self.world.tell(f"  refused: {type(exc).__name__} {exc}"[:150])
            else:
                self.world.tell(f"  {begun}")
                self.accepted.append(code)

    def approve(self) -> None:
        """Xero takes bank feeds from now on, and so say we."""
        if self.plain_kind:
            switches.set_bank_feeds(
                connection=self.connection,
                on=True,
                now=self.world.clock.now,
                set_by="operator",
            )

    def try_again(self) -> bool:
        """An operator lets a run that stopped go on; False if none has."""
        run = self.latest
        if run is None or run.state != SetupState.STOPPED:
            return False
        with self.world.process("an operator's page"):
            choice.again(run, by="operator", now=self.world.clock.now)
        return True


def add_newcomer(world: World, number: int, *, plain_kind: str = "") -> Newcomer:
    """A linked borrower who has chosen nothing yet; with a kind, before bank feeds."""
    company = services.create_company(
        reference=f"newcomer-{number}",
        legal_name=f"Newcomer {number} Ltd",
        currency="GBP",
        country="GB",
    )
    remote_company = world.sandbox.add_company(company.reference)
    remote = world.sandbox.add_connection(remote_company.id)
    world.sandbox.sync(remote.id)
    Connection.objects.create(
        company=company,
        codat_company_id=remote_company.id,
        codat_connection_id=remote.id,
        status="Linked",
        organisation_name=company.reference,
        organisation_currency="GBP",
        bank_feeds=not plain_kind,
        checked_at=world.clock.now,
    )
    return Newcomer(world, company, remote.id, company.reference, plain_kind)
