"""What the product's own tables show for the technical checkpoints, at this moment.

Nothing here is typed by anybody: each sentence counts rows and dates the latest one. A
person's word on a checkpoint stands beside it and does not change it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from xero_sync.partner_programme import (
    app_evidence,
    connection_evidence,
    entry_evidence,
)
from xero_sync.partner_programme.checkpoint_list import Evidence
from xero_sync.partner_programme.fact import Fact

READERS: Mapping[Evidence, Callable[[], list[Fact]]] = {
    Evidence.WRITEBACK: entry_evidence.writeback,
    Evidence.ORGANISATIONS: connection_evidence.organisations,
    Evidence.STATUS: connection_evidence.status,
    Evidence.DISCONNECTS: connection_evidence.disconnects,
    Evidence.SEVERAL: connection_evidence.several,
    Evidence.OFFBOARDED: connection_evidence.offboarded,
    Evidence.NAME: app_evidence.name,
    Evidence.EMAIL: app_evidence.email,
    Evidence.BADGE: app_evidence.badge,
    Evidence.SCOPES: app_evidence.scopes,
    Evidence.ERRORS: entry_evidence.errors,
    Evidence.MAPPINGS: entry_evidence.mappings,
    Evidence.LENDER_ACCOUNTS: entry_evidence.lender_accounts,
    Evidence.STATEMENTS: entry_evidence.statements,
}


def gather(*, now: datetime) -> Mapping[Evidence, list[Fact]]:
    """Read all evidence as of now."""
    found = {one: read() for one, read in READERS.items()}
    return {**found, Evidence.DAILY_CHECK: connection_evidence.daily_check(now)}
