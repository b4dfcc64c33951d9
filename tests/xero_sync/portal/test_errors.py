"""Error pages: ours for customers, in both languages, whatever is broken."""

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from tests.builders import make_company
from tests.xero_sync.portal.journeys import Visitor, text_of
from xero_sync.borrowers import sittings

pytestmark = pytest.mark.django_db

LINK = "/c/aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9/"


def broken(*_args, **_kwargs):
    raise DatabaseError("the disk is gone")


def ask(path, method="get", **headers):
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return getattr(browser, method)(path, headers=headers)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("path", "method", "status", "said"),
    [
        ("/nowhere/", "get", 404, ("does not exist", "n’existe pas")),
        ("/c/my/nowhere/", "get", 404, ("does not exist", "n’existe pas")),
        (f"{LINK}nowhere/", "get", 404, ("does not exist", "n’existe pas")),
        (LINK, "options", 405, ("does not exist", "n’existe pas")),
        ("/c/my/leave/", "get", 405, ("does not exist", "n’existe pas")),
        ("/connect/", "post", 403, ("open for too long", "ouverte trop longtemps")),
        (LINK, "post", 403, ("open for too long", "ouverte trop longtemps")),
    ],
)
def test_what_is_refused_has_a_page_of_ours(path, method, status, said, language):
    answer = ask(path, method, **{"Accept-Language": language})

    assert answer.status_code == status
    shown = answer.content.decode()
    assert f'<html lang="{language}">' in shown
    assert said[language == "fr"] in shown
    assert 'class="button"' in shown
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert "no-store" in answer.headers["Cache-Control"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    has_token = path.startswith("/c/a")
    expected = "strict-origin" if has_token else "same-origin"
    assert answer.headers["Referrer-Policy"] == expected
    assert LINK not in shown


def test_a_host_that_is_not_ours_gets_our_page_too(settings):
    settings.ALLOWED_HOSTS = ["backoffice.example.com"]

    answer = ask("/connect/", host="other.example")

    assert answer.status_code == 400
    assert "We could not read this request" in answer.content.decode()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_breaks_has_a_page_that_needs_no_database(monkeypatch, language):
    visitor = Visitor(make_company(language=language))
    visitor.open()
    visitor.browser.raise_request_exception = False
    monkeypatch.setattr(sittings, "find", broken)
    monkeypatch.setattr("django.db.models.query.QuerySet._fetch_all", broken)

    answer = visitor.browser.get(visitor.home, headers={"Accept-Language": language})

    assert answer.status_code == 500
    shown = text_of(answer.content.decode())
    assert ("on our side" in shown) is (language == "en")
    assert ("de notre côté" in shown) is (language == "fr")
    assert "Traceback" not in shown


def test_an_error_page_that_cannot_be_made_leaves_the_error(monkeypatch):
    monkeypatch.setattr("xero_sync.portal.errors.render_to_string", broken)

    answer = ask("/nowhere/")

    assert answer.status_code == 404
    assert "Not Found" in answer.content.decode()


def test_an_error_in_a_visit_speaks_its_language():
    visitor = Visitor(make_company(language="fr"))
    visitor.open()

    answer = visitor.browser.get("/c/my/nowhere/", headers={"Accept-Language": "en"})

    assert '<html lang="fr">' in answer.content.decode()
    assert f'href="{reverse("customer-home")}"' in answer.content.decode()


@pytest.mark.parametrize("path", ["/admin/nowhere/", "/api/v1/nowhere/", "/webhooks/x"])
def test_who_works_here_and_programs_get_theirs_as_they_are(path):
    answer = ask(path)

    assert answer.status_code in {302, 404}
    assert "customer.css" not in answer.content.decode()


def test_what_our_pages_refuse_by_themselves_stays_as_it_is():
    answer = ask(reverse("customer-home"))

    assert answer.status_code == 403
    assert "Your visit has ended" in answer.content.decode()
