"""What keeps a connection from being written to, told before an entry finds it."""

from datetime import UTC, datetime
from itertools import product

import pytest

from tests.builders import unsaved_event, unsaved_loan
from xero_sync.entries import borrower_wording
from xero_sync.entries import status as entry_status
from xero_sync.models import AccountMapping, Connection, LenderAccount, SyncRecord
from xero_sync.models.choices import Reason
from xero_sync.writeback import holds
from xero_sync.writeback.readiness import Readiness

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def linked(**overrides):
    ready = {"pk": 1, "status": "Linked", "writeback_on": True, "bank_feeds": True}
    return Connection(**ready | overrides)


def chosen(**overrides):
    fields = {
        "connection_id": 1,
        "source_account_id": "source",
        "target_account_id": "lender",
        "feed_status": "connected",
    }
    account = LenderAccount(**fields | overrides)
    return AccountMapping(lender_account=account, nominated_account_id="bank")


def told(connection, mapping, *, toggle=None):
    return entry_status.troubles_of(connection, mapping, feeds_toggle=toggle)


def troubles(connection, mapping):
    return [one.reason.value for one in told(connection, mapping)]


def held_for(step, connection, mapping):
    event = unsaved_event(loan=unsaved_loan())
    record = SyncRecord(event=event, step=step, value_date=event.value_date)
    stands = SyncRecord(state="written")
    ready = Readiness(connection, mapping, NOW)
    record.loan = event.loan
    return holds.hold_reason(record=record, ready=ready, booking=stands)


def test_what_holds_an_entry_is_among_the_troubles_whatever_else_is_wrong():
    states = product(
        [False, True],
        ["Linked", "Deauthorized"],
        ["", "HTTP 403"],
        [True, False],
        [True, False],
        ["", "lender"],
        [None, chosen(), chosen(source_account_id=None), chosen(feed_status="pending")],
    )
    for changed, status, access, on, feeds, gone, mapping in states:
        connection = linked(
            organisation_changed=changed,
            status=status,
            access_problem=access,
            writeback_on=on,
            bank_feeds=feeds,
            unusable_account=gone,
        )

        told = troubles(connection, mapping)

        booking = held_for("transfer", connection, mapping)
        line = held_for("statement_line", connection, mapping)
        of_bookings = [one for one in told if "feed" not in one]
        assert booking == (of_bookings[0] if of_bookings else "")
        assert line in told or (line, told) == ("", [])


def test_a_lender_account_without_a_feed_is_told_as_such():
    assert troubles(linked(), chosen(source_account_id=None)) == ["bank_feeds_off"]


def test_one_account_for_both_sides_is_no_complete_choice():
    assert troubles(linked(), chosen(target_account_id="bank")) == [
        "mapping_incomplete"
    ]


def test_a_trouble_names_the_account_or_the_answer_that_it_is_about():
    connection = linked(access_problem="HTTP 402", unusable_account="Old bank")

    found = told(connection, chosen())

    assert [(one.reason, one.detail) for one in found] == [
        ("access_denied", "HTTP 402"),
        ("account_unusable", "Old bank"),
    ]


def test_a_deleted_connection_is_none():
    assert troubles(linked(deleted_at=NOW), chosen()) == ["no_connection"]


@pytest.mark.parametrize(
    "reason", [Reason.MAPPING_INCOMPLETE, Reason.ACCOUNT_UNUSABLE, Reason.WRITEBACK_OFF]
)
def test_what_the_borrower_is_asked_for_is_told_the_operator_as_theirs(reason):
    assert borrower_wording.OF_REASON[reason].is_theirs
    assert entry_status.ACTOR_OF_REASON[reason] == entry_status.Actor.BORROWER
