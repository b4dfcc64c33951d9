"""The scope sheet, and who has to consent again after a change of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from tests.builders import make_company
from tests.xero_sync.partner_programme.acts import NOW, WHO
from tests.xero_sync.portal.journeys import PRIVACY, TERMS, record_app
from xero_sync.connections import alerts
from xero_sync.models import Connection, ScopeChange
from xero_sync.partner_programme import acts
from xero_sync.writeback.readiness import Readiness
from xero_sync.xero_app import scopes
from xero_sync.xero_app.exceptions import XeroAppRefused

pytestmark = pytest.mark.django_db

LAST_WEEK = NOW - timedelta(days=7)
YESTERDAY = NOW - timedelta(days=1)


def connect(status="Linked", at=LAST_WEEK):
    connection = Connection.objects.create(
        company=make_company(),
        codat_company_id=uuid4(),
        codat_connection_id=uuid4(),
        status=status,
    )
    if status != "PendingAuth":
        consent(connection, at)
    return connection


def consent(connection, at):
    Connection.objects.filter(pk=connection.pk).update(consented_at=at)
    connection.refresh_from_db()


def change(*added, at=YESTERDAY, **values):
    return scopes.record_change(changed_at=at, added=added, **WHO | values)


def refused(call, field, words):
    with pytest.raises(XeroAppRefused, match=words) as refusal:
        call()
    assert refusal.value.field == field


def waiting():
    return {one.pk: missing for one, missing in scopes.waiting_for_consent()}


def test_the_sheet_is_codats_set_for_invoice_finance_with_bank_feeds():
    assert [one.name for one in scopes.SHEET] == [
        "offline_access",
        "accounting.settings",
        "accounting.invoices",
        "accounting.payments",
        "accounting.banktransactions",
        "accounting.contacts",
        "accounting.attachments",
        "accounting.reports.balancesheets.read",
        "bankfeeds",
    ]


def test_every_scope_has_its_reason():
    for one in scopes.SHEET:
        assert len(str(one.reason)) > 20, one.name


def test_bank_feeds_are_requested_only_where_they_are_asked_for():
    assert "bankfeeds" in {one.name for one in scopes.requested()}

    acts.ask_for_bank_feeds(wanted=False, **WHO)

    assert "bankfeeds" not in {one.name for one in scopes.requested()}


def test_without_a_recorded_change_nobody_has_to_consent_again():
    connection = connect()

    assert scopes.must_consent_again(connection) == set()
    assert waiting() == {}


def test_who_consented_before_a_change_consents_again_to_what_it_added():
    before, after = connect(), connect(at=NOW)

    change("bankfeeds")

    assert scopes.must_consent_again(before) == {"bankfeeds"}
    assert scopes.must_consent_again(after) == set()
    assert waiting() == {before.pk: {"bankfeeds"}}


def test_a_new_consent_takes_a_connection_off_the_list():
    connection = connect()
    change("bankfeeds")

    consent(connection, NOW)

    assert waiting() == {}


def test_the_connections_page_and_the_overview_tell_of_it():
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    connection = connect()
    assert "consent again" not in " ".join(alerts.standing(connection))
    assert alerts.alerts(now=NOW) == []

    change("bankfeeds")

    words = " ".join(alerts.standing(connection))
    assert "has to consent again" in words
    assert "bankfeeds" in words
    told = [one.sentence for one in alerts.alerts(now=NOW)]
    assert any(one.startswith("1 borrower has to consent again") for one in told)


def test_changes_add_up():
    first = connect(at=NOW - timedelta(days=9))
    second = connect(at=NOW - timedelta(days=5))
    change("bankfeeds", at=LAST_WEEK)
    change("accounting.attachments", at=YESTERDAY)

    assert waiting() == {
        first.pk: {"accounting.attachments", "bankfeeds"},
        second.pk: {"accounting.attachments"},
    }


def test_a_move_to_other_scopes_shows_what_was_consented_before():
    connection = connect()
    change(
        "accounting.invoices",
        "accounting.payments",
        removed=["accounting.transactions"],
    )

    consented = scopes.consented(connection.consented_at, scopes.changes())

    assert "accounting.transactions" in consented
    assert "accounting.invoices" not in consented
    assert scopes.must_consent_again(connection) == {
        "accounting.invoices",
        "accounting.payments",
    }


def test_what_is_no_longer_asked_for_needs_no_consent():
    connect()
    change("bankfeeds")

    acts.ask_for_bank_feeds(wanted=False, **WHO)

    assert waiting() == {}


def test_statement_lines_wait_for_the_consent_whatever_the_application_asks_for():
    before, after = connect(), connect(at=NOW)
    change("bankfeeds")

    acts.ask_for_bank_feeds(wanted=False, **WHO)

    lacking = [
        Readiness(one, None, NOW, scopes_changed=True).lacks_feed_consent
        for one in (before, after)
    ]
    assert lacking == [True, False]


@pytest.mark.parametrize("status", ["PendingAuth", "Unlinked", "Deauthorized"])
def test_who_is_not_linked_is_not_on_the_list(status):
    connection = connect(status)
    change("bankfeeds")

    assert waiting() == {}
    missing = scopes.must_consent_again(connection)
    assert missing == (set() if status == "PendingAuth" else {"bankfeeds"})


def test_a_deleted_connection_is_not_on_the_list():
    connection = connect()
    Connection.objects.filter(pk=connection.pk).update(deleted_at=NOW)
    change("bankfeeds")

    assert waiting() == {}


def test_a_change_names_scopes_of_the_sheet():
    refused(lambda: change("files"), "added", "files: no reason")
    refused(change, "added", "Name a scope")
    refused(lambda: change(removed=["bankfeeds"]), "removed", "still on the sheet")
    refused(lambda: change(removed=["A b"]), "removed", "no scope")
    acts.ask_for_bank_feeds(wanted=False, **WHO)
    refused(lambda: change("bankfeeds"), "added", "no reason")


def test_a_change_is_neither_ahead_nor_before_the_latest():
    soon = NOW + timedelta(minutes=1)
    refused(lambda: change("bankfeeds", at=soon), "changed_at", "ahead")
    change("bankfeeds", at=YESTERDAY)

    refused(lambda: change("bankfeeds", at=LAST_WEEK), "changed_at", "before")


def test_a_change_is_not_older_than_xero():
    refused(
        lambda: change("bankfeeds", at=YESTERDAY.replace(year=26)),
        "changed_at",
        "year 0026",
    )


def test_changes_are_kept_as_they_were():
    change("bankfeeds", note=" The toggle in Codat's portal. ")

    assert ScopeChange.objects.get().note == "The toggle in Codat's portal."
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ScopeChange.objects.all().delete()
