"""What holds for each kind of address, whoever answers there."""

import pytest
from django.test import Client

from tests.backoffice.api.conftest import make_service
from tests.backoffice.users.people import make, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db):
    return signed_in(make("root", is_superuser=True, password=None))


ADDRESSES = [
    "/admin/",
    "/admin/login/",
    "/admin/lending/loan/",
    "/admin/nowhere/",
    "/api/v1/docs/",
    "/api/v1/schema/",
    "/api/v1/problems",
    "/api/v1/loans",
    "/connect/",
    "/c/nowhere/",
    "/c/my/",
    "/healthz",
    "/readyz",
    "/nowhere/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_answered_says_what_it_is(address, root):
    kind = root.get(address).headers["Content-Type"]

    # These are UTF-8 by themselves: RFC 8259 and 9512 know no parameter for it.
    is_by_itself = kind.split("+")[-1].split("/")[-1] in {"json", "yaml"}
    assert is_by_itself or kind.endswith("; charset=utf-8"), kind


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_other_site_may_read_it(address, root):
    service = make_service()
    sent = {
        "Origin": "https://evil.example",
        "Authorization": f"Bearer {service.secret}",
    }
    preflight = {**sent, "Access-Control-Request-Method": "POST"}

    for answer in (
        root.get(address, headers=sent),
        Client().options(address, headers=preflight),
    ):
        allowed = [one for one in answer.headers if one.startswith("Access-Control-")]
        assert allowed == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_is_told_what_they_sent(address):
    secret = "a-header-that-no-script-should-read"
    browser = Client(raise_request_exception=False)

    answer = browser.trace(address, headers={"X-Secret": secret})

    assert secret not in str(answer.headers) + answer.content.decode()
    assert answer.headers["Content-Type"] != "message/http"


@pytest.mark.parametrize(
    "address",
    [
        "/.git/config",
        "/.env",
        "/static/",
        "/static/admin/",
        "/static/../manage.py",
        "/static/%2e%2e/%2e%2e/.env",
        "/manage.py",
        "/backoffice/settings.py",
    ],
)
def test_no_folder_is_listed_and_no_file_of_the_product_given_out(address):
    answer = Client().get(address)

    assert answer.status_code == 404
    assert "DJANGO" not in answer.content.decode()


def test_what_a_key_reads_is_kept_by_nobody():
    answer = make_service().get("loans")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
