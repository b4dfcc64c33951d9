"""Connections by API: the limit, the disconnection, and letting a borrower go."""

import pytest

from tests.backoffice.api.conftest import make_service
from tests.builders import make_company
from tests.trail import entries
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown
from xero_sync.models import Connection, SyncRecord, XeroApp


def disconnect(service, connection, **body):
    return service.post(f"connections/{connection.pk}/disconnect", body)


def off_board(service, connection, **body):
    body = {"confirmation": connection.company.reference} | body
    return service.post(f"connections/{connection.pk}/off-board", body)


def calls(codat, method):
    return [one for one in codat.sandbox.requests if one.method == method]


# --- the limit ------------------------------------------------------------------------


def test_at_the_limit_a_new_connection_is_refused_with_its_remedy(
    service, codat, settings
):
    codat.adopt()
    make_company(reference="acme")
    settings.XERO_CONNECTION_CAP = 1
    before = len(codat.sandbox.requests)

    answer = service.post("companies/acme/connections", {})

    assert answer.status_code == 409
    shown = answer.json()
    assert shown["code"] == "connection_cap_reached"
    assert "certified Xero app partner" in shown["detail"]
    assert not shown["retry"]["allowed"]
    assert len(codat.sandbox.requests) == before
    page = service.client.get(f"/api/v1/problems/{shown['code']}")
    assert page.status_code == 200


def test_while_the_integration_is_off_nothing_is_connected(service, codat):
    make_company(reference="acme")
    XeroApp.objects.create(integration_on=False)

    answer = service.post("companies/acme/connections", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "integration_off")


def test_a_surplus_and_a_demo_company_are_shown(service, codat, settings):
    settings.XERO_CONNECTION_CAP = 0
    connection = codat.adopt()

    shown = service.get(f"connections/{connection.pk}").json()
    assert shown["beyond_limit_since"]
    assert shown["consented_at"]
    assert (shown["plan_type"], shown["is_demo"]) == ("Business", False)
    Connection.objects.update(plan_type="Demo")

    assert service.get(f"connections/{connection.pk}").json()["is_demo"]


# --- disconnected ---------------------------------------------------------------------


def test_a_connection_is_cut_once_and_says_so(service, codat):
    connection = codat.ready()

    first = disconnect(service, connection, reason="Asked for by the borrower.")
    again = disconnect(service, connection)

    assert (first.status_code, first.json()["status"]) == (200, "Unlinked")
    assert first.json()["in_words"] == "Unlinked by us"
    assert (again.status_code, again.json()["status"]) == (200, "Unlinked")
    assert len(calls(codat, "PATCH")) == 1
    (act,) = entries("connection.disconnected")
    assert act.actor.startswith("api:loan-system/")
    assert act.reason == "Asked for by the borrower."


def test_what_is_not_linked_cannot_be_cut(service, codat):
    make_company(reference="acme")
    service.post("companies/acme/connections", {})
    connection = Connection.objects.get()

    answer = disconnect(service, connection)

    assert (answer.status_code, answer.json()["code"]) == (
        409,
        "connection_not_linked",
    )
    assert not calls(codat, "PATCH")


# --- let go ---------------------------------------------------------------------------


def test_a_borrower_is_let_go(service, codat):
    connection = codat.ready()

    first = off_board(service, connection)
    again = off_board(service, connection)

    assert (first.status_code, first.json()["status"]) == (200, "Deleted")
    assert first.json()["deleted_at"]
    assert again.json() == first.json()
    assert len(calls(codat, "DELETE")) == 1
    assert not codat.sandbox.connections_of(codat.company_id)


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"confirmation": "another"}, 422, "/confirmation"),
        ({"leave_out": True}, 422, "/reason"),
        ({"leave_out": "yes"}, 400, "/leave_out"),
        ({}, 422, "/leave_out"),
    ],
)
def test_what_is_missing_is_named_and_nobody_is_let_go(
    service, codat, body, status, pointer
):
    connection = codat.adopt()
    record_drawdown(connection.company)

    answer = off_board(service, connection, **body)

    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert not calls(codat, "DELETE")


def test_what_waits_is_left_out_knowingly(service, codat):
    connection = codat.adopt()
    record_drawdown(connection.company)

    answer = off_board(service, connection, leave_out=True, reason="Written off.")

    assert answer.json()["status"] == "Deleted"
    assert set(SyncRecord.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_key_needs_the_scope_and_the_company(codat, db):
    connection = codat.adopt()
    reader = make_service(scopes=["events:read"])
    stranger = make_service(
        client_name="stranger", companies=[make_company(reference="acme")]
    )

    for act in (disconnect, off_board):
        assert act(reader, connection).status_code == 403
        assert act(stranger, connection).status_code == 404
    assert not calls(codat, "PATCH")
    assert not calls(codat, "DELETE")
