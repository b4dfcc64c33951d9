import pytest

from tests.xero_sync.sandbox.builders import Borrower, new_key


def test_a_company_is_created_under_a_cleaned_name():
    borrower = Borrower()
    body = {"name": "Example Company (Codat[1])", "tags": {"uid": "7"}}

    reply = borrower.call("POST", "/companies", body, key=new_key())

    company = reply.json()
    assert reply.status == 200
    assert company["name"] == "Example Company Codat1"
    assert borrower.get(f"/companies/{company['id']}").json()["tags"] == {"uid": "7"}


def test_companies_are_found_by_tag():
    borrower = Borrower()
    made = borrower.sandbox.add_company("Other Ltd", tags={"uid": "7"})

    found = borrower.get("/companies", tags="uid=7").json()

    assert [it["id"] for it in found["results"]] == [made.id]


def test_a_patch_keeps_what_it_does_not_name_and_a_put_wipes_it():
    borrower = Borrower()
    made = borrower.sandbox.add_company("Other", description="d", tags={"uid": "7"})
    path = f"/companies/{made.id}"

    patched = borrower.call("PATCH", path, {"description": "new"}).json()
    replaced = borrower.call("PUT", path, {"name": "Renamed"}).json()

    assert (patched["name"], patched["tags"]) == ("Other", {"uid": "7"})
    assert (replaced["name"], replaced["description"]) == ("Renamed", "")
    assert replaced["tags"] == {}


@pytest.mark.parametrize(
    "body",
    [{}, {"name": ""}, {"name": "x", "tags": {"a": "y" * 101}}, {"name": "[]"}],
)
def test_a_company_needs_a_name_and_short_tags(body):
    assert Borrower().call("POST", "/companies", body).status == 400


def test_a_malformed_body_is_refused_at_once():
    assert Borrower().call("POST", "/companies", b"{").status == 400


def test_a_deleted_company_is_gone_with_its_connections():
    borrower = Borrower()

    reply = borrower.call("DELETE", borrower.path)

    assert (reply.status, reply.body) == (204, b"")
    assert borrower.get(borrower.connection_path).status == 404
    types = [event["eventType"] for event in borrower.sandbox.events]
    assert types[-2:] == ["connection.deleted", "company.deleted"]


def test_a_new_connection_waits_for_consent():
    borrower = Borrower()
    company = borrower.sandbox.add_company("Other Ltd")
    path = f"/companies/{company.id}/connections"

    made = borrower.call("POST", path, {"platformKey": "gbol"}).json()
    before = borrower.get(f"/companies/{company.id}/data/info").status
    borrower.sandbox.consent(made["id"])
    after = borrower.get(f"{path}/{made['id']}").json()

    assert (made["status"], before) == ("PendingAuth", 409)
    assert after["status"] == "Linked"
    info = borrower.get(f"/companies/{company.id}/data/info").json()
    assert info["companyName"] == "Other Ltd"


def test_the_link_is_another_one_each_time():
    borrower = Borrower()

    links = {borrower.get(borrower.connection_path).json()["linkUrl"] for _ in "12"}

    assert len(links) == 2


def test_an_unlinked_connection_keeps_what_was_read_and_can_come_back():
    borrower = Borrower()

    unlinked = borrower.call("PATCH", borrower.connection_path, {"status": "Unlinked"})
    read = borrower.get(f"{borrower.path}/data/accounts")
    borrower.sandbox.consent(borrower.connection.id)

    assert unlinked.json()["status"] == "Unlinked"
    assert read.status == 200
    assert borrower.get(borrower.connection_path).json()["status"] == "Linked"
    types = [event["eventType"] for event in borrower.sandbox.events]
    assert "connection.disconnected" in types
    assert "connection.reconnected" in types


def test_only_a_linked_connection_can_be_unlinked():
    borrower = Borrower()
    borrower.sandbox.set_connection_status(borrower.connection.id, "Deauthorized")

    reply = borrower.call("PATCH", borrower.connection_path, {"status": "Unlinked"})

    assert reply.status == 400


def test_a_revoked_connection_tells_why():
    borrower = Borrower()

    borrower.sandbox.set_connection_status(borrower.connection.id, "Deauthorized")

    shown = borrower.get(borrower.connection_path).json()
    assert shown["status"] == "Deauthorized"
    assert shown["dataConnectionErrors"][0]["statusCode"] == "401"


def test_consent_for_another_organisation_brings_other_ids():
    borrower = Borrower()
    borrower.open_feed()
    before = borrower.get(f"{borrower.path}/data/info").json()
    old_account = borrower.nominated

    borrower.sandbox.set_connection_status(borrower.connection.id, "Unlinked")
    borrower.sandbox.consent(borrower.connection.id, organisation="Other Bakery Ltd")

    after = borrower.get(f"{borrower.path}/data/info").json()
    accounts = borrower.get(f"{borrower.connection_path}/data/bankAccounts").json()
    assert before["accountingPlatformRef"] != after["accountingPlatformRef"]
    assert after["companyName"] == "Other Bakery Ltd"
    assert old_account not in {it["id"] for it in accounts["results"]}


def test_a_cancelled_consent_leaves_the_connection_pending():
    borrower = Borrower()
    connection = borrower.sandbox.add_connection(
        borrower.company.id, status="PendingAuth"
    )

    outcome = borrower.sandbox.consent(connection.id, outcome=403)

    event = borrower.sandbox.events[-1]
    assert (outcome, connection.status) == (403, "PendingAuth")
    assert event["eventType"] == "connection.failed"
    error = event["payload"]["connection"]["dataConnectionErrors"][0]
    assert error["statusText"] == "User cancelled"


def test_consent_is_refused_when_the_app_has_all_its_connections():
    borrower = Borrower()
    borrower.sandbox.settings.connection_cap = 1
    connection = borrower.sandbox.add_connection(
        borrower.company.id, status="PendingAuth"
    )

    assert borrower.sandbox.consent(connection.id) == 403
    assert connection.status == "PendingAuth"


def test_a_connection_that_is_linked_without_books_takes_a_place():
    sandbox = Borrower().sandbox
    sandbox.settings.connection_cap = 2
    bare, other = (
        sandbox.add_connection(sandbox.add_company(name).id, status="PendingAuth")
        for name in ("Quayside Ltd", "Harbourside Ltd")
    )
    sandbox.set_connection_status(bare.id, "Linked")

    assert bare.organisation_id is None
    assert sandbox.consent(other.id) == 403


def test_xeros_demo_company_takes_no_place_and_needs_none():
    borrower = Borrower()
    sandbox = borrower.sandbox
    sandbox.settings.connection_cap = 2
    first, second = (
        sandbox.add_connection(
            sandbox.add_company(name).id, status="PendingAuth", **books
        )
        for name, books in (
            ("Demo Company (UK)", {"organisation": "Demo", "plan_type": "Demo"}),
            ("Quayside Ltd", {}),
        )
    )

    assert sandbox.consent(first.id) == 200
    assert sandbox.consent(second.id) == 200
    sandbox.set_connection_status(first.id, "Unlinked")
    assert sandbox.consent(first.id) == 200


def test_a_deleted_connection_answers_200_and_is_gone():
    borrower = Borrower()

    reply = borrower.call("DELETE", borrower.connection_path)

    assert (reply.status, reply.body) == (200, b"")
    assert borrower.get(borrower.connection_path).status == 404
    listed = borrower.get(f"{borrower.path}/connections").json()
    assert listed["results"] == []


def test_an_id_that_is_not_a_guid_is_noted():
    borrower = Borrower()

    assert borrower.get("/companies/42").status == 404
    assert borrower.sandbox.violations == ["companyId is not a GUID: 42"]


def test_the_integration_says_whether_it_is_enabled():
    borrower = Borrower()

    before = borrower.get("/integrations/gbol").json()["enabled"]
    borrower.sandbox.settings.integration_enabled = False

    assert before is True
    assert borrower.get("/integrations/gbol").json()["enabled"] is False
    refused = borrower.call(
        "POST", f"{borrower.path}/connections", {"platformKey": "gbol"}
    )
    assert refused.status == 400
    assert borrower.get("/integrations/nope").status == 404
    assert borrower.get("/integrations/gbol/branding").status == 200


def test_sync_settings_are_kept():
    borrower = Borrower()
    path = f"{borrower.path}/syncSettings"
    setting = {"dataType": "invoices", "fetchOnFirstLink": True}

    before = borrower.get(path).json()
    reply = borrower.call("POST", path, {"syncSettings": [setting]})

    assert before["overridesDefaults"] is False
    assert reply.status == 204
    assert borrower.get(path).json()["settings"] == [setting]
