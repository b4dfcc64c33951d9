"""Customers' links and mails in the admin."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lending.models import Company
from tests.backoffice.admin.rows import make_evidence, operator, page, superuser
from tests.builders import make_company
from tests.xero_sync.portal.journeys import Visitor
from xero_sync.borrowers import notices
from xero_sync.models import BorrowerLink, BorrowerNotice, Connection
from xero_sync.models.borrowers import NoticeKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return make_company()


def act(name, row):
    return page(type(row), name, row.pk)


def given_up(company, **values):
    notices.tell(company=company, kind=NoticeKind.LINK, subject="x", now=timezone.now())
    BorrowerNotice.objects.update(
        given_up_at=timezone.now(),
        attempts=8,
        error="the mail server answered 554",
        **values,
    )
    return BorrowerNotice.objects.get()


def test_a_link_is_made_to_be_copied_and_kept_nowhere(company):
    client = operator("lending.change_company")

    shown = client.post(act("customer-link", company)).content.decode()

    link = re.search(r"http://testserver(/c/[^\"]+)", shown)[1]
    assert company.legal_name in Client().get(link).content.decode()
    assert not BorrowerNotice.objects.exists()
    again = client.get(page(Company, "change", company.pk)).content.decode()
    assert link not in again


def test_a_link_is_mailed_each_time_a_person_asks(company, mailoutbox):
    client = operator("lending.change_company")

    for _ in range(2):
        client.post(act("mail-customer-link", company))

    assert notices.send_due() == (2, 0)
    assert mailoutbox[0].to == [company.contact_email]


def test_a_link_cannot_be_mailed_to_nobody():
    company = make_company(contact_email="")

    shown = superuser().get(page(Company, "change", company.pk)).content.decode()

    assert act("customer-link", company) in shown
    assert act("mail-customer-link", company) not in shown


def test_a_connections_page_leads_to_its_companys_link():
    connection = make_evidence().company.connections.get()

    for client, is_led in (
        (superuser(), True),
        (operator("xero_sync.change_connection"), False),
    ):
        shown = client.get(page(Connection, "change", connection.pk)).content.decode()
        assert (act("customer-link", connection.company) in shown) is is_led


def test_links_are_revoked_with_the_author_on_record(company):
    client = operator("lending.change_company")
    shown = client.post(act("customer-link", company)).content.decode()
    link = re.search(r"http://testserver(/c/[^\"]+)", shown)[1]

    client.post(act("revoke-customer-links", company))

    assert Client().get(link).status_code == 404
    assert BorrowerLink.objects.get().revoked_by == "user:anna"


@pytest.mark.parametrize(
    "name", ["customer-link", "mail-customer-link", "revoke-customer-links"]
)
def test_who_may_only_look_makes_no_links(company, name):
    client = operator("lending.view_company")

    assert client.get(act(name, company)).status_code == 403
    assert client.post(act(name, company)).status_code == 403
    assert not BorrowerLink.objects.exists()
    assert not BorrowerNotice.objects.exists()


def test_a_link_for_an_accountant_has_their_role(company):
    client = operator("lending.change_company")

    client.post(act("customer-link", company), {"role": "accountant"})

    assert BorrowerLink.objects.get().role == "accountant"


def test_operators_see_links_visits_and_what_was_done_in_them(company):
    visitor = Visitor(company)
    visitor.open()
    email = "anna@ledgers.example"
    visitor.press(reverse("customer-share"), {"email": email})
    seen_by = operator("lending.view_company", "xero_sync.view_borrowerlink")
    other = operator("lending.view_company", name="bert")

    address = page(Company, "change", company.pk)
    shown = seen_by.get(address).content.decode()

    assert "Links to the customer&#x27;s pages" in shown
    assert email in shown
    assert "Waits for its mail" in shown
    link = BorrowerLink.objects.get(role="owner")
    assert page(BorrowerLink, "change", link.pk) in shown
    section = shown.split("What was done on the customer&#x27;s pages")[-1]
    assert "Had a link mailed to their accountant." in section
    assert f"borrower:{company.reference}" in section
    visits = shown.split("<h2>Visits</h2>")[1].split("<h2>")[0]
    assert "The customer" in visits
    hidden = other.get(address).content.decode()
    assert email not in hidden
    assert "Visits" not in hidden


def test_one_link_is_revoked_and_the_others_stay(company):
    first, second = Visitor(company), Visitor(company)
    first.open()
    second.open()
    client = operator(
        "xero_sync.view_borrowerlink", "xero_sync.change_borrowerlink", name="bert"
    )
    link = first.sitting.link

    listed = client.get(page(BorrowerLink, "changelist")).content.decode()
    before = client.get(act("change", link)).content.decode()
    client.post(act("revoke", link))
    after = client.get(act("change", link)).content.decode()

    assert company.legal_name in listed
    assert act("revoke", link) in before
    assert act("revoke", link) not in after
    assert "Revoked" in after
    assert first.browser.get(first.home).status_code == 403
    assert second.browser.get(second.home).status_code == 200
    link.refresh_from_db()
    assert link.revoked_by == "user:bert"


def test_a_mail_that_was_given_up_is_on_the_front_page_until_it_is_sent(
    company, mailoutbox
):
    notice = given_up(company)
    client = operator(
        "xero_sync.view_borrowernotice", "xero_sync.change_borrowernotice"
    )
    front = client.get(reverse("admin:index")).content.decode()
    listed = client.get(page(BorrowerNotice, "changelist"), {"state": "given_up"})
    assert "1 mail could not be sent." in front
    assert "the mail server answered 554" in listed.content.decode()
    assert "Not sent: needs you" in listed.content.decode()

    client.post(act("send-again", notice))
    notices.send_due()

    assert len(mailoutbox) == 1
    front = client.get(reverse("admin:index")).content.decode()
    assert "could not be sent" not in front
    assert "Sent" in client.get(act("change", notice)).content.decode()


def test_who_may_not_see_mails_is_not_told_of_them(company):
    given_up(company)

    front = operator().get(reverse("admin:index")).content.decode()

    assert "could not be sent" not in front


def test_what_was_no_longer_true_needs_nobody(company):
    given_up(company, is_obsolete=True)

    front = superuser().get(reverse("admin:index")).content.decode()

    assert "could not be sent" not in front
