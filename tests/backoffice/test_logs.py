"""The lines of the log in production: one JSON object each, with nothing secret."""

import io
import json
import logging

import pytest
from django.test import Client

from backoffice.log_redaction import Redacts
from backoffice.logs import JsonLines, OneLine, logging_settings
from lending.audit.origin import Origin, WithOrigin, acting
from tests.backoffice.api.conftest import make_service
from tests.backoffice.users.people import make, signed_in

TOKEN = "K" * 43


def written(record):
    for one in (WithOrigin(), Redacts()):
        one.filter(record)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def record_of(message, *args, **options):
    return logging.LogRecord("x.y", logging.INFO, "", 0, message, args, **options)


def test_a_line_says_when_who_whence_and_in_which_request():
    known = Origin(request_id="r-1", address="192.0.2.1", known=lambda: "user:anna")
    with acting(known):
        told = written(record_of("Done: %s.", 7, exc_info=None))

    assert told.pop("time").endswith("+00:00")
    assert told == {
        "level": "INFO",
        "logger": "x.y",
        "message": "Done: 7.",
        "request_id": "r-1",
        "actor": "user:anna",
        "address": "192.0.2.1",
    }


def test_nobody_writes_a_second_line_into_it():
    forged = 'x"}\n{"level": "INFO", "message": "all is well\x1b[2K\x00'

    assert written(record_of(forged, exc_info=None))["message"] == forged


def test_a_traceback_is_a_field_without_what_opens_a_page():
    try:
        int(f"/c/{TOKEN}/")
    except ValueError as exc:
        given = (type(exc), exc, exc.__traceback__)

    told = written(record_of(f"Failed at /c/{TOKEN}/", exc_info=given))

    assert "ValueError" in told["traceback"]
    assert TOKEN not in str(told)


def test_what_hangs_on_a_line_is_not_written():
    record = record_of("Refused.", exc_info=None)
    record.request, record.password = f"GET /c/{TOKEN}/", "secret"

    assert "secret" not in str(written(record))
    assert TOKEN not in str(record_of("Refused.", exc_info=None))


@pytest.mark.parametrize(("as_json", "formatter"), [(True, "json"), (False, "line")])
def test_production_writes_json_and_a_developer_reads_lines(as_json, formatter):
    chosen = logging_settings("INFO", as_json=as_json)

    assert chosen["handlers"]["console"]["formatter"] == formatter


def test_all_goes_to_one_stream():
    chosen = logging_settings("INFO", as_json=True)

    (only,) = chosen["handlers"].values()
    assert only["class"] == "logging.StreamHandler"
    assert chosen["root"]["handlers"] == ["console"]
    assert [one.get("handlers", []) for one in chosen["loggers"].values()].count(
        []
    ) == (len(chosen["loggers"]))


@pytest.mark.django_db
def test_a_key_is_known_by_its_prefix_and_a_stranger_by_nothing(caplog):
    service = make_service()
    caplog.handler.addFilter(WithOrigin())

    service.get("companies/nothing")
    Client().get("/api/v1/companies")

    told = {one.getMessage(): one for one in caplog.records}
    known = told["Not Found: /api/v1/companies/nothing"]
    assert known.actor.startswith("api:")
    assert service.secret not in known.actor
    assert known.request_id != "-"
    assert told["Unauthorized: /api/v1/companies"].actor == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("send", "said", "who"),
    [
        (
            lambda: signed_in(make("vera", role="viewer", password=None)).get(
                "/admin/auth/user/"
            ),
            "Forbidden (Permission denied): /admin/auth/user/",
            "user:vera",
        ),
        (
            lambda: make_service(scopes=["events:read"]).post("loans", {}),
            "Forbidden: /api/v1/loans",
            "api:loan-system",
        ),
        (
            lambda: make_service().post("loans", {"a": 1}),
            "Bad Request: /api/v1/loans",
            "api:loan-system",
        ),
        (
            lambda: Client(enforce_csrf_checks=True).post("/connect/", {}),
            "Forbidden (CSRF cookie not set.): /connect/",
            "",
        ),
        (lambda: Client().get("/c/my/"), "Forbidden: /c/my/", ""),
        (
            lambda: Client().post("/webhooks/codat/", {}),
            "A webhook was refused: The webhook carries no time.",
            "",
        ),
        (
            lambda: Client().get("/connect/", headers={"Host": "evil.example"}),
            "Invalid HTTP_HOST header: 'evil.example'.",
            "",
        ),
    ],
    ids=["right", "scope", "body", "form", "sitting", "signature", "host"],
)
def test_what_is_refused_is_in_the_log_with_who_tried(caplog, send, said, who):
    caplog.handler.addFilter(WithOrigin())

    send()

    (told,) = [one for one in caplog.records if one.getMessage().startswith(said)]
    assert told.levelno >= logging.WARNING
    assert told.actor.partition("/")[0] == who
    assert (told.address, told.request_id == "-") == ("127.0.0.1", False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "send",
    [
        lambda: Client().post("/webhooks/codat/", {}),
        lambda: Client().post(
            "/webhooks/codat/", b"a" * 3_000_000, content_type="application/json"
        ),
        lambda: Client().get("/connect/", headers={"Host": "evil.example"}),
        lambda: Client(enforce_csrf_checks=True).post("/connect/", {}),
        lambda: Client().get("/c/no-such-link/"),
        lambda: Client().get("/nowhere/"),
        lambda: Client().get("/api/v1/loans"),
        lambda: Client().post("/api/v1/loans", b"{", content_type="application/json"),
        lambda: Client().get("/admin/login/?next=//evil.example"),
        lambda: Client().post("/connect/", {"reference": "\x00", "email": "\x00"}),
    ],
)
def test_whatever_a_stranger_sends_is_one_line_at_most(send):
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.addFilter(OneLine())
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        send()
    finally:
        logging.getLogger().removeHandler(handler)

    lines = told.getvalue().splitlines()
    assert "Traceback" not in told.getvalue()
    assert len([one for one in lines if not one.startswith("INFO")]) <= 1, lines
