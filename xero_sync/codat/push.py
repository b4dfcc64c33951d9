"""Writes to Xero: the push operation, where it is sent and how it is looked up.

An HTTP 200 says that Codat took the write in, not that Xero has it: only the status of
the operation tells, and it usually starts as Pending. An operation that timed out at
Codat may still be carried out. The id of what was created stands in `changes`, never in
`data`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import PAGE_SIZE, Calls, Fields, an_object, path
from xero_sync.codat.reply import ReplyMeta, ValidationItem
from xero_sync.codat.verdicts import Answer, unreadable, validation_items

BANK_TRANSACTIONS = "bankTransactions"
PUSH_DATA_TYPES = frozenset(
    {"transfers", "directCosts", "payments", "suppliers", "accounts", "bankAccounts"}
)


class PushStatus(StrEnum):
    """What Codat says about a write."""

    PENDING = "Pending"
    SUCCESS = "Success"
    FAILED = "Failed"
    TIMED_OUT = "TimedOut"
    # In a look, a word that Codat has not published: it tells nothing.
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class PushOperation:
    """A write as Codat knows it; record_id is "" as long as nothing was created."""

    key: UUID
    company_id: str
    connection_id: str
    data_type: str
    status: PushStatus
    requested_on: datetime | None
    completed_on: datetime | None
    error_message: str
    record_id: str
    record_type: str
    errors: tuple[ValidationItem, ...]
    warnings: tuple[ValidationItem, ...]
    meta: ReplyMeta


@lru_cache(maxsize=1_024)
def push_path(
    company_id: str | UUID,
    connection_id: str | UUID,
    data_type: str,
    account_id: str | None = None,
) -> str:
    """Return the path a data type is written to.

    Statement lines are written to their source account, by the id we chose for it.

    Raises:
        ValueError: the data type cannot be written, or an id is missing.
    """
    pieces = ("companies", company_id, "connections", connection_id, "push")
    if data_type == BANK_TRANSACTIONS:
        return path(*pieces, "bankAccounts", account_id or "", BANK_TRANSACTIONS)
    if data_type not in PUSH_DATA_TYPES or account_id is not None:
        raise ValueError(f"nothing can be written as {data_type}")
    return path(*pieces, data_type)


class PushOperations(Calls):
    """Write, and look up what became of a write."""

    def send_push(
        self, *, path: str, body: bytes, idempotency_key: UUID
    ) -> PushOperation:
        """Send exactly these bytes under this key, once.

        Raises:
            CodatError: of the kind that says whether the write may have been taken in.
        """
        answer = self._call("POST", path, body=body, idempotency_key=idempotency_key)
        return _push_operation(answer, an_object(answer))

    def get_push_operation(
        self, company_id: str | UUID, key: str | UUID
    ) -> PushOperation:
        """Return one write of a company."""
        answer = self._get(path("companies", company_id, "push", key))
        return _push_operation(answer, an_object(answer), strict=False)

    def list_push_operations(
        self,
        company_id: str | UUID,
        *,
        query: str | None = None,
        order_by: str = "-requestedOnUtc",
        page_size: int = PAGE_SIZE,
    ) -> Iterator[PushOperation]:
        """Yield every write of a company, over all its connections and pages.

        With the newest first, a write that arrives meanwhile moves others to the next
        page, where they are left out the second time.
        """
        seen: set[UUID] = set()
        for answer, items in self._pages(
            path("companies", company_id, "push"),
            query=query,
            order_by=order_by,
            page_size=page_size,
        ):
            for item in items:
                operation = _push_operation(answer, item, strict=False)
                if operation.key not in seen:
                    seen.add(operation.key)
                    yield operation


def _push_operation(
    answer: Answer, source: Fields, *, strict: bool = True
) -> PushOperation:
    record_id, record_type = _created(source)
    return PushOperation(
        key=_key(answer, source),
        company_id=values.text(source, "companyId"),
        connection_id=values.text(source, "dataConnectionKey"),
        data_type=values.text(source, "dataType"),
        status=_status(answer, source, strict=strict),
        requested_on=values.moment(source, "requestedOnUtc"),
        completed_on=values.moment(source, "completedOnUtc"),
        error_message=values.text(source, "errorMessage"),
        record_id=record_id,
        record_type=record_type,
        errors=validation_items(source, "errors"),
        warnings=validation_items(source, "warnings"),
        meta=answer.meta,
    )


def _key(answer: Answer, source: Fields) -> UUID:
    try:
        return UUID(values.text(source, "pushOperationKey"))
    except ValueError as exc:
        raise unreadable(answer, "The push operation has no key.") from exc


def _status(answer: Answer, source: Fields, *, strict: bool) -> PushStatus:
    written = values.text(source, "status")
    try:
        return PushStatus(written)
    except ValueError as exc:
        if not strict:
            return PushStatus.UNKNOWN
        raise unreadable(answer, f"The push status {written!r} is unknown.") from exc


def _created(source: Fields) -> tuple[str, str]:
    changes = values.records(source, "changes", lambda change: change)
    for change in changes:
        if values.text(change, "type") == "Created":
            return (
                values.text(change, "recordRef", "id"),
                values.text(change, "recordRef", "dataType"),
            )
    return "", ""
