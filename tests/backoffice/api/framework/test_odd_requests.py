"""Requests as nobody should send them: each gets a clear 4xx naming what is wrong."""

import json

import pytest

from lending.models import LoanEvent
from tests.backoffice.api.lending.test_events import DRAWDOWN
from tests.builders import make_company, make_loan
from tests.xero_sync.commands.conftest import codat as codat

EVENTS = "loans/loan-1/events"


@pytest.fixture
def loan(db):
    return make_loan(reference="loan-1", company=make_company(reference="acme"))


def nested(depth):
    return b'{"description": ' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "required"),
        (b"null", 400, "No data"),
        (b"[]", 400, "dictionary"),
        (b'"x"', 400, "dictionary"),
        (b"{", 400, "not valid JSON"),
        (b"\xff\xfe{}", 400, "not UTF-8"),
        (b'{"kind": "\xe9"}', 400, "not UTF-8"),
        (b'\xef\xbb\xbf{"kind": "fee"}', 400, "not valid JSON"),
        (b'{"kind": "\\ud800"}', 400, "surrogate"),
        (b'{"\\udc00": 1}', 400, "surrogate"),
        (b'{"\\udc00": 1, "\\udc00": 1}', 400, "not valid JSON"),
        (b'{"kind": "a", "kind": "b"}', 400, "is there twice"),
        (b'{"amount": NaN}', 400, "NaN"),
        (b'{"amount": -Infinity}', 400, "Infinity"),
        (b'{"amount": 1e999}', 400, "too large"),
        (b'{"amount": ' + b"9" * 5000 + b"}", 400, "not valid JSON"),
        (nested(100_000), 400, "nested too deeply"),
        (nested(700), 400, "description"),
        (b'{"description": "' + b"x" * 2_000_000 + b'"}', 413, "exceeds"),
    ],
    ids=lambda one: repr(one)[:40],
)
def test_a_body_that_is_none(service, loan, raw, status, words):
    answer = service.call("POST", EVENTS, raw=raw, Idempotency_Key="odd")

    assert answer.status_code == status, answer.content
    assert words in answer.json()["detail"]
    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("a/b", "/a~1b"),
        ("a~b", "/a~0b"),
        ("~1", "/~01"),
        ("", "/"),
        ("non_field_errors", "/non_field_errors"),
        ("\x00", "/\x00"),
        ("é", "/é"),
    ],
)
def test_an_unknown_field_is_pointed_at_as_rfc_6901_says(service, loan, name, pointer):
    answer = service.post(EVENTS, DRAWDOWN | {name: 1})

    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert fault["code"] == "unknown_field"


def test_no_answer_is_many_times_its_question(service, loan):
    body = {f"{number:x}": 0 for number in range(50_000)}

    answer = service.post(EVENTS, body)

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 20
    assert len(answer.content) < 20_000


def test_faults_of_a_batch_point_into_the_body_that_was_sent(service, loan):
    wrong = DRAWDOWN | {"loan": "loan-1"}
    overdue = wrong | {"value_date": "2026-03-01"}

    answers = [
        service.post("loan-events/batch", {"events": [None, one]})
        for one in (wrong | {"a/b": 1}, overdue, "x")
    ]

    found = [one.json()["results"][1]["problem"]["errors"] for one in answers]
    assert [one[0]["pointer"] for one in found] == [
        "/events/1/a~1b",
        "/events/1/value_date",
        "/events/1",
    ]


def test_a_nested_field_is_pointed_at(service, codat):
    answer = service.put(
        f"connections/{codat.adopt().pk}/mapping",
        {"lender_account": {"new": {"account_number": 7, "sort~code": "1"}}},
    )

    assert [one["pointer"] for one in answer.json()["errors"]] == [
        "/lender_account/new/sort~0code"
    ]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"],
)
def test_another_type_of_body_is_a_415(service, loan, kind):
    answer = service.call("POST", EVENTS, DRAWDOWN, Content_Type=kind)

    assert answer.status_code == 415, answer.content
    assert answer.json()["code"] == "unsupported_media_type"


def test_another_type_of_answer_is_a_406(service, loan):
    assert service.get("loans", Accept="text/html").status_code == 406
    assert service.get("loans", Accept="*/*").status_code == 200
    assert service.get("loans", Accept="x/y;q=z, application/json").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("loans/a%2Fb", 404),
        ("loans/%2e%2e", 404),
        ("loans/..%2f..%2fadmin", 404),
        ("loans/%00", 404),
        ("loans/%FF", 404),
        ("loans/loan-1%0A", 404),
        ("loans/loan-1/", 404),
        ("loans//", 404),
        ("loans/l%6fan-1", 200),
        ("loans/" + "x" * 65, 404),
        ("loans/" + "x" * 9_000, 404),
        ("loans?format=xml", 400),
        ("loans?\x00", 400),
        ("loans?%FF=%FF", 400),
        ("sync-records/not-a-uuid", 404),
    ],
    ids=lambda one: repr(one)[:40],
)
def test_an_odd_address(service, loan, path, status):
    answer = service.get(path)

    assert answer.status_code == status, answer.content
    if status != 200:
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["maybe", "True", "1", "", "true&dry_run=true"])
def test_a_rehearsal_is_asked_for_plainly(service, loan, text):
    answer = service.post(f"{EVENTS}?dry_run={text}", DRAWDOWN)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "dry_run"
    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "FOO"])
def test_another_method_is_a_405_that_names_those_there_are(service, loan, method):
    answer = service.call(method, f"{EVENTS}?dry_run=true", {})

    assert answer.status_code == 405, answer.content
    assert answer.json()["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_head_and_options_need_a_key_and_tell_no_body(service, loan, client):
    head = service.client.head(
        "/api/v1/loans/loan-1", headers={"Authorization": f"Bearer {service.secret}"}
    )

    assert head.status_code == 200
    assert head.content == b""
    assert client.head("/api/v1/loans/loan-1").status_code == 401
    assert client.options("/api/v1/loans/loan-1").status_code == 401


def test_an_unknown_host_is_a_problem_document(service, loan):
    answer = service.client.get("/api/v1/loans", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert json.loads(answer.content)["code"] == "malformed"
