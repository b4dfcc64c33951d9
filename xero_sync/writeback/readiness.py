"""What a company's connection and mapping allow, read once for many entries."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS
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
from xero_sync.models.scopes import BANK_FEEDS_SCOPE, scopes_at


@dataclass(frozen=True)
class Readiness:
    """A company's live connection and latest mapping at a moment.

    `feeds_toggle` is the lender's own toggle of bank feeds; None if nobody set it.
    `scopes_changed` tells whether what borrowers consent to was ever changed.
    """

    connection: Connection | None
    mapping: AccountMapping | None
    now: datetime
    feeds_toggle: bool | None = None
    scopes_changed: bool = False

    @cached_property
    def lacks_feed_consent(self) -> bool:
        """Whether the borrower consented before bank feeds were asked for."""
        if not self.scopes_changed or self.connection is None:
            return False
        # The row at hand is a part of it, and shared.
        whole = Connection.objects.get(pk=self.connection.pk)
        if whole.consented_at is None:
            return False
        # It is so of a token whether or not the application still asks for them.
        made = ScopeChange.objects.latest_first()
        scopes = scopes_at(whole.consented_at, changes=made, now={BANK_FEEDS_SCOPE})
        return BANK_FEEDS_SCOPE not in scopes


# What is read of each row, in the order of its fields: enough to decide and to send;
# the rest loads when asked for.
_OF_CONNECTION = (
    "id",
    "company_id",
    "codat_company_id",
    "codat_connection_id",
    "status",
    "organisation_changed",
    "plan_type",
    "marked_demo",
    "ledger_lock_date",
    "bank_feeds",
    "feed_refusal",
    "writeback_on",
    "access_problem",
    "unusable_account",
)
_OF_MAPPING = (
    "id",
    "connection_id",
    "version",
    "lender_account_id",
    "lender_target_account_id",
    "nominated_account_id",
    "expense_account_id",
    "supplier_id",
    "tax_rate_id",
    "tax_percent",
)
_OF_ACCOUNT = (
    "id",
    "connection_id",
    "source_account_id",
    "target_account_id",
    "feed_status",
    "feed_start_date",
    "opening_balance",
    "void_since",
)
# Few columns in one query, made once: it is asked for every event and every claim.
_VERSIONS = (
    AccountMapping.objects.filter(connection__deleted_at=None)
    .order_by("version")
    .values_list(
        *(f"connection__{name}" for name in _OF_CONNECTION),
        *_OF_MAPPING,
        *(f"lender_account__{name}" for name in _OF_ACCOUNT),
        Subquery(XeroApp.objects.bank_feeds_toggle()),
        Exists(ScopeChange.objects.all()),
    )
)

_OF_ONE = Prepared(
    lambda company: _VERSIONS.filter(connection__company=company),
    company=Company._meta.pk,
)
_OF_SEVERAL = Prepared(
    lambda companies: _VERSIONS.filter(connection__company__among=companies),
    companies=[Company._meta.pk],
)


def of(*, company_id: int, now: datetime) -> Readiness:
    """Read the readiness of one company."""
    versions = _OF_ONE.rows(company=company_id)
    if not versions:
        live = Connection.objects.live().filter(company=company_id)
        toggle = XeroApp.objects.bank_feeds_toggle().first()
        return Readiness(live.first(), None, now, toggle)
    # The newest stands last.
    return _readiness(versions[-1], now)


def load(*, company_ids: Iterable[int], now: datetime) -> dict[int, Readiness]:
    """Read the readiness of several companies with one query, at most two."""
    wanted = set(company_ids)
    if len(wanted) == 1:
        (company_id,) = wanted
        return {company_id: of(company_id=company_id, now=now)}
    versions = _OF_SEVERAL.rows(companies=wanted)
    found = [_readiness(row, now) for row in versions]
    ready = {one.connection.company_id: one for one in found if one.connection}
    if unmapped := wanted - ready.keys():
        toggle = XeroApp.objects.bank_feeds_toggle().first()
        ready |= {
            connection.company_id: Readiness(connection, None, now, toggle)
            for connection in Connection.objects.live().filter(company__in=unmapped)
        }
    nothing = Readiness(None, None, now)
    return {company_id: ready.get(company_id, nothing) for company_id in wanted}


def _readiness(row: Sequence[Any], now: datetime) -> Readiness:
    mapping = _mapping(row)
    return Readiness(mapping.connection, mapping, now, *row[-2:])


@lru_cache(maxsize=1_024)
def _mapping(row: tuple[object, ...]) -> AccountMapping:
    """Return what a row says; the same row gives the same objects, to be read only."""
    values = iter(row)
    connection = Connection.from_db(*_part(_OF_CONNECTION, values))
    mapping = AccountMapping.from_db(*_part(_OF_MAPPING, values))
    account = LenderAccount.from_db(*_part(_OF_ACCOUNT, values))
    mapping.connection, mapping.lender_account = connection, account
    return mapping


def _part(
    names: Sequence[str], values: Iterator[object]
) -> tuple[str, Sequence[str], list[object]]:
    return DEFAULT_DB_ALIAS, names, list(islice(values, len(names)))


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
        .order_by("connection", "version")
    )
    return {mapping.connection_id: mapping for mapping in versions}
