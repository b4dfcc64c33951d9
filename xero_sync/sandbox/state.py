"""Everything the stand-in remembers."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from xero_sync.sandbox.faults import Faults
from xero_sync.sandbox.idempotency import Keys
from xero_sync.sandbox.ledger import StatementLine
from xero_sync.sandbox.limits import Limits, midnight_after
from xero_sync.sandbox.organisation import Organisation
from xero_sync.sandbox.webhooks import Outbox
from xero_sync.sandbox.wire import ApiError, JsonObject, is_guid, new_id, stamp


@dataclass
class Company:
    """A company at Codat: one borrower's business."""

    name: str
    created: datetime
    id: str = field(default_factory=new_id)
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    sync_settings: list[JsonObject] = field(default_factory=list)


@dataclass
class Feed:
    """A source account and its mapping to a bank account in Xero."""

    source: JsonObject
    statement_balance: Decimal
    status: str = "pending"
    target_id: str | None = None
    feed_start: str | None = None
    ready_at: datetime | None = None
    awaited_accounts: int = 0
    lines: list[StatementLine] = field(default_factory=list)
    # a feed into another account than before starts a statement of its own
    opens_anew: bool = False

    @property
    def id(self) -> str:
        """The id which the lender chose."""
        return str(self.source["id"])


@dataclass
class Connection:
    """A company's link to its Xero organisation."""

    company_id: str
    created: datetime
    id: str = field(default_factory=new_id)
    platform: str = "gbol"
    status: str = "PendingAuth"
    organisation_id: str | None = None
    # what the borrower will pick on the link page unless told otherwise
    offered_id: str | None = None
    last_sync: datetime | None = None
    errors: list[JsonObject] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)
    # data type → the records Codat has in its cache
    snapshots: dict[str, list[JsonObject]] = field(default_factory=dict)
    one_time_passwords: set[str] = field(default_factory=set)


@dataclass
class Pull:
    """A refresh of one data type."""

    company_id: str
    connection_id: str
    data_type: str
    requested: datetime
    id: str = field(default_factory=new_id)
    status: str = "Queued"
    completed: datetime | None = None
    error: str | None = None


@dataclass
class Push:
    """A write on its way to Xero."""

    company_id: str
    connection_id: str
    data_type: str
    requested: datetime
    body: JsonObject
    source_account_id: str | None = None
    key: str = field(default_factory=new_id)
    status: str = "Pending"
    completed: datetime | None = None
    timeout_minutes: int | None = None
    error: str | None = None
    errors: list[JsonObject] = field(default_factory=list)
    warnings: list[JsonObject] = field(default_factory=list)
    change_type: str | None = None
    record_id: str | None = None


@dataclass(frozen=True)
class LoggedRequest:
    """A line of the request log."""

    time: datetime
    method: str
    path: str
    key: str | None
    status: int | None


@dataclass
class Settings:
    """How the stand-in behaves where the documents leave a choice."""

    push_seconds: float = 0.0
    feed_seconds: float = 0.0
    refresh_seconds: float = 0.0
    accept_repeated_line_ids: bool = False
    refuse_unlinked: bool = True
    integration_enabled: bool = True
    connection_cap: int | None = None
    link_base: str = "https://link.codat.example"
    redirect_url: str | None = None


@dataclass
class World:
    """The whole state, and the agenda of what is still to happen."""

    clock: Callable[[], datetime]
    limits: Limits
    faults: Faults
    outbox: Outbox
    settings: Settings = field(default_factory=Settings)
    keys: Keys = field(default_factory=Keys)
    companies: dict[str, Company] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    pushes: dict[str, Push] = field(default_factory=dict)
    pulls: dict[str, Pull] = field(default_factory=dict)
    # whose consent was withdrawn and will be given again
    returning: set[str] = field(default_factory=set)
    # the entry which a request writes, by its key; amounts are magic where this is set
    entry_of: Callable[[str], str] | None = None
    # the entries that have met the magic of their amount
    magic_met: set[str] = field(default_factory=set)
    requests: list[LoggedRequest] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    # outcomes that are to be known before the call that caused them is answered
    before_reply: list[Callable[[], None]] = field(default_factory=list)
    deliver_now: bool = False
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(
        default_factory=list
    )
    _sequence: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def now(self) -> datetime:
        """The time by the clock."""
        return self.clock()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Put something on the agenda."""
        due = self.now + timedelta(seconds=seconds)
        heapq.heappush(self._agenda, (due, next(self._sequence), action))

    def settle(self) -> None:
        """Do what has become due, in order."""
        if self.limits.turn_day(self.now):
            self.emit_quota("reset")
        while self._agenda and self._agenda[0][0] <= self.now:
            heapq.heappop(self._agenda)[2]()

    def violate(self, text: str) -> None:
        """Note that the client broke a rule."""
        self.violations.append(text)

    def company(self, company_id: str) -> Company:
        """The company of that id.

        Raises:
            ApiError: 404, there is none.
        """
        self._check_guid("companyId", company_id)
        company = self.companies.get(company_id)
        if company is None:
            message = f"No company was found with ID {company_id}"
            raise ApiError(404, message, "ClientsApi")
        return company

    def connection(self, company_id: str, connection_id: str) -> Connection:
        """The connection of that company and id.

        Raises:
            ApiError: 404, there is none.
        """
        self.company(company_id)
        self._check_guid("connectionId", connection_id)
        connection = self.connections.get(connection_id)
        if connection is None or connection.company_id != company_id:
            raise ApiError(404, f"Data connection {connection_id} not found")
        return connection

    def connections_of(self, company_id: str) -> list[Connection]:
        """The connections of a company, oldest first."""
        return [it for it in self.connections.values() if it.company_id == company_id]

    def organisation_of(self, connection: Connection) -> Organisation:
        """The organisation behind a connection.

        Raises:
            ApiError: 400, nobody has given consent yet.
        """
        if connection.organisation_id is None:
            raise ApiError(400, "The connection has not been authorised.")
        return self.organisations[connection.organisation_id]

    def live_organisation_of(self, connection: Connection) -> Organisation:
        """The organisation behind a connection that can be used right now.

        Raises:
            ApiError: 400 before the consent and after the end of it.
        """
        organisation = self.organisation_of(connection)
        if connection.status != "Linked":
            raise ApiError(400, f"Connection {connection.id} is {connection.status}.")
        return organisation

    def count_active(self) -> None:
        """Tell the limits how many companies have an active connection."""
        self.limits.companies = len(
            {it.company_id for it in self.connections.values() if it.status == "Linked"}
        )

    def emit(
        self, event_type: str, payload: JsonObject, company: Company | None = None
    ) -> None:
        """Queue a webhook; one about a company refers to it."""
        tags = company.tags if company is not None else {}
        if company is not None:
            payload = {"referenceCompany": reference_to(company), **payload}
        self.outbox.emit(event_type, payload, now=self.now, tags=tags)

    def emit_quota(self, event: str) -> None:
        """Emit `client.rateLimit.{event}`."""
        payload: JsonObject = {
            "dailyQuota": self.limits.quota,
            "quotaRemaining": self.limits.remaining,
            "expiryDate": stamp(midnight_after(self.now)),
        }
        self.emit(f"client.rateLimit.{event}", payload)

    def _check_guid(self, name: str, value: str) -> None:
        if not is_guid(value):
            self.violate(f"{name} is not a GUID: {value}")


def reference_to(company: Company) -> JsonObject:
    """A company as webhooks mention it."""
    portal = f"https://app.codat.example/companies/{company.id}/summary"
    reference: JsonObject = {
        "id": company.id,
        "name": company.name,
        "links": {"portal": portal},
    }
    if company.description is not None:
        reference["description"] = company.description
    if company.tags:
        reference["tags"] = dict(company.tags)
    return reference
