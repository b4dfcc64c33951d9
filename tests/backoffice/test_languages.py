"""Pages that we wrote in English are English altogether."""

import pytest
from django.test import Client

FRENCH = {"Accept-Language": "fr"}


@pytest.mark.django_db
def test_the_admin_is_english_in_a_french_browser():
    page = Client().get("/admin/login/", headers=FRENCH)

    assert page.headers["Content-Language"] == "en"
    assert "Log in" in page.content.decode()


@pytest.mark.django_db
def test_the_api_is_english_whatever_is_asked_for():
    answer = Client().get("/api/v1/loans/x", headers=FRENCH)

    assert answer.headers["Content-Language"] == "en"
    assert "Send your key" in answer.json()["detail"]
