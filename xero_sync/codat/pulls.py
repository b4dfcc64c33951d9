"""Refresh Codat's cache, and see how far that is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from xero_sync.codat import values
from xero_sync.codat.calls import Calls, Fields, an_object, path

COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class PullOperation:
    """One refresh of one data type; it is usable once it is complete."""

    id: str
    company_id: str
    connection_id: str
    data_type: str
    status: str
    error_message: str
    requested: datetime | None
    completed: datetime | None
    is_completed: bool
    is_errored: bool

    @property
    def is_usable(self) -> bool:
        return self.status == COMPLETE and not self.is_errored


class PullOperations(Calls):
    """Keep Codat's copy fresh; a written record is not in it before a refresh."""

    def refresh_data_type(
        self,
        company_id: str | UUID,
        data_type: str,
        connection_id: str | UUID | None = None,
        *,
        idempotency_key: UUID | None = None,
    ) -> PullOperation:
        """Queue a refresh; the chart of accounts is called `chartOfAccounts` here.

        Raises:
            CodatNoAnswer: with in_progress, a refresh of this type is under way.
        """
        answer = self._write(
            "POST",
            path("companies", company_id, "data", "queue", data_type),
            params={"connectionId": str(connection_id)} if connection_id else None,
            idempotency_key=idempotency_key,
        )
        return _pull_operation(an_object(answer))

    def get_pull_operation(
        self, company_id: str | UUID, dataset_id: str | UUID
    ) -> PullOperation:
        """Return one refresh."""
        target = path("companies", company_id, "data", "history", dataset_id)
        return _pull_operation(an_object(self._get(target)))


def _pull_operation(source: Fields) -> PullOperation:
    return PullOperation(
        id=values.text(source, "id"),
        company_id=values.text(source, "companyId"),
        connection_id=values.text(source, "connectionId"),
        data_type=values.text(source, "dataType"),
        status=values.text(source, "status"),
        error_message=values.text(source, "errorMessage"),
        requested=values.moment(source, "requested"),
        completed=values.moment(source, "completed"),
        is_completed=values.flag(source, "isCompleted"),
        is_errored=values.flag(source, "isErrored"),
    )
