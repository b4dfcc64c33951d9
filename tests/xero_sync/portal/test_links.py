"""Links: what they open, for how long, and what lies around their pages."""

from datetime import timedelta

import pytest
import time_machine
from django.core.signing import TimestampSigner
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.builders import make_company
from tests.marks import by_the_tests_clock
from tests.xero_sync.portal.journeys import Visitor, csrf_token_of, path_of
from xero_sync.borrowers import links
from xero_sync.models import BorrowerLink, BorrowerNotice, BorrowerSitting, Connection
from xero_sync.models.links import LinkRole
from xero_sync.runtime.clock import database_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company(reference="harbour", legal_name="Jane Harbour")


def make(company):
    return links.make(company=company, made_by="test", now=timezone.now())


def token_for(company):
    return make(company).split("/")[-2]


def get(token, **headers):
    return Client().get(reverse("customer", args=[token]), headers=headers)


def renew(token):
    """Press the button on the page of a link that is too old."""
    browser = Client(enforce_csrf_checks=True)
    shown = browser.get(reverse("customer", args=[token])).content.decode()
    return browser.post(
        reverse("customer-renew", args=[token]),
        {"csrfmiddlewaretoken": csrf_token_of(shown)},
    )


def later(**span):
    return time_machine.travel(timezone.now() + timedelta(**span), tick=False)


def test_a_link_asks_whether_to_go_on_and_then_opens_the_companys_pages(company):
    visitor = Visitor(company)
    address = make(company)

    shown = visitor.see(address)
    answer = visitor.open(address)

    assert "Jane Harbour" in shown
    assert answer.status_code == 303
    assert answer["Location"] == visitor.home
    assert "Jane Harbour" in visitor.see(visitor.home)


@pytest.mark.parametrize("method", ["get", "head"])
def test_who_only_looks_at_a_link_opens_and_counts_nothing(company, method):
    address = path_of(make(company))
    before = BorrowerLink.objects.values().get()

    answer = getattr(Client(), method)(address)

    assert answer.status_code == 200
    assert set(answer.cookies) <= {"csrftoken"}
    assert BorrowerLink.objects.values().get() == before
    assert not BorrowerSitting.objects.exists()


def test_a_link_names_nobody_and_is_kept_nowhere(company):
    address = make(company)

    token = address.split("/")[-2]
    kept = str(BorrowerLink.objects.values_list().get())

    assert len(token) == 43
    assert token not in kept
    assert links.hash_of(token) in kept


@by_the_tests_clock
def test_a_link_opens_until_it_is_too_old_and_then_offers_a_new_one(company, settings):
    settings.CUSTOMER_LINK_DAYS = 3
    token = token_for(company)
    with later(days=2, hours=23):
        assert get(token).status_code == 200

    with later(days=3, seconds=2):
        answer = get(token)
        renewed = renew(token)
        renew(token)

    assert answer.status_code == 410
    assert "This link is too old" in answer.content.decode()
    assert renewed.status_code == 303
    # Loaded anew, or in another language, it leads back and mails nothing.
    again = Client().get(reverse("customer-renew", args=[token]))
    assert again.status_code == 303
    # Asked for twice within the hour, it is owed once.
    assert BorrowerNotice.objects.get().company == company


def test_revoked_links_open_no_more_and_later_ones_do(company):
    before = token_for(company)
    other = token_for(make_company())

    links.revoke_all(company=company, by="user:anna", now=timezone.now())

    assert get(before).status_code == 404
    assert get(token_for(company)).status_code == 200
    assert get(other).status_code == 200
    assert Client().post(reverse("customer-renew", args=[before])).status_code == 404
    assert not BorrowerNotice.objects.exists()


@pytest.mark.parametrize(
    "break_it", [lambda t: t[:-1], lambda t: f"x{t}", lambda t: "x"]
)
def test_a_broken_link_opens_nothing_and_says_what_to_do(company, break_it):
    answer = get(break_it(token_for(company)))

    assert answer.status_code == 404
    shown = answer.content.decode()
    assert "This link does not open anything" in shown
    assert reverse("customer-entry") in shown


def test_what_comes_back_from_xero_opens_no_page(company):
    connection = Connection.objects.create(
        company=company,
        codat_company_id=company.pk,
        codat_connection_id=company.pk,
        status="PendingAuth",
    )
    visit = links.visit_for(connection, Visitor(company).sitting, "en")

    assert get(visit).status_code == 404
    with pytest.raises(links.LinkNotValid):
        links.visit_of(token_for(company))


def test_an_accountant_whose_link_is_too_old_is_sent_to_their_client(company):
    address = links.make(
        company=company,
        role=LinkRole.ACCOUNTANT,
        made_by="test",
        now=database_now() - timedelta(days=400),
    )
    visitor = Visitor(company)

    answer = visitor.get(address)
    renewed = visitor.press(
        f"{path_of(address)}renew/", {}, page=reverse("customer-entry")
    )

    shown = answer.content.decode()
    assert answer.status_code == 410
    assert "Ask your client for a new link" in shown
    assert "<form" not in shown
    # What we would mail is the owner's.
    assert renewed["Location"] == path_of(address)
    assert not BorrowerNotice.objects.exists()


@pytest.mark.parametrize(
    "page", ["link", "home", "expired", "not_valid", "entry", "return", "over"]
)
def test_no_page_is_kept_found_or_framed(company, page):
    visitor = Visitor(company)
    link = reverse("customer", args=[token_for(company)])
    address = {
        "entry": reverse("customer-entry"),
        "home": visitor.home,
        "over": visitor.home,
        "return": reverse("customer-return"),
        "not_valid": reverse("customer", args=["x"]),
    }.get(page, link)
    if page == "home":
        visitor.open(link)

    with later(days=400 if page == "expired" else 0):
        answer = visitor.browser.get(address)

    assert "no-store" in answer.headers["Cache-Control"]
    assert "noindex" in answer.headers["X-Robots-Tag"]
    # Other sites never learn an address, and our own not one with a token in it.
    has_token = page in {"link", "expired", "not_valid"}
    expected = "strict-origin" if has_token else "same-origin"
    assert answer.headers["Referrer-Policy"] == expected
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert set(answer.cookies) <= {"csrftoken"}
    # Nothing comes from elsewhere: neither scripts nor styles nor pictures.
    shown = answer.content.decode()
    assert "<script" not in shown
    assert "src=" not in shown
    assert 'rel="stylesheet" href="/static/' in shown


def test_a_page_speaks_the_companys_language_until_another_is_chosen():
    company = make_company(language="fr")
    visitor = Visitor(company)
    token = token_for(company)

    french = get(token, **{"Accept-Language": "en"})
    english = visitor.press(reverse("customer", args=[token]), {}, lang="en")

    assert '<html lang="fr">' in french.content.decode()
    assert french.headers["Content-Language"] == "fr"
    assert "Continuer" in french.content.decode()
    assert 'href="?lang=en"' in french.content.decode()
    assert '<html lang="en">' in visitor.see(english["Location"])
    # What was chosen stays chosen for the sitting.
    assert '<html lang="en">' in visitor.see(visitor.home)


def test_a_page_of_nobody_speaks_the_browsers_language():
    shown = get("x", **{"Accept-Language": "fr"}).content.decode()

    assert '<html lang="fr">' in shown
    assert "Ce lien n’ouvre rien" in shown


@pytest.fixture
def connection(company):
    return Connection.objects.create(
        company=company,
        codat_company_id=company.pk,
        codat_connection_id=company.pk,
        status="PendingAuth",
    )


def test_a_way_back_counts_for_a_day(company, connection):
    visit = links.visit_for(connection, Visitor(company).sitting, "en")

    with later(hours=23):
        assert links.visit_of(visit).connection == connection
    with later(hours=25), pytest.raises(links.LinkNotValid):
        links.visit_of(visit)
    changed = f"{visit[:-1]}{'B' if visit[-1] == 'A' else 'A'}"
    for other in (changed, visit.rpartition(".")[0]):
        with pytest.raises(links.LinkNotValid):
            links.visit_of(other)


def test_what_is_signed_for_something_else_is_no_way_back(company, connection):
    held = [str(connection.pk), str(Visitor(company).sitting.pk), "en"]

    other = TimestampSigner(salt="another purpose", sep=".").sign_object(held)

    with pytest.raises(links.LinkNotValid):
        links.visit_of(other)
