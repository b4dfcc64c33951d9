"""What the write-back knows: connections, mappings, entries and what was sent."""

from xero_sync.models.borrowers import BorrowerConsent, BorrowerNotice
from xero_sync.models.checks import (
    CheckFailureKind,
    ConnectionCheckFailure,
    ConnectionCheckRun,
)
from xero_sync.models.connections import (
    AccountMapping,
    Connection,
    LenderAccount,
)
from xero_sync.models.drafts import AccountDraft
from xero_sync.models.feeds import MissingLine
from xero_sync.models.links import BorrowerLink, BorrowerSitting, LinkRequest
from xero_sync.models.mapping_rows import MappingRow
from xero_sync.models.programme import (
    CheckpointReview,
    PartnerProgramme,
    ProgrammeAct,
)
from xero_sync.models.remote import DataRefresh, LoanInXero, WebhookMessage
from xero_sync.models.runtime import Heartbeat, Lane, RateScope, Tally
from xero_sync.models.scopes import ScopeChange
from xero_sync.models.setups import AccountSetup, SetupStep
from xero_sync.models.stray_pushes import StrayPush
from xero_sync.models.switches import WritebackSwitch
from xero_sync.models.watched import WatchedPush
from xero_sync.models.wishes import BorrowerWish
from xero_sync.models.writeback import (
    AttemptAnswer,
    RecordChange,
    SyncRecord,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.models.xero_app import XeroApp

__all__ = [
    "AccountDraft",
    "AccountMapping",
    "AccountSetup",
    "AttemptAnswer",
    "BorrowerConsent",
    "BorrowerLink",
    "BorrowerNotice",
    "BorrowerSitting",
    "BorrowerWish",
    "CheckFailureKind",
    "CheckpointReview",
    "Connection",
    "ConnectionCheckFailure",
    "ConnectionCheckRun",
    "DataRefresh",
    "Heartbeat",
    "Lane",
    "LenderAccount",
    "LinkRequest",
    "LoanInXero",
    "MappingRow",
    "MissingLine",
    "PartnerProgramme",
    "ProgrammeAct",
    "RateScope",
    "RecordChange",
    "ScopeChange",
    "SetupStep",
    "StrayPush",
    "SyncRecord",
    "Tally",
    "WatchedPush",
    "WebhookMessage",
    "WriteAttempt",
    "WriteRequest",
    "WritebackSwitch",
    "XeroApp",
]
