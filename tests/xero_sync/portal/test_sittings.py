"""Sittings: who opens a link sits there for a while, and nobody else does."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lending.models import AuditEntry, Company
from tests.backoffice.admin.rows import superuser
from tests.builders import make_company
from tests.marks import by_the_tests_clock
from tests.xero_sync.portal.journeys import Visitor, csrf_token_of, path_of
from xero_sync.borrowers import links, sittings
from xero_sync.models import BorrowerLink, BorrowerSitting
from xero_sync.models.links import LinkRole

pytestmark = pytest.mark.django_db

OVER = 403


@pytest.fixture
def visitor():
    return Visitor(make_company(reference="harbour"))


@pytest.fixture
def start():
    """A moment from which a test lets time pass."""
    return timezone.now()


def at(start, **span):
    return time_machine.travel(start + timedelta(**span), tick=False)


def make(company, **values):
    return links.make(company=company, made_by="test", now=timezone.now(), **values)


def status(visitor):
    return visitor.browser.get(visitor.home).status_code


@by_the_tests_clock
def test_a_link_used_daily_never_lives_longer_than_its_days(visitor, start):
    with at(start):
        address = make(visitor.company)
    for day in range(30):
        with at(start, days=day):
            assert visitor.open(address).status_code == 303
            assert status(visitor) == 200

    link = BorrowerLink.objects.get()
    assert (link.openings, link.expires_at) == (30, start + timedelta(days=30))
    with at(start, days=29, hours=23, minutes=50):
        visitor.open(address)
        assert status(visitor) == 200
    # Its last sitting, seen ten minutes ago, has ended with it.
    with at(start, days=30, minutes=1):
        assert status(visitor) == OVER
    with at(start, days=31):
        assert visitor.browser.get(path_of(address)).status_code == 410
        assert visitor.browser.post(path_of(address)).status_code in {403, 410}
        assert status(visitor) == OVER


@by_the_tests_clock
def test_a_sitting_ends_after_half_an_hour_in_which_nobody_came(visitor, start):
    with at(start):
        visitor.open()
    with at(start, minutes=29):
        assert status(visitor) == 200
    with at(start, minutes=58):
        assert status(visitor) == 200
    with at(start, minutes=89):
        shown = visitor.browser.get(visitor.home)

    assert shown.status_code == OVER
    assert "Your visit has ended" in shown.content.decode()


@by_the_tests_clock
def test_a_sitting_ends_after_twelve_hours_whoever_sits_there(visitor, start):
    with at(start):
        visitor.open()
    for minutes in range(20, 12 * 60, 20):
        with at(start, minutes=minutes):
            assert status(visitor) == 200, minutes
    with at(start, hours=12, seconds=1):
        assert status(visitor) == OVER


@by_the_tests_clock
def test_a_page_that_looks_again_by_itself_keeps_no_visit_open(visitor, start):
    with at(start):
        visitor.open()
    for minutes in (10, 20, 29):
        with at(start, minutes=minutes):
            shown = visitor.see(visitor.home, again="1")
            # Whoever chooses a language there is somebody.
            assert 'href="?lang=fr"' in shown
    with at(start, minutes=31):
        assert visitor.get(visitor.home, again="1").status_code == OVER
        visitor.open()
    with at(start, minutes=60):
        page = reverse("customer-posting")
        visitor.press(page, {}, page=f"{visitor.home}?again=1", again="1")
    with at(start, minutes=80):
        assert status(visitor) == 200


def siblings(visitor):
    """A visit with a company's link, which has gone on with another of theirs."""
    Company.objects.filter(pk=visitor.company.pk).update(borrower_reference="B-1")
    other = make_company(legal_name="Bakery", borrower_reference="B-1")
    visitor.open()
    visitor.press(reverse("customer-organisations"), {"reference": other.reference})
    assert visitor.sitting.company == other
    return other


@pytest.mark.parametrize("whose", ["own", "other"])
def test_a_company_that_is_theirs_no_more_is_left_at_once(visitor, whose):
    other = siblings(visitor)
    changed = other if whose == "other" else visitor.company
    Company.objects.filter(pk=changed.pk).update(borrower_reference="")

    shown = visitor.see(visitor.home)

    assert "Bakery" not in shown
    assert visitor.sitting.company == visitor.company


def test_to_revoke_a_companys_links_ends_what_is_about_it_by_anothers(visitor):
    other = siblings(visitor)

    links.revoke_all(company=other, by="user:anna", now=timezone.now())

    assert status(visitor) == OVER
    # Their own link opens still.
    visitor.open()
    assert status(visitor) == 200


@pytest.mark.parametrize("all_of_them", [True, False])
def test_to_revoke_a_link_ends_its_sittings_at_once(visitor, all_of_them):
    visitor.open()
    other = Visitor(visitor.company)
    other.open()
    link, now = visitor.sitting.link, timezone.now()

    if all_of_them:
        links.revoke_all(company=visitor.company, by="user:anna", now=now)
    else:
        links.revoke(link=link, by="user:anna", now=now)

    assert status(visitor) == OVER
    assert status(other) == (OVER if all_of_them else 200)


def test_who_leaves_has_left(visitor):
    visitor.open()
    secret = visitor.browser.cookies["customer"].value

    left = visitor.press(reverse("customer-leave"), {}, page=visitor.home)

    assert left.cookies["customer"].value == ""
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    visitor.browser.cookies["customer"] = secret
    assert status(visitor) == OVER


@pytest.mark.parametrize("is_https", [True, False])
def test_the_cookie_is_the_hosts_alone_and_no_script_reads_it(
    visitor, settings, is_https
):
    if is_https:
        settings.PUBLIC_BASE_URL = "https://testserver"
    name = "__Host-customer" if is_https else "customer"

    answer = visitor.open()

    cookie = answer.cookies[name]
    assert bool(cookie["secure"]) is is_https
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    # It goes with the browser.
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert len(cookie.value) == 43
    assert cookie.value not in str(BorrowerSitting.objects.values_list().get())


def test_each_opening_is_a_sitting_of_its_own_and_ends_the_browsers_last(visitor):
    address = make(visitor.company)
    visitor.open(address)
    first = visitor.browser.cookies["customer"].value

    visitor.open(address)

    second = visitor.browser.cookies["customer"].value
    assert first != second
    thief = Client()
    thief.cookies["customer"] = first
    assert thief.get(visitor.home).status_code == OVER
    assert status(visitor) == 200


def test_a_cookie_that_was_planted_is_no_sitting(visitor):
    visitor.browser.cookies["customer"] = planted = "A" * 43

    visitor.open()

    assert visitor.browser.cookies["customer"].value != planted
    thief = Client()
    thief.cookies["customer"] = planted
    assert thief.get(visitor.home).status_code == OVER


def test_a_link_opens_its_own_company_and_no_other(visitor):
    other = make_company(legal_name="Other Ltd")
    visitor.open()

    shown = visitor.see(visitor.home)
    answer = visitor.press(
        reverse("customer-organisations"), {"reference": other.reference}
    )

    assert answer["Location"] == reverse("customer-organisations")
    assert "Other Ltd" not in shown + visitor.see(visitor.home)
    assert visitor.sitting.company == visitor.company


def test_a_sitting_and_the_admin_have_nothing_to_do_with_each_other(visitor):
    root = superuser()
    visitor.browser = root

    # Whoever is signed in as an operator has no pages of a customer.
    assert root.get(visitor.home).status_code == OVER
    visitor.open()
    assert status(visitor) == 200
    session = root.cookies["sessionid"].value
    # And what they do there is done by the customer.
    visitor.press(
        reverse("customer-share"), {"email": "anna@ledgers.example"}, visitor.home
    )
    done = AuditEntry.objects.get(verb="company.link_shared")
    assert done.actor == "borrower:harbour"
    # To leave the one leaves the other as it is.
    visitor.press(reverse("customer-leave"), {}, page=visitor.home)
    assert root.cookies["sessionid"].value == session
    assert root.get("/admin/").status_code == 200


def test_to_sign_out_of_the_admin_ends_no_sitting(visitor):
    visitor.browser = superuser()
    visitor.open()

    visitor.browser.post("/admin/logout/")

    assert visitor.browser.get("/admin/").status_code == 302
    assert status(visitor) == 200


def test_a_sitting_opens_nothing_of_the_admin(visitor):
    visitor.open()

    assert visitor.browser.get("/admin/").status_code == 302
    assert "sessionid" not in visitor.browser.cookies


PUBLIC = ["customer-entry", "customer-return-mail"]


def test_every_form_needs_the_token_of_its_page(visitor):
    address = path_of(make(visitor.company))
    visitor.open()
    urls = [reverse(name) for name in PUBLIC] + [address, f"{address}renew/"]
    urls += customer_pages()

    answers = {url: visitor.browser.post(url, {}) for url in urls}

    for url, answer in answers.items():
        assert answer.status_code == 403, url
        shown = answer.content.decode()
        assert "This page was open for too long" in shown, url
        assert answer.headers["X-Robots-Tag"], url
    assert BorrowerLink.objects.count() == 2
    assert status(visitor) == 200


def test_a_forms_token_of_somebody_else_is_refused(visitor):
    visitor.open()
    other = Visitor()
    theirs = csrf_token_of(other.see(other.home))

    answer = visitor.browser.post(
        reverse("customer-leave"), {"csrfmiddlewaretoken": theirs}
    )

    assert answer.status_code == 403
    assert status(visitor) == 200


def customer_pages():
    """Each address of a visit that has no argument."""
    from xero_sync.portal.urls import urlpatterns

    return [
        reverse(one.name)
        for one in urlpatterns
        if str(one.pattern).startswith("c/my/") and not one.pattern.converters
    ]


def test_no_page_of_a_visit_is_there_without_a_sitting():
    for url in customer_pages():
        browser = Client()
        for answer in (browser.get(url), browser.post(url)):
            if answer.status_code != 405:
                assert answer.status_code == OVER, url
                assert "Your visit has ended" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_who_open_a_link_at_once_both_sit_and_both_are_counted(visitor):
    make(visitor.company, role=LinkRole.OWNER)
    link, secrets, both = BorrowerLink.objects.get(), [], Barrier(2)

    def open_it():
        both.wait()
        secrets.append(sittings.begin(link=link, now=timezone.now()))
        database.close()

    threads = [Thread(target=open_it) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    link.refresh_from_db()
    assert link.openings == 2
    assert all(sittings.find(one, now=timezone.now()) for one in secrets)
    assert len(set(secrets)) == 2


def test_a_form_with_a_nul_is_refused_calmly(customer):
    visitor = customer

    answer = visitor.press("/c/my/organisations/", {"reference": "a\x00b"})

    assert answer.status_code == 400


def test_each_page_of_a_visit_has_the_way_out(customer):
    customer.open()
    shown = [customer.browser.get(url) for url in customer_pages()]

    pages = [
        one
        for one in shown
        if one.status_code == 200
        and one.headers["Content-Type"].startswith("text/html")
    ]
    assert len(pages) > 3
    for page in pages:
        assert f'action="{reverse("customer-leave")}"' in page.content.decode()
