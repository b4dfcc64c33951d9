"""What each message says: which resource, where it stands, where to read more.

Payloads are thin and hold no money and no bank details: the resource has them. Services
read one language, so the words are English whoever acts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.utils import translation

from backoffice.models.webhooks import MessageType
from lending.models import Loan, LoanEvent
from xero_sync.entries import status as entry_status
from xero_sync.models import Connection, RecordChange
from xero_sync.models.choices import Cause, Reason, State

API = "/api/v1"


@dataclass(frozen=True)
class Draft:
    """A message before it is stored; `occasion` keeps it from being told twice."""

    type: str
    subject: str
    occasion: str
    at: datetime
    data: dict[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """What is unique about a message."""
        return self.subject, self.type, self.occasion

    @property
    def payload(self) -> bytes:
        """The bytes that are sent, the same for everybody and for ever."""
        moment = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        content = {
            "type": self.type,
            "timestamp": moment.replace("+00:00", "Z"),
            "data": self.data,
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def event_written(*, event: LoanEvent, change_id: int, at: datetime) -> Draft:
    """Every entry of an event stands in Xero that it does not do without."""
    data = _standing(State.WRITTEN, "")
    return _of_event(MessageType.EVENT_WRITTEN, event, str(change_id), at, data)


def entry_message(
    message_type: str, *, event: LoanEvent, change: RecordChange
) -> Draft:
    """An entry of an event has come to where somebody may want to know of it."""
    data = {
        **_standing(change.to_state, change.reason),
        **(_landed() if change.cause == Cause.LANDED else {}),
        "entry": {"id": str(change.record_id), "step": change.record.step},
    }
    return _of_event(message_type, event, str(change.pk), change.at, data)


def loan_settled(*, loan: Loan, sequence: int, at: datetime) -> Draft:
    """A loan is at its end, in our book and in Xero."""
    return Draft(
        type=MessageType.LOAN_SETTLED,
        subject=loan.reference,
        occasion=str(sequence),
        at=at,
        data={
            "loan": loan.reference,
            "company": loan.company.reference,
            "state": "settled",
            "path": f"{API}/loans/{quote(loan.reference)}",
        },
    )


def connection_changed(
    *, connection: Connection, changed: Sequence[str], occasion: str, at: datetime
) -> Draft:
    """Something that others see of a connection has changed."""
    return Draft(
        type=MessageType.CONNECTION_CHANGED,
        subject=str(connection.pk),
        occasion=occasion,
        at=at,
        data={
            "connection": str(connection.pk),
            "company": connection.company.reference,
            "changed": list(changed),
            "status": connection.status,
            "writeback_on": connection.writeback_on,
            "bank_feeds": connection.bank_feeds,
            "organisation_name": connection.organisation_name,
            "organisation_changed": connection.organisation_changed,
            "path": f"{API}/connections/{connection.pk}",
        },
    )


def endpoint_test(*, endpoint_id: str, occasion: str, at: datetime) -> Draft:
    """A message that says nothing but that messages arrive."""
    return Draft(
        type=MessageType.ENDPOINT_TEST,
        subject=endpoint_id,
        occasion=occasion,
        at=at,
        data={
            "endpoint": endpoint_id,
            "path": f"{API}/webhook-endpoints/{endpoint_id}",
        },
    )


def _of_event(
    message_type: str,
    event: LoanEvent,
    occasion: str,
    at: datetime,
    data: dict[str, Any],
) -> Draft:
    return Draft(
        type=message_type,
        subject=event.external_id,
        occasion=occasion,
        at=at,
        data={
            "event": event.external_id,
            "loan": event.loan.reference,
            "company": event.loan.company.reference,
            **data,
            "path": f"{API}/loan-events/{quote(event.external_id)}",
        },
    )


def _landed() -> dict[str, Any]:
    """Say that the entry may stand twice, wherever it stands."""
    return {
        "in_words": "Another push of it succeeded: it may stand in Xero twice",
        "who_must_act": entry_status.Actor.OPERATOR.value,
    }


def _standing(state: str, reason: str) -> dict[str, Any]:
    """Say where it stands as the API says it."""
    with translation.override("en"):
        labels = [State(state).label, *([Reason(reason).label] if reason else [])]
        in_words = ": ".join(str(label) for label in labels)
    return {
        "state": state,
        "reason": reason,
        "in_words": in_words,
        "who_must_act": entry_status.actor_of(state=state, reason=reason).value,
    }
