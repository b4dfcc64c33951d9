"""What has been kept for long enough is erased, once, and nothing that is needed."""

import hashlib
import re
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.utils.module_loading import import_string

from backoffice import retention
from backoffice.management.commands import retention as command
from backoffice.models import ApiClient, StaffSession, StoredReply
from backoffice.setting_values import days_kept
from lending.models import AuditEntry
from lending.seals import checking, sealing
from tests.backoffice.admin.rows import make_evidence, page, superuser
from tests.test_architecture import APPS, ROOT, modules
from tests.worlds import World
from tests.xero_sync.commands.worlds import run
from xero_sync.borrowers import links
from xero_sync.models import (
    AttemptAnswer,
    BorrowerLink,
    BorrowerNotice,
    BorrowerSitting,
    SyncRecord,
    WebhookMessage,
    WriteAttempt,
    WriteRequest,
)
from xero_sync.runtime import task_queue

pytestmark = pytest.mark.django_db

YEARS = timedelta(days=4 * 365)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def written(world):
    """A loan that stands in Xero, with all that was answered on the way."""
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "500")
    borrower.record(loan, "fee", "20")
    world.run()
    assert AttemptAnswer.objects.exists()
    return borrower


def later(world, **span):
    return world.clock.now + timedelta(**span)


# --- Answers ----------------------------------------------------------------------


def test_an_answer_is_kept_with_its_hash_beside_the_attempt(written):
    for attempt in WriteAttempt.objects.all():
        hashed = hashlib.sha256(attempt.answer.encode()).hexdigest()
        assert attempt.answer_sha256 == (hashed if attempt.answer else "")


def test_an_answer_is_emptied_after_its_time_and_its_hash_stays(world, written):
    hashes = set(WriteAttempt.objects.values_list("answer_sha256", flat=True))
    total = AttemptAnswer.objects.count()

    assert retention.erase(now=later(world, days=729))["xero_sync.AttemptAnswer"] == 0
    done = retention.erase(now=later(world, days=731))

    assert done["xero_sync.AttemptAnswer"] == total
    assert {one.text for one in AttemptAnswer.objects.all()} == {""}
    assert set(WriteAttempt.objects.values_list("answer_sha256", flat=True)) == hashes
    # A second time there is nothing to do.
    assert retention.erase(now=later(world, days=731))["xero_sync.AttemptAnswer"] == 0


def test_the_bytes_of_a_request_always_stay(world, written):
    before = [bytes(one.body) for one in WriteRequest.objects.order_by("pk")]

    retention.erase(now=world.clock.now + YEARS)

    assert [bytes(one.body) for one in WriteRequest.objects.order_by("pk")] == before


@pytest.mark.parametrize(
    "change",
    [
        {"state": "unknown", "reason": "needs_person"},
        {"state": "failed", "reason": "refused_by_xero"},
        {"state": "pending"},
        {"is_alarmed": True},
    ],
    ids=str,
)
def test_the_answers_to_what_is_still_open_stay(world, written, change):
    SyncRecord.objects.update(**change)

    retention.erase(now=world.clock.now + YEARS)

    kept = AttemptAnswer.objects.filter(attempt__request__records__isnull=False)
    assert kept.exists()
    assert not kept.filter(text="").exists()


def test_what_is_erased_is_said_where_it_was_shown():
    make_evidence()
    attempt = WriteAttempt.objects.first()
    AttemptAnswer.objects.update(text="", erased_at=attempt.finished_at)

    answer = superuser().get(page(WriteAttempt, "change", attempt.pk))

    assert "Erased on" in answer.content.decode()
    assert attempt.answer_sha256 in answer.content.decode()


def test_the_seals_of_days_hold_after_an_erasure(world, written):
    sealing.seal_finished(now=later(world, days=2))

    retention.erase(now=world.clock.now + YEARS)

    # But for the erasure's own entry, of a day that this test has sealed too early.
    broken = [one.table for one in checking.check().broken]
    assert broken == ["lending.auditentry"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE xero_sync_attemptanswer SET text = 'forged'",
        "UPDATE xero_sync_attemptanswer SET text = ''",
        "UPDATE xero_sync_attemptanswer SET erased_at = '2026-01-01 00:00:00+00:00'",
        "DELETE FROM xero_sync_attemptanswer",
    ],
)
def test_the_database_refuses_any_other_change(written, statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_what_was_emptied_is_not_filled_again(world, written):
    retention.erase(now=world.clock.now + YEARS)

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AttemptAnswer.objects.update(text="forged", erased_at=None)


def test_nobody_else_empties_one():
    found = {
        str(path.relative_to(ROOT))
        for path in modules(*APPS)
        if "migrations" not in path.parts
        and re.search(
            r"erased_at\W+now|\"erased_at\": now|stored_answer\.save", path.read_text()
        )
    }

    assert found == {"backoffice/retention.py"}


# --- The others -------------------------------------------------------------------


def test_messages_of_codat_are_emptied_once_they_were_read(world, written):
    unread = WebhookMessage.objects.latest("pk")
    WebhookMessage.objects.filter(pk=unread.pk).update(processed_at=None)
    read = WebhookMessage.objects.exclude(pk=unread.pk)
    assert read.exists()

    retention.erase(now=later(world, days=91))

    assert {str(one.payload) for one in read.all()} == {"{}"}
    assert WebhookMessage.objects.get(pk=unread.pk).payload
    # Each is still known, should it come once more.
    assert WebhookMessage.objects.filter(webhook_id=unread.webhook_id).exists()


def test_mails_that_went_out_are_deleted_and_those_to_be_sent_stay(world, written):
    company, now = written.company, world.clock.now
    for subject, fields in (
        ("sent", {"sent_at": now}),
        ("given up", {"given_up_at": now}),
        ("over", {"is_obsolete": True}),
        ("owed", {}),
    ):
        BorrowerNotice.objects.create(
            company=company,
            kind="posting_on",
            subject=subject,
            created_at=now,
            next_attempt_at=now,
            **fields,
        )

    retention.erase(now=later(world, days=731))

    left = BorrowerNotice.objects.filter(company=company)
    assert set(left.values_list("subject", flat=True)) == {"owed"}


def test_whom_a_link_went_to_is_forgotten_long_after_it_has_expired(world, written):
    links.make(company=written.company, made_by="test", now=world.clock.now)
    BorrowerLink.objects.update(sent_to="accountant@example.com")

    retention.erase(now=later(world, days=700))
    assert BorrowerLink.objects.get().sent_to

    retention.erase(now=later(world, days=800))
    assert BorrowerLink.objects.get().sent_to == ""


def test_visits_and_sessions_are_deleted(world, written):
    now = world.clock.now
    links.make(company=written.company, made_by="test", now=now)
    BorrowerSitting.objects.create(
        link=BorrowerLink.objects.get(),
        company=written.company,
        secret_hash="0" * 64,
        started_at=now,
        seen_at=now,
    )
    anna = User.objects.create_user("anna", is_staff=True)
    for ended in (now, None):
        StaffSession.objects.create(
            user=anna,
            began_at=now,
            seen_at=now,
            confirmed_at=now,
            ended_at=ended,
            end="left" if ended else "",
        )
    Session.objects.create(session_key="x", session_data="", expire_date=now)
    attempt = AccessAttempt.objects.create(
        username="anna", failures_since_start=1, get_data="", post_data=""
    )
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now)

    retention.erase(now=later(world, days=89))
    assert BorrowerSitting.objects.exists()

    retention.erase(now=later(world, days=91))
    assert not BorrowerSitting.objects.exists()
    assert [one.ended_at for one in StaffSession.objects.all()] == [None]
    assert not Session.objects.exists()
    assert not AccessAttempt.objects.exists()


def test_replies_are_kept_unless_a_number_of_days_is_set(world, settings):
    client = ApiClient.objects.create(name="loan-system")
    now = world.clock.now
    fields = {"client": client, "call": "POST /api/v1/loans", "created_at": now}
    StoredReply.objects.create(header_key="done", status_code=201, **fields)
    StoredReply.objects.create(header_key="running", running_until=now, **fields)

    retention.erase(now=now + YEARS)
    assert StoredReply.objects.count() == 2

    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "replies": 30}
    retention.erase(now=later(world, days=31))
    assert [one.header_key for one in StoredReply.objects.all()] == ["running"]


# --- How it is done ---------------------------------------------------------------


def test_much_is_erased_in_small_parts_that_may_end_anywhere(
    world, written, monkeypatch
):
    monkeypatch.setattr(retention, "AT_A_TIME", 1)
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    total = AttemptAnswer.objects.count()
    assert total > 2

    first = retention.erase(now=world.clock.now + YEARS)
    assert first["xero_sync.AttemptAnswer"] == 2

    while any(retention.erase(now=world.clock.now + YEARS).values()):
        pass
    assert AttemptAnswer.objects.filter(text="").count() == total


def test_one_row_of_the_trail_says_what_was_erased(world, written):
    retention.erase(now=world.clock.now + YEARS)
    retention.erase(now=world.clock.now + YEARS)

    (entry,) = AuditEntry.objects.filter(verb="retention.erased")
    assert entry.after["xero_sync.AttemptAnswer"] > 0
    assert entry.actor == "retention"


def test_the_command_rehearses_and_erases(world, written, monkeypatch):
    monkeypatch.setattr(command, "database_now", lambda: world.clock.now + YEARS)
    rows = f"xero_sync.AttemptAnswer: {AttemptAnswer.objects.count()} rows"

    words = run("retention", "--dry-run")

    assert "answers: kept for 730 days" in words
    assert "replies: kept\n" in words
    assert rows in words
    assert not AttemptAnswer.objects.filter(text="").exists()
    assert rows in run("retention")
    assert not AttemptAnswer.objects.exclude(text="").exists()


def test_the_worker_does_it_every_hour(world, written, monkeypatch):
    monkeypatch.setattr(retention, "database_now", lambda: world.clock.now + YEARS)
    job, *_ = task_queue.SCHEDULES["Retention"]

    import_string(job)()

    assert not AttemptAnswer.objects.exclude(text="").exists()


@pytest.mark.parametrize(
    "given",
    [
        {"answer": "30"},
        {"answers": "-1"},
        {"answers": "a month"},
        {"answers": ""},
        {"answers": "999999"},
    ],
)
def test_what_is_no_kind_or_no_number_of_days_is_refused(given):
    with pytest.raises(ImproperlyConfigured, match="RETENTION_DAYS holds"):
        days_kept("RETENTION_DAYS", given, {"answers": 730})


def test_what_is_not_named_keeps_its_default():
    default = {"answers": 730, "mails": 30}

    assert days_kept("X", {"mails": "7"}, default) == {"answers": 730, "mails": 7}
