"""Many events in one request."""

import pytest

from lending.models import LoanEvent
from tests.builders import make_company, make_loan


@pytest.fixture
def loans(db):
    company = make_company(reference="acme")
    return [make_loan(reference=f"loan-{n}", company=company) for n in (1, 2)]


def item(loan, number, **change):
    return {
        "loan": loan,
        "external_id": f"{loan}:{number}",
        "kind": "drawdown",
        "amount": "10.00",
        "value_date": "2026-03-10",
    } | change


def test_a_refused_item_holds_up_the_later_ones_of_its_loan_only(service, loans):
    answer = service.post(
        "loan-events/batch",
        {
            "events": [
                item("loan-1", 1),
                item("loan-1", 2, amount=5),
                item("loan-2", 1),
                item("loan-1", 3),
            ]
        },
    )

    assert answer.status_code == 200, answer.content
    results = answer.json()["results"]
    assert [one["status"] for one in results] == [
        "recorded",
        "refused",
        "recorded",
        "not_attempted",
    ]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/events/1/amount"
    assert set(LoanEvent.objects.values_list("external_id", flat=True)) == {
        "loan-1:1",
        "loan-2:1",
    }


def test_a_batch_may_be_sent_again_mended(service, loans):
    service.post("loan-events/batch", {"events": [item("loan-1", 1)]})

    answer = service.post(
        "loan-events/batch", {"events": [item("loan-1", 1), item("loan-1", 2)]}
    )

    assert [one["status"] for one in answer.json()["results"]] == [
        "replayed",
        "recorded",
    ]


def test_a_batch_is_rehearsed_without_a_trace(service, loans):
    answer = service.post(
        "loan-events/batch?dry_run=true",
        {"events": [item("loan-1", 1), item("loan-1", 2)]},
    )

    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["would_be_recorded"] * 2
    after = results[1]["event"]["loan_after"]["position"]
    assert after["lender_account"] == "-20.00"
    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize("events", [[], [1] * 101, {}, None, "x"])
def test_a_batch_has_between_one_and_a_hundred_events(service, loans, events):
    answer = service.post("loan-events/batch", {"events": events})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/events"


def test_a_batch_under_a_key_is_answered_again_as_a_whole(service, loans):
    body = {"events": [item("loan-1", 1), item("loan-1", 2, amount=5)]}

    first = service.post("loan-events/batch", body, Idempotency_Key="b-1")
    again = service.post("loan-events/batch", body, Idempotency_Key="b-1")

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
