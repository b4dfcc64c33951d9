"""What the product's own tables say for the checkpoints: counted, never invented."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from lending import formats
from lending.audit import trail
from tests.backoffice.admin.rows import make_evidence
from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.partner_programme.acts import certify
from xero_sync.models import (
    Connection,
    ConnectionCheckRun,
    SyncRecord,
    WebhookMessage,
    XeroApp,
)
from xero_sync.partner_programme import evidence
from xero_sync.partner_programme.checkpoint_list import Evidence
from xero_sync.writeback import inbox
from xero_sync.writeback.sweep import sweep
from xero_sync.xero_app import scopes

pytestmark = pytest.mark.django_db


def read(kind, now=None):
    return evidence.gather(now=now or timezone.now())[kind]


def words(kind, now=None):
    return " ".join(one.text for one in read(kind, now))


def problems(kind, now=None):
    return [one.text for one in read(kind, now) if one.is_problem]


def test_with_empty_tables_nothing_is_claimed():
    found = evidence.gather(now=timezone.now())

    assert set(found) == set(Evidence)
    assert all(found.values())
    assert not any(one.is_problem for facts in found.values() for one in facts)
    assert words(Evidence.STATUS) == "No connection yet."
    assert words(Evidence.DAILY_CHECK) == "No connection has been checked yet."


def test_the_write_back_is_counted():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    assert "stand in Xero: 0; not settled yet: 2" in words(Evidence.WRITEBACK)

    world.run()

    found = words(Evidence.WRITEBACK)
    assert "stand in Xero: 2; not settled yet: 0" in found
    assert "write-back on: 1." in found
    assert "The newest entry in Xero stands since" in found
    assert "Lines in Xero: 1." in words(Evidence.STATEMENTS)
    assert "names among them: 1." in words(Evidence.LENDER_ACCOUNTS)
    assert "Versions of account mappings: 1, of 1" in words(Evidence.MAPPINGS)


def test_organisations_without_a_name_are_a_problem():
    connection = make_evidence().company.connections.get()
    assert problems(Evidence.ORGANISATIONS) == []

    Connection.objects.filter(pk=connection.pk).update(organisation_name="")

    assert problems(Evidence.ORGANISATIONS) == ["Without a name yet: 1."]


def test_a_disconnect_made_in_xero_is_dated_and_what_it_holds_is_counted():
    world = World()
    borrower = world.borrower()
    loan = borrower.loan()
    assert "No disconnect was told" in words(Evidence.DISCONNECTS)
    world.sandbox.set_connection_status(borrower.codat_connection, "Deauthorized")
    world.run(seconds=60)
    borrower.record(loan, "drawdown", "800")
    world.wait(5)
    sweep(now=world.clock.now)
    inbox.read(now=world.clock.now)

    found = words(Evidence.DISCONNECTS)

    message = WebhookMessage.objects.get(event_type="connection.disconnected")
    assert message.processed_at
    assert problems(Evidence.DISCONNECTS) == []
    assert "told by webhook: 1, the last on" in found
    assert formats.instant(message.received_at) in found
    assert "withdrawn in Xero now: 1" in found
    assert "kept for a reconnect: 2" in found
    assert "Access was withdrawn in Xero: 1" in words(Evidence.STATUS)


def test_a_message_of_a_disconnect_that_nobody_read_is_a_problem():
    WebhookMessage.objects.create(
        webhook_id="1",
        event_type="connection.disconnected",
        payload={},
        received_at=timezone.now(),
    )

    assert problems(Evidence.DISCONNECTS)


def test_a_connection_that_the_daily_check_missed_is_a_problem():
    now = timezone.now()
    connection = make_evidence().company.connections.get()
    days_ago = now - timedelta(days=3)
    Connection.objects.update(checked_at=now, created_at=days_ago)
    assert problems(Evidence.DAILY_CHECK, now) == []

    Connection.objects.filter(pk=connection.pk).update(
        checked_at=now - timedelta(hours=27), access_problem="HTTP 401"
    )

    assert problems(Evidence.DAILY_CHECK, now) == [
        "Not checked for more than a day: 1.",
        "Refused by Codat when they were read: 1.",
    ]


def test_the_runs_of_the_daily_check_are_dated_with_what_the_last_one_did():
    begun = datetime(2026, 3, 2, 6, tzinfo=UTC)
    for day, failed in enumerate((0, 2)):
        at = begun + timedelta(days=day)
        ConnectionCheckRun.objects.create(
            started_at=at, ended_at=at, checked=5 - failed, failed=failed
        )

    assert words(Evidence.DAILY_CHECK) == (
        "No connection has been checked yet. Recorded runs: 2 since 2 Mar 2026, "
        "06:00:00 GMT. The last, on 3 Mar 2026, 06:00:00 GMT, read 3; it could not "
        "read 2."
    )
    # What is wrong now is told by the connections, not by the past.
    assert problems(Evidence.DAILY_CHECK) == []


def test_refused_entries_are_counted_with_the_latest():
    record = make_evidence()
    assert words(Evidence.ERRORS) == "No refused entry waits for a person."

    SyncRecord.objects.filter(pk=record.pk).update(state="failed")

    assert "Refused entries shown to a person: 1, the last" in words(Evidence.ERRORS)


def test_refused_and_kept_lines_are_counted_apart_from_bookings():
    record = make_evidence()
    SyncRecord.objects.filter(pk=record.pk).update(state="failed")
    assert "Refused entries" not in words(Evidence.STATEMENTS)
    lines = SyncRecord.objects.filter(event=record.event, step="statement_line")
    assert lines.exists()

    lines.update(state="failed")
    assert "Refused entries shown to a person: 1" in words(Evidence.STATEMENTS)
    lines.update(state="held", reason="feed_not_connected")
    assert "Kept for the next push: 1, the oldest" in words(Evidence.STATEMENTS)
    lines.update(state="held", reason="bank_feeds_off")
    assert "Kept for the next push" not in words(Evidence.STATEMENTS)


def test_several_organisations_of_a_borrower_are_counted_by_borrower():
    for _ in range(2):
        make_company(borrower_reference="B-1")
    make_company(borrower_reference="B-2")
    make_company()

    assert words(Evidence.SEVERAL).endswith("each connected apart: 1.")


def test_a_disconnect_by_us_is_dated():
    connection = make_evidence().company.connections.get()
    assert "by us" not in words(Evidence.DISCONNECTS)
    trail.record("connection.disconnected", connection, by="user:anna")

    assert "Disconnects made by us: 1, the last on" in words(Evidence.DISCONNECTS)


def test_deleted_connections_are_dated():
    Connection.objects.create(
        company=make_company(),
        codat_company_id=uuid4(),
        codat_connection_id=uuid4(),
        status="Deleted",
        deleted_at=timezone.now(),
    )

    assert "Deleted connections: 1, the last on" in words(Evidence.OFFBOARDED)
    assert words(Evidence.STATUS) == "No connection yet."


@pytest.mark.parametrize("name", ["Acme for Xero", "ACME XERO", "acmexero"])
def test_a_name_with_xero_in_it_is_a_problem(name):
    XeroApp.objects.create(name=name)

    assert len(problems(Evidence.NAME)) == 1


def test_a_name_without_it_is_not():
    XeroApp.objects.create(name="Acme Advance", app_email="developers@acme.example")

    assert problems(Evidence.NAME) == []
    assert "Acme Advance" in words(Evidence.NAME)
    assert problems(Evidence.EMAIL) == []
    assert "developers@acme.example" in words(Evidence.EMAIL)


def test_a_mailbox_that_looks_like_one_persons_is_a_problem():
    XeroApp.objects.create(app_email="jane.doe@acme.example")

    assert len(problems(Evidence.EMAIL)) == 1


def test_the_partnership_may_be_mentioned_once_certified():
    assert "may not be mentioned" in words(Evidence.BADGE)

    certify()

    assert "may be mentioned" in words(Evidence.BADGE)


def test_who_has_to_consent_again_is_a_problem():
    make_evidence()
    now = timezone.now()
    Connection.objects.update(consented_at=now - timedelta(days=1))
    assert problems(Evidence.SCOPES) == []

    scopes.record_change(
        changed_at=now, added=["bankfeeds"], author="user:anna", now=now
    )

    assert problems(Evidence.SCOPES) == ["Linked before that, to consent again: 1."]
