"""A service in Python: it records an event, and reads where it stands."""

import json
import sys
from datetime import date

from client import AuthenticatedClient
from client.api.loan_events import get_event, record_events
from client.api.loans import record_event
from client.models import BatchBody, BatchItem, EventBody, EventBodyKind
from client.models.batch_item_kind import BatchItemKind

base_url, key, loan, external_id, value_date = sys.argv[1:]
api = AuthenticatedClient(base_url=base_url, token=key)
said = {
    "external_id": external_id,
    "amount": "12.00",
    "value_date": date.fromisoformat(value_date),
}

recorded = record_event.sync(
    loan, client=api, body=EventBody(kind=EventBodyKind.DRAWDOWN, **said)
)
batch = record_events.sync(
    client=api,
    body=BatchBody(events=[BatchItem(loan=loan, kind=BatchItemKind.DRAWDOWN, **said)]),
)
read = get_event.sync(external_id, client=api)
sys.stdout.write(
    json.dumps(
        {
            "amount": recorded.amount,
            "again": batch.results[0].status,
            "steps": [entry.step for entry in read.entries],
        }
    )
)
