"""What every answer tells browsers."""

import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from tests.backoffice.admin.rows import operator, superuser

pytestmark = pytest.mark.django_db
ADDRESSES = [
    "/admin/",
    "/admin/login/",
    "/admin/nowhere/",
    "/admin/lending/loan/",
    "/admin/autocomplete/",
    "/api/v1/docs/",
    "/api/v1/problems",
    "/api/v1/loans",
    "/connect/",
    "/nowhere/",
    "/healthz",
    "/readyz",
    "/webhooks/codat/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_says_what_it_may_load_and_who_may_frame_it(address):
    headers = superuser().get(address).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_keeps_what_a_signed_in_person_saw(address):
    assert "no-store" in superuser().get(address).headers["Cache-Control"]


@pytest.mark.parametrize("address", ["/api/v1/docs/", "/api/v1/problems", "/admin/"])
def test_no_page_has_a_script_or_a_style_within_it(address):
    page = superuser().get(address).content.decode()

    assert "<style" not in page
    assert not re.search(r"<[^>]* style=", page)
    assert not re.search(r"<script(?![^>]* src=)", page)


def test_a_message_waits_in_the_session_and_not_in_a_cookie():
    client = superuser()

    client.get("/admin/lending/loan/77/change/")

    assert set(client.cookies) == {"sessionid"}
    assert list(get_messages(client.get("/admin/").wsgi_request))


def shown(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize(
    ("address", "status", "words", "leads_to"),
    [
        ("/admin/nowhere/", 404, "There is no such page", "/admin/"),
        ("/admin/lending/loan/1/delete/", 403, "may not do", "/admin/lending/loan/"),
        ("/admin/lending/loan/?a=1", 400, "We could not read", "/admin/lending/loan/"),
    ],
)
def test_an_operators_error_says_where_one_is_and_what_to_do(
    address, status, words, leads_to
):
    answer = superuser().get(address)

    assert answer.status_code == status
    page = shown(answer)
    assert words in page
    assert f'class="button" href="{leads_to}"' in page
    assert 'id="user-tools"' in page
    assert address.partition("?")[0] in page


def test_who_may_not_is_told_who_they_are_and_whom_to_ask():
    answer = operator("lending.view_loan").get("/admin/lending/company/")

    assert answer.status_code == 403
    assert "You are signed in as anna, who has no permission" in shown(answer)
    assert 'class="button" href="/admin/lending/company/"' not in shown(answer)


def test_a_form_without_its_token_is_told_to_load_the_page_again():
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/admin/login/", {"username": "root", "password": "x"})

    assert answer.status_code == 403
    assert "This page was open for too long" in shown(answer)


def test_after_a_mistake_of_ours_the_page_asks_nothing_of_the_database(
    monkeypatch, django_assert_num_queries
):
    client = superuser()
    client.raise_request_exception = False

    def broken(*_args, **_kwargs):
        raise RuntimeError("by a mistake")

    monkeypatch.setattr("lending.admin.lists.OfferedList.get_filters", broken)

    # The session and who it belongs to, read before it went wrong.
    with django_assert_num_queries(3):
        answer = client.get("/admin/lending/loan/", headers={"X-Request-Id": "req-1"})

    assert answer.status_code == 500
    assert "Something went wrong on our side" in shown(answer)
    assert answer.wsgi_request.request_id in shown(answer)
    assert "mistake" not in shown(answer)


def test_programs_get_a_problem_document_as_before():
    answer = Client().get("/api/v1/nowhere")

    assert answer.headers["Content-Type"] == "application/problem+json"
