"""Admin pages of the write-back; `backoffice.admin` registers them."""

from xero_sync.admin.checks import ConnectionCheckRunAdmin
from xero_sync.admin.connections import (
    AccountMappingAdmin,
    ConnectionAdmin,
    WritebackSwitchAdmin,
)
from xero_sync.admin.feeds import LenderAccountAdmin, MissingLineAdmin
from xero_sync.admin.programme import PartnerProgrammeAdmin
from xero_sync.admin.records import SyncRecordAdmin
from xero_sync.admin.requests import WriteAttemptAdmin, WriteRequestAdmin
from xero_sync.admin.runtime import (
    HeartbeatAdmin,
    LaneAdmin,
    RateScopeAdmin,
    WebhookMessageAdmin,
)
from xero_sync.admin.xero_app import XeroAppAdmin, XeroAppChangeAdmin

__all__ = [
    "AccountMappingAdmin",
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
    "WritebackSwitchAdmin",
    "XeroAppAdmin",
    "XeroAppChangeAdmin",
]
