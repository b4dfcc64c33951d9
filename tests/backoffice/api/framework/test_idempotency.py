"""The header Idempotency-Key, beside the natural keys."""

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from backoffice.api_keys.services import create_key, revoke_key
from backoffice.models import StoredReply
from lending.models import LoanEvent
from tests.backoffice.api.conftest import Service, make_service
from tests.backoffice.api.lending.test_events import DRAWDOWN
from tests.builders import make_company, make_loan


@pytest.fixture
def loan(db):
    return make_loan(reference="loan-1", company=make_company(reference="acme"))


def test_a_key_answers_the_same_again(service, loan):
    first = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    again = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_refused_for_other_content_naming_the_fields(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    answer = service.post(
        "loans/loan-1/events",
        DRAWDOWN | {"external_id": "other", "amount": "1.00"},
        Idempotency_Key="a",
    )

    assert answer.status_code == 422
    shown = answer.json()
    assert shown["code"] == "idempotency_key_reused"
    assert [one["pointer"] for one in shown["errors"]] == ["/amount", "/external_id"]
    assert LoanEvent.objects.count() == 1


def test_a_key_is_refused_for_another_batch_naming_the_items(service, loan):
    items = [DRAWDOWN | {"loan": "loan-1", "external_id": f"e-{n}"} for n in range(3)]
    service.post("loan-events/batch", {"events": items}, Idempotency_Key="a")

    other = [items[0], items[1] | {"amount": "1.00"}, items[2]]
    changed = service.post("loan-events/batch", {"events": other}, Idempotency_Key="a")
    shorter = service.post(
        "loan-events/batch", {"events": items[:2]}, Idempotency_Key="a"
    )

    assert [one["pointer"] for one in changed.json()["errors"]] == ["/events/1"]
    pointers = [one["pointer"] for one in shorter.json()["errors"]]
    assert pointers == ["/events", "/events/2"]


def test_a_key_belongs_to_one_call(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    answer = service.post("loans", {"reference": "x"}, Idempotency_Key="a")

    # What is malformed is said first; then the key.
    assert answer.status_code == 400
    answer = service.post(
        "loan-events/loan-1:drawdown/reverse",
        {"external_id": "undo"},
        Idempotency_Key="a",
    )
    assert answer.json()["code"] == "idempotency_key_reused"


def test_a_refused_request_may_be_mended_under_its_key(service, loan):
    wrong = service.post(
        "loans/loan-1/events", DRAWDOWN | {"amount": "0"}, Idempotency_Key="a"
    )
    right = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    assert (wrong.status_code, right.status_code) == (422, 201)


def test_a_new_secret_finds_the_answers_of_the_old_one(service, loan):
    first = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    key, secret = create_key(
        client_name="loan-system", scopes=["events:write"], now=timezone.now()
    )
    revoke_key(key=service.key, revoked_by="user:anna", now=timezone.now())

    again = Service(key, secret).post(
        "loans/loan-1/events", DRAWDOWN, Idempotency_Key="a"
    )

    assert again.json() == first.json()


def test_two_clients_do_not_share_keys(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    other = make_service(client_name="collections")

    answer = other.post(
        "loans/loan-1/events", DRAWDOWN | {"external_id": "b"}, Idempotency_Key="a"
    )

    assert answer.status_code == 201
    assert answer.json()["external_id"] == "b"


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "clé"])
def test_a_key_is_printable_and_not_too_long(service, loan, key):
    answer = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key=key)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


def test_what_was_sent_is_not_kept_readable(service, loan):
    service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    kept = StoredReply.objects.get()
    assert "800.00" not in str(kept.fingerprint)
    assert set(kept.fingerprint) == {"salt", *(f"/{name}" for name in DRAWDOWN)}


def test_a_key_sealed_under_a_lost_key_is_refused_and_repeats_nothing(
    service, loan, settings
):
    service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    answer = service.post("loans/loan-1/events", DRAWDOWN, Idempotency_Key="a")

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_unreadable"
    assert LoanEvent.objects.count() == 1
