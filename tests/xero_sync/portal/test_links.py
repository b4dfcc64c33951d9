"""Links: what they say, how long they open, and what lies around their pages."""

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.builders import make_company
from tests.xero_sync.portal.journeys import path_of
from xero_sync.borrowers import links
from xero_sync.models import BorrowerNotice, Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company(reference="harbour", legal_name="Jane Harbour")


def get(token, **headers):
    return Client().get(reverse("customer", args=[token]), headers=headers)


def later(**span):
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)


def test_a_link_opens_the_companys_page(company):
    answer = Client().get(path_of(links.link_for(company)))

    assert answer.status_code == 200
    assert "Jane Harbour" in answer.content.decode()


def test_a_link_names_nobody(company):
    token = links.token_for(company)

    held = token.split(".")[0]
    said = base64.urlsafe_b64decode(held + "=" * (-len(held) % 4)).decode()

    assert said == f"[{company.pk},0]"


def test_a_link_opens_until_it_is_too_old_and_then_offers_a_new_one(
    company, settings, mailoutbox
):
    settings.CUSTOMER_LINK_DAYS = 3
    token = links.token_for(company)
    with later(days=2, hours=23):
        assert get(token).status_code == 200

    with later(days=3, seconds=2):
        answer = get(token)
        renewed = Client().post(reverse("customer-renew", args=[token]))
        Client().post(reverse("customer-renew", args=[token]))

    assert answer.status_code == 410
    assert "This link is too old" in answer.content.decode()
    assert renewed.status_code == 303
    # Loaded anew, or in another language, it leads back and mails nothing.
    again = Client().get(reverse("customer-renew", args=[token]))
    assert again.status_code == 303
    # Asked for twice within the hour, it is owed once.
    assert BorrowerNotice.objects.get().company == company


def test_revoked_links_open_no_more_and_later_ones_do(company):
    before = links.token_for(company)
    other = links.token_for(make_company())

    links.revoke(company=company, revoked_by="user:anna", now=timezone.now())

    assert get(before).status_code == 404
    assert get(links.token_for(company)).status_code == 200
    assert get(other).status_code == 200
    assert Client().post(reverse("customer-renew", args=[before])).status_code == 404
    assert not BorrowerNotice.objects.exists()


@pytest.mark.parametrize(
    "break_it", [lambda t: t[:-1], lambda t: f"x{t}", lambda t: "x"]
)
def test_a_broken_link_opens_nothing_and_says_what_to_do(company, break_it):
    answer = get(break_it(links.token_for(company)))

    assert answer.status_code == 404
    shown = answer.content.decode()
    assert "This link does not open anything" in shown
    assert reverse("customer-entry") in shown


def test_what_comes_back_from_xero_opens_no_page(company):
    connection = Connection.objects.create(
        company=company,
        codat_company_id=uuid4(),
        codat_connection_id=uuid4(),
        status="PendingAuth",
    )
    visit = links.visit_for(connection, language="en")

    assert get(visit).status_code == 404
    with pytest.raises(links.LinkNotValid):
        links.visit_of(links.token_for(company))


@pytest.mark.parametrize("page", ["home", "expired", "not_valid", "entry", "return"])
def test_no_page_is_kept_found_or_framed(company, page):
    token = links.token_for(company)
    address = {
        "entry": reverse("customer-entry"),
        "return": reverse("customer-return"),
        "not_valid": reverse("customer", args=["x"]),
    }.get(page, reverse("customer", args=[token]))

    with later(days=400 if page == "expired" else 0):
        answer = Client().get(address)

    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not answer.cookies
    # Nothing comes from elsewhere: neither scripts nor styles nor pictures.
    shown = answer.content.decode()
    assert "<script" not in shown
    assert "src=" not in shown
    assert 'rel="stylesheet" href="/static/' in shown


def test_a_page_speaks_the_companys_language_until_another_is_chosen():
    company = make_company(language="fr")
    token = links.token_for(company)

    french = get(token, **{"Accept-Language": "en"})
    english = Client().get(
        reverse("customer", args=[token]), query_params={"lang": "en"}
    )

    assert '<html lang="fr">' in french.content.decode()
    assert french.headers["Content-Language"] == "fr"
    assert "Connecter Xero" in french.content.decode()
    assert 'href="?lang=en"' in french.content.decode()
    assert '<html lang="en">' in english.content.decode()
    assert "Connect to Xero" in english.content.decode()


def test_a_page_of_nobody_speaks_the_browsers_language():
    shown = get("x", **{"Accept-Language": "fr"}).content.decode()

    assert '<html lang="fr">' in shown
    assert "Ce lien n’ouvre rien" in shown
