"""Every message is what the description says of it, and nothing more."""

import json
from datetime import UTC, datetime

import pytest

from backoffice.models.webhooks import MessageType
from backoffice.webhooks import payloads
from tests.backoffice.api.description.committed import check_message, description
from tests.builders import make_event
from xero_sync.models import Connection, RecordChange
from xero_sync.models.choices import ConnectionStatus

AT = datetime(2026, 3, 31, 9, tzinfo=UTC)


@pytest.fixture
def drafts(db):
    """A message of each type, as the product makes it."""
    event = make_event()
    change = RecordChange.objects.filter(record__event=event).first()
    connection = Connection(company=event.loan.company, status=ConnectionStatus.LINKED)
    made = [
        payloads.event_written(event=event, change_id=1, at=AT),
        payloads.entry_message(
            MessageType.EVENT_NEEDS_ATTENTION, event=event, change=change
        ),
        payloads.entry_message(MessageType.EVENT_UNKNOWN, event=event, change=change),
        payloads.loan_settled(loan=event.loan, sequence=1, at=AT),
        payloads.connection_changed(
            connection=connection, changed=["status"], occasion="1", at=AT
        ),
        payloads.endpoint_test(endpoint_id=str(connection.pk), occasion="1", at=AT),
    ]
    return {draft.type: draft for draft in made}


@pytest.mark.parametrize("message_type", MessageType.values)
def test_a_message_is_what_the_description_says(drafts, message_type):
    message = json.loads(drafts[message_type].payload)

    assert message["type"] == message_type
    check_message(message)


def test_no_other_messages_are_described():
    assert set(description()["webhooks"]) == set(MessageType.values)
