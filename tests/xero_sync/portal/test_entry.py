"""The public entry: it helps whoever comes and tells nobody who our customers are."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from tests.builders import make_company
from tests.xero_sync.commands.worlds import run
from tests.xero_sync.portal.journeys import Visitor, csrf_token_of
from xero_sync import jobs
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


def test_the_answer_does_the_same_work_whether_we_know_them_or_not(company):
    form = {"reference": "harbour", "email": EMAIL}
    done = []
    ask()  # the first of all begins the row that counts them
    for values in (form, form | {"reference": "nobody"}, form | {"email": "x@y.zz"}):
        LinkRequest.objects.all().delete()
        visitor = Visitor()
        shown = visitor.see(reverse("customer-entry"))
        token = {"csrfmiddlewaretoken": csrf_token_of(shown)}
        with CaptureQueriesContext(connection) as queries:
            visitor.browser.post(reverse("customer-entry"), values | token)
        statements = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in queries]
        done.append(statements)

    assert done[0] == done[1] == done[2]
    # Nobody is looked for while they wait.
    assert not [one for one in done[0] if "lending_company" in one]
    assert not BorrowerNotice.objects.exists()


def test_what_was_asked_is_found_although_the_nudge_was_lost(company, mailoutbox):
    for sends in (jobs.sweep, lambda: run("send_mails")):
        BorrowerNotice.objects.all().delete()
        ask()
        assert LinkRequest.objects.exists()
        OrmQ.objects.all().delete()

        sends()

        assert not LinkRequest.objects.exists()
        assert BorrowerNotice.objects.get().company == company
    # The command sends as well.
    assert len(mailoutbox) == 1


def test_who_comes_from_xeros_list_lands_on_the_connection(company, mailoutbox):
    ask()
    link_requests.answer()
    notices.send_due()
    visitor = Visitor(company)

    answer = visitor.open(re.search(r"https?://\S+/c/\S+", mailoutbox[0].body)[0])

    assert answer["Location"] == reverse("customer-connect")
    # Another link leads to the overview.
    assert visitor.open()["Location"] == visitor.home


def test_who_is_connected_already_lands_on_the_accounts(company, codat, mailoutbox):
    codat.adopt(company)
    ask()
    link_requests.answer()
    notices.send_due()

    answer = Visitor(company).open(
        re.search(r"https?://\S+/c/\S+", mailoutbox[0].body)[0]
    )

    assert answer["Location"] == reverse("customer-accounts")


@pytest.mark.parametrize("is_behind", [True, False])
def test_the_limit_sees_the_client_behind_a_proxy_that_is_configured(
    company, new_minute, settings, is_behind
):
    settings.BEHIND_TLS_PROXY = is_behind
    visitor = Visitor()
    token = csrf_token_of(visitor.see(reverse("customer-entry")))
    values = {"reference": "x", "email": EMAIL, "csrfmiddlewaretoken": token}

    def post(forwarded):
        return visitor.browser.post(
            reverse("customer-entry"), values, headers={"X-Forwarded-For": forwarded}
        ).status_code

    many = {post(f"198.51.100.{one}, 203.0.113.9") for one in range(entry.A_MINUTE)}
    assert many == {303}
    # What a sender makes up changes nothing; another client has a limit of its own.
    assert post("198.51.100.99, 203.0.113.9") == 429
    assert post("203.0.113.10") == (303 if is_behind else 429)


def test_an_address_that_no_column_holds_is_a_mistake_and_no_error(company):
    shown = ask(email=f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com")

    assert shown.status_code == 200
    assert "mistaken" in shown.content.decode()
    assert not LinkRequest.objects.exists()
