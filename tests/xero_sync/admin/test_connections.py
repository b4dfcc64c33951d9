"""Connections in the admin: read-only, and moved by acts."""

import pytest

from tests.backoffice.admin.rows import make_evidence, operator, page, superuser
from tests.worlds import World, states
from xero_sync.models import Connection

pytestmark = pytest.mark.django_db

ACTS = ("switch-on", "switch-off", "feeds-on", "feeds-off", "confirm-organisation")


def act(name, connection):
    return page(Connection, name, connection.pk)


def offered(client, connection):
    shown = client.get(page(Connection, "change", connection.pk)).content.decode()
    return {name for name in ACTS if act(name, connection) in shown}


def test_a_connection_shows_its_accounts_mapping_and_what_was_done():
    connection = World().borrower().connection

    shown = superuser().get(page(Connection, "change", connection.pk)).content.decode()

    for section in ("Lender accounts", "Account mapping", "What was done here"):
        assert f"<h2>{section}</h2>" in shown
    assert connection.lender_accounts.get().source_account_id in shown
    assert "Switched write-back on." in shown


def test_write_back_is_switched_on_and_off():
    borrower = World().borrower(writeback=False)
    client = operator("xero_sync.change_connection")
    assert offered(client, borrower.connection) == {"switch-on", "feeds-off"}

    client.post(act("switch-on", borrower.connection))
    assert borrower.connection.writeback_on
    assert offered(client, borrower.connection) == {"switch-off", "feeds-off"}
    client.post(act("switch-off", borrower.connection))

    assert not borrower.connection.writeback_on
    switches = borrower.connection.switches.order_by("pk")
    assert [(one.on, one.switched_by) for one in switches] == [
        (True, "user:anna"),
        (False, "user:anna"),
    ]


def test_write_back_cannot_be_switched_on_before_the_accounts_are_chosen():
    connection = make_evidence().company.connections.get()
    Connection.objects.filter(pk=connection.pk).update(status="PendingAuth")

    answer = superuser().post(act("switch-on", connection))

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    connection.refresh_from_db()
    assert not connection.writeback_on


def shown_at(url, client):
    return client.get(url).context["form"].initial["shown"]


def test_a_choice_is_shown_before_it_is_made():
    borrower = World().borrower(writeback=False)
    loan = borrower.loan()
    event = borrower.record(loan, "drawdown", "800")
    client = superuser()
    url = act("switch-on", borrower.connection)
    page = client.get(url).content.decode()
    assert "1 loan is held: entries 2, advanced £800.00" in page
    assert "bring the lender account to −£800.00" in page

    nothing = client.post(url, {"shown": shown_at(url, client)})
    assert list(nothing.context["form"].errors) == ["held_events"]
    choice = {"held_events": "publish", "publish_from": str(event.value_date)}
    unseen = client.post(url, {**choice, "shown": shown_at(url, client)})
    assert list(unseen.context["form"].errors) == ["held_events"]
    assert "Publish those begun from" in unseen.content.decode()
    assert not borrower.connection.writeback_on
    client.post(url, {**choice, "shown": unseen.context["form"]["shown"].value()})

    assert borrower.connection.writeback_on
    assert states(loan)[1] == ("drawdown", "transfer", "queued")


def test_what_has_changed_since_it_was_shown_is_shown_again():
    borrower = World().borrower(writeback=False)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    client = superuser()
    url = act("switch-on", borrower.connection)
    stale = {"held_events": "publish", "shown": shown_at(url, client)}
    borrower.record(loan, "fee", "50")

    again = client.post(url, stale)

    assert "bring the lender account to −£850.00" in again.content.decode()
    assert not borrower.connection.writeback_on
    shown = again.context["form"]["shown"].value()
    client.post(url, {"held_events": "publish", "shown": shown})
    assert borrower.connection.writeback_on


def test_only_publishing_takes_a_day():
    borrower = World().borrower(writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800")
    url = act("switch-on", borrower.connection)

    answer = superuser().post(
        url, {"held_events": "leave_out", "publish_from": "2026-03-02"}
    )

    assert list(answer.context["form"].errors) == ["publish_from"]
    assert not borrower.connection.writeback_on


def test_held_loans_can_be_left_out():
    borrower = World().borrower(writeback=False)
    loan = borrower.loan()
    borrower.record(loan, "drawdown", "800")
    client = superuser()
    url = act("switch-on", borrower.connection)

    client.post(url, {"held_events": "leave_out", "shown": shown_at(url, client)})

    assert {state for _, _, state in states(loan)} == {"cancelled left_out"}


def test_bank_feeds_are_switched():
    borrower = World().borrower()
    client = superuser()

    client.post(act("feeds-off", borrower.connection))
    assert not borrower.connection.bank_feeds
    client.post(act("feeds-on", borrower.connection))

    assert borrower.connection.bank_feeds


def test_another_organisation_is_confirmed():
    connection = make_evidence().company.connections.get()
    client = superuser()
    assert "confirm-organisation" not in offered(client, connection)
    Connection.objects.filter(pk=connection.pk).update(organisation_changed=True)
    assert "confirm-organisation" in offered(client, connection)

    client.post(act("confirm-organisation", connection))

    connection.refresh_from_db()
    assert not connection.organisation_changed


def test_who_may_only_look_cannot_act():
    connection = make_evidence().company.connections.get()
    client = operator("xero_sync.view_connection")

    assert offered(client, connection) == set()
    for name in ACTS:
        assert client.get(act(name, connection)).status_code == 403
        assert client.post(act(name, connection)).status_code == 403
    connection.refresh_from_db()
    assert (connection.writeback_on, connection.bank_feeds) == (False, False)
