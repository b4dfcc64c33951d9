"""Entries: what must stand in Xero for each event, and what is decided about them."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import ApiView, checked, seen_by
from backoffice.api.framework.fields import StrictSerializer, TextField
from backoffice.api.framework.idempotency import Reply, once_with_calls
from backoffice.api.framework.problems import not_found
from backoffice.api.lending import representations as show
from backoffice.api.lending import schemas
from backoffice.api.sync_records import schemas as entry_schemas
from backoffice.api.sync_records.filters import EntryFilter
from backoffice.api.sync_records.representations import entry_with_evidence
from backoffice.models import KeyScope
from xero_sync.models import SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import decisions
from xero_sync.writeback.paced_client import paced_client

OK = 200


class DecisionBody(StrictSerializer):
    """Why it is decided so."""

    reason = TextField(max_length=500, help_text="It stays on the entry's timeline.")


class LinkBody(DecisionBody):
    """The same, with what was found."""

    xero_record_id = TextField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text="The id of what stands in Xero, if it is known.",
    )


class SyncRecords(ApiView):
    """`sync-records`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    filters = EntryFilter

    @extend_schema(
        operation_id="listEntries",
        summary="List entries",
        responses=schemas.page_of(schemas.EntryShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List entries, those planned last first."""
        return self.listed_together(_entries(self.caller), show.entries)


class OneSyncRecord(ApiView):
    """`sync-records/{id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getEntry",
        summary="Show an entry with its timeline",
        responses=entry_schemas.EntryWithEvidence,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show an entry with its timeline, its requests and what to look for."""
        return Response(entry_with_evidence(entry_or_404(self.caller, number)))


class Decision(ApiView):
    """What is decided about an entry; each view names its service."""

    scopes = {"POST": KeyScope.SYNC_ACT}
    # Whether a push of the entry is still on its way; only then is it decided.
    calls_codat = {"POST"}
    body: type[StrictSerializer] = DecisionBody
    service: Callable[..., SyncRecord]

    def post(self, request: Request, number: UUID) -> Response:
        """Take the decision; it stays on the timeline with its reason and author.

        It is refused while a push of the entry is still on its way to Xero, and while
        Codat cannot be asked about that.
        """
        record = entry_or_404(self.caller, number)
        fields = checked(self.body, request)
        return once_with_calls(request, lambda: self._decide(record, fields))

    def _decide(self, record: SyncRecord, fields: Mapping[str, Any]) -> Reply:
        with paced_client() as client:
            self.service(
                record=record,
                decided_by=self.caller.author,
                now=database_now(),
                client=client,
                **fields,
            )
        return Reply(OK, show.entry(entry_or_404(self.caller, record.pk)))


def _described(operation: str, summary: str, body: type[StrictSerializer]) -> Any:
    return extend_schema_view(
        post=extend_schema(
            operation_id=operation,
            summary=summary,
            request=body,
            responses=schemas.EntryShown,
        )
    )


@_described("retryEntry", "Send an entry again", DecisionBody)
class Retry(Decision):
    """`sync-records/{id}/retry`: what was refused, or waits for a person, goes anew."""

    service = staticmethod(decisions.send_again)


@_described("cancelEntry", "Never write an entry", DecisionBody)
class Cancel(Decision):
    """`sync-records/{id}/cancel`: it will never be written, nor will its line."""

    service = staticmethod(decisions.cancel)


@_described("linkEntry", "Say that an entry stands in Xero", LinkBody)
class Link(Decision):
    """`sync-records/{id}/link`: it stands in Xero already, somebody has seen it."""

    body = LinkBody
    service = staticmethod(decisions.link_by_hand)


@_described("answerAbsent", "Say that an entry is not in Xero", DecisionBody)
class Absent(Decision):
    """`sync-records/{id}/absent`: it is not in Xero, somebody has looked."""

    service = staticmethod(decisions.answer_absent)


def entry_or_404(caller: Caller, number: UUID) -> SyncRecord:
    """Return an entry with its event, its loan, its company and what was sent.

    Raises:
        Problem: 404.
    """
    known = _entries(caller).select_related(
        "lender_account", "request__mapping__lender_account"
    )
    # What was sent may be a thousand lines long, and is not shown.
    found = known.defer("request__body").filter(pk=number)
    record: SyncRecord | None = found.first()
    if record is None:
        raise not_found(f"There is no entry {number}.")
    return record


def _entries(caller: Caller) -> QuerySet[SyncRecord]:
    return seen_by(caller, SyncRecord.objects.select_related("event", "loan__company"))
