"""Everything that can go wrong between the product and Codat.

The class answers one question: what may be done next? It follows what Codat says about
its Idempotency-Key. A key is remembered for 90 minutes, 429 releases it, and every
other answer is replayed for it, a 5xx included. So repeating after an answered error
brings the same answer under the same key, and perhaps a second booking under a new one.
"""

import inspect
from typing import Any, ClassVar

from django.core.exceptions import SuspiciousOperation
from django.utils.functional import Promise

from xero_sync.codat.reply import ReplyMeta as ReplyMeta
from xero_sync.codat.reply import ValidationItem as ValidationItem

DETAIL_CHARACTERS = 1_000

Message = str | Promise
"""A text, or one that is translated when it is shown."""


class XeroSyncError(Exception):
    """The work with Xero could not be done."""

    def __init__(self, message: Message | None = None) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "")
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class CodatError(XeroSyncError):
    """The call to Codat did not succeed.

    `kind` says in a word what that means for a write. Whatever has none of its own may
    have reached Codat, and is looked for before anything is sent again.
    """

    kind: ClassVar[str] = "no_verdict"

    def __init__(
        self,
        message: Message | None = None,
        *,
        method: str = "",
        path: str = "",
        status_code: int | None = None,
        correlation_id: str = "",
        errors: tuple[ValidationItem, ...] = (),
        detail: str = "",
        problem: str = "",
        meta: ReplyMeta | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        # The seconds after which Codat asks to come again, where it does.
        self.retry_after = retry_after
        self.method = method
        self.path = path
        self.status_code = status_code
        self.correlation_id = correlation_id
        self.errors = errors
        self.detail = detail[:DETAIL_CHARACTERS]
        self.problem = problem
        self.meta = meta

    def __str__(self) -> str:
        call = f"{self.method} {self.path}".strip()
        status = f"HTTP {self.status_code}" if self.status_code else ""
        number = f"correlation {self.correlation_id}" if self.correlation_id else ""
        facts = ", ".join(fact for fact in (call, status, number) if fact)
        text = f"{self.message} ({facts})" if facts else str(self.message)
        return f"{text}: {self.detail}" if self.detail else text


class CodatUnavailable(CodatError):
    """Codat did not take the request in; the same bytes may be sent later."""

    kind = "unavailable"

    def __init__(
        self,
        message: Message | None = None,
        *,
        rate_limited: bool = False,
        was_sent: bool = True,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.rate_limited = rate_limited
        # False: we kept it back ourselves, so it says nothing about the service.
        self.was_sent = was_sent


class CodatNoAnswer(CodatError):
    """Codat gave no answer; it may or may not have taken the request in."""

    kind = "no_answer"

    def __init__(
        self, message: Message | None = None, *, in_progress: bool = False, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.in_progress = in_progress


class CodatOutcomeUnknown(CodatError):
    """Codat answered without saying what became of the request."""


class CodatRejected(CodatError):
    """Codat refused the request; sending it again as it is will not help."""

    kind = "refused"


class CodatAccessDenied(CodatError):
    """Codat did not let us in: the key, the plan or a permission needs attention."""

    kind = "access_denied"


class WritebackBlocked(XeroSyncError):
    """Our side is not ready; nothing was sent."""

    default_code: ClassVar[str] = "blocked"

    def __init__(
        self, message: Message | None = None, *, code: str = "", field: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.field = field


class MappingIncomplete(WritebackBlocked):
    """An account or the supplier has not been chosen yet; complete the mapping."""

    default_code = "mapping_incomplete"


class XeroNotReady(WritebackBlocked):
    """Xero has not finished yet; repeat this soon, it goes on where it stopped."""

    default_code = "xero_not_ready"


class CodatNotAsked(XeroNotReady):
    """Codat could not be asked, and nothing was decided; try again in a few minutes."""

    default_code = "codat_not_asked"


class AlreadyUnderWay(WritebackBlocked):
    """Somebody else is doing the same at this moment; try again."""

    default_code = "still_running"


class OtherVersion(WritebackBlocked):
    """The accounts were chosen anew meanwhile; look at them and choose again."""

    default_code = "other_version"


class SetupUnderWay(AlreadyUnderWay):
    """Another choice of accounts is being set up; choose again once that is done."""

    default_code = "setup_under_way"


class ConnectionNotLinked(WritebackBlocked):
    """The connection to Xero is not active; the borrower has to reconnect."""

    default_code = "connection_not_linked"


class ConnectionTaken(ConnectionNotLinked):
    """The connection to Xero belongs to another company already."""

    default_code = "connection_taken"

    def __init__(
        self, message: Message | None = None, *, company_id: int | None = None
    ) -> None:
        super().__init__(message, field="codat_connection_id")
        self.company_id = company_id


class ConnectionCapReached(WritebackBlocked):
    """Xero's limit of connections is reached; only partner status lifts it."""

    default_code = "connection_cap_reached"


class IntegrationOff(WritebackBlocked):
    """Connecting to Xero is switched off; switch the integration on first."""

    default_code = "integration_off"


class WritebackSwitchedOff(WritebackBlocked):
    """Write-back is switched off for this company."""

    default_code = "writeback_off"


class BankFeedsNotEnabled(WritebackBlocked):
    """Bank feeds are not available; statement lines have to wait."""

    default_code = "bank_feeds_off"


class FeedNotMapped(WritebackBlocked):
    """Codat did not connect the bank feed to the account in Xero."""

    default_code = "feed_not_mapped"


class SameAccountTwice(WritebackBlocked):
    """The lender account and the nominated account must be two accounts."""

    default_code = "same_account_twice"


class AccountCurrencyMismatch(WritebackBlocked):
    """The account is kept in another currency than the company."""

    default_code = "account_currency_mismatch"


class StatementLineTooOld(WritebackBlocked):
    """Xero refuses statement lines that are more than a year old."""

    default_code = "too_old"


class StatementLineAhead(WritebackBlocked):
    """Xero refuses statement lines that are dated ahead of today."""

    default_code = "dated_ahead"


class CodatKeyMissing(WritebackBlocked):
    """The key for Codat is not configured."""

    default_code = "codat_key_missing"


class OrganisationChanged(WritebackBlocked):
    """The connection now leads to another Xero organisation; confirm it first."""

    default_code = "organisation_changed"


class HeldEventsChoiceMissing(WritebackBlocked):
    """Say what happens to the held events: publish them or leave them out."""

    default_code = "held_events_choice_missing"


class HeldEventsChanged(WritebackBlocked):
    """What is held has changed since it was shown; look at it again, then choose."""

    default_code = "held_events_changed"

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message, field="fingerprint")


class DecisionNotAllowed(WritebackBlocked):
    """This decision is not possible in the record's present state."""

    default_code = "decision_not_allowed"


class EntriesWaiting(DecisionNotAllowed):
    """Entries wait to be written; settle them first, or leave them out knowingly."""

    default_code = "entries_waiting"


class WebhookRejected(XeroSyncError, SuspiciousOperation):
    """The webhook cannot be trusted or read."""
