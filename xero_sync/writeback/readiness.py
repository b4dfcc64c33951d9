"""What a company's connection and mapping allow, read once for many entries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Exists, Subquery

from lending.db.prepared import Prepared
from lending.models import Company
from xero_sync.models import (
    AccountMapping,
    Connection,
    LenderAccount,
    ScopeChange,
    XeroApp,
)
from xero_sync.models.connections import DEMO_PLAN
from xero_sync.models.mapping_rows import RowRole
from xero_sync.models.scopes import BANK_FEEDS_SCOPE, scopes_at


@dataclass(frozen=True, slots=True)
class LiveConnection:
    """What is read of a connection: enough to decide and to send."""

    pk: UUID
    company_id: int
    codat_company_id: UUID
    codat_connection_id: UUID
    status: str
    organisation_changed: bool
    plan_type: str
    marked_demo: bool
    ledger_lock_date: date | None
    bank_feeds: bool
    feed_refusal: str
    writeback_on: bool
    access_problem: str
    unusable_account: str
    held_after_restore_since: datetime | None
    pushes_seen_by: UUID | None
    choice_looked_at: datetime | None
    choice_look_due_at: datetime | None
    consented_at: datetime | None

    @property
    def is_demo(self) -> bool:
        """Whether it leads to a demo company, as for the row itself."""
        return self.plan_type == DEMO_PLAN or self.marked_demo


@dataclass(frozen=True, slots=True)
class ChosenAccount:
    """What is read of the lender account that a mapping chose."""

    pk: int
    connection_id: UUID
    source_account_id: str
    target_account_id: str
    feed_status: str
    feed_start_date: date | None
    opening_balance: Decimal
    void_since: datetime | None


@dataclass(frozen=True, slots=True)
class ChosenMapping:
    """What is read of a connection's latest mapping."""

    pk: int
    connection_id: UUID
    version: int
    lender_target_account_id: str
    nominated_account_id: str
    expense_account_id: str
    supplier_id: str
    tax_rate_id: str
    tax_percent: Decimal
    lender_account: ChosenAccount


# Some callers have read a row of their own, and more of it.
AnyConnection = Connection | LiveConnection
AnyAccount = LenderAccount | ChosenAccount
AnyMapping = AccountMapping | ChosenMapping


@dataclass(frozen=True)
class Readiness:
    """A company's live connection and latest mapping at a moment.

    `feeds_toggle` is the lender's own toggle of bank feeds; None if nobody set it.
    `scopes_changed` tells whether what borrowers consent to was ever changed.
    """

    connection: LiveConnection | None
    mapping: ChosenMapping | None
    now: datetime
    feeds_toggle: bool | None = None
    scopes_changed: bool = False

    @cached_property
    def lacks_feed_consent(self) -> bool:
        """Whether the borrower consented before bank feeds were asked for."""
        consented_at = self.connection.consented_at if self.connection else None
        if not self.scopes_changed or consented_at is None:
            return False
        # It is so of a token whether or not the application still asks for them.
        made = ScopeChange.objects.latest_first()
        scopes = scopes_at(consented_at, changes=made, now={BANK_FEEDS_SCOPE})
        return BANK_FEEDS_SCOPE not in scopes


_OF_CONNECTION = [field.name for field in fields(LiveConnection)]
_OF_MAPPING = [field.name for field in fields(ChosenMapping)[:-1]]
# Where a mapping has a column for it, or its row of fees.
_OF_FEE = {
    "expense_account_id": "rows__account_id",
    "tax_rate_id": "rows__tax_rate_id",
    "tax_percent": "rows__tax_percent",
}
_OF_ACCOUNT = [field.name for field in fields(ChosenAccount)]
# Few columns in one query: it is asked for every event and every claim.
_VERSIONS = (
    AccountMapping.objects.filter(connection__deleted_at=None, rows__role=RowRole.FEE)
    .order_by("version")
    .values_list(
        *(f"connection__{name}" for name in _OF_CONNECTION),
        *(_OF_FEE.get(name, name) for name in _OF_MAPPING),
        *(f"lender_account__{name}" for name in _OF_ACCOUNT),
        Subquery(XeroApp.objects.bank_feeds_toggle()),
        Exists(ScopeChange.objects.all()),
    )
)

_OF_ONE = Prepared(
    lambda company: _VERSIONS.filter(connection__company=company),
    company=Company._meta.pk,
)


def of(*, company_id: int, now: datetime) -> Readiness:
    """Read the readiness of one company."""
    versions = _OF_ONE.rows(company=company_id)
    if not versions:
        return _unmapped([company_id], now)[company_id]
    # The newest stands last.
    return _readiness(versions[-1], now)


def load(*, company_ids: Iterable[int], now: datetime) -> dict[int, Readiness]:
    """Read the readiness of several companies with one query, a few more at most."""
    wanted = set(company_ids)
    if len(wanted) == 1:
        (company_id,) = wanted
        return {company_id: of(company_id=company_id, now=now)}
    versions = _VERSIONS.filter(connection__company__in=wanted)
    found = [_readiness(row, now) for row in versions]
    ready = {one.connection.company_id: one for one in found if one.connection}
    if unmapped := wanted - ready.keys():
        ready |= _unmapped(unmapped, now)
    return ready


def _readiness(row: Sequence[Any], now: datetime) -> Readiness:
    """Return what a row of `_VERSIONS` says."""
    values = iter(row)
    connection = LiveConnection(*islice(values, len(_OF_CONNECTION)))
    of_mapping = islice(values, len(_OF_MAPPING))
    chosen = dict(zip(_OF_MAPPING, of_mapping, strict=True))
    account = ChosenAccount(*islice(values, len(_OF_ACCOUNT)))
    mapping = ChosenMapping(**chosen, lender_account=account)
    return Readiness(connection, mapping, now, *values)


def _unmapped(company_ids: Iterable[int], now: datetime) -> dict[int, Readiness]:
    """Read the readiness of companies that have chosen no accounts yet."""
    toggle = XeroApp.objects.bank_feeds_toggle().first()
    live = Connection.objects.live().filter(company__in=company_ids)
    rows = live.values_list(*_OF_CONNECTION)
    connections = {
        one.company_id: one for one in (LiveConnection(*row) for row in rows)
    }
    return {
        company_id: Readiness(connections.get(company_id), None, now, toggle)
        for company_id in company_ids
    }


def latest_mapping(connection: Connection) -> AccountMapping | None:
    """Return the latest mapping version of a connection, if it has one."""
    return latest_mappings(connection_ids=[connection.pk]).get(connection.pk)


def latest_mappings(
    *, connection_ids: Iterable[object]
) -> dict[object, AccountMapping]:
    """Return the latest mapping version of each connection that has one."""
    versions = (
        AccountMapping.objects.filter(connection__in=list(connection_ids))
        .select_related("lender_account")
        .prefetch_related("rows")
        .order_by("connection", "version")
    )
    return {mapping.connection_id: mapping for mapping in versions}
