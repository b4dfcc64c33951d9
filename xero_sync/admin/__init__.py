"""Admin pages of the write-back; `backoffice.admin` registers them."""

from xero_sync.admin.bank_feeds.pages import LenderAccountAdmin, MissingLineAdmin
from xero_sync.admin.connections.checks import ConnectionCheckRunAdmin
from xero_sync.admin.connections.pages import (
    AccountMappingAdmin,
    ConnectionAdmin,
)
from xero_sync.admin.connections.setups import AccountSetupAdmin
from xero_sync.admin.entries.pages import SyncRecordAdmin
from xero_sync.admin.entries.requests import WriteAttemptAdmin, WriteRequestAdmin
from xero_sync.admin.monitoring.pages import (
    HeartbeatAdmin,
    LaneAdmin,
    RateScopeAdmin,
    WebhookMessageAdmin,
)
from xero_sync.admin.partner_programme.pages import PartnerProgrammeAdmin
from xero_sync.admin.xero_app.pages import XeroAppAdmin

__all__ = [
    "AccountMappingAdmin",
    "AccountSetupAdmin",
    "ConnectionAdmin",
    "ConnectionCheckRunAdmin",
    "HeartbeatAdmin",
    "LaneAdmin",
    "LenderAccountAdmin",
    "MissingLineAdmin",
    "PartnerProgrammeAdmin",
    "RateScopeAdmin",
    "SyncRecordAdmin",
    "WebhookMessageAdmin",
    "WriteAttemptAdmin",
    "WriteRequestAdmin",
    "XeroAppAdmin",
]
