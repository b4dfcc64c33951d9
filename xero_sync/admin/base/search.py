"""Finding rows in large tables: a term becomes a few ids, looked up by index."""

from uuid import UUID

from django.db.models import Q, QuerySet

from lending.admin.search import loans_named
from lending.models import LoanEvent
from xero_sync.models import (
    RecordChange,
    SyncRecord,
    WebhookMessage,
    WriteAttempt,
    WriteRequest,
)

MOST_FOUND = 500


def as_uuid(term: str) -> UUID | None:
    """Read a term as a UUID, if it is one."""
    try:
        return UUID(term)
    except ValueError:
        return None


def records(queryset: QuerySet[SyncRecord], term: str) -> QuerySet[SyncRecord]:
    """Return the entries that a term names.

    By the beginning of an event's, loan's, invoice's or company's reference, or by a
    whole record id of Xero or push operation key, the present one or an earlier one.
    """
    if not term:
        return queryset
    named = LoanEvent.objects.filter(external_id__startswith=term).order_by("-pk")
    events = list(named.values_list("pk", flat=True)[:MOST_FOUND])
    loans = loans_named(term)
    found = Q(event__in=events) | Q(loan__in=loans)
    key = as_uuid(term)
    if key is not None:
        pushed = RecordChange.objects.filter(push_operation_key=key)
        earlier = pushed.values_list("record", flat=True)[:MOST_FOUND]
        found |= Q(push_operation_key=key) | Q(pk__in=[key, *earlier])
    if not events and not loans:
        # It has no index of its own, so it is asked for last.
        found |= Q(xero_record_id=term)
    return queryset.filter(found)


def requests(queryset: QuerySet[WriteRequest], term: str) -> QuerySet[WriteRequest]:
    """Return the requests with this id, Idempotency-Key or push operation key."""
    if not term:
        return queryset
    key = as_uuid(term)
    if key is None:
        return queryset.none()
    pushed = WriteAttempt.objects.filter(push_operation_key=key)
    answered = pushed.values_list("request", flat=True)[:MOST_FOUND]
    return queryset.filter(Q(idempotency_key=key) | Q(pk__in=[key, *answered]))


def attempts(queryset: QuerySet[WriteAttempt], term: str) -> QuerySet[WriteAttempt]:
    """Return the attempts with this push operation, Idempotency-Key or correlation."""
    if not term:
        return queryset
    found = Q(correlation_id=term)
    key = as_uuid(term)
    if key is not None:
        found |= Q(push_operation_key=key) | Q(request__idempotency_key=key)
    return queryset.filter(found)


def messages(queryset: QuerySet[WebhookMessage], term: str) -> QuerySet[WebhookMessage]:
    """Return the messages with this webhook id or push operation key."""
    if not term:
        return queryset
    key = as_uuid(term)
    found = Q(webhook_id=term)
    return queryset.filter(found | Q(push_operation_key=key) if key else found)
