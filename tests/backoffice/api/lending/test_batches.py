"""Many events in one request."""

from threading import Event, Thread, Timer

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from lending.models import LoanEvent
from tests.builders import make_company, make_event, make_loan


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


def test_the_events_of_one_loan_keep_their_order_and_see_each_other(service, loans):
    answer = service.post(
        "loan-events/batch",
        {
            "events": [
                item("loan-1", 1),
                item("loan-1", 2, kind="invoice_payment", amount="600.00"),
                item("loan-1", 1),
                item("loan-1", 3, kind="invoice_payment", amount="400.01"),
                item("loan-1", 4),
                item("loan-2", 1, external_id="loan-1:1"),
                item("loan-2", 2),
            ]
        },
    )

    results = answer.json()["results"]
    assert [one["status"] for one in results] == [
        "recorded",
        "recorded",
        "replayed",
        "refused",
        "not_attempted",
        "refused",
        "not_attempted",
    ]
    assert results[2]["event"] == results[0]["event"]
    assert results[3]["problem"]["code"] == "invoice_overpaid"
    assert results[5]["problem"]["code"] == "external_id_conflict"
    stored = LoanEvent.objects.order_by("pk").values_list("external_id", "sequence")
    assert list(stored) == [("loan-1:1", 1), ("loan-1:2", 2)]


def test_each_event_of_a_batch_is_answered_again_as_it_was(service, loans):
    body = {"events": [item("loan-1", 1), item("loan-2", 1)]}
    first = service.post("loan-events/batch", body).json()["results"]

    again = service.post("loan-events/batch", body).json()["results"]
    alone = service.post(
        "loans/loan-2/events",
        {name: value for name, value in item("loan-2", 1).items() if name != "loan"},
    )

    assert [one["status"] for one in again] == ["replayed", "replayed"]
    assert [one["event"] for one in again] == [one["event"] for one in first]
    assert alone.json() == first[1]["event"]
    assert first[0]["event"]["entries"] != first[1]["event"]["entries"]


def test_a_larger_batch_reads_no_oftener(service, loans):
    def reads(first, count):
        with CaptureQueriesContext(connection) as queries:
            service.post(
                "loan-events/batch",
                {
                    "events": [
                        item(f"loan-{1 + n % 2}", first + n) for n in range(count)
                    ]
                },
            )
        return sum(one["sql"].startswith("SELECT") for one in queries)

    reads(0, 2)
    assert reads(10, 40) == reads(100, 2)
    assert LoanEvent.objects.count() == 44


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_what_somebody_else_is_recording_spoils_only_its_own(service):
    company = make_company(reference="acme")
    one, other = [make_loan(reference=f"loan-{n}", company=company) for n in (1, 2)]
    begun, done = Event(), Event()

    def record_slowly():
        with transaction.atomic():
            make_event(loan=other, external_id="loan-1:2")
            begun.set()
            done.wait(5)
        connection.close()

    slow = Thread(target=record_slowly)
    slow.start()
    begun.wait(5)
    Timer(1, done.set).start()
    answer = service.post(
        "loan-events/batch",
        {"events": [item("loan-1", 1), item("loan-1", 2), item("loan-2", 1)]},
    )
    slow.join()

    results = answer.json()["results"]
    assert [one["status"] for one in results] == ["recorded", "refused", "recorded"]
    assert results[1]["problem"]["code"] == "external_id_conflict"
    assert one.events.count() == 1
