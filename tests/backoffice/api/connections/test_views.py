"""Connections by API: made at Codat, adopted, looked at, switched."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from backoffice.models import StoredReply
from tests.backoffice.api.conftest import make_service
from tests.builders import make_company, make_event
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown
from xero_sync.connections import status as connection_status
from xero_sync.models import Connection, Heartbeat, SyncRecord, WritebackSwitch


@pytest.fixture
def company(db):
    return make_company(reference="acme", legal_name="Acme Ltd")


def adoption(codat):
    return {"codat_company_id": codat.company_id, "connection_id": codat.connection_id}


def tagged(codat, reference):
    return [one for one in codat.sandbox.companies if one.tags.get("uid") == reference]


def test_a_connection_is_made_at_codat_for_the_borrower_to_authorise(
    service, codat, company
):
    answer = service.post("companies/acme/connections", {"create": True})

    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["status"], shown["company"]) == ("PendingAuth", "acme")
    (remote,) = tagged(codat, "acme")
    assert (remote.name, remote.description) == ("acme", "acme")
    assert shown["codat_company_id"] == remote.id


def test_connecting_again_makes_no_second_one(service, codat, company):
    first = service.post("companies/acme/connections", {}).json()

    again = service.post("companies/acme/connections", {})

    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] == first["id"]
    assert len(tagged(codat, "acme")) == 1


def test_what_a_crash_left_at_codat_is_found_again(service, codat, company):
    first = service.post("companies/acme/connections", {}).json()
    Connection.objects.all().delete()

    again = service.post("companies/acme/connections", {}).json()

    assert again["codat_connection_id"] == first["codat_connection_id"]
    # Found by its tag, not by a key that Codat forgets after ninety minutes.
    made = [one.path for one in codat.sandbox.requests if one.method == "POST"]
    assert len(made) == 2


def test_a_company_is_connected_again_after_its_connection_was_deleted(
    service, codat, company
):
    first = service.post("companies/acme/connections", {}).json()
    with_client(codat).delete_connection(
        first["codat_company_id"], first["codat_connection_id"]
    )
    refreshed(codat, first["id"])

    again = service.post("companies/acme/connections", {}).json()

    assert again["codat_company_id"] == first["codat_company_id"]
    assert again["codat_connection_id"] != first["codat_connection_id"]
    listed = service.get("companies/acme/connections").json()["results"]
    assert [one["status"] for one in listed] == ["PendingAuth", "Deleted"]


def test_no_answer_leads_past_the_page_on_which_the_borrower_consents(
    service, codat, company
):
    made = service.post("companies/acme/connections", {}, Idempotency_Key="a")
    again = service.post("companies/acme/connections", {}, Idempotency_Key="a")
    number = made.json()["id"]
    shown = service.get(f"connections/{number}")
    read = service.post(f"connections/{number}/refresh", {})
    asked = service.get(f"connections/{number}?link=true")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == made.json()
    for answer in (made, again, shown, read):
        assert answer.status_code < 300
        assert "link_url" not in answer.content.decode()
        assert "otp=" not in answer.content.decode()
    assert asked.status_code == 400


def test_two_at_once_make_one(service, codat, company):
    Heartbeat.objects.create(
        name=f"connecting {company.pk}",
        holder="another",
        beat_at=timezone.now(),
        busy_until=timezone.now() + timedelta(minutes=1),
    )

    answer = service.post("companies/acme/connections", {})

    assert answer.status_code == 409
    assert answer.json()["code"] == "still_running"
    assert answer.headers["Retry-After"]
    assert not tagged(codat, "acme")


def test_a_connection_that_exists_at_codat_is_adopted(service, codat, company):
    body = adoption(codat) | {"bank_feeds": True}

    answer = service.post("companies/acme/connections", body)
    again = service.post("companies/acme/connections", body)

    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["status"], shown["bank_feeds"]) == ("Linked", True)
    assert again.json()["id"] == shown["id"]
    assert Connection.objects.get().codat_connection_id.hex


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"create": False}, 422, "/create"),
        ({"create": True, "codat_company_id": str(uuid4())}, 422, "/create"),
        ({"connection_id": str(uuid4())}, 422, "/codat_company_id"),
        ({"codat_company_id": "seven"}, 400, "/codat_company_id"),
        ({"codat_company_id": 7}, 400, "/codat_company_id"),
        ({"bank_feeds": "yes"}, 400, "/bank_feeds"),
        ({"company": "acme"}, 400, "/company"),
    ],
)
def test_what_is_malformed_or_contradictory_is_named(
    service, codat, company, body, status, pointer
):
    answer = service.post("companies/acme/connections", body)

    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert not Connection.objects.exists()


def test_a_company_that_codat_does_not_know_is_a_422_in_its_words(
    service, codat, company
):
    answer = service.post(
        "companies/acme/connections", {"codat_company_id": str(uuid4())}
    )

    assert answer.status_code == 422
    assert answer.json()["code"] == "codat_refused"


def test_another_connection_than_the_live_one_is_refused(service, codat, company):
    service.post("companies/acme/connections", {})

    answer = service.post("companies/acme/connections", adoption(codat))

    assert answer.status_code == 422
    assert answer.json()["code"] == "connection_not_linked"
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/connection_id"]


def test_a_connection_of_another_company_names_it_to_whom_may_know(service, codat):
    codat.ready()
    own = make_company(reference="own")
    narrow = make_service(client_name="partner", companies=[own])

    told = service.post("companies/own/connections", adoption(codat))
    narrowly = narrow.post("companies/own/connections", adoption(codat))

    assert told.status_code == narrowly.status_code == 422
    assert "harbour" in told.json()["detail"]
    assert "harbour" not in narrowly.content.decode()
    assert narrowly.json()["errors"][0]["pointer"] == "/connection_id"


def test_an_unreachable_codat_is_a_503_and_may_be_repeated(service, settings, company):
    settings.CODAT_BASE_URL = "http://127.0.0.1:9"

    answer = service.post("companies/acme/connections", {}, Idempotency_Key="a")

    assert answer.status_code == 503
    assert answer.json()["retry"]["allowed"] is True
    assert not StoredReply.objects.exists()


def test_a_connection_says_what_is_wrong_and_who_must_act(service, codat, company):
    number = service.post("companies/acme/connections", {}).json()["id"]

    shown = service.get(f"connections/{number}").json()

    assert {one["code"]: one["who_must_act"] for one in shown["problems"]} == {
        "not_linked": "borrower",
        "mapping_incomplete": "borrower",
        "writeback_off": "borrower",
        "bank_feeds_off": "nobody",
    }
    assert shown["entries"]["held"] == 0


def test_a_connection_that_is_ready_has_no_problems(service, codat):
    connection = codat.ready()

    shown = service.get(f"connections/{connection.pk}").json()

    assert shown["problems"] == []
    assert shown["mapping_version"] == 1


def test_a_key_for_other_companies_does_not_see_it(codat):
    connection = codat.ready()
    elsewhere = make_company(reference="other")
    other = make_service(client_name="other", companies=[elsewhere])

    assert other.get(f"connections/{connection.pk}").status_code == 404
    assert other.get(f"connections/{connection.pk}/mapping").status_code == 404
    assert other.get(f"connections/{connection.pk}/choices").status_code == 404
    assert other.put(f"connections/{connection.pk}/mapping", {}).status_code == 404
    answer = other.put(f"connections/{connection.pk}/writeback", {"on": False})
    assert answer.status_code == 404
    assert other.get("companies/harbour/connections").status_code == 404
    assert other.post("companies/harbour/connections", {}).status_code == 404


def test_reading_and_writing_are_different_scopes(codat):
    connection = codat.ready()
    reader = make_service(client_name="reader", scopes=["events:read"])

    assert reader.get(f"connections/{connection.pk}").status_code == 200
    for path, method in {
        f"connections/{connection.pk}/mapping": "PUT",
        f"connections/{connection.pk}/writeback": "PUT",
        f"connections/{connection.pk}/bank-feeds": "PUT",
        "companies/harbour/connections": "POST",
    }.items():
        assert reader.call(method, path, {}).status_code == 403


def test_writeback_is_switched_on_once(service, codat):
    connection = codat.ready()
    service.put(f"connections/{connection.pk}/writeback", {"on": False})

    first = service.put(f"connections/{connection.pk}/writeback", {"on": True})
    again = service.put(f"connections/{connection.pk}/writeback", {"on": True})

    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["on"] is True
    assert first.json()["last_switch"]["switched_by"] == "api:loan-system"
    # On by the world, off and on by us.
    assert WritebackSwitch.objects.count() == 3
    assert service.get(f"connections/{connection.pk}/writeback").json() == first.json()


def test_held_loans_need_a_choice(service, codat):
    connection = codat.ready()
    service.put(f"connections/{connection.pk}/writeback", {"on": False})
    record_drawdown(connection.company)
    path = f"connections/{connection.pk}/writeback"

    refused = service.put(path, {"on": True})
    taken = service.put(path, {"on": True, "held_events": "publish"})

    assert refused.status_code == 422
    assert refused.json()["code"] == "held_events_choice_missing"
    assert refused.json()["errors"][0]["pointer"] == "/held_events"
    assert taken.status_code == 200, taken.content
    assert taken.json()["held_events"] == 0
    assert taken.json()["last_switch"]["loans_published"] == 1
    assert SyncRecord.objects.get(step="transfer").state == "queued"


def test_a_choice_is_shown_with_its_fingerprint_which_is_honoured(service, codat):
    connection = codat.ready()
    service.put(f"connections/{connection.pk}/writeback", {"on": False})
    loan = record_drawdown(connection.company)
    path = f"connections/{connection.pk}/writeback"
    tomorrow = timezone.localdate() + timedelta(days=1)

    shown = service.get(f"{path}/held?publish_from={tomorrow}").json()
    every, dated, none = shown["choices"]
    make_event(loan=loan, kind="fee", amount="50", value_date=timezone.localdate())
    choice = {"on": True, "held_events": "publish"}
    stale = service.put(path, {**choice, "fingerprint": every["fingerprint"]})
    again = service.get(f"{path}/held").json()["choices"][0]
    taken = service.put(path, {**choice, "fingerprint": again["fingerprint"]})

    assert shown["totals"] == [{"currency": "GBP", "amount": "800.00"}]
    assert [one["published"] for one in (every, dated, none)] == [["loan-1"], [], []]
    assert [one["lender_account"] for one in (every, dated, again)] == [
        "-800.00",
        "0.00",
        "-850.00",
    ]
    assert stale.status_code == 422
    assert stale.json()["code"] == "held_events_changed"
    assert stale.json()["errors"][0]["pointer"] == "/fingerprint"
    assert taken.status_code == 200, taken.content
    assert service.get(f"{path}/held").json()["choices"] == []


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({}, 400, "/on"),
        ({"on": "on"}, 400, "/on"),
        ({"on": False, "held_events": "publish"}, 422, "/held_events"),
        ({"on": True, "held_events": "forget"}, 400, "/held_events"),
        ({"on": True, "publish_from": "2026-03-01"}, 422, "/publish_from"),
        ({"on": False, "fingerprint": "4e7a"}, 422, "/fingerprint"),
    ],
)
def test_a_malformed_or_contradictory_switch_is_named(
    service, codat, body, status, pointer
):
    connection = codat.adopt()

    answer = service.put(f"connections/{connection.pk}/writeback", body)

    assert answer.status_code == status
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_writeback_needs_accounts_first(service, codat):
    connection = codat.adopt()

    answer = service.put(f"connections/{connection.pk}/writeback", {"on": True})

    assert answer.status_code == 422
    assert answer.json()["code"] == "mapping_incomplete"


def test_bank_feeds_show_what_they_rest_on_and_where_each_stands(service, codat):
    connection = codat.ready()
    path = f"connections/{connection.pk}/bank-feeds"
    record_drawdown(connection.company)
    Connection.objects.update(
        bank_feeds=False,
        feed_refusal="invalid-application",
        feed_refused_at=timezone.now(),
    )

    shown = service.get(path).json()

    (account,) = shown["accounts"]
    assert (shown["on"], shown["app_toggle"]) == (False, None)
    assert shown["refusal"] == "invalid-application"
    assert "partner team" in shown["remedy"]
    assert (account["status"], account["in_words"]) == ("connected", "Connected")
    assert account["since"]
    assert account["checked_at"]
    assert account["missing_lines"] == 0
    assert service.put(path, {"on": True}).status_code == 200
    assert service.get(path).json()["refusal"] is None


def test_bank_feeds_are_said_to_be_on(service, codat):
    connection = codat.adopt()
    path = f"connections/{connection.pk}/bank-feeds"

    off = service.put(path, {"on": False})
    on = service.put(path, {"on": True})

    assert (off.json()["bank_feeds"], on.json()["bank_feeds"]) == (False, True)


def test_a_deleted_connection_can_be_read_only(service, codat):
    connection = codat.ready()
    Connection.objects.update(status="Deleted", deleted_at=timezone.now())

    assert service.get(f"connections/{connection.pk}").json()["problems"] == [
        {
            "code": "no_connection",
            "in_words": "The company has no connection to Xero",
            "detail": "",
            "who_must_act": "operator",
        }
    ]
    answer = service.put(f"connections/{connection.pk}/writeback", {"on": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "connection_deleted")


def with_client(codat):
    from xero_sync.codat.client import CodatClient

    return CodatClient.from_settings()


def refreshed(codat, number):
    return connection_status.refresh(
        connection=Connection.objects.get(pk=number),
        client=with_client(codat),
        now=timezone.now(),
    )


def test_a_consent_is_read_at_codat_when_a_service_asks(service, codat, company):
    shown = service.post("companies/acme/connections", {}).json()
    codat.sandbox.set_connection_status(shown["codat_connection_id"], "Linked")

    answer = service.post(f"connections/{shown['id']}/refresh", {})

    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "Linked"
    assert service.get(f"connections/{shown['id']}").json()["status"] == "Linked"


def test_a_deleted_connection_is_not_read_again(service, codat):
    codat.ready()
    Connection.objects.update(deleted_at=timezone.now())
    number = Connection.objects.get().pk

    assert service.post(f"connections/{number}/refresh", {}).status_code == 409
