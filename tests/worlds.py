"""A whole world for a test: the real product against the sandbox, on one clock.

The client speaks to the sandbox in this process, without a socket; everything above
the wire is the code that runs in production.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import requests
import time_machine
from django.conf import settings
from django.test import Client
from requests.adapters import BaseAdapter

from lending.models import Company, Loan, LoanEvent
from tests.builders import make_company, make_event, make_loan, reverse
from tests.due import next_moment
from tests.feeds import open_feed
from xero_sync import jobs
from xero_sync.accounts import choice, mapping
from xero_sync.accounts.choice import Choice, NewLenderAccount
from xero_sync.bank_feeds.status import ids_of
from xero_sync.codat.client import CodatClient
from xero_sync.connections import adopting, switches
from xero_sync.models import (
    AccountSetup,
    BorrowerNotice,
    Connection,
    LenderAccount,
    SyncRecord,
)
from xero_sync.models.choices import FeedStatus
from xero_sync.models.setups import SetupState
from xero_sync.runtime import run
from xero_sync.sandbox import LostReply, Sandbox
from xero_sync.writeback import engine
from xero_sync.writeback.sweep import sweep

AGREED_ON = date(2026, 3, 2)
# The product sweeps every minute; here nothing else happens between two sweeps.
SWEPT_AFTER, SWEPT_AT_LAST = timedelta(minutes=1), timedelta(minutes=16)


class Clock:
    """A clock that only a test moves; it starts now, as our rows are dated."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def catch_up(self) -> None:
        """Be no earlier than what the services have just dated by the real clock."""
        self.now = max(self.now, datetime.now(UTC))


class InProcess(BaseAdapter):
    """Carries requests to a sandbox in this process."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self.is_reachable = True
        # Answers of a gateway in front of Codat: (end of the path, status).
        self.canned: list[tuple[str, int]] = []
        # What reached the sandbox: the end of the path, and the bytes.
        self.received: list[tuple[str, bytes]] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        if not self.is_reachable:
            raise requests.ConnectTimeout("no connection", request=request)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        for canned in self.canned:
            if request.path_url.endswith(canned[0]):
                self.canned.remove(canned)
                return self._response(request, canned[1], {}, b'{"error":"No."}')
        self.received.append((request.path_url.rpartition("/")[2], body))
        try:
            reply = self.sandbox.handle(
                request.method or "GET", request.path_url, request.headers, body
            )
        except LostReply as exc:
            raise requests.ReadTimeout("no answer", request=request) from exc
        reply.headers["Date"] = format_datetime(self.sandbox.now, usegmt=True)
        return self._response(request, reply.status, reply.headers, reply.body)

    @staticmethod
    def _response(
        request: requests.PreparedRequest,
        status: int,
        headers: dict[str, str],
        body: bytes,
    ) -> requests.Response:
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = io.BytesIO(body)
        response.request = request
        response.url = request.url or ""
        return response

    def close(self) -> None:
        """Hold nothing open."""


@dataclass
class Borrower:
    """A company of ours with its connection, and its Xero in the sandbox."""

    world: World
    company: Company
    connection_row: Connection
    names: dict[str, str] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        self.connection_row.refresh_from_db()
        return self.connection_row

    @property
    def codat_connection(self) -> str:
        return str(self.connection_row.codat_connection_id)

    @property
    def books(self) -> Any:
        return self.world.sandbox.books(self.codat_connection)

    @property
    def mapping(self) -> Any:
        return self.connection_row.mappings.order_by("version").last()

    @property
    def lender_account(self) -> Any:
        return self.connection_row.lender_accounts.order_by("pk").last()

    def balance(self, name: str) -> Decimal:
        """Balance in Xero of L, N, E or AR."""
        chosen = self.mapping
        ids = {
            "L": chosen.lender_target_account_id,
            "N": chosen.nominated_account_id,
            "E": chosen.expense_account_id,
        }
        return Decimal(self.books.balance(ids[name]))

    @property
    def statement_balance(self) -> Decimal:
        return Decimal(
            self.books.statement_balance(self.lender_account.source_account_id)
        )

    def loan(self, **overrides: Any) -> Loan:
        """A loan whose invoice is in the borrower's Xero."""
        in_xero = overrides.pop("in_xero", True)
        overrides.setdefault("agreed_on", AGREED_ON)
        loan = make_loan(company=self.company, **overrides)
        if in_xero:
            self.world.sandbox.add_invoice(
                self.codat_connection,
                number=loan.invoice_number,
                total=loan.invoice_amount,
                customer=loan.debtor_name,
                currency=self.company.currency,
                issue_date=loan.agreed_on,
                due_date=loan.agreed_on + timedelta(days=60),
            )
        return loan

    def record(self, loan: Loan, kind: str, amount: str, **overrides: Any) -> LoanEvent:
        """An event of today, recorded through the service."""
        today = self.company.today(self.world.clock.now)
        overrides.setdefault("value_date", today - timedelta(days=1))
        event = make_event(
            loan=loan, kind=kind, amount=amount, today=today, **overrides
        )
        self.world.clock.catch_up()
        return event

    def reverse(self, event: LoanEvent, **overrides: Any) -> LoanEvent:
        """The reversal of an event, of today."""
        today = self.company.today(self.world.clock.now)
        reversal = reverse(event, today=today, **overrides)
        self.world.clock.catch_up()
        return reversal


class World:
    """The sandbox, the client and the engine, on one clock."""

    def __init__(self, **sandbox_options: Any) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(
            clock=self.clock,
            webhook_secret=settings.CODAT_WEBHOOK_SECRET,
            webhook_url=sandbox_options.pop(
                "webhook_url", "http://testserver/webhooks/codat/"
            ),
            deliver=self.deliver,
            api_key=settings.CODAT_API_KEY,
            **sandbox_options,
        )
        self.wire = InProcess(self.sandbox)
        session = requests.Session()
        session.mount("http://", self.wire)
        self.client = CodatClient(
            base_url="http://codat.test",
            api_key=settings.CODAT_API_KEY,
            session=session,
        )
        self.web = Client()

    def deliver(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """Carry a webhook to our view."""
        path = url.removeprefix("http://testserver")
        # The view reads the clock by itself, to refuse stale messages.
        with time_machine.travel(self.clock.now, tick=False):
            return self.web.post(
                path, data=body, content_type="application/json", headers=headers
            ).status_code

    def wait(self, seconds: float) -> None:
        """Let time pass in the sandbox and for us."""
        self.clock.forward(seconds)
        self.sandbox.tick()

    def borrower(
        self,
        *,
        writeback: bool = True,
        is_looked_at: bool = True,
        is_known: bool = True,
        **company: Any,
    ) -> Borrower:
        """A company adopted from Codat, its accounts chosen, its write-back on.

        What the engine makes of a choice in many drains stands there from the start.
        The looks that come before the first write have been made, unless a test is
        about them.
        """
        row = company.pop("row", None) or make_company(**company)
        remote = self.sandbox.add_company(row.reference)
        linked = self.sandbox.add_connection(remote.id, base_currency=row.currency)
        connection = adopting.import_codat_company(
            company=row,
            codat_company_id=UUID(remote.id),
            codat_connection_id=UUID(linked.id),
            client=self.client,
            now=self.clock.now,
        )
        connection = switches.set_bank_feeds(
            connection=connection, on=True, now=self.clock.now, set_by="test"
        )
        borrower = Borrower(self, row, connection)
        self.choose_accounts(borrower, lender_account=self._fed_account(borrower))
        if writeback:
            switches.switch_writeback(
                connection=connection,
                on=True,
                switched_by="test",
                now=self.clock.now,
            )
            # The receipt of the set-up is behind us.
            BorrowerNotice.objects.filter(company=row).delete()
        if is_looked_at:
            Connection.objects.filter(pk=connection.pk).update(
                choice_looked_at=self.clock.now
            )
        if is_known:
            Connection.objects.filter(pk=connection.pk).update(
                pushes_seen_by=run.current()
            )
        return borrower

    def _fed_account(self, borrower: Borrower) -> LenderAccount:
        """A lender account in Xero, fed by the source account of ours."""
        connection = borrower.connection_row
        source_id, target_id = open_feed(
            self.client, *ids_of(connection), connection.company.currency, self.clock
        )
        return LenderAccount.objects.create(
            connection=connection,
            source_account_id=source_id,
            target_account_id=target_id,
            name=settings.LENDER_NAME,
            currency=connection.company.currency,
            feed_status=FeedStatus.CONNECTED,
            feed_status_since=self.clock.now,
            feed_checked_at=self.clock.now,
        )

    def choose_accounts(self, borrower: Borrower, **chosen: Any) -> Any:
        """Create the lender account and the supplier, and choose the rest."""
        books = borrower.books
        values = {
            "nominated_account_id": books.account("Business Current Account").id,
            "expense_account_id": books.account("Bank Fees").id,
        }
        if account := chosen.pop("lender_account", None):
            return mapping.choose_accounts(
                connection=borrower.connection_row,
                lender_account=account,
                client=self.client,
                chosen_by="test",
                now=self.clock.now,
                **values | {"supplier_id": self._supplier(borrower)} | chosen,
            )
        values |= chosen
        # Each one that is made has a number of its own.
        number = str(12_345_678 + borrower.connection_row.lender_accounts.count())
        wanted = Choice(
            lender_account=NewLenderAccount(number, "123456"),
            expense_account=values.pop("expense_account_id"),
            **values,
        )
        return self.set_up(self.begin(borrower, wanted))

    def _supplier(self, borrower: Borrower) -> str:
        if borrower.mapping:
            return str(borrower.mapping.supplier_id)
        made = self.sandbox.add_supplier(
            borrower.codat_connection, settings.LENDER_NAME
        )
        self.sandbox.sync(borrower.codat_connection)
        return str(made.id)

    def begin(self, borrower: Borrower, wanted: Choice, **given: Any) -> Any:
        """Begin what a page or the API begins."""
        given = {"by": "test", "now": self.clock.now} | given
        return choice.begin(
            connection=borrower.connection,
            choice=wanted,
            client=self.client,
            **given,
        )

    def set_up(self, begun: Any) -> Any:
        """Let the engine work until a run is done or has stopped; time jumps ahead."""
        for _ in range(1_000):
            if not isinstance(begun, AccountSetup) or begun.state != SetupState.RUNNING:
                return getattr(begun, "mapping", None) or begun
            self.sandbox.tick()
            self.drain()
            begun.refresh_from_db()
            moment = next_moment(self.sandbox) or self.clock.now
            self.wait(max(0.5, (moment - self.clock.now).total_seconds()))
        raise AssertionError(f"{begun} does not come to an end")

    def drain(self) -> engine.Report:
        """Drain once, in this thread."""
        return engine.drain(client=self.client, now=self.clock, threads=0)

    def check_connections(self) -> None:
        """Look at doubtful connections, as a slice of a drain does."""
        jobs.check_connections(self.client, now=self.clock)

    def run(self, *, seconds: float = 3_600, step: float = 5.0) -> None:
        """Let the product work until nothing is open, or the time is up.

        Time passes in steps, and jumps over those in which nothing is due; the sweep
        comes after a minute, then ever later while it finds nothing to do.
        """
        ends_at = self.clock.now + timedelta(seconds=seconds)
        pause = SWEPT_AFTER
        while self.clock.now < ends_at:
            self.sandbox.tick()
            self.drain()
            self.check_connections()
            if not SyncRecord.objects.open().exists():
                return
            swept_at = min(self.clock.now + pause, ends_at)
            due_at = next_moment(self.sandbox) or swept_at
            pause = min(pause * 2, SWEPT_AT_LAST) if due_at >= swept_at else SWEPT_AFTER
            idle = (min(due_at, swept_at) - self.clock.now).total_seconds()
            self.wait(max(step, idle))
            sweep(now=self.clock.now)


def states(loan: Loan) -> list[tuple[str, str, str]]:
    """Each entry of a loan as (kind, step, state), in order."""
    records = SyncRecord.objects.filter(loan=loan).order_by("sequence", "step")
    return [
        (record.event.kind, record.step, f"{record.state} {record.reason}".strip())
        for record in records.select_related("event")
    ]
