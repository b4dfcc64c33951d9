"""The bank feed: the lender account's source account and its mapping to Xero.

A source account lives at Codat under an id of our choosing; the target account is the
one in Xero. Statement lines name the first, every other booking the second. For Xero a
new target account appears only when the mapping is read again, so a mapping is created
once and then read until it is connected: a second request might make a second account.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, a_list, an_object, path
from xero_sync.codat.reply import ReplyMeta
from xero_sync.codat.setup_payloads import feed_mapping


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """Our end of a bank feed; only a connected one takes statement lines."""

    id: str
    name: str
    account_type: str
    account_number: str = field(repr=False)
    sort_code: str = field(repr=False)
    currency: str
    balance: Decimal | None
    status: str
    feed_start_date: date | None


@dataclass(frozen=True, slots=True)
class TargetAccountOption:
    """A bank account in Xero that a source account may be mapped to."""

    id: str
    name: str
    balance: Decimal | None
    sort_code: str = field(repr=False)
    account_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """Which account in Xero a source account feeds, if any."""

    source_account_id: str
    source_account_name: str
    target_account_id: str
    status: str
    options: tuple[TargetAccountOption, ...]
    feed_start_date: date | None


@dataclass(frozen=True, slots=True)
class MappingOutcome:
    """The answer to a mapping request; an error may come with a success status."""

    source_account_id: str
    target_account_id: str
    status: str
    error: str


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """What came back for a write about a bank feed, whichever it was."""

    status: str
    error: str
    meta: ReplyMeta


class BankFeedOperations(Calls):
    """Set a bank feed up and watch it."""

    def send_feed_write(
        self, *, method: str, path: str, body: bytes, idempotency_key: UUID
    ) -> FeedAnswer:
        """Send exactly these bytes under this key, once; a DELETE takes neither.

        Raises:
            CodatError: of the kind that says whether the write may have been taken in.
        """
        if method == "DELETE":
            answer = self._call(method, path)
            return FeedAnswer("", "", answer.meta)
        answer = self._call(method, path, body=body, idempotency_key=idempotency_key)
        fields = an_object(answer)
        return FeedAnswer(
            status=values.text(fields, "status"),
            error=values.text(fields, "error"),
            meta=answer.meta,
        )

    def list_source_accounts(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> list[SourceAccount]:
        """Return all source accounts of a connection."""
        answer = self._get(source_accounts_path(company_id, connection_id))
        return [_source_account(item) for item in a_list(answer)]

    def create_source_account(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        body: dict[str, Any],
        *,
        idempotency_key: UUID | None = None,
    ) -> SourceAccount:
        """Create a source account; an id that exists already is refused."""
        answer = self._write(
            "POST",
            source_accounts_path(company_id, connection_id),
            body,
            idempotency_key=idempotency_key,
        )
        return _source_account(an_object(answer))

    def update_source_account(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        account_id: str,
        body: dict[str, Any],
    ) -> SourceAccount:
        """Change the name, the status to disconnected, or an unconnected balance."""
        answer = self._write(
            "PATCH",
            source_accounts_path(company_id, connection_id, account_id),
            {"id": account_id, **body},
        )
        return _source_account(an_object(answer))

    def delete_source_account(
        self, company_id: str | UUID, connection_id: str | UUID, account_id: str
    ) -> None:
        """Delete a source account and its mapping; the account in Xero remains."""
        path_of_it = source_accounts_path(company_id, connection_id, account_id)
        self._write("DELETE", path_of_it)

    def get_bank_feed_mapping(
        self, company_id: str | UUID, connection_id: str | UUID
    ) -> list[FeedMapping]:
        """Return the mapping of every source account, with what it may be mapped to."""
        answer = self._get(feed_mapping_path(company_id, connection_id))
        return [_feed_mapping(item) for item in a_list(answer)]

    def create_bank_feed_mapping(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        *,
        source_account_id: str,
        target_account_id: str | None = None,
        feed_start_date: date | None = None,
        idempotency_key: UUID | None = None,
    ) -> MappingOutcome:
        """Map a source account; without a target, Xero makes a new account for it."""
        body = feed_mapping(
            source_account_id=source_account_id,
            target_account_id=target_account_id,
            feed_start_date=feed_start_date,
        )
        answer = self._write(
            "POST",
            feed_mapping_path(company_id, connection_id),
            body,
            idempotency_key=idempotency_key,
        )
        return _mapping_outcome(an_object(answer))


def source_accounts_path(
    company_id: str | UUID, connection_id: str | UUID, *account_id: str
) -> str:
    """Return the path of a connection's source accounts, or of one of them."""
    return path(
        "companies",
        company_id,
        "connections",
        connection_id,
        "connectionInfo",
        "bankFeedAccounts",
        *account_id,
    )


def feed_mapping_path(company_id: str | UUID, connection_id: str | UUID) -> str:
    """Return the path of the mapping of a connection's source accounts."""
    connection = path("companies", company_id, "connections", connection_id)
    return f"{connection}/bankFeedAccounts/mapping"


def _source_account(source: Fields) -> SourceAccount:
    return SourceAccount(
        id=values.text(source, "id"),
        name=values.text(source, "accountName"),
        account_type=values.text(source, "accountType"),
        account_number=values.text(source, "accountNumber"),
        sort_code=values.text(source, "sortCode"),
        currency=values.text(source, "currency"),
        balance=values.money(source, "balance"),
        status=values.text(source, "status"),
        feed_start_date=values.day(source, "feedStartDate"),
    )


def _feed_mapping(source: Fields) -> FeedMapping:
    return FeedMapping(
        source_account_id=values.text(source, "sourceAccountId"),
        source_account_name=values.text(source, "sourceAccountName"),
        target_account_id=values.text(source, "targetAccountId"),
        status=values.text(source, "status"),
        options=values.records(source, "targetAccountOptions", _target_option),
        feed_start_date=values.day(source, "feedStartDate"),
    )


def _target_option(source: Fields) -> TargetAccountOption:
    return TargetAccountOption(
        id=values.text(source, "id"),
        name=values.text(source, "name"),
        balance=values.money(source, "balance"),
        sort_code=values.text(source, "sortCode"),
        account_number=values.text(source, "accountNumber"),
    )


def _mapping_outcome(source: Fields) -> MappingOutcome:
    return MappingOutcome(
        source_account_id=values.text(source, "sourceAccountId"),
        target_account_id=values.text(source, "targetAccountId"),
        status=values.text(source, "status"),
        error=values.text(source, "error"),
    )
