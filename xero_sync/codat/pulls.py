"""Refresh Codat's cache, see how far it is, and ask what a write may contain."""

from collections.abc import Mapping
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
    status_description: str
    error_message: str
    requested: datetime | None
    completed: datetime | None
    progress: int | None
    is_completed: bool
    is_errored: bool

    @property
    def is_usable(self) -> bool:
        return self.status == COMPLETE and not self.is_errored


@dataclass(frozen=True, slots=True)
class DataStatus:
    """How fresh Codat's copy of one data type is."""

    data_type: str
    current_status: str
    last_successful_sync: datetime | None
    latest_sync_id: str
    latest_successful_sync_id: str


@dataclass(frozen=True, slots=True)
class CreateModel:
    """One node of the model a write has to follow, the root included."""

    type: str
    display_name: str
    description: str
    required: bool
    properties: Mapping[str, "CreateModel"]
    choices: tuple[str, ...]
    notes: tuple[str, ...]


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

    def get_data_status(self, company_id: str | UUID) -> dict[str, DataStatus]:
        """Return how fresh each data type is, by its name."""
        source = an_object(self._get(path("companies", company_id, "dataStatus")))
        return {
            str(name): _data_status(str(name), item)
            for name, item in source.items()
            if isinstance(item, Mapping)
        }

    def get_create_model(
        self,
        company_id: str | UUID,
        connection_id: str | UUID,
        data_type: str,
        account_id: str | None = None,
    ) -> CreateModel:
        """Return what a write of this type may contain, as the platform tells it.

        Statement lines have a model per account, so they need its id.
        """
        pieces = ["companies", company_id, "connections", connection_id, "options"]
        if account_id is not None:
            pieces += ["bankAccounts", account_id]
        return _create_model(an_object(self._get(path(*pieces, data_type))))


def _pull_operation(source: Fields) -> PullOperation:
    progress = values.money(source, "progress")
    return PullOperation(
        id=values.text(source, "id"),
        company_id=values.text(source, "companyId"),
        connection_id=values.text(source, "connectionId"),
        data_type=values.text(source, "dataType"),
        status=values.text(source, "status"),
        status_description=values.text(source, "statusDescription"),
        error_message=values.text(source, "errorMessage"),
        requested=values.moment(source, "requested"),
        completed=values.moment(source, "completed"),
        progress=None if progress is None else int(progress),
        is_completed=values.flag(source, "isCompleted"),
        is_errored=values.flag(source, "isErrored"),
    )


def _data_status(name: str, source: Fields) -> DataStatus:
    return DataStatus(
        data_type=values.text(source, "dataType") or name,
        current_status=values.text(source, "currentStatus"),
        last_successful_sync=values.moment(source, "lastSuccessfulSync"),
        latest_sync_id=values.text(source, "latestSyncId"),
        latest_successful_sync_id=values.text(source, "latestSuccessfulSyncId"),
    )


def _create_model(source: Fields) -> CreateModel:
    properties = values.child(source, "properties")
    found = properties.items() if isinstance(properties, Mapping) else ()
    validation = values.child(source, "validation")
    return CreateModel(
        type=values.text(source, "type"),
        display_name=values.text(source, "displayName"),
        description=values.text(source, "description"),
        required=values.flag(source, "required"),
        properties={
            str(name): _create_model(node)
            for name, node in found
            if isinstance(node, Mapping)
        },
        choices=values.records(source, "options", lambda o: values.text(o, "value")),
        notes=tuple(
            note
            for kind in ("warnings", "information")
            for note in values.records(
                validation, kind, lambda item: values.text(item, "details")
            )
        ),
    )
