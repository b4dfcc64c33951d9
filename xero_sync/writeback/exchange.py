"""What the database thread and the HTTP threads hand each other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from xero_sync.codat.bank_feeds import FeedAnswer
from xero_sync.codat.client import CodatClient
from xero_sync.codat.exceptions import CodatError
from xero_sync.codat.push import PushOperation
from xero_sync.models import SetupStep, SyncRecord, WriteRequest


@dataclass(frozen=True)
class Claim:
    """A committed intent: one request and what it carries, entries or a setup's step.

    `certain` says that no earlier exchange of this request can have been taken in;
    `known_organisation` is Codat's connection where who made the claim had read it.
    `wire` sends what is no push.
    """

    request: WriteRequest
    records: tuple[SyncRecord, ...]
    certain: bool = True
    known_organisation: UUID | None = None
    step: SetupStep | None = None
    wire: Callable[[CodatClient], Any] | None = None

    @property
    def company_id(self) -> int:
        """The company that the request concerns."""
        return self.request.company_id

    @property
    def organisation(self) -> UUID:
        """Codat's connection that the request goes to."""
        return self.known_organisation or self.request.connection.codat_connection_id


@dataclass(frozen=True)
class Sent:
    """One exchange of a claim: what Codat answered, or the error it ended with."""

    claim: Claim
    outcome: PushOperation | FeedAnswer | CodatError
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True)
class Exchange:
    """A call to Codat and what to do with its outcome.

    `call` runs in any thread and touches no database. `done` runs in the database
    thread; it gets what `call` returned, or the `CodatError` it raised, and the time.
    """

    company_id: int
    call: Callable[[CodatClient], Any]
    done: Callable[[Any, datetime], None]
