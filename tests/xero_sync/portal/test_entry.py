"""The public entry: it helps whoever comes and tells nobody who our customers are."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.builders import make_company
from tests.xero_sync.portal.journeys import Visitor
from xero_sync.borrowers import link_requests, notices
from xero_sync.models import BorrowerNotice, LinkRequest
from xero_sync.portal import entry

pytestmark = pytest.mark.django_db

EMAIL = "accounts@harbour-joinery.example"


@pytest.fixture
def company():
    return make_company(reference="harbour")


def ask(reference="harbour", email=EMAIL):
    values = {"reference": reference, "email": email}
    return Visitor().press(reverse("customer-entry"), values)


def seen(answer):
    cookies = sorted(answer.cookies)
    return answer.status_code, answer.headers.get("Location"), cookies, answer.content


def test_who_knows_reference_and_address_gets_the_link_by_mail(company, mailoutbox):
    answer = ask(email=EMAIL.upper())

    assert link_requests.answer() == "1 known"
    notices.send_due()
    assert answer.status_code == 303
    assert "Look into your mailbox" in Client().get(answer["Location"]).content.decode()
    (sent,) = mailoutbox
    assert sent.to == [EMAIL]
    assert "/c/" in sent.body


@pytest.mark.parametrize(
    ("reference", "email"),
    [("nobody", EMAIL), ("harbour", "other@example.com"), ("HARBOUR", EMAIL)],
)
def test_who_does_not_gets_the_same_answer_and_no_row(company, reference, email):
    known = seen(ask())
    assert link_requests.answer() == "1 known"
    BorrowerNotice.objects.all().delete()

    unknown = seen(ask(reference, email))

    assert unknown == known
    assert link_requests.answer() == "0 known"
    assert not BorrowerNotice.objects.exists()
    assert not LinkRequest.objects.exists()


def test_a_company_without_an_address_is_not_opened_by_an_empty_one():
    make_company(reference="harbour", contact_email="")

    answer = ask(email="")

    assert answer.status_code == 200
    assert not LinkRequest.objects.exists()
    assert not BorrowerNotice.objects.exists()


def test_asking_again_within_the_hour_sends_one_mail(company):
    for _ in range(3):
        ask()
        link_requests.answer()

    assert BorrowerNotice.objects.count() == 1


def test_a_mistake_is_named_at_its_field(company):
    shown = ask(reference="", email="not-an-address").content.decode()

    assert "Enter your reference." in shown
    assert "Enter a whole email address" in shown
    assert shown.count("autofocus") == 1
    assert 'aria-invalid="true"' in shown


def test_too_many_questions_have_to_wait(company, new_minute):
    answers = [ask("nobody").status_code for _ in range(entry.A_MINUTE)]
    refused = ask()

    assert set(answers) == {303}
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert LinkRequest.objects.count() == entry.A_MINUTE
