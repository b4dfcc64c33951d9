"""Entries: what must stand in Xero for each event, and what is decided about them."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.base import OK, ApiView, checked
from backoffice.api.framework.fields import StrictSerializer
from backoffice.api.framework.idempotency import once_with_calls
from backoffice.api.framework.pagination import page_of
from backoffice.api.framework.replies import Reply
from backoffice.api.framework.visible import one_or_404, seen_by
from backoffice.api.sync_records.answers import EntryShown, EntryWithEvidence
from backoffice.api.sync_records.bodies import DecisionBody, LinkBody
from backoffice.api.sync_records.queries import EntryQuery
from backoffice.models import KeyScope
from xero_sync.models import SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback import decisions
from xero_sync.writeback.paced_client import paced_client


class SyncRecords(ApiView):
    """`sync-records`."""

    scopes = {"GET": KeyScope.EVENTS_READ}
    queries = {"GET": EntryQuery}

    @extend_schema(
        operation_id="listEntries",
        summary="List entries",
        responses=page_of(EntryShown),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """List entries, those planned last first."""
        return self.listed(_entries(self.caller), EntryShown)


class OneSyncRecord(ApiView):
    """`sync-records/{id}`."""

    scopes = {"GET": KeyScope.EVENTS_READ}

    @extend_schema(
        operation_id="getEntry",
        summary="Show an entry with its timeline",
        responses=EntryWithEvidence,
    )
    def get(self, request: Request, number: UUID) -> Response:  # noqa: ARG002
        """Show an entry with its timeline, its requests and what to look for."""
        return Response(EntryWithEvidence.of(entry_or_404(self.caller, number)))


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
        return Reply(OK, EntryShown.of(entry_or_404(self.caller, record.pk)))


def _described(operation: str, summary: str, body: type[StrictSerializer]) -> Any:
    return extend_schema_view(
        post=extend_schema(
            operation_id=operation,
            summary=summary,
            request=body,
            responses=EntryShown,
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
    record: SyncRecord = one_or_404(found, f"There is no entry {number}.")
    return record


def _entries(caller: Caller) -> QuerySet[SyncRecord]:
    return seen_by(caller, SyncRecord.objects.select_related("event", "loan__company"))
