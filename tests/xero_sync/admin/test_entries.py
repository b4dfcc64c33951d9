"""Sync records in the admin: their evidence on one page, and a person's decisions."""

import json
import re

import pytest
from django.conf import settings

from tests.backoffice.admin.rows import (
    NOW,
    make_evidence,
    make_request,
    operator,
    page,
    superuser,
)
from tests.builders import make_event
from tests.worlds import World
from xero_sync.models import SyncRecord, WebhookMessage, WriteAttempt, WriteRequest

pytestmark = pytest.mark.django_db

DECISIONS = ("send-again", "cancel", "link-by-hand", "not-in-xero")


def stand(record, state, reason=""):
    SyncRecord.objects.filter(pk=record.pk).update(state=state, reason=reason)
    return record


def act(name, record):
    return page(SyncRecord, name, record.pk)


def offered(client, record):
    shown = client.get(page(SyncRecord, "change", record.pk)).content.decode()
    return {name for name in DECISIONS if act(name, record) in shown}


def test_everything_that_was_sent_for_an_entry_is_on_its_page():
    record = make_evidence()
    request = record.requests.get()
    attempt = request.attempts.get()
    successor = make_request(
        record,
        connection=request.connection,
        predecessor=request,
        body=b'{"amount":800.00,"note":"again"}',
    )
    client = operator("xero_sync.view_syncrecord")

    shown = client.get(page(SyncRecord, "change", record.pk)).content.decode()

    for expected in (
        request.path,
        str(request.idempotency_key),
        str(successor.idempotency_key),
        attempt.correlation_id,
        str(attempt.push_operation_key),
        "123 ms",
        "&quot;amount&quot;: 800.00",
        "&quot;note&quot;: &quot;again&quot;",
        "&quot;status&quot;: &quot;Pending&quot;",
        "the event was recorded",
        "user:anna",
    ):
        assert expected in shown, expected


def test_a_request_without_an_attempt_says_what_that_means():
    record = make_evidence()
    bare = WriteRequest.objects.create(
        company=record.company,
        connection=record.company.connections.get(),
        data_type="transfers",
        path="/push",
        body=b"\xff",
        idempotency_key=record.pk,
        created_at=NOW,
    )
    bare.records.add(record)

    shown = superuser().get(page(SyncRecord, "change", record.pk)).content.decode()

    assert "No attempt is on file" in shown


def test_secrets_and_bank_details_are_masked_on_every_page():
    record = make_evidence()
    answer = {
        "Authorization": "Basic bXktc2VjcmV0",
        "note": f"key {settings.CODAT_API_KEY} and whsec_abcdef",
        "accountNumber": "12345678",
        "sortCode": "401276",
    }
    request = make_request(
        record,
        connection=record.company.connections.get(),
        body=json.dumps({"iban": "GB29NWBK60161331926819"}).encode(),
        answer=json.dumps(answer),
        error="HTTP 401: Bearer my-own-token",
    )
    SyncRecord.objects.filter(pk=record.pk).update(failure="account number 12345678")
    record.changes.create(
        at=NOW, to_state="failed", cause="answer", note="whsec_abcdef was refused"
    )
    message = WebhookMessage.objects.get()
    client = superuser()

    pages = [
        page(SyncRecord, "change", record.pk),
        page(WriteRequest, "change", request.pk),
        page(WriteAttempt, "change", request.attempts.get().pk),
        page(type(record.event), "change", record.event_id),
        page(WebhookMessage, "change", message.pk),
    ]
    shown = [client.get(url).content.decode() for url in pages]

    for secret in (
        "bXktc2VjcmV0",
        settings.CODAT_API_KEY,
        "abcdef",
        "my-own-token",
        "12345678",
        "401276",
        "NWBK",
        "hook-secret-1",
    ):
        assert not any(secret in one for one in shown), secret
    assert "••••5678" in shown[0]
    assert "••••6819" in shown[1]


def test_a_long_answer_is_cut():
    record = make_evidence()
    make_request(
        record, connection=record.company.connections.get(), answer="long " * 1_000
    )

    shown = superuser().get(page(SyncRecord, "change", record.pk)).content.decode()

    assert max(len(run) for run in re.findall(r"(?:long )+", shown)) == 2_000


def test_many_requests_cost_no_further_queries(django_assert_max_num_queries):
    record = make_evidence()
    client = superuser()
    for _ in range(20):
        make_request(record, connection=record.company.connections.get())

    with django_assert_max_num_queries(12):
        client.get(page(SyncRecord, "change", record.pk))


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("failed", "refused_by_xero", {"send-again", "cancel", "link-by-hand"}),
        ("held", "locked_period", {"send-again", "cancel", "link-by-hand"}),
        ("held", "no_connection", {"cancel", "link-by-hand"}),
        ("unknown", "needs_person", {"not-in-xero", "link-by-hand"}),
        ("unknown", "no_answer", {"link-by-hand"}),
        ("pending", "", set()),
        ("written", "", set()),
    ],
)
def test_what_can_be_decided_depends_on_the_state(state, reason, expected):
    record = stand(make_event().sync_records.get(step="transfer"), state, reason)

    assert offered(superuser(), record) == expected


def test_an_entry_is_cancelled_with_a_reason():
    record = make_event().sync_records.get(step="transfer")
    client = operator("xero_sync.change_syncrecord")

    nothing = client.post(act("cancel", record), {"reason": " "})
    assert "reason" in nothing.context["form"].errors
    answer = client.post(act("cancel", record), {"reason": "recorded by mistake"})

    assert answer.status_code == 302
    record.refresh_from_db()
    assert record.state == "cancelled"
    change = record.changes.latest("pk")
    assert (change.actor, change.note) == ("user:anna", "recorded by mistake")


def test_an_entry_is_linked_by_hand():
    record = make_event().sync_records.get(step="transfer")

    superuser().post(
        act("link-by-hand", record), {"reason": "seen", "xero_record_id": "xero-9"}
    )

    record.refresh_from_db()
    assert (record.state, record.xero_record_id) == ("linked_by_hand", "xero-9")


def test_a_refused_entry_is_sent_again():
    world = World()
    borrower = world.borrower()
    event = borrower.record(borrower.loan(), "drawdown", "800")
    record = stand(event.sync_records.get(step="transfer"), "failed", "refused_by_xero")

    superuser().post(act("send-again", record), {"reason": "mended"})

    record.refresh_from_db()
    assert record.state == "queued"


def test_an_entry_that_is_not_in_xero_is_sent_anew():
    record = stand(
        make_event().sync_records.get(step="transfer"), "unknown", "needs_person"
    )

    superuser().post(act("not-in-xero", record), {"reason": "looked"})

    record.refresh_from_db()
    assert record.state == "queued"


def test_a_decision_that_comes_too_late_is_refused_on_the_page():
    record = stand(make_event().sync_records.get(step="transfer"), "written")
    client = superuser()

    for name in DECISIONS:
        answer = client.post(act(name, record), {"reason": "late"})
        assert answer.status_code == 200
        assert answer.context["form"].non_field_errors()
        assert client.get(act(name, record)).status_code == 302

    record.refresh_from_db()
    assert record.state == "written"


def test_who_may_only_look_cannot_decide():
    record = stand(make_event().sync_records.get(step="transfer"), "failed")
    client = operator("xero_sync.view_syncrecord")

    assert offered(client, record) == set()
    for name in DECISIONS:
        assert client.post(act(name, record), {"reason": "x"}).status_code == 403
    record.refresh_from_db()
    assert record.state == "failed"


def test_a_decision_about_an_entry_that_is_not_there_leads_away():
    answer = superuser().post(
        page(SyncRecord, "cancel", "0ad1159f-d2cf-4ae1-aa1e-ea2526b4067f"), {}
    )

    assert answer.status_code == 302
