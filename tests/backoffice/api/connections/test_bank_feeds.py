"""Bank feeds by API: connected, cut off and renamed."""

import pytest

from tests.backoffice.api.conftest import make_service
from tests.builders import make_company
from tests.trail import entries
from tests.xero_sync.bank_feeds.worlds import app_feeds
from tests.xero_sync.commands.conftest import codat as codat
from tests.xero_sync.commands.worlds import record_drawdown
from xero_sync.accounts import lender_accounts
from xero_sync.codat.client import CodatClient
from xero_sync.models import Connection, LenderAccount, SyncRecord


@pytest.fixture
def connection(codat):
    return codat.ready()


@pytest.fixture
def unfed(codat, settings):
    """A connection with a source account that leads nowhere yet."""
    settings.LENDER_ACCOUNT_NUMBER = "87654321"
    settings.LENDER_SORT_CODE = "65-43-21"
    connection = codat.adopt()
    with CodatClient.from_settings() as client:
        lender_accounts.ensure_source(connection=connection, client=client)
    return connection


def act(service, connection, name, body=None, **headers):
    account = LenderAccount.objects.get(connection=connection)
    body = {"source_account_id": account.source_account_id} | (body or {})
    path = f"connections/{connection.pk}/bank-feeds/{name}"
    return service.post(path, body, **headers)


def written(codat):
    """The methods of the writes to the bank feeds' addresses."""
    return [
        one.method
        for one in codat.sandbox.requests
        if one.method != "GET" and "bankFeedAccounts" in one.path
    ]


def acts_of(connection, kind):
    acts = entries(f"feed.{kind}")
    return [one for one in acts if one.company_id == connection.company_id]


def bank_account(codat, **options):
    account = codat.sandbox.add_account(
        codat.connection_id, name="Facility", category="Asset.Bank", **options
    )
    codat.sandbox.sync(codat.connection_id)
    return account.id


def test_a_feed_is_connected_to_an_account_that_is_there(service, codat, unfed):
    target = bank_account(codat)
    before = len(written(codat))

    first = act(service, unfed, "connect", {"target_account_id": target})
    again = act(service, unfed, "connect", {"target_account_id": target})

    assert first.status_code == again.status_code == 200
    shown = first.json()
    assert (shown["status"], shown["target_account_id"]) == ("connected", target)
    assert again.json()["status"] == "connected"
    assert written(codat)[before:] == ["POST"]
    assert acts_of(unfed, "connected")[0].actor.startswith("api:loan-system/")


def test_a_feed_is_connected_to_a_new_account_that_xero_makes(service, codat, unfed):
    codat.sandbox.settings.feed_seconds = 60

    making = act(service, unfed, "connect", Idempotency_Key="feed-1")
    again = act(service, unfed, "connect", Idempotency_Key="feed-1")

    assert making.json()["status"] == "connecting"
    assert again.json() == making.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    mappings = [one for one in codat.sandbox.requests if one.path.endswith("/mapping")]
    assert [one.method for one in mappings].count("POST") == 1


def test_a_feed_that_was_cut_keeps_its_lines_and_takes_up_its_account_again(
    service, codat, connection
):
    record_drawdown(connection.company)
    target = LenderAccount.objects.get().target_account_id

    cut = act(service, connection, "disconnect")
    again = act(service, connection, "disconnect")
    line = SyncRecord.objects.get(step="statement_line")
    assert (cut.status_code, cut.json()["status"]) == (200, "disconnected")
    assert (again.status_code, again.json()["status"]) == (200, "disconnected")
    assert written(codat).count("PATCH") == 1
    assert line.state == "held"
    back = act(service, connection, "connect")

    shown = back.json()
    assert (shown["status"], shown["target_account_id"]) == ("connected", target)
    (done,) = acts_of(connection, "disconnected")
    assert done.actor.startswith("api:loan-system/")


def test_a_source_account_is_renamed_once(service, codat, connection):
    for _ in range(2):
        answer = act(service, connection, "rename", {"name": "Acme Finance"})

        assert (answer.status_code, answer.json()["name"]) == (200, "Acme Finance")

    (renamed,) = acts_of(connection, "renamed")
    assert renamed.before == {"name": "Example Invoice Finance"}
    assert renamed.after == {"name": "Acme Finance"}
    found = service.get(f"connections/{connection.pk}/bank-feeds").json()["accounts"]
    assert [one["name"] for one in found] == ["Acme Finance"]


@pytest.mark.parametrize(
    ("name", "body", "status", "code", "pointer"),
    [
        ("connect", {"target_account_id": ""}, 400, "invalid_request", "/target_a"),
        ("connect", {"source_account_id": 7}, 400, "invalid_request", "/source_a"),
        ("connect", {"target": "x"}, 400, "invalid_request", "/target"),
        ("connect", {"target_account_id": "x"}, 422, "feed_not_mapped", "/target_a"),
        ("rename", {}, 400, "invalid_request", "/name"),
        ("rename", {"name": "x" * 31}, 400, "invalid_request", "/name"),
        ("rename", {"name": "two\nlines"}, 422, "mapping_incomplete", "/name"),
        ("disconnect", {"name": "x"}, 400, "invalid_request", "/name"),
    ],
)
def test_what_is_wrong_is_named_and_codat_is_not_written_to(
    service, codat, unfed, name, body, status, code, pointer
):
    before = written(codat)

    answer = act(service, unfed, name, body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    (error,) = answer.json()["errors"]
    assert error["pointer"].startswith(pointer)
    # Codat itself says which accounts it takes.
    asked = ["POST"] if code == "feed_not_mapped" else []
    assert written(codat) == before + asked
    assert LenderAccount.objects.get().feed_status == "pending"


def test_a_feed_does_not_leave_an_account_that_entries_stand_on(
    service, codat, connection
):
    before = written(codat)

    answer = act(
        service, connection, "connect", {"target_account_id": bank_account(codat)}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "decision_not_allowed")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/target_account_id"]
    assert written(codat) == before


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("Unlinked", 422, "connection_not_linked"),
        ("toggle off", 422, "feeds_not_approved"),
        ("closed", 409, "decision_not_allowed"),
        ("deleted", 409, "connection_deleted"),
    ],
)
def test_it_is_not_connected_where_that_cannot_be(
    service, codat, unfed, state, status, code
):
    match state:
        case "toggle off":
            app_feeds(False)
        case "closed":
            LenderAccount.objects.update(feed_status="closed")
        case "deleted":
            Connection.objects.update(status="Deleted", deleted_at=unfed.created_at)
        case _:
            Connection.objects.update(status=state)
    before = written(codat)

    answer = act(service, unfed, "connect")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert written(codat) == before


@pytest.mark.parametrize("name", ["connect", "disconnect", "rename"])
def test_a_feed_of_another_connection_is_not_there(service, codat, unfed, name):
    other = LenderAccount.objects.get().source_account_id
    remote = codat.sandbox.add_company("quayside")
    codat.connection_id = codat.sandbox.add_connection(remote.id).id
    codat.company_id = remote.id
    foreign = codat.adopt(make_company(reference="quayside"))
    before = written(codat)

    answer = service.post(
        f"connections/{foreign.pk}/bank-feeds/{name}",
        {"source_account_id": other} | ({"name": "x"} if name == "rename" else {}),
    )

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert written(codat) == before


def test_an_outage_is_told_and_the_repeat_goes_on(service, codat, unfed):
    codat.sandbox.faults.add("error_before", match="POST .*/mapping", status=503)

    failed = act(service, unfed, "connect", Idempotency_Key="feed-1")
    again = act(service, unfed, "connect", Idempotency_Key="feed-1")

    assert (failed.status_code, failed.json()["retry"]["allowed"]) == (503, True)
    assert (again.status_code, again.json()["status"]) == (200, "connected")


@pytest.mark.parametrize("name", ["connect", "disconnect", "rename"])
def test_a_feed_needs_the_scope_and_the_company(codat, unfed, name):
    reader = make_service(scopes=["events:read", "companies:write"])
    stranger = make_service(
        client_name="stranger", companies=[make_company(reference="acme")]
    )

    assert act(reader, unfed, name).status_code == 403
    assert act(stranger, unfed, name).status_code == 404
