"""By plain http: people are led on, programs are told."""

import pytest
from django.test import Client

from tests.backoffice.api.conftest import make_service

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def https_alone(settings):
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize(
    "address", ["/api/v1/loans", "/api/v1/docs/", "/webhooks/codat/", "/metrics"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_program_is_refused_and_told_what_it_has_shown(address, method):
    key = {"Authorization": f"Bearer {make_service().secret}"}

    answer = getattr(Client(), method)(address, headers=key)

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "could be read on its way" in answer.json()["detail"]
    assert "Location" not in answer.headers


def test_by_https_it_is_answered():
    key = {"Authorization": f"Bearer {make_service().secret}"}

    assert Client().get("/api/v1/loans", headers=key, secure=True).status_code == 200


@pytest.mark.parametrize("address", ["/admin/", "/connect/", "/c/my/"])
def test_a_person_is_led_to_https(address):
    answer = Client().get(address)

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"https://testserver{address}"


def test_a_probe_needs_none():
    assert Client().get("/healthz").status_code == 200
