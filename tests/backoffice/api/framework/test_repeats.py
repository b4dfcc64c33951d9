"""Repeats of what was interrupted, mended since, closed, or held by somebody else."""

import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from backoffice.api.framework import idempotency
from backoffice.api.framework.authentication import Caller
from backoffice.api.framework.idempotency import Reply, once, once_with_calls
from backoffice.api.framework.problems import Problem
from backoffice.api.lending import batches
from backoffice.api.lending.batches import RUNS_AT_MOST
from backoffice.models import StoredReply
from lending import services
from lending.models import Company, LoanEvent
from tests.backoffice.api.conftest import make_service
from tests.backoffice.api.lending.test_batches import item
from tests.backoffice.api.lending.test_events import DRAWDOWN
from tests.builders import make_company, make_loan

COMPANY = {
    "reference": "mill-lane",
    "legal_name": "Mill Lane Bakery Ltd",
    "currency": "GBP",
    "country": "GB",
}
LOAN = {
    "reference": "loan-1",
    "company": "acme",
    "agreed_on": "2026-03-02",
    "invoice_number": "INV-1",
    "invoice_amount": "1000.00",
    "debtor_name": "Northgate Builders",
}


@pytest.fixture
def company(db):
    return make_company(reference="acme")


@pytest.fixture
def loan(company):
    return make_loan(reference="loan-1", company=company)


def request_of(service, *, key, body=None):
    """A request as a view gets it."""
    raw = APIRequestFactory().post(
        "/x", body or {"a": 1}, format="json", headers={"Idempotency-Key": key}
    )
    request = APIView().initialize_request(raw)
    request.user = Caller(service.key)
    return request


# --- What a person did since ------------------------------------------------------


def test_a_company_that_a_person_mended_is_answered_as_it_was_taken_on(service):
    first = service.post("companies", COMPANY)
    Company.objects.update(legal_name="Mill Lane Bakeries Ltd")

    again = service.post("companies", COMPANY)

    assert (again.status_code, again.json()) == (201, first.json())
    now = service.get("companies/mill-lane").json()
    assert now["legal_name"] == "Mill Lane Bakeries Ltd"


def test_a_loan_whose_route_a_person_changed_is_answered_as_it_was_agreed(
    service, company
):
    first = service.post("loans", LOAN)
    loan = company.loans.get()
    services.update_loan_route(
        loan=loan,
        collection_route="borrower",
        invoice_payment_posting="post_on_nominated",
    )

    again = service.post("loans", LOAN)

    assert (again.status_code, again.json()) == (201, first.json())


def test_what_a_person_made_is_compared_as_it_is(service, loan):
    other = service.post("loans", LOAN | {"debtor_name": "Nobody", "company": "acme"})

    assert other.status_code == 422
    pointers = {one["pointer"] for one in other.json()["errors"]}
    assert "/debtor_name" in pointers
    assert "/reference" not in pointers


def test_closing_again_for_the_same_reason_is_harmless(service, loan):
    first = service.post("loans/loan-1/close", {"reason": "written off"})
    again = service.post("loans/loan-1/close", {"reason": "written off"})
    other = service.post("loans/loan-1/close", {"reason": "paid in cash"})

    assert (first.status_code, again.status_code) == (200, 200), first.content
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "loan_closed")


def test_what_a_person_closed_is_not_said_to_be_closed_by_the_service(service, loan):
    services.close_loan(
        loan=loan, closed_by="user:anna", now=timezone.now(), reason="written off"
    )

    answer = service.post("loans/loan-1/close", {"reason": "written off"})

    assert answer.json()["code"] == "loan_closed"


# --- Rehearsals ---------------------------------------------------------------------


def test_a_rehearsal_is_no_use_of_its_key(service, loan):
    path = "loans/loan-1/events"
    service.post(f"{path}?dry_run=true", DRAWDOWN, Idempotency_Key="a")

    real = service.post(path, DRAWDOWN, Idempotency_Key="a")
    rehearsed = service.post(f"{path}?dry_run=true", DRAWDOWN, Idempotency_Key="a")

    assert real.status_code == 201
    assert "Idempotent-Replayed" not in real.headers
    assert rehearsed.json()["already_recorded"] is True
    assert LoanEvent.objects.count() == 1


def test_a_key_does_not_ask_how_it_was_said_that_nothing_is_rehearsed(service, loan):
    path = "loans/loan-1/events"
    first = service.post(f"{path}?dry_run=false", DRAWDOWN, Idempotency_Key="a")

    again = service.post(path, DRAWDOWN, Idempotency_Key="a")

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"


# --- Keys for some companies ------------------------------------------------------


def test_a_key_for_other_companies_gets_no_answer_of_its_clients_wider_key(
    service, loan
):
    body = {"events": [item("loan-1", 1)]}
    service.post("loan-events/batch", body, Idempotency_Key="a")
    narrow = make_service(companies=[make_company()])

    answer = narrow.post("loan-events/batch", body, Idempotency_Key="a")

    assert answer.json()["code"] == "idempotency_key_reused"
    assert "loan-1:1" not in answer.content.decode()


def test_a_new_key_for_the_same_companies_finds_the_answers_of_the_old_one(
    loan, company
):
    first = make_service(companies=[company]).post(
        "loans/loan-1/events", DRAWDOWN, Idempotency_Key="a"
    )

    again = make_service(companies=[company]).post(
        "loans/loan-1/events", DRAWDOWN, Idempotency_Key="a"
    )

    assert again.json() == first.json()


# --- Interrupted ------------------------------------------------------------------


def interrupt(key):
    """What is left of a batch whose process was killed before it stored its answer."""
    StoredReply.objects.filter(header_key=key).update(
        status_code=None, body=b"", running_until=timezone.now() + RUNS_AT_MOST
    )


def test_an_interrupted_batch_may_be_sent_again_within_seconds(service, loan):
    body = {"events": [item("loan-1", 1)]}
    service.post("loan-events/batch", body, Idempotency_Key="a")
    interrupt("a")

    at_once = service.post("loan-events/batch", body, Idempotency_Key="a")
    other = service.post(
        "loan-events/batch", {"events": [item("loan-1", 2)]}, Idempotency_Key="a"
    )
    elsewhere = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    StoredReply.objects.filter(header_key="a").update(running_until=timezone.now())
    later = service.post("loan-events/batch", body, Idempotency_Key="a")

    assert (at_once.status_code, at_once.json()["code"]) == (409, "still_running")
    assert at_once.headers["Retry-After"] == "2"
    assert other.json()["code"] == "idempotency_key_reused"
    assert elsewhere.json()["code"] == "idempotency_key_reused"
    assert later.status_code == 200
    assert [one["status"] for one in later.json()["results"]] == ["replayed"]
    assert timedelta(seconds=10) >= RUNS_AT_MOST


def expire(key):
    StoredReply.objects.filter(header_key=key).update(
        running_until=timezone.now() - timedelta(seconds=1)
    )


def answer(number):
    return Reply(200, {"answer": number})


def test_one_that_took_too_long_gets_the_answer_of_its_twin(service):
    def slow():
        expire("a")
        once_with_calls(request_of(service, key="a"), lambda: answer(2))
        return answer(1)

    found = once_with_calls(request_of(service, key="a"), slow)

    assert found.data == {"answer": 2}
    assert found.headers["Idempotent-Replayed"] == "true"


def test_one_that_took_too_long_and_failed_leaves_its_twins_answer(service):
    def slow():
        expire("a")
        once_with_calls(request_of(service, key="a"), lambda: answer(2))
        raise Problem("refused", "Too late.")

    with pytest.raises(Problem, match="Too late"):
        once_with_calls(request_of(service, key="a"), slow)

    again = once_with_calls(request_of(service, key="a"), lambda: answer(3))
    assert again.data == {"answer": 2}


def test_one_that_took_too_long_is_told_that_its_twin_still_runs(service):
    def slow():
        StoredReply.objects.update(running_until=timezone.now() + RUNS_AT_MOST)
        return answer(1)

    with pytest.raises(Problem) as told:
        once_with_calls(request_of(service, key="a"), slow)

    assert told.value.code == "still_running"
    assert StoredReply.objects.get().status_code is None


def test_what_was_refused_or_broke_leaves_its_key_free(service):
    def broken():
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError):
        once_with_calls(request_of(service, key="a"), broken)
    with pytest.raises(RuntimeError):
        once(request_of(service, key="b"), broken)

    assert not StoredReply.objects.exists()


def test_a_constraint_of_another_table_is_no_twin(service):
    runs = []

    def broken():
        runs.append(1)
        raise IntegrityError("UNIQUE constraint failed: lending_loan.reference")

    with pytest.raises(IntegrityError):
        once(request_of(service, key="a"), broken)

    assert len(runs) == 1


def test_a_twin_that_was_quicker_is_answered(service):
    runs = []

    def act():
        runs.append(1)
        if len(runs) == 1:
            # Between our look and our insert.
            raise IntegrityError(f"… {StoredReply._meta.db_table}_header_key_once …")
        return answer(1)

    assert once(request_of(service, key="a"), act).data == {"answer": 1}


# --- Held by somebody else ----------------------------------------------------------


@contextmanager
def held(loan):
    """A frozen process that holds the loan's row, and patience for a moment only."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(found["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 300")
            yield
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 20000")
        return
    with psycopg.connect(
        host=found["HOST"], port=found["PORT"], user=found["USER"], dbname=found["NAME"]
    ) as other:
        other.execute("SELECT 1 FROM lending_loan WHERE id = %s FOR UPDATE", [loan.pk])
        yield


@pytest.fixture
def impatient(monkeypatch):
    """Wait for a lock for a moment only."""
    monkeypatch.setattr(idempotency, "LOCK_SECONDS", 0.3)
    monkeypatch.setattr(batches, "LOCK_SECONDS", 0.3)


@pytest.mark.django_db(transaction=True)
def test_a_loan_that_is_held_is_a_409_and_its_batch_is_not_kept(impatient):
    loan = make_loan(reference="loan-1", company=make_company(reference="acme"))
    service = make_service()
    service.get("companies/acme")
    body = {"events": [item("loan-1", 1)]}

    with held(loan):
        single = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
        batch = service.post("loan-events/batch", body)
        rehearsal = service.post("loans/loan-1/events?dry_run=true", DRAWDOWN)
    assert (single.status_code, single.json()["code"]) == (409, "still_running")
    assert single.json()["retry"] == {"allowed": True, "after_seconds": 2}
    assert batch.json()["results"][0]["problem"]["code"] == "still_running"
    assert rehearsal.status_code == 409

    again = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    assert again.status_code == 201


@pytest.mark.django_db(transaction=True)
def test_a_batch_with_an_item_that_may_succeed_unchanged_is_run_again(impatient):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one lock, so the batch's own claim waits as well")
    loan = make_loan(reference="loan-1", company=make_company(reference="acme"))
    service = make_service()
    body = {"events": [item("loan-1", 1)]}

    with held(loan):
        held_up = service.post("loan-events/batch", body, Idempotency_Key="a")
    again = service.post("loan-events/batch", body, Idempotency_Key="a")

    assert [one["status"] for one in held_up.json()["results"]] == ["refused"]
    assert [one["status"] for one in again.json()["results"]] == ["recorded"]
