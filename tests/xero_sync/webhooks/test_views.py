"""Codat's messages at our door: proven, kept once, and only ever a reason to look."""

import base64
import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from tests.worlds import World
from tests.xero_sync.evidence import (
    assert_books_follow,
    line_state,
    ours,
    record_of,
    state_of,
)
from xero_sync.models import RateScope, WebhookMessage
from xero_sync.models.choices import ConnectionStatus
from xero_sync.organisations import changes as organisations
from xero_sync.runtime import throttles
from xero_sync.webhooks import views
from xero_sync.writeback import inbox

pytestmark = pytest.mark.django_db

WRITTEN = "written"
SECRET = "whsec_dGVzdHMtd2ViaG9vay1zaWduaW5nLWtleS0wMDAx"


@pytest.fixture(autouse=True)
def secret(settings):
    settings.CODAT_WEBHOOK_SECRET = SECRET


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def signature(webhook_id, timestamp, body, secret=SECRET):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{webhook_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def post(event_type="transfers.write.successful", payload=None, **changes):
    """Send a message; each part of the proof can be replaced."""
    address = changes.pop("REMOTE_ADDR", "127.0.0.1")
    at = changes.pop("at", datetime.now(UTC) - changes.pop("age", timedelta(0)))
    webhook_id = changes.pop("webhook_id", f"msg_{uuid4().hex}")
    message = {"id": str(uuid4()), "eventType": event_type, "payload": payload or {}}
    body = changes.pop("body", json.dumps(message).encode())
    timestamp = str(int(at.timestamp()))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(webhook_id, timestamp, body),
    }
    headers |= changes
    headers = {name: value for name, value in headers.items() if value is not None}
    return Client(REMOTE_ADDR=address).post(
        "/webhooks/codat/", data=body, content_type="application/json", headers=headers
    )


# --- the door -------------------------------------------------------------------------


def test_a_signed_message_is_kept():
    answer = post(payload={"id": "5e7ebd1a-6d0e-4f0e-8f5e-0d3bb1b2a001"})

    assert answer.status_code == 204
    message = WebhookMessage.objects.get()
    assert message.event_type == "transfers.write.successful"
    assert str(message.push_operation_key) == "5e7ebd1a-6d0e-4f0e-8f5e-0d3bb1b2a001"


def test_a_message_that_comes_twice_is_kept_once():
    answers = [post(webhook_id="msg_a").status_code for _ in range(3)]

    assert answers == [204, 204, 204]
    assert WebhookMessage.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": None},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,bm90IG91cnM="},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v2,bm90IG91cnM="},
        {"webhook-id": None},
        {"webhook-id": "msg_other"},
        {"webhook-timestamp": None},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "99999999999999999999"},
        {"age": timedelta(minutes=6)},
        {"age": timedelta(minutes=-6)},
        {"body": b"not json"},
        {"body": b"[]"},
        {"body": b"\xff\xfe"},
        {"body": b""},
        {"body": b'{"eventType": "x", "payload": "' + b"a" * 1_000_001 + b'"}'},
        {"body": b'{"eventType": "x", "payload": "' + b"a" * 3_000_000 + b'"}'},
        {"webhook_id": "m" * 256},
    ],
    ids=lambda change: f"{next(iter(change))} {str(next(iter(change.values())))[:20]}",
)
def test_what_cannot_be_trusted_is_a_400_and_leaves_no_row(change):
    answer = post(**change)

    assert answer.status_code == 400
    assert not WebhookMessage.objects.exists()


def test_a_flood_of_forged_messages_is_a_line_a_minute_and_hinders_nobody(
    monkeypatch, caplog
):
    monkeypatch.setattr(views, "REFUSED_A_MINUTE", 2)
    monkeypatch.setattr(throttles, "_minute", lambda: 1)

    answers = [post(body=b"not json") for _ in range(6)]

    assert [one.status_code for one in answers] == [400, 400, 429, 429, 429, 429]
    assert answers[2].headers["Retry-After"] == "60"
    lines = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert len(lines) == 3
    assert "More than 2 webhooks" in lines[2].getMessage()
    assert not any(one.exc_info for one in lines)
    # What Codat itself sends from there is taken.
    assert post().status_code == 204
    assert WebhookMessage.objects.count() == 1


def test_a_flood_is_counted_by_address(monkeypatch):
    monkeypatch.setattr(views, "REFUSED_A_MINUTE", 1)
    post(body=b"not json")
    assert post(body=b"not json").status_code == 429

    assert post(body=b"not json", REMOTE_ADDR="192.0.2.9").status_code == 400


@pytest.mark.parametrize("configured", ["", "whsec_", "not base64 at all"])
def test_without_a_secret_every_message_is_refused(settings, configured):
    settings.CODAT_WEBHOOK_SECRET = configured

    assert post().status_code == 400
    assert not WebhookMessage.objects.exists()


def test_one_of_several_signatures_is_enough():
    at = datetime.now(UTC)
    body, webhook_id = b'{"eventType":"x","payload":{}}', "msg_rotated"
    good = signature(webhook_id, str(int(at.timestamp())), body)

    answer = post(
        body=body,
        at=at,
        webhook_id=webhook_id,
        **{"webhook-signature": f"v1,bm90IG91cnM= {good}"},
    )

    assert answer.status_code == 204


def test_only_posts_are_taken():
    assert Client().get("/webhooks/codat/").status_code == 405


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        ("something.quite.new", {"id": "x"}),
        ("transfers.write.successful", {"id": "not a key"}),
        ("transfers.write.successful", {}),
        ("connection.disconnected", {"connection": {"id": "not a key"}}),
        ("connection.disconnected", {"connection": {"id": str(uuid4())}}),
        ("connection.disconnected", {"connection": "odd"}),
        ("client.rateLimit.reached", {"expiryDate": "2026-01-01T23:59:99"}),
        ("client.rateLimit.reached", {"expiryDate": ["odd"]}),
        ("client.rateLimit.reached", {}),
        ("a" * 300, {"a\x00b": "c\x00d"}),
        ("", {}),
    ],
)
def test_odd_messages_are_kept_and_read_without_harm(
    world, borrower, event_type, payload
):
    event = borrower.record(borrower.loan(), "drawdown", "800")

    assert post(event_type, payload).status_code == 204
    inbox.read(now=world.clock.now)
    world.run()

    assert not WebhookMessage.objects.filter(processed_at=None).exists()
    assert state_of(event) == WRITTEN


def test_a_write_message_without_a_key_does_not_hurry_unknown_entries(world, borrower):
    world.sandbox.faults.add("lose_reply_before", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    planned = record_of(event).next_poll_at

    post(payload={"id": "malformed"})
    inbox.read(now=world.clock.now)

    assert record_of(event).next_poll_at == planned


# --- writes ---------------------------------------------------------------------------


def test_a_message_alone_moves_no_entry(world, borrower):
    world.sandbox.faults.add("push_slow", match="transfers", seconds=10_000)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    key = str(record_of(event).push_operation_key)

    post(
        payload={"id": key, "status": "Success", "record": {"id": str(uuid4())}},
    )
    inbox.read(now=world.clock.now)
    assert state_of(event) == "pending"
    world.run(seconds=60, step=20)

    assert state_of(event) == "pending"
    assert record_of(event).xero_record_id == ""


def test_a_message_that_claims_success_for_a_failed_push_is_not_believed(
    world, borrower
):
    world.sandbox.settings.push_seconds = 30
    world.sandbox.faults.add("webhook_lost", match="transfers")
    world.sandbox.faults.add("push_fails", match="transfers", message="Not so.")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    key = str(record_of(event).push_operation_key)
    world.wait(31)

    post(payload={"id": key, "status": "Success", "record": {"id": str(uuid4())}})
    world.drain()

    assert state_of(event) == "failed refused_by_xero"
    assert record_of(event).failure == "Not so."
    assert ours(borrower) == []


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        ("webhook_doubled", {}),
        ("webhook_reordered", {}),
        ("webhook_delayed", {"seconds": 200}),
        ("webhook_lost", {}),
    ],
)
def test_messages_may_be_doubled_late_in_any_order_or_lost(
    world, borrower, fault, values
):
    world.sandbox.settings.push_seconds = 5
    world.sandbox.faults.add(fault, times=None, **values)
    loan = borrower.loan()
    for kind, amount in (("drawdown", "800"), ("invoice_payment", "1000")):
        borrower.record(loan, kind, amount)

    world.run()

    assert_books_follow(borrower)
    assert borrower.balance("L") == 200


def test_without_any_message_polling_completes_everything(world, borrower):
    world.sandbox.settings.push_seconds = 40
    world.sandbox.faults.add("webhook_lost", times=None)
    loan = borrower.loan()
    events = [
        borrower.record(loan, kind, amount)
        for kind, amount in (
            ("drawdown", "800"),
            ("invoice_payment", "1000"),
            ("fee", "50"),
            ("residual_release", "150"),
        )
    ]

    world.run(step=15)

    assert {state_of(event) for event in events} == {WRITTEN}
    assert {line_state(event) for event in events} == {WRITTEN}
    assert_books_follow(borrower)


def test_a_message_makes_the_look_come_before_the_poll(world, borrower):
    world.sandbox.settings.push_seconds = 1
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert state_of(event) == "pending"

    world.wait(2)
    world.drain()

    assert state_of(event) == WRITTEN


def test_a_message_that_comes_before_the_answer_is_matched_with_it(world, borrower):
    world.sandbox.faults.add("webhook_before_reply", match="transfers")
    world.sandbox.faults.add("lose_reply_after", match="transfers")
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.drain()
    assert WebhookMessage.objects.filter(event_type__startswith="transfers").exists()
    assert state_of(event).startswith("unknown")

    world.run()

    assert state_of(event) == WRITTEN
    assert_books_follow(borrower)


def test_a_message_kept_for_an_unknown_key_is_looked_at_as_soon_as_it_is_known(
    world, borrower
):
    world.sandbox.settings.push_seconds = 1
    key = None

    def early(url, headers, body):
        return 204

    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.sandbox._deliver = early
    world.drain()
    key = str(record_of(event).push_operation_key)
    # As if it had come while the POST was still open.
    post(payload={"id": key})
    inbox.read(now=world.clock.now)
    world.wait(2)
    world.drain()

    assert state_of(event) == WRITTEN


# --- connections ----------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Unlinked", "Deauthorized"])
def test_a_cut_connection_is_noticed_and_its_return_as_well(world, borrower, status):
    world.sandbox.set_connection_status(borrower.codat_connection, status)
    world.run(seconds=20)
    assert borrower.connection.status == status

    world.sandbox.consent(borrower.codat_connection)
    world.run(seconds=20)

    assert borrower.connection.status == ConnectionStatus.LINKED
    assert not borrower.connection.organisation_changed


def test_a_link_in_a_message_is_not_stored(borrower):
    link = "https://link.codat.io/x?otp=f0f0"
    connection = {"id": borrower.codat_connection, "linkUrl": link, "status": "Linked"}
    company = {"redirect": link, "dataConnections": [connection]}
    post("connection.connected", {"connection": connection, "company": company})

    stored = WebhookMessage.objects.filter(codat_connection_id=connection["id"])
    payloads = str(list(stored.values_list("payload", flat=True)))
    assert "'status': 'Linked'" in payloads
    assert "otp=" not in payloads


def test_a_message_that_lies_about_a_connection_changes_nothing(world, borrower):
    post(
        "connection.disconnected",
        {"connection": {"id": borrower.codat_connection, "status": "Unlinked"}},
    )
    world.run(seconds=20)

    assert borrower.connection.status == ConnectionStatus.LINKED


def test_a_deleted_connection_is_over_and_its_entries_are_held(world, borrower):
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.client.delete_connection(
        borrower.connection_row.codat_company_id, borrower.codat_connection
    )

    world.run(seconds=60, step=20)

    assert borrower.connection.status == ConnectionStatus.DELETED
    assert borrower.connection.deleted_at is not None
    assert borrower.lender_account.feed_status == "closed"
    later = borrower.record(borrower.loan(in_xero=False), "drawdown", "70")
    assert state_of(later) == "held no_connection"
    assert state_of(event) in {"held no_connection", "failed refused_by_codat"}


def test_another_organisation_is_confirmed_by_a_person_before_anything_goes_on(
    world, borrower
):
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.run(seconds=20)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.sandbox.consent(borrower.codat_connection, same_organisation=False)
    world.run(seconds=60, step=20)
    assert borrower.connection.organisation_changed
    assert state_of(event) == "held organisation_changed"

    # It was the wrong one: the borrower comes back with their own, a person says so.
    world.sandbox.set_connection_status(borrower.codat_connection, "Unlinked")
    world.sandbox.consent(
        borrower.codat_connection, organisation=borrower.company.reference
    )
    account = borrower.lender_account
    world.client.create_bank_feed_mapping(
        borrower.connection_row.codat_company_id,
        borrower.codat_connection,
        source_account_id=account.source_account_id,
        target_account_id=account.target_account_id,
    )
    world.run(seconds=60, step=20)
    assert state_of(event) == "held organisation_changed"
    organisations.confirm_same(
        connection=borrower.connection_row,
        confirmed_by="user:anna",
        now=world.clock.now,
    )
    world.run()

    assert state_of(event) == WRITTEN
    changes = record_of(event).changes
    assert changes.filter(actor="user:anna", cause="person").exists()
    assert_books_follow(borrower)


# --- the quota ------------------------------------------------------------------------


def test_a_used_up_quota_stops_every_call_until_codat_lifts_it(world, borrower):
    # A quota is a day's: the hour in which nothing is asked lies within one day.
    world.wait(25 * 3_600 - world.clock.now.hour * 3_600)
    event = borrower.record(borrower.loan(), "drawdown", "800")
    world.sandbox.faults.add("quota", remaining=0)
    world.sandbox._world.emit_quota("reached")
    world.sandbox.tick()
    world.drain()
    calls = len(world.sandbox.requests)
    world.run(seconds=3_600, step=600)
    assert len(world.sandbox.requests) == calls
    assert not state_of(event).startswith("held")

    world.run(seconds=25 * 3_600, step=1_800)

    assert state_of(event) == WRITTEN
    assert [one for one in world.sandbox.violations if "Retry-After" in one] == []


def test_a_lifted_quota_is_used_at_once(world):
    until = datetime.now(UTC) + timedelta(hours=5)
    post("client.rateLimit.reached", {"expiryDate": until.isoformat()})
    inbox.read(now=world.clock.now)
    assert RateScope.objects.get(key="day").blocked_until is not None

    post("client.rateLimit.reset", {})
    inbox.read(now=world.clock.now)

    assert RateScope.objects.get(key="day").blocked_until is None


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(hours=-1)])
def test_an_unlikely_date_does_not_stop_us(world, ahead):
    until = world.clock.now + ahead

    post("client.rateLimit.reached", {"expiryDate": until.isoformat()})
    inbox.read(now=world.clock.now)

    assert not RateScope.objects.filter(blocked_until__isnull=False).exists()
