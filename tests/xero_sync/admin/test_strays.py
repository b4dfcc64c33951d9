"""Pushes of unknown origin in the admin: seen, and settled with a reason."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from lending import formats
from tests.backoffice.admin.rows import operator, page, superuser
from tests.strays import hold_for
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown, record_of
from xero_sync.connections import alerts
from xero_sync.models import Connection
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db

ACTS = ("pushes-ours", "pushes-anothers", "let-go-on")


@pytest.fixture
def connection(codat):
    return codat.ready()


@pytest.fixture
def record(connection):
    return record_of(record_drawdown(connection.company))


@pytest.fixture
def push(connection, record):
    return hold_for(connection, record)


def shown(client, connection):
    return client.get(page(Connection, "change", connection.pk)).content.decode()


def test_a_held_company_needs_somebody(connection, push):
    (alert,) = [
        one for one in alerts.alerts(now=database_now()) if "backup" in one.sentence
    ]

    lists = superuser().get(f"{page(Connection, 'changelist')}?{alert.query}")

    assert "harbour" in lists.content.decode()
    assert "Pushes of unknown origin" in lists.content.decode()


def test_its_page_shows_the_pushes_and_what_may_be_done(connection, push, record):
    content = shown(superuser(), connection)

    assert str(push.push_operation_key) in content
    assert f"Looks like {record.event.external_id}" in content
    assert f"£800.00 · {formats.day(record.value_date)} · " in content
    assert "Nothing is sent since" in content
    assert all(page(Connection, act, connection.pk) in content for act in ACTS)


@pytest.mark.parametrize("act", ["change", "pushes-anothers"])
def test_more_pushes_ask_no_more_of_the_database(connection, push, record, act):
    client = superuser()

    def asked():
        with CaptureQueriesContext(database) as queries:
            content = client.get(page(Connection, act, connection.pk)).content.decode()
        assert "Business Current Account" in content
        return len(queries)

    asked()
    few = asked()
    for nth in range(5):
        hold_for(connection, record, xero_record_id=f"made-{nth}")

    assert asked() == few


def test_where_nothing_is_held_nothing_is_offered(connection):
    content = shown(superuser(), connection)

    assert not any(page(Connection, act, connection.pk) in content for act in ACTS)


def test_who_may_only_look_decides_nothing(connection, push):
    client = operator("xero_sync.view_connection")

    for act in ACTS:
        assert client.post(page(Connection, act, connection.pk)).status_code == 403


def test_a_push_is_linked_to_the_entry_that_is_chosen(connection, push, record):
    address = page(Connection, "pushes-ours", connection.pk)
    typed = {"pushes": [push.pk], "records": [str(record.pk)], "reason": "Seen"}

    superuser().post(address, typed)

    record.refresh_from_db()
    connection.refresh_from_db()
    assert record.state == "linked_by_hand"
    assert connection.held_after_restore_since is None


def test_what_does_not_fit_is_said_on_the_page(connection, push):
    address = page(Connection, "pushes-ours", connection.pk)

    answer = superuser().post(address, {"pushes": [push.pk], "reason": "Seen"})

    assert "A push is one entry of its kind" in answer.content.decode()
