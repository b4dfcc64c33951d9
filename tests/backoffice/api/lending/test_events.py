"""Events reported by a service: recorded once, answered the same for ever."""

import pytest

from lending.models import LoanEvent
from tests.builders import make_company, make_event, make_loan
from tests.worlds import World
from xero_sync.models import SyncRecord

DRAWDOWN = {
    "external_id": "loan-1:drawdown",
    "kind": "drawdown",
    "amount": "800.00",
    "value_date": "2026-03-10",
}


@pytest.fixture
def loan(db):
    return make_loan(reference="loan-1", company=make_company(reference="acme"))


def test_an_event_is_recorded_and_its_entries_are_planned(service, loan):
    answer = service.post("loans/loan-1/events", DRAWDOWN)

    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert shown["external_id"] == "loan-1:drawdown"
    assert shown["amount"] == "800.00"
    assert shown["recorded_by"] == "api:loan-system"
    assert [one["step"] for one in shown["entries"]] == ["transfer", "statement_line"]
    assert {one["reason"] for one in shown["entries"]} == {"no_connection"}
    assert LoanEvent.objects.get().external_id == "loan-1:drawdown"


def test_a_repeat_gets_the_first_answer_however_things_stand_now(service, loan):
    first = service.post("loans/loan-1/events", DRAWDOWN)
    SyncRecord.objects.update(state="written", reason="")

    again = service.post("loans/loan-1/events", DRAWDOWN)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert LoanEvent.objects.count() == 1


def test_other_content_under_the_same_id_is_refused_naming_the_difference(
    service, loan
):
    service.post("loans/loan-1/events", DRAWDOWN)

    answer = service.post("loans/loan-1/events", DRAWDOWN | {"amount": "80.00"})

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    shown = answer.json()
    assert shown["code"] == "external_id_conflict"
    assert [one["pointer"] for one in shown["errors"]] == ["/amount"]
    assert "amount is 800.00, not 80.00" in shown["detail"]
    assert shown["retry"] == {"allowed": False, "after_seconds": None}


def test_an_event_that_a_person_recorded_is_answered_too(service, loan):
    make_event(loan=loan, external_id="loan-1:drawdown")

    answer = service.post("loans/loan-1/events", DRAWDOWN)

    assert answer.status_code == 201
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert answer.json()["recorded_by"] == "user:anna"


def test_a_dry_run_shows_what_would_be_written_and_changes_nothing(service, loan):
    answer = service.post("loans/loan-1/events?dry_run=true", DRAWDOWN)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert shown["dry_run"] is True
    assert [one["data_type"] for one in shown["would_write"]] == [
        "bankTransactions",
        "transfers",
    ]
    assert shown["loan_after"]["position"]["lender_account"] == "-800.00"
    assert not LoanEvent.objects.exists()
    assert not SyncRecord.objects.exists()


def test_a_dry_run_shows_the_bodies_that_would_be_sent(service):
    world = World()
    borrower = world.borrower(reference="acme")
    borrower.loan(reference="loan-1")
    body = DRAWDOWN | {"value_date": world.clock.now.date().isoformat()}

    shown = service.post("loans/loan-1/events?dry_run=true", body).json()

    line, transfer = (one["body"] for one in shown["would_write"])
    chosen = borrower.mapping
    assert transfer["from"]["accountRef"]["id"] == chosen.lender_target_account_id
    assert transfer["to"]["accountRef"]["id"] == chosen.nominated_account_id
    assert transfer["to"]["amount"] == "800.00"
    (sent,) = line["transactions"]
    assert (sent["amount"], sent["balance"]) == ("-800.00", "-800.00")


def test_a_reversal_is_recorded_and_repeated_harmlessly(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN)
    body = {"external_id": "loan-1:undo", "value_date": "2026-03-11"}

    first = service.post("loan-events/loan-1:drawdown/reverse", body)
    again = service.post("loan-events/loan-1:drawdown/reverse", body)

    assert first.status_code == 201, first.content
    assert first.json()["reverses"] == "loan-1:drawdown"
    # Nothing was sent, so there is nothing to compensate.
    assert {(one["state"], one["reason"]) for one in first.json()["entries"]} == {
        ("cancelled", "reversed")
    }
    assert again.json() == first.json()
    assert service.get("loan-events/loan-1:drawdown").json()["reversed_by"] == (
        "loan-1:undo"
    )


def test_an_event_shows_the_stage_of_each_entry_and_who_must_act(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN)

    shown = service.get("loan-events/loan-1:drawdown").json()

    assert shown["status"] == "needs_attention"
    booking, line = shown["entries"]
    assert booking["state"] == "held"
    assert booking["reason"] == "no_connection"
    assert booking["in_words"] == "Held: The company has no connection to Xero"
    assert booking["who_must_act"] == "operator"
    assert booking["attempts"] == 0
    assert line["step"] == "statement_line"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"amount": 800}, "/amount"),
        ({"amount": 800.0}, "/amount"),
        ({"amount": "-800.00"}, "/amount"),
        ({"amount": "8e2"}, "/amount"),
        ({"amount": "٨٠٠"}, "/amount"),
        ({"amount": "1,800.00"}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"kind": "advance"}, "/kind"),
        ({"kind": ["drawdown"]}, "/kind"),
        ({"value_date": "20260310"}, "/value_date"),
        ({"value_date": "2026-02-30"}, "/value_date"),
        ({"value_date": "2026-03-10T00:00:00Z"}, "/value_date"),
        ({"external_id": "batch"}, "/external_id"),
        ({"external_id": "a b"}, "/external_id"),
        ({"external_id": 7}, "/external_id"),
        ({"already_in_books": "yes"}, "/already_in_books"),
        ({"description": "x" * 201}, "/description"),
        ({"description": "\x00"}, "/description"),
        ({"ammount": "800.00"}, "/ammount"),
    ],
)
def test_a_malformed_field_is_named(service, loan, change, pointer):
    answer = service.post("loans/loan-1/events", DRAWDOWN | change)

    assert answer.status_code == 400, answer.content
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"amount": "0.00"}, "amount_not_allowed", "/amount"),
        ({"amount": "800.001"}, "amount_not_allowed", "/amount"),
        ({"amount": "0.001"}, "amount_not_allowed", "/amount"),
        ({"currency": "EUR"}, "currency_mismatch", "/currency"),
        ({"value_date": "2026-03-01"}, "value_date_not_allowed", "/value_date"),
        ({"value_date": "2999-01-01"}, "value_date_not_allowed", "/value_date"),
        (
            {"kind": "invoice_payment", "amount": "1000.01"},
            "invoice_overpaid",
            "/amount",
        ),
    ],
)
def test_what_the_book_refuses_is_a_422(service, loan, change, code, pointer):
    answer = service.post("loans/loan-1/events", DRAWDOWN | change)

    assert answer.status_code == 422, answer.content
    assert answer.json()["code"] == code
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_an_amount_that_is_too_fine_is_told_to_be_rounded(service, loan):
    answer = service.post("loans/loan-1/events", DRAWDOWN | {"amount": "0.001"})

    assert answer.json()["detail"] == (
        "amount: GBP has 2 digits after the point; round it."
    )


def test_what_no_field_of_the_body_would_mend_points_at_none(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN)
    service.post("loan-events/loan-1:drawdown/reverse", {"external_id": "undo"})

    twice = service.post(
        "loan-events/loan-1:drawdown/reverse", {"external_id": "undo-2"}
    )
    service.post("loans/loan-1/close", {"reason": "given up"})
    closed = service.post("loans/loan-1/events", DRAWDOWN | {"external_id": "late"})

    assert (twice.status_code, twice.json()["errors"]) == (422, [])
    assert (closed.status_code, closed.json()["code"]) == (422, "loan_closed")
    assert closed.json()["errors"] == []


def test_a_loan_or_an_event_that_is_not_there_is_a_404(service, loan):
    assert service.post("loans/loan-2/events", DRAWDOWN).status_code == 404
    assert service.get("loan-events/nothing").json()["code"] == "not_found"
    assert service.get("nothing").headers["Content-Type"] == "application/problem+json"
