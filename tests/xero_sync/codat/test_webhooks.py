"""Webhooks: who signed them, when, and what they are about."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.exceptions import SuspiciousOperation

from xero_sync.codat.exceptions import WebhookRejected, XeroSyncError
from xero_sync.codat.webhooks import EVENT_TYPES, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
COMPANY = "8a210b68-6988-11ed-a1eb-0242ac120002"
CONNECTION = "2e9d2c44-f675-40ba-8049-353bfcb5e171"
PUSH_KEY = "c2f8847d-3047-4619-a157-6d947d8e4a73"


def signature(body, *, secret=SECRET, webhook_id="msg_1", at=NOW):
    """Sign as the standard describes it, without the package under test."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{webhook_id}.{int(at.timestamp())}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers_of(body, *, webhook_id="msg_1", at=NOW, **overrides):
    return {
        "Webhook-Id": webhook_id,
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature(body, webhook_id=webhook_id, at=at),
        **overrides,
    }


def message(event_type="transfers.write.successful", **payload):
    body = {
        "id": "ba29118f-5406-4e59-b05c-ba307ca38d01",
        "eventType": event_type,
        "generatedDate": "2026-06-01T08:59:58.1234567Z",
        "payload": {
            "id": PUSH_KEY,
            "referenceCompany": {"id": COMPANY, "name": "Example"},
            "connectionId": CONNECTION,
            "status": "Success",
            **payload,
        },
    }
    return json.dumps(body).encode()


def envelope_of(body):
    return verify(body=body, headers=headers_of(body), secret=SECRET, now=NOW)


def test_the_published_sample_is_accepted_at_its_time():
    envelope = verify(
        body=b'{"test": 2432232314}',
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        secret=SECRET,
        now=datetime.fromtimestamp(1614265330, tz=UTC),
    )

    assert envelope.webhook_id == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert envelope.raw == '{"test": 2432232314}'
    assert envelope.event_type == ""
    assert envelope.payload == {}


def test_a_write_message_names_its_operation_company_and_connection():
    envelope = envelope_of(message(record={"id": "new"}))

    assert envelope.event_type == "transfers.write.successful"
    assert envelope.push_operation_key == UUID(PUSH_KEY)
    assert envelope.codat_company_id == COMPANY
    assert envelope.codat_connection_id == CONNECTION
    assert envelope.payload["record"] == {"id": "new"}


def test_a_message_of_this_very_moment_needs_no_time_given():
    body = message()
    headers = headers_of(body, at=datetime.now(UTC))

    assert verify(body=body, headers=headers, secret=SECRET).webhook_id == "msg_1"


def test_a_connection_message_names_its_connection():
    body = message(
        "connection.connected", connectionId=None, connection={"id": CONNECTION}
    )

    envelope = envelope_of(body)

    assert envelope.codat_connection_id == CONNECTION
    assert envelope.push_operation_key is None


@pytest.mark.parametrize(
    ("connections", "named"),
    [([CONNECTION, CONNECTION], CONNECTION), ([CONNECTION, "other"], ""), ([], "")],
)
def test_a_read_message_names_a_connection_if_there_is_just_one(connections, named):
    body = message(
        "read.completed",
        connectionId=None,
        dataTypes=[{"connectionId": found} for found in connections],
    )

    assert envelope_of(body).codat_connection_id == named


def test_the_company_may_be_named_outside_its_reference():
    body = message(
        "bankFeeds.sourceAccount.connected", referenceCompany=None, companyId=COMPANY
    )

    assert envelope_of(body).codat_company_id == COMPANY


@pytest.mark.parametrize("key", [None, "", "not a key", 7])
def test_a_write_message_without_a_key_is_taken_in_all_the_same(key):
    assert envelope_of(message(id=key)).push_operation_key is None


def test_one_matching_signature_among_several_is_enough():
    body = message()
    wrong = signature(body, secret="whsec_" + base64.b64encode(b"old").decode())
    several = f"v1a,abc {wrong} v1 v1,??? {signature(body)} nonsense"

    envelope = verify(
        body=body,
        headers=headers_of(body, **{"Webhook-Signature": several}),
        secret=SECRET,
        now=NOW,
    )

    assert envelope.webhook_id == "msg_1"


@pytest.mark.parametrize(
    "changed",
    [
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,"},
        {"Webhook-Signature": "v1,é"},
        {"Webhook-Signature": "v2," + "A" * 44},
        {"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"Webhook-Id": ""},
        {"Webhook-Id": "msg_2"},
        {"Webhook-Timestamp": ""},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "nan"},
        {"Webhook-Timestamp": "9" * 30},
        {"Webhook-Timestamp": str(int(NOW.timestamp()) + 1)},
    ],
)
def test_a_message_that_was_tampered_with_is_rejected(changed):
    body = message()

    with pytest.raises(WebhookRejected):
        verify(body=body, headers=headers_of(body, **changed), secret=SECRET, now=NOW)


@pytest.mark.parametrize("missing", ["Webhook-Id", "Webhook-Timestamp"])
def test_a_message_without_its_headers_is_rejected(missing):
    body = message()
    headers = headers_of(body)
    del headers[missing]

    with pytest.raises(WebhookRejected):
        verify(body=body, headers=headers, secret=SECRET, now=NOW)


def test_a_changed_body_is_rejected():
    body = message()

    with pytest.raises(WebhookRejected):
        verify(body=body + b" ", headers=headers_of(body), secret=SECRET, now=NOW)


@pytest.mark.parametrize("age", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_a_message_up_to_five_minutes_off_is_accepted(age):
    body = message()

    envelope = verify(
        body=body, headers=headers_of(body, at=NOW - age), secret=SECRET, now=NOW
    )

    assert envelope.webhook_id == "msg_1"


@pytest.mark.parametrize("age", [timedelta(minutes=5, seconds=1), timedelta(days=-1)])
def test_a_stale_message_is_rejected_although_it_is_signed(age):
    body = message()

    with pytest.raises(WebhookRejected, match="moment"):
        verify(
            body=body, headers=headers_of(body, at=NOW - age), secret=SECRET, now=NOW
        )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "whsec_A"])
def test_nothing_is_accepted_without_a_usable_secret(secret):
    body = message()

    with pytest.raises(WebhookRejected, match="not configured") as caught:
        verify(body=body, headers=headers_of(body), secret=secret, now=NOW)

    assert "whsec_" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 100_000],
)
def test_a_signed_body_that_is_no_message_is_rejected(body):
    with pytest.raises(WebhookRejected):
        verify(body=body, headers=headers_of(body), secret=SECRET, now=NOW)


def test_a_rejection_is_a_bad_request_to_django():
    with pytest.raises(SuspiciousOperation) as caught:
        verify(body=b"{}", headers={}, secret=SECRET, now=NOW)

    assert isinstance(caught.value, XeroSyncError)


def test_a_payload_can_be_stored_in_any_database():
    body = message(sourceAccount={"accountName": "a\x00\ud800b"})
    body = body.replace(b'"Success"', b'"Success", "balance": 1234567890.12')

    envelope = envelope_of(body)

    json.dumps(envelope.payload).encode()
    assert envelope.payload["sourceAccount"] == {"accountName": "a?b"}
    assert envelope.payload["balance"] == "1234567890.12"


def test_what_a_message_holds_is_not_printed():
    assert "Example" not in repr(envelope_of(message()))


def test_each_event_we_act_on_is_subscribed_to_once():
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES)) == 28
    assert "chartOfAccounts.write.unsuccessful" in EVENT_TYPES
    assert "connection.deleted" in EVENT_TYPES
