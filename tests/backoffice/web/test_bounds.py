"""What reaches Django: whole bodies that are not too large, and so many at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Event

import pytest

from backoffice.api.framework.parsers import LARGEST_BODY
from backoffice.web import bounds
from tests.marks import on_any_database

pytestmark = on_any_database


class Asked:
    """One request to an application, and what it was answered."""

    def __init__(self, application, path="/", body=b"", *, length=None, **environ):
        given = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.url_scheme": "http",
        }
        if length is not None:
            given["CONTENT_LENGTH"] = str(length)
        chunks = application(given | environ, self._start)
        self.text = b"".join(chunks).decode()

    def _start(self, status, headers):
        self.status, self.headers = int(status.split()[0]), dict(headers)


def echo(environ, start_response):
    start_response("200 OK", [])
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return [b"%d bytes" % len(body)]


@pytest.mark.parametrize("length", [3, None], ids=["with its length", "in chunks"])
def test_a_whole_body_comes_through(length):
    answer = Asked(bounds.Bounded(echo), "/api/v1/loans", b"abc", length=length)

    assert (answer.status, answer.text) == (200, "3 bytes")


@pytest.mark.parametrize(
    ("sent", "length"),
    [
        (b"", LARGEST_BODY + 1),
        (b" " * (LARGEST_BODY + 1), None),
    ],
    ids=["by its length, unread", "in chunks"],
)
def test_a_body_that_is_too_large_is_refused(sent, length):
    answer = Asked(bounds.Bounded(echo), "/api/v1/loans", sent, length=length)

    assert answer.status == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Connection"] == "close"
    assert json.loads(answer.text)["code"] == "body_too_large"


def test_half_a_body_is_never_taken_for_a_whole_one():
    answer = Asked(bounds.Bounded(echo), "/api/v1/loans", b"{}", length=100)

    assert answer.status == 400
    assert answer.headers["Connection"] == "close"
    assert json.loads(answer.text)["code"] == "malformed"


@pytest.fixture
def crowded(monkeypatch):
    """An application that is as busy as it may be, with three requests."""
    monkeypatch.setattr(bounds, "UNDER_WAY", 3)
    goes_on, begun = Event(), Event()

    def slow(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            begun.set()
            goes_on.wait(30)
        return echo(environ, start_response)

    application = bounds.Bounded(slow)
    with ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(Asked, application, "/slow") for _ in range(3)]
        begun.wait(30)
        while application._under_way < 3:
            pass
        yield application
        goes_on.set()
        assert {one.result().status for one in asked} == {200}
    # Their places are free again.
    assert Asked(application).status == 200


def test_beyond_the_bound_a_service_is_told_when_to_come_again(crowded):
    answer = Asked(crowded, "/api/v1/loans")

    problem = json.loads(answer.text)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) == problem["retry"]["after_seconds"] >= 1
    assert (problem["code"], problem["retry"]["allowed"]) == ("overloaded", True)
    assert problem["instance"] == f"urn:uuid:{answer.headers['X-Request-Id']}"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Wait a few seconds"), ("fr", "Patientez quelques secondes")],
)
def test_a_customer_is_told_in_their_language(crowded, language, words):
    answer = Asked(crowded, "/connect/", HTTP_ACCEPT_LANGUAGE=language)

    assert (answer.status, answer.headers["Content-Language"]) == (503, language)
    assert answer.headers["Retry-After"]
    assert words in answer.text


def test_an_operator_is_told_in_a_line(crowded):
    answer = Asked(crowded, "/admin/")

    assert answer.status == 503
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/webhooks/codat/"])
def test_who_must_be_heard_is_heard(crowded, path):
    assert Asked(crowded, path).status == 200
