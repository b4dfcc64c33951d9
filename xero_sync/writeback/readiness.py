"""What a company's connection and mapping allow, read once for many entries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from xero_sync.models import AccountMapping, Connection


@dataclass(frozen=True)
class Readiness:
    """A company's live connection and latest mapping at a moment."""

    connection: Connection | None
    mapping: AccountMapping | None
    now: datetime


def load(*, company_ids: Iterable[int], now: datetime) -> dict[int, Readiness]:
    """Read the readiness of several companies with two queries."""
    wanted = set(company_ids)
    connections = {
        connection.company_id: connection
        for connection in Connection.objects.live().filter(company__in=wanted)
    }
    mappings = latest_mappings(
        connection_ids=[connection.pk for connection in connections.values()]
    )
    return {
        company_id: Readiness(
            connection=(connection := connections.get(company_id)),
            mapping=mappings.get(connection.pk) if connection else None,
            now=now,
        )
        for company_id in wanted
    }


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
