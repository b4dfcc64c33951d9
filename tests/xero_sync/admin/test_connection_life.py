"""The life of a connection in the admin: the limit, the organisation, the end."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from lending.models import Company
from tests.backoffice.admin.rows import operator, page, superuser
from tests.builders import make_company
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown
from tests.xero_sync.evidence import acts_of
from tests.xero_sync.partner_programme.acts import give_links
from xero_sync.connections import daily_check
from xero_sync.models import Connection, ConnectionCheckRun, SyncRecord
from xero_sync.runtime.clock import database_now
from xero_sync.writeback.paced_client import paced_client

pytestmark = pytest.mark.django_db

ACTS = (
    "read-now",
    "disconnect",
    "off-board",
    "mark-demo",
    "unmark-demo",
    "confirm-organisation",
    "replace-organisation",
)


@pytest.fixture
def connection(codat):
    return codat.ready()


def act(name, connection):
    return page(Connection, name, connection.pk)


def shown(client, url):
    return re.sub(r"\s+", " ", client.get(url).content.decode())


def offered(client, connection):
    content = shown(client, page(Connection, "change", connection.pk))
    return {name for name in ACTS if act(name, connection) in content}


def changed(connection, **values):
    Connection.objects.filter(pk=connection.pk).update(**values)
    connection.refresh_from_db()
    return connection


def test_a_company_is_connected_by_an_operator(codat):
    company = make_company(reference="acme")
    client = operator("lending.change_company", "xero_sync.change_connection")
    address = page(Company, "connect", company.pk)
    assert address in shown(client, page(Company, "change", company.pk))

    client.post(address)

    connection = company.connections.get()
    assert connection.status == "PendingAuth"
    remote = str(connection.codat_company_id)
    assert codat.sandbox.connections_of(remote)
    assert address not in shown(client, page(Company, "change", company.pk))


def test_at_the_limit_an_operator_reads_why_and_what_to_do(codat, settings):
    settings.XERO_CONNECTION_CAP = 1
    codat.adopt()
    company = make_company(reference="acme")
    address = page(Company, "connect", company.pk)
    client = superuser()
    before = len(codat.sandbox.requests)

    answer = client.post(address)

    (words,) = answer.context["form"].non_field_errors()
    assert "1 of 1 connections are in use" in words
    assert "Become a certified Xero app partner" in words
    assert len(codat.sandbox.requests) == before
    assert not company.connections.exists()
    # A demo company takes no place.
    client.post(address, {"is_demo": "on"})
    connection = company.connections.get()
    assert connection.is_demo
    assert [one.verb for one in acts_of(connection)] == ["connection.marked_demo"]


def test_connecting_needs_both_permissions(codat):
    company = make_company(reference="acme")
    client = operator("lending.change_company")

    assert client.post(page(Company, "connect", company.pk)).status_code == 403
    assert not company.connections.exists()


def test_a_connection_is_read_when_an_operator_asks(connection, codat):
    codat.sandbox.set_connection_status(codat.connection_id, "Deauthorized")

    superuser().post(act("read-now", connection))

    connection.refresh_from_db()
    assert connection.status == "Deauthorized"


def test_a_connection_is_cut_with_its_reason(connection, codat):
    client = operator("xero_sync.change_connection")
    assert "can reconnect at any time" in shown(client, act("disconnect", connection))

    client.post(act("disconnect", connection), {"reason": "Asked for."})

    connection.refresh_from_db()
    assert connection.status == "Unlinked"
    done = shown(client, page(Connection, "change", connection.pk))
    assert "Unlinked by us. Last read at Codat:" in done
    assert "Asked for." in done
    assert "disconnect" not in offered(client, connection)


def test_codats_refusal_is_shown_and_changes_nothing(connection, codat):
    codat.sandbox.faults.add("error_before", match="PATCH .*", status=500)

    answer = superuser().post(act("disconnect", connection))

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    connection.refresh_from_db()
    assert connection.status == "Linked"


def test_letting_go_asks_for_the_reference_and_about_what_waits(connection, codat):
    client = superuser()
    url = act("off-board", connection)
    assert 'name="leave_out"' not in shown(client, url)
    Connection.objects.update(writeback_on=False)
    record_drawdown(connection.company)
    asked = shown(client, url)
    assert "Type harbour to confirm" in asked
    assert "2 entries wait" in asked

    wrong = client.post(url, {"confirmation": "acme"})
    assert list(wrong.context["form"].errors) == ["confirmation"]
    waiting = client.post(url, {"confirmation": "harbour"})
    assert list(waiting.context["form"].errors) == ["leave_out"]
    why = client.post(url, {"confirmation": "harbour", "leave_out": "on"})
    assert list(why.context["form"].errors) == ["reason"]
    assert codat.sandbox.connections_of(codat.company_id)
    client.post(
        url, {"confirmation": "harbour", "leave_out": "on", "reason": "Written off."}
    )

    connection.refresh_from_db()
    assert connection.status == "Deleted"
    assert not codat.sandbox.connections_of(codat.company_id)
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {"cancelled"}
    assert offered(client, connection) == set()


def test_letting_go_needs_a_permission_of_its_own(connection, codat):
    client = operator("xero_sync.change_connection")

    assert "off-board" not in offered(client, connection)
    answer = client.post(act("off-board", connection), {"confirmation": "harbour"})

    assert answer.status_code == 403
    assert codat.sandbox.connections_of(codat.company_id)
    allowed = operator(
        "xero_sync.change_connection", "xero_sync.off_board_connection", name="berta"
    )
    assert "off-board" in offered(allowed, connection)


def test_who_may_only_look_does_nothing(connection):
    client = operator("xero_sync.view_connection")

    assert offered(client, connection) == set()
    for name in ACTS:
        assert client.post(act(name, connection)).status_code == 403


def test_both_names_and_both_ways_are_shown_for_another_organisation(connection):
    changed(
        connection,
        organisation_changed=True,
        organisation_name="Quayside Ltd",
        previous_organisation_name="Harbour Joinery Ltd",
    )
    client = superuser()

    content = shown(client, page(Connection, "change", connection.pk))
    assert "called “Quayside Ltd” now and was called “Harbour Joinery Ltd”" in content
    assert {"confirm-organisation", "replace-organisation"} <= offered(
        client, connection
    )
    assert "was called “Harbour Joinery Ltd”" in shown(
        client, act("confirm-organisation", connection)
    )
    client.post(act("replace-organisation", connection), {"reason": "Sold."})

    connection.refresh_from_db()
    assert not connection.organisation_changed
    account = connection.lender_accounts.get()
    assert account.void_since
    done = shown(client, page(Connection, "change", connection.pk))
    assert "Harbour Joinery Ltd → Quayside Ltd" in done


def test_a_demo_company_is_marked_and_unmarked(connection):
    client = superuser()
    assert "mark-demo" in offered(client, connection)

    client.post(act("mark-demo", connection), {"reason": "Demo Company (UK)"})
    connection.refresh_from_db()
    assert connection.is_demo
    listed = shown(client, page(Connection, "changelist"))
    assert "0 of 25 connections to Xero are in use." in listed
    assert "Demo companies, which take no place: 1." in listed
    client.post(act("unmark-demo", connection))

    connection.refresh_from_db()
    assert not connection.is_demo


def test_the_overview_says_what_connections_need(connection, settings):
    give_links()
    settings.XERO_CONNECTION_CAP = 5
    client = superuser()
    assert "Connections to Xero need you" not in shown(client, reverse("admin:index"))
    now = database_now()

    changed(connection, organisation_changed=True)
    assert "may lead to another organisation" in shown(client, reverse("admin:index"))
    changed(connection, organisation_changed=False, status="Deauthorized")
    assert "has withdrawn access in Xero" in shown(client, reverse("admin:index"))
    changed(connection, status="Linked", unusable_account="Bank Fees")
    content = shown(client, reverse("admin:index"))
    assert "Something that 1 borrower chose is gone in their Xero" in content
    assert "unusable_account__isempty=0" in content
    changed(connection, unusable_account="", checked_at=now - timedelta(hours=27))
    assert "could not be read at Codat" in shown(client, reverse("admin:index"))
    settings.XERO_CONNECTION_CAP = 1
    changed(connection, checked_at=now)
    content = shown(client, reverse("admin:index"))
    assert "1 of 1 connections to Xero are in use" in content
    assert "No other borrower can connect" in content
    settings.XERO_CONNECTION_CAP = 0
    changed(connection, over_cap_since=now)
    content = shown(client, reverse("admin:index"))
    assert "became linked although Xero&#x27;s limit of connections" in content
    assert "beyond Xero&#x27;s limit" in shown(
        client, page(Connection, "change", connection.pk)
    )


def test_the_overview_says_nothing_to_who_may_not_see_connections(connection):
    changed(connection, organisation_changed=True)

    content = shown(operator("lending.view_loan"), reverse("admin:index"))

    assert "Connections to Xero need you" not in content


def test_several_organisations_of_a_borrower_are_pointed_at(connection):
    client = superuser()
    address = page(Connection, "change", connection.pk)
    assert "advise a login for each" not in shown(client, address)
    make_company(reference="quayside", borrower_reference="B7")

    connection.company.borrower_reference = "B7"
    connection.company.save(update_fields=["borrower_reference"])

    content = shown(client, address)
    assert "other organisations: quayside" in content
    assert "advise a login for each" in content


def test_a_connections_page_shows_what_is_the_matter_and_nothing_that_is_not(
    connection,
):
    client = superuser()
    quiet = ("Another organisation:", "Marked as demo:", "Access problem:", "Deleted:")
    url = page(Connection, "change", connection.pk)
    assert not [words for words in quiet if words in shown(client, url)]

    changed(connection, organisation_changed=True, access_problem="HTTP 403")

    loud = [words for words in quiet if words in shown(client, url)]
    assert loud == ["Another organisation:", "Access problem:"]


# --- the daily check ------------------------------------------------------------------


def test_the_page_of_a_check_names_what_could_not_be_read(codat):
    connection = codat.adopt()
    codat.sandbox.faults.add("error_before", match="GET .*", status=500, times=None)
    with paced_client() as client:
        daily_check.check_all(client=client, now=database_now())
    address = page(ConnectionCheckRun, "change", ConnectionCheckRun.objects.get().pk)
    viewer = operator("xero_sync.view_connection")
    reader = operator("xero_sync.view_connectioncheckrun", name="rita")

    assert address in shown(viewer, page(ConnectionCheckRun, "changelist"))
    link = f'href="{page(Connection, "change", connection.pk)}"'
    assert "Codat failed itself" in shown(viewer, address)
    assert link in shown(viewer, address)
    assert "Codat failed itself" in shown(reader, address)
    assert link not in shown(reader, address)
