"""Entries by API: lists, one with its evidence, decisions."""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.backoffice.api.conftest import make_service
from tests.builders import make_company, make_event, make_loan
from tests.worlds import World
from xero_sync.models import RateScope, RecordChange, SyncRecord
from xero_sync.sandbox.server import SandboxServer

REASON = {"reason": "mended in Xero"}


@pytest.fixture
def loan(db):
    loan = make_loan(reference="loan-1", company=make_company(reference="acme"))
    make_event(loan=loan, external_id="drawdown-1")
    return loan


@pytest.fixture
def refused(db, settings):
    """An entry that Xero has refused, and the next one of its loan behind it."""
    # A look would hold them for the account that is gone.
    settings.WRITEBACK_LOOK_SECONDS = 0
    world = World()
    borrower = world.borrower(reference="acme")
    loan = borrower.loan(reference="loan-1")
    world.sandbox.archive_account(
        borrower.codat_connection, borrower.mapping.nominated_account_id
    )
    borrower.record(loan, "drawdown", "800.00", external_id="drawdown-1")
    borrower.record(loan, "fee", "50.00", external_id="fee-1")
    world.run(seconds=60)
    return SyncRecord.objects.get(event__external_id="drawdown-1", step="transfer")


def listed(service, query=""):
    answer = service.get(f"sync-records{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_entries_are_listed_those_planned_last_first(service, loan):
    make_event(loan=loan, external_id="fee-1", kind="fee", amount="50")

    shown = listed(service)

    assert [one["event"] for one in shown] == ["fee-1"] * 2 + ["drawdown-1"] * 2
    assert listed(service, "?ordering=created") == shown[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=held", 4),
        ("state=written", 0),
        ("reason=no_connection", 4),
        ("step=transfer", 1),
        ("company=acme", 2),
        ("company=nobody", 0),
        ("loan=loan-1", 2),
        ("event=fee-2", 2),
        ("event=fee-2&step=transfer", 0),
        ("needs_attention=true", 4),
        ("needs_attention=false", 0),
    ],
)
def test_the_list_is_narrowed(service, loan, query, found):
    other = make_loan(company=make_company(reference="other"))
    make_event(loan=other, external_id="fee-2", kind="fee", amount="50")

    assert len(listed(service, f"?{query}")) == found


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "reason=none",
        "step=transfers",
        "loan=a%20b",
        "needs_attention=yes",
        "ordering=since",
        "limit=0",
        "cursor=!",
        "sate=held",
    ],
)
def test_a_malformed_parameter_is_named(service, loan, query):
    answer = service.get(f"sync-records?{query}")

    assert answer.status_code == 400
    named = [one["parameter"] for one in answer.json()["errors"]]
    assert named == [query.partition("=")[0]]


def test_pages_follow_each_other_while_entries_are_added(service, loan):
    for number in range(3):
        make_event(loan=loan, external_id=f"fee-{number}", kind="fee", amount="1")
    known = [one["id"] for one in listed(service)]

    answer = service.get("sync-records?limit=3").json()
    found = [one["id"] for one in answer["results"]]
    while answer["next"]:
        make_event(loan=loan, kind="fee", amount="1", external_id=f"new-{len(found)}")
        query = urlsplit(answer["next"]).query
        answer = service.get(f"sync-records?{query}").json()
        found += [one["id"] for one in answer["results"]]

    assert found == known


def test_a_page_costs_the_same_however_many_entries_wait(
    service, django_assert_max_num_queries
):
    world = World()
    borrower = world.borrower(reference="acme")
    for number in range(5):
        loan = borrower.loan()
        for _again in range(3):
            borrower.record(loan, "fee", "1.00", external_id=f"{number}-{_again}")
    # The first request draws what the next ones may use of the key's minute.
    listed(service)

    with django_assert_max_num_queries(9):
        shown = listed(service)

    assert len(shown) == 30
    waiting = [one["blocked_by"]["why"] for one in shown if one["blocked_by"]]
    assert waiting == ["earlier_booking"] * 10


def test_a_key_for_other_companies_does_not_see_them(loan):
    other = make_service(
        client_name="other", companies=[make_company(reference="other")]
    )
    record = SyncRecord.objects.first()

    assert listed(other) == []
    assert listed(other, "?company=acme") == []
    assert other.get(f"sync-records/{record.pk}").status_code == 404
    answer = other.post(f"sync-records/{record.pk}/cancel", REASON)
    assert answer.status_code == 404


def test_an_entry_shows_what_happened_and_what_was_sent(service, refused):
    answer = service.get(f"sync-records/{refused.pk}")

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["state"], shown["who_must_act"]) == ("failed", "operator")
    assert shown["attempts"] == 1
    assert shown["codat_says"]
    states = [one["to"] for one in shown["timeline"]]
    assert (states[0], states[-1]) == ("queued", "failed")
    (request,) = shown["requests"]
    assert (request["data_type"], request["mapping_version"]) == ("transfers", 1)
    (attempt,) = request["attempts"]
    assert (attempt["outcome"], attempt["status_code"]) == ("accepted", 200)
    assert "body" not in request
    assert "answer" not in attempt
    named = {one["what"]: one["value"] for one in shown["look_for_in_xero"]}
    assert named["amount"] == "£800.00"
    assert "from" in named


def test_an_entry_behind_it_names_what_keeps_it_and_who_must_act(service, refused):
    (shown,) = listed(service, "?event=fee-1&step=direct_cost")

    assert shown["state"] == "queued"
    assert shown["who_must_act"] == "nobody"
    assert shown["blocked_by"] == {
        "why": "earlier_booking",
        "id": str(refused.pk),
        "event": "drawdown-1",
        "step": "transfer",
        "state": "failed",
        "reason": refused.reason,
        "who_must_act": "operator",
    }


def test_a_refused_entry_is_sent_again_once(service, refused):
    path = f"sync-records/{refused.pk}/retry"

    answer = service.post(path, REASON, Idempotency_Key="a")
    replayed = service.post(path, REASON, Idempotency_Key="a")
    again = service.post(path, REASON)

    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "queued"
    assert replayed.json() == answer.json()
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert again.status_code == 409
    assert again.json()["code"] == "decision_not_allowed"
    assert "This entry is Queued" in again.json()["detail"]
    change = RecordChange.objects.filter(record=refused, cause="person").get()
    assert (change.actor, change.note) == ("api:loan-system", REASON["reason"])


def test_an_entry_is_cancelled_or_linked(service, refused):
    linked = service.post(
        f"sync-records/{refused.pk}/link", REASON | {"xero_record_id": "in-xero"}
    )
    fee = SyncRecord.objects.get(event__external_id="fee-1", step="direct_cost")
    cancelled = service.post(f"sync-records/{fee.pk}/cancel", REASON)

    assert linked.status_code == 200, linked.content
    assert linked.json()["state"] == "linked_by_hand"
    assert linked.json()["xero_record_id"] == "in-xero"
    assert cancelled.json()["state"] == "cancelled"


def test_an_answer_that_nobody_asked_for_is_a_409(service, refused):
    answer = service.post(f"sync-records/{refused.pk}/absent", REASON)

    assert answer.status_code == 409
    assert "This entry is Refused" in answer.json()["detail"]


@pytest.fixture
def served(settings):
    """A world whose Codat is reached by HTTP as well, and an entry that is in doubt."""
    # A webhook would come in another thread, which sees nothing of this test.
    world = World(webhook_url=None)
    with SandboxServer(world.sandbox) as server:
        settings.CODAT_BASE_URL = server.url
        borrower = world.borrower(reference="acme")
        world.sandbox.faults.add("push_slow", match="transfers", seconds=10_000)
        event = borrower.record(borrower.loan(reference="loan-1"), "drawdown", "800")
        world.drain()
        record = event.sync_records.get(step="transfer")
        SyncRecord.objects.filter(pk=record.pk).update(
            state="unknown", reason="needs_person", next_poll_at=None
        )
        record.refresh_from_db()
        # The world's clock ran ahead while the accounts were made.
        RateScope.objects.all().delete()
        yield world, record


def test_an_unknown_entry_that_is_absent_is_sent_anew(service, served):
    world, record = served
    push = world.sandbox._world.pushes[str(record.push_operation_key)]
    push.status = "TimedOut"

    answer = service.post(f"sync-records/{record.pk}/absent", REASON)

    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == "queued"


@pytest.mark.parametrize("act", ["absent", "link"])
def test_nothing_is_decided_while_a_push_is_on_its_way(service, served, act):
    _, record = served

    answer = service.post(f"sync-records/{record.pk}/{act}", REASON)

    assert answer.status_code == 409
    assert f"push {record.push_operation_key}" in answer.json()["detail"]
    assert "decide then" in answer.json()["detail"]
    record.refresh_from_db()
    assert record.state == "unknown"


def test_nothing_is_decided_while_codat_cannot_be_asked(service, refused):
    SyncRecord.objects.filter(pk=refused.pk).update(
        state="unknown", reason="needs_person"
    )

    answer = service.post(f"sync-records/{refused.pk}/absent", REASON)

    assert answer.status_code == 503
    assert answer.json()["code"] == "codat_not_asked"
    assert "Try again" in answer.json()["detail"]
    refused.refresh_from_db()
    assert refused.state == "unknown"


def test_what_may_stand_twice_needs_attention(service, loan):
    entry = SyncRecord.objects.filter(step="transfer")
    entry.update(state="written", reason="", is_alarmed=True)

    (shown,) = listed(service, "?needs_attention=true&step=transfer")

    assert shown["who_must_act"] == "operator"
    assert "may stand twice" in shown["in_words"]
    assert listed(service, "?needs_attention=false&step=transfer") == []


@pytest.mark.parametrize("act", ["retry", "cancel", "link", "absent"])
def test_a_decision_needs_a_reason_and_its_scope(service, refused, act):
    path = f"sync-records/{refused.pk}/{act}"
    reader = make_service(client_name="reader", scopes=["events:read", "events:write"])

    for body in ({}, {"reason": ""}, {"reason": " "}, {"reason": 7}):
        answer = service.post(path, body)
        assert answer.status_code in {400, 422}
        assert answer.json()["errors"][0]["pointer"] == "/reason"
    assert service.post(path, REASON | {"note": "x"}).status_code == 400
    assert reader.post(path, REASON).status_code == 403
    assert service.post(f"sync-records/{uuid4()}/{act}", REASON).status_code == 404


def test_an_entry_that_is_closed_takes_no_decision(service, loan):
    record = SyncRecord.objects.get(step="transfer")

    answer = service.post(f"sync-records/{record.pk}/cancel", {"reason": "x"})
    again = service.post(f"sync-records/{record.pk}/cancel", {"reason": "x"})

    assert answer.status_code == 200
    assert again.status_code == 409


def test_what_still_blocks_an_entry_is_a_409(service):
    borrower = World().borrower(reference="acme", writeback=False)
    borrower.record(borrower.loan(), "drawdown", "800.00")
    record = SyncRecord.objects.get(step="transfer")

    answer = service.post(f"sync-records/{record.pk}/retry", REASON)

    assert answer.status_code == 409
    assert answer.json()["code"] == "writeback_off"
