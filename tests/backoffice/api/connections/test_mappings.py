"""Choosing accounts by API."""

import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.models import StoredReply
from lending.models import AuditEntry
from tests.builders import make_company
from tests.trail import entries
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import set_up
from xero_sync.codat.client import CodatClient
from xero_sync.entries.redaction import last_characters
from xero_sync.models import (
    AccountMapping,
    AccountSetup,
    Connection,
    Heartbeat,
    LenderAccount,
    RateScope,
)
from xero_sync.writeback import engine, paced_client

NUMBERS = {"account_number": "12345678", "sort_code": "123456"}


def everything(codat, **changes):
    return {
        "lender_account": {"new": NUMBERS | {"feed_start_date": "2026-01-01"}},
        "nominated_account_id": codat.account_id("Business Current Account"),
        "expense_account_id": codat.account_id("Bank Fees"),
    } | changes


def choose(service, connection, body, **headers):
    """What is chosen in the end, once the engine has made what it needs."""
    answer = service.put(path_of(connection), body, **headers)
    assert answer.status_code == 202, answer.content
    set_up()
    return service.get(path_of(connection)).json()["present"]


def path_of(connection, leaf="mapping"):
    return f"connections/{connection.pk}/{leaf}"


def test_the_choices_show_what_fits_and_no_account_number(service, codat):
    connection = codat.adopt()
    codat.sandbox.add_account(
        codat.connection_id,
        name="Savings",
        category="Asset.Bank",
        account_number="87654321",
        sort_code="204060",
    )
    codat.sandbox.sync(codat.connection_id)

    answer = service.get(path_of(connection, "choices"))

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    banks = {one["name"]: one["account_number"] for one in shown["bank_accounts"]}
    assert banks["Savings"] == "••••4321"
    assert "87654321" not in answer.content.decode()
    assert "204060" not in answer.content.decode()
    assert "Bank Fees" in {one["name"] for one in shown["expense_accounts"]}
    assert "Petra Paper" in {one["name"] for one in shown["suppliers"]}
    rates = {one["id"] for one in shown["tax_rates"]}
    assert {"NONE", "INPUT2"} <= rates
    assert "OUTPUT2" not in rates
    assert shown["lender_accounts"] == []


def test_everything_is_chosen_at_once(service, codat, settings, caplog):
    connection = codat.adopt()

    answer = service.put(
        path_of(connection), everything(codat), Idempotency_Key="choice"
    )
    shown_at_once = answer.content.decode()
    set_up()

    shown = service.get(path_of(connection)).json()["present"]
    assert shown["version"] == 1
    assert shown["chosen_by"] == "api:loan-system"
    assert shown["nominated_account"]["name"] == "Business Current Account"
    assert shown["supplier"]["name"] == settings.LENDER_NAME
    assert shown["lender_account"]["feed_start_date"] == "2026-01-01"
    assert shown["lender_account"]["target_account_id"]
    assert (shown["tax_rate_id"], shown["tax_percent"]) == ("NONE", "0")
    kept = json.dumps(list(StoredReply.objects.values("fingerprint", "call")))
    kept += json.dumps(list(AccountSetup.objects.values()), default=str)
    kept += json.dumps(list(AuditEntry.objects.values("before", "after")))
    for number in NUMBERS.values():
        assert number not in shown_at_once + kept + caplog.text


def test_the_same_choice_again_is_the_version_that_there_is(service, codat):
    connection = codat.adopt()
    first = choose(service, connection, everything(codat))

    again = service.put(path_of(connection), everything(codat))

    assert (again.status_code, again.json()) == (200, first)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert AccountMapping.objects.count() == 1
    assert LenderAccount.objects.count() == 1


def test_what_is_left_out_stays_and_the_history_is_shown(service, codat):
    connection = codat.ready()

    answer = service.put(
        path_of(connection),
        {"expense_account": {"nominal_code": "777", "name": "Invoice finance fees"}},
    )
    set_up()

    assert answer.status_code == 202, answer.content
    shown = service.get(path_of(connection)).json()
    assert [one["version"] for one in shown["history"]] == [1]
    assert shown["present"]["expense_account"]["name"] == "Invoice finance fees"
    before, after = shown["history"][0], shown["present"]
    assert after["nominated_account"] == before["nominated_account"]
    assert after["lender_account"] == before["lender_account"]


def test_a_new_start_date_is_given_to_the_account_that_is_there(service, codat):
    connection = codat.adopt()
    first = choose(service, connection, everything(codat))

    account = {"new": NUMBERS | {"feed_start_date": "2026-02-01"}}
    moved = service.put(path_of(connection), {"lender_account": account})
    left_out = service.put(path_of(connection), {"lender_account": {"new": NUMBERS}})

    assert moved.status_code == left_out.status_code == 200, moved.content
    for answer in (moved, left_out):
        shown = answer.json()
        assert shown["version"] == first["version"]
        assert shown["lender_account"]["feed_start_date"] == "2026-02-01"
    assert LenderAccount.objects.count() == 1
    acts = entries("feed.start_changed")
    starts = [one.after["feed_start_date"] for one in acts]
    assert starts == ["2026-01-01", "2026-02-01"]
    assert all(one.actor.startswith("api:loan-system/") for one in acts)


def test_an_account_in_xero_is_adopted(service, codat):
    connection = codat.adopt()
    account = codat.sandbox.add_account(
        codat.connection_id, name="Lender loan", category="Asset.Bank"
    )
    codat.sandbox.sync(codat.connection_id)
    adopted = {"target_account_id": account.id, "opening_balance": "-120.50"}

    shown = choose(service, connection, everything(codat, lender_account=adopted))

    shown = shown["lender_account"]
    assert shown["target_account_id"] == account.id
    assert shown["opening_balance"] == "-120.50"


@pytest.mark.parametrize(
    ("wanted", "ending"),
    [
        ({"kind": "bank"} | NUMBERS, "••••5678"),
        ({"kind": "credit_card", "account_number": "4321"}, "••••21"),
        ({"kind": "other", "account_number": "FAC-2026-17"}, "••••2617"),
    ],
)
def test_a_lender_account_is_made_without_a_feed_while_none_can_come(
    service, codat, caplog, wanted, ending
):
    connection = codat.adopt()
    Connection.objects.update(bank_feeds=False)
    account = {"new_without_feed": wanted}
    caplog.set_level("DEBUG")

    kinds = service.get(path_of(connection, "choices")).json()["kinds_without_feed"]
    shown = choose(service, connection, everything(codat, lender_account=account))

    assert wanted["kind"] in kinds
    shown = shown["lender_account"]
    assert (shown["kind"], shown["feed_status"]) == (wanted["kind"], "none")
    assert shown["source_account_id"] is None
    codat.sandbox.sync(codat.connection_id)
    made = codat.books.account("Example Invoice Finance")
    assert made.id == shown["target_account_id"]
    assert last_characters(made.account_number) == ending
    assert wanted["account_number"] not in caplog.text
    assert not [
        one
        for one in StoredReply.objects.all()
        if wanted["account_number"] in str(vars(one))
    ]


def test_its_feed_is_joined_to_it_by_the_same_door(service, codat):
    connection = codat.adopt()
    Connection.objects.update(bank_feeds=False)
    plain = {"new_without_feed": {"kind": "other", "account_number": "FAC-17"}}
    made = choose(service, connection, everything(codat, lender_account=plain))
    Connection.objects.update(bank_feeds=True)

    shown = choose(service, connection, everything(codat))

    assert shown["version"] == made["version"]
    assert shown["lender_account"]["feed_status"] == "connected"
    joined, before = shown["lender_account"], made["lender_account"]
    assert joined["target_account_id"] == before["target_account_id"]


def test_where_a_feed_can_come_no_kind_is_shown_and_none_made(service, codat):
    connection = codat.adopt()
    account = {"new_without_feed": {"kind": "bank"} | NUMBERS}

    shown = service.get(path_of(connection, "choices")).json()
    refused = service.put(
        path_of(connection), everything(codat, lender_account=account)
    )

    assert shown["kinds_without_feed"] == []
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/lender_account"
    assert not LenderAccount.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "leaf"),
    [
        ({"kind": "credit_card", "account_number": "4111111111111111"}, "number"),
        ({"kind": "other", "account_number": "4111 1111 1111 1111"}, "number"),
        ({"kind": "other"}, "number"),
        ({"kind": "bank", "account_number": "12345678"}, "sort_code"),
    ],
)
def test_a_number_that_will_not_do_is_named_and_not_repeated(
    service, codat, wanted, leaf
):
    connection = codat.adopt()
    Connection.objects.update(bank_feeds=False)
    account = {"new_without_feed": wanted}

    answer = service.put(path_of(connection), everything(codat, lender_account=account))

    assert answer.status_code == 422, answer.content
    (error,) = answer.json()["errors"]
    assert error["pointer"].startswith("/lender_account/new_without_feed/")
    assert error["pointer"].endswith(leaf)
    assert wanted.get("account_number", "4111") not in answer.content.decode()


def test_what_has_to_be_made_is_a_run_with_an_address_of_its_own(service, codat):
    connection = codat.adopt()
    codat.sandbox.settings.feed_seconds = 3_600
    before = len(codat.sandbox.requests)

    begun = service.put(path_of(connection), everything(codat), Idempotency_Key="one")
    again = service.put(path_of(connection), everything(codat), Idempotency_Key="one")
    asked = codat.sandbox.requests[before:]
    with CodatClient.from_settings() as client:
        for _ in range(40):
            engine.drain(client=client, threads=0)
            time.sleep(0.05)
    run = AccountSetup.objects.get()
    path = path_of(connection, f"mapping/setups/{run.pk}")
    under_way = service.get(path)

    assert begun.status_code == again.status_code == 202
    assert begun.headers["Location"] == again.headers["Location"] == f"/api/v1/{path}"
    assert again.headers["Idempotent-Replayed"] == "true"
    assert begun.json()["id"] == str(run.pk)
    # Neither polled nor written within the requests.
    assert {one.method for one in asked} == {"GET"}
    assert not [one for one in asked if "/push" in one.path]
    shown = under_way.json()
    assert (shown["state"], shown["version"], shown["stopped_for"]) == (
        "running",
        None,
        None,
    )
    assert {one["kind"]: one["status"] for one in shown["steps"]} == {
        "source_account": "there",
        "feed_mapping": "sent",
        "supplier": "waiting",
    }
    assert len(shown["steps"]) == 3


def test_a_run_that_is_done_names_the_version(service, codat):
    connection = codat.adopt()
    choose(service, connection, everything(codat))
    run = AccountSetup.objects.get()

    shown = service.get(path_of(connection, f"mapping/setups/{run.pk}")).json()

    assert (shown["state"], shown["version"]) == ("done", 1)


def test_a_run_of_another_connection_is_not_shown(service, codat):
    connection = codat.adopt()
    choose(service, connection, everything(codat))
    run = AccountSetup.objects.get()

    unknown = service.get(path_of(connection, f"mapping/setups/{connection.pk}"))
    stranger = service.get(f"connections/{run.pk}/mapping/setups/{run.pk}")

    assert unknown.status_code == stranger.status_code == 404


def test_another_choice_while_a_run_is_under_way_is_a_409_that_names_it(service, codat):
    connection = codat.adopt()
    service.put(path_of(connection), everything(codat))

    other = service.put(path_of(connection), everything(codat, tax_percent="0"))

    assert other.status_code == 409
    assert other.json()["code"] == "setup_under_way"
    assert "api:loan-system" in other.json()["detail"]


def test_a_choice_on_another_version_is_a_409_naming_both(service, codat):
    connection = codat.ready()

    answer = service.put(path_of(connection), {"expected_version": 0})
    right = service.put(path_of(connection), {"expected_version": 1})

    assert answer.status_code == 409
    assert answer.json()["code"] == "other_version"
    assert "Version 1" in answer.json()["detail"]
    assert "version 0" in answer.json()["detail"]
    assert right.status_code == 200


def test_a_slow_codat_is_not_waited_for_longer_than_a_page_may(
    service, codat, monkeypatch
):
    connection = codat.adopt()
    monkeypatch.setattr(paced_client, "READ_SECONDS", 0.5)
    codat.sandbox.faults.add("slow", match="GET .*/data/", seconds=3, times=None)
    began = time.monotonic()

    answer = service.put(path_of(connection), everything(codat))

    assert answer.status_code == 503
    assert time.monotonic() - began < 2.5
    assert not AccountSetup.objects.exists()
    assert not RateScope.objects.filter(failures__gt=0).exists()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"nominated_account_id": "nothing"}, "/nominated_account_id"),
        ({"expense_account_id": "nothing"}, "/expense_account_id"),
        ({"supplier_id": "nothing"}, "/supplier_id"),
        ({"tax_rate_id": "INPUT2", "tax_percent": "5"}, "/tax_percent"),
        ({"tax_rate_id": "nothing", "tax_percent": "20"}, "/tax_rate_id"),
        # A rate of sales alone.
        ({"tax_rate_id": "OUTPUT2", "tax_percent": "20"}, "/tax_rate_id"),
        (
            {"lender_account": {"new": {"account_number": "12345678"}}},
            "/lender_account/new/sort_code",
        ),
        (
            {"lender_account": {"target_account_id": "nothing"}},
            "/lender_account/target_account_id",
        ),
        (
            {
                "lender_account": {
                    "target_account_id": "nothing",
                    "opening_balance": "1.234",
                }
            },
            "/lender_account/opening_balance",
        ),
    ],
)
def test_nothing_is_made_for_a_choice_that_xero_does_not_have(
    service, codat, changes, pointer
):
    connection = codat.adopt()

    answer = service.put(path_of(connection), everything(codat, **changes))

    assert answer.status_code == 422, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert not AccountMapping.objects.exists()
    assert not LenderAccount.objects.exists()
    assert codat.sandbox.connection(codat.connection_id).feeds == {}


def test_nothing_is_made_beside_an_account_that_xero_no_longer_has(service, codat):
    connection = codat.ready()
    codat.sandbox.archive_account(
        codat.connection_id, codat.account_id("Business Current Account")
    )
    codat.sandbox.sync(codat.connection_id)
    other = {"account_number": "87654321", "sort_code": "123456"}

    answer = service.put(path_of(connection), {"lender_account": {"new": other}})

    assert answer.status_code == 422, answer.content
    assert answer.json()["errors"][0]["pointer"] == "/nominated_account_id"
    assert LenderAccount.objects.count() == 1


def test_an_account_made_in_another_organisation_is_not_taken_up(service, codat):
    connection = codat.adopt()
    other = {"new": {"account_number": "87654321", "sort_code": "123456"}}
    choose(service, connection, everything(codat, lender_account=other))
    made = LenderAccount.objects.get()
    LenderAccount.objects.update(void_since=timezone.now())

    choose(service, connection, everything(codat))

    assert AccountMapping.objects.latest("version").lender_account != made


def test_what_is_missing_at_first_is_named(service, codat):
    connection = codat.adopt()
    body = everything(codat)
    del body["lender_account"]

    answer = service.put(path_of(connection), body)
    nothing = service.put(path_of(connection), {})

    assert answer.json()["errors"][0]["pointer"] == "/lender_account"
    assert nothing.json()["errors"][0]["pointer"] == "/nominated_account_id"


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"lender_account": "new"}, 400, "/lender_account"),
        ({"lender_account": {}}, 422, "/lender_account/target_account_id"),
        (
            {"lender_account": {"new": NUMBERS, "target_account_id": "x"}},
            422,
            "/lender_account/new",
        ),
        (
            {"lender_account": {"new": {"account_number": 12345678}}},
            400,
            "/lender_account/new/account_number",
        ),
        (
            {"lender_account": {"new": NUMBERS | {"iban": "x"}}},
            400,
            "/lender_account/new/iban",
        ),
        (
            {"lender_account": {"new_without_feed": {}}},
            400,
            "/lender_account/new_without_feed/kind",
        ),
        (
            {"lender_account": {"new_without_feed": {"kind": "loan"}}},
            400,
            "/lender_account/new_without_feed/kind",
        ),
        (
            {
                "lender_account": {
                    "new_without_feed": {"kind": "other", "sort_code": "123456"}
                }
            },
            422,
            "/lender_account/new_without_feed/sort_code",
        ),
        (
            {
                "lender_account": {
                    "new_without_feed": {"kind": "bank"},
                    "new": NUMBERS,
                }
            },
            422,
            "/lender_account/new",
        ),
        (
            {"expense_account": {"nominal_code": "7", "name": "x"}},
            422,
            "/expense_account",
        ),
        (
            {"expense_account": {"nominal_code": "7", "name": " "}},
            400,
            "/expense_account/name",
        ),
        ({"tax_percent": 20}, 400, "/tax_percent"),
        ({"tax_percent": "100"}, 400, "/tax_percent"),
        ({"nominated_account_id": None}, 400, "/nominated_account_id"),
        ({"nominated": "x"}, 400, "/nominated"),
    ],
)
def test_a_malformed_or_contradictory_choice_is_named(
    service, codat, changes, status, pointer
):
    connection = codat.adopt()

    answer = service.put(path_of(connection), everything(codat, **changes))

    assert answer.status_code == status, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_two_choices_at_once_are_one_after_the_other(service, codat):
    connection = codat.ready()
    Heartbeat.objects.create(
        name=f"choosing {connection.pk}",
        holder="another",
        beat_at=timezone.now(),
        busy_until=timezone.now() + timedelta(minutes=1),
    )

    answer = service.put(path_of(connection), {"tax_percent": "0"})

    assert answer.status_code == 409
    assert answer.json()["code"] == "still_running"


def test_a_connection_without_consent_cannot_be_mapped(service, codat):
    make_company(reference="acme")
    number = service.post("companies/acme/connections", {}).json()["id"]
    connection = Connection.objects.get(pk=number)

    for answer in (
        service.get(path_of(connection, "choices")),
        service.put(path_of(connection), everything(codat)),
    ):
        assert answer.status_code == 422
        assert answer.json()["code"] == "connection_not_linked"


def test_a_consent_we_have_not_heard_of_is_seen(service, codat):
    make_company(reference="acme")
    shown = service.post("companies/acme/connections", {}).json()
    codat.sandbox.consent(shown["codat_connection_id"])
    connection = Connection.objects.get(pk=shown["id"])

    answer = service.get(path_of(connection, "choices"))

    assert answer.status_code == 200, answer.content
    connection.refresh_from_db()
    assert connection.status == "Linked"
