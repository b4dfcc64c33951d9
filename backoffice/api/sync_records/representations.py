"""How the API shows everything that is known of an entry; no bodies, no secrets."""

from typing import Any

from backoffice.api.lending import representations as show
from xero_sync.entries import wording as entry_wording
from xero_sync.entries.redaction import mask_text
from xero_sync.models import RecordChange, SyncRecord, WriteAttempt, WriteRequest

Shown = dict[str, Any]


def entry_with_evidence(record: SyncRecord) -> Shown:
    """Show an entry, what to look for in Xero, its timeline and what was sent."""
    requests = record.requests.defer("body").select_related("mapping")
    return {
        **show.entry(record),
        "look_for_in_xero": [
            {"what": label, "value": mask_text(value)}
            for label, value in entry_wording.looked_for(record)
        ],
        "timeline": [_change(one) for one in record.changes.order_by("at", "pk")],
        "requests": [
            _request(one)
            for one in requests.prefetch_related("attempts").order_by("created_at")
        ],
    }


def _change(change: RecordChange) -> Shown:
    return {
        "at": change.at.isoformat(),
        "from": change.from_state or None,
        "to": change.to_state,
        "reason": change.reason,
        "cause": change.cause,
        "in_words": _in_words(change),
        "who": change.actor,
        "note": mask_text(change.note),
    }


def _in_words(change: RecordChange) -> str:
    state = str(change.get_to_state_display())
    reason = f" ({change.get_reason_display()})" if change.reason else ""
    return f"{state}{reason}: {change.get_cause_display()}"


def _request(request: WriteRequest) -> Shown:
    return {
        "id": str(request.pk),
        "data_type": request.data_type,
        "mapping_version": request.mapping.version if request.mapping else None,
        "created_at": request.created_at.isoformat(),
        "attempts": [
            _attempt(one)
            for one in sorted(request.attempts.all(), key=lambda one: one.started_at)
        ],
    }


def _attempt(attempt: WriteAttempt) -> Shown:
    key = attempt.push_operation_key
    return {
        "started_at": attempt.started_at.isoformat(),
        "finished_at": attempt.finished_at.isoformat(),
        "elapsed_ms": attempt.elapsed_ms,
        "outcome": attempt.outcome,
        "status_code": attempt.status_code,
        "correlation_id": attempt.correlation_id,
        "push_operation_key": key and str(key),
        "error": mask_text(attempt.error),
    }
