"""Links to a customer's pages, made, listed and revoked by a service."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from backoffice.models import StoredReply
from tests.backoffice.api.conftest import make_service
from tests.builders import make_company
from tests.marks import by_the_tests_clock
from tests.xero_sync.portal.journeys import Visitor, path_of
from xero_sync.models import BorrowerLink

pytestmark = pytest.mark.django_db

PATH = "companies/acme/customer-links"


@pytest.fixture
def company():
    return make_company(reference="acme", legal_name="Acme Ltd")


def make(service, **body):
    answer = service.post(PATH, body)
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.mark.parametrize("role", ["owner", "accountant"])
def test_a_link_opens_the_customers_pages_with_its_role(service, company, role):
    made = make(service, role=role)

    visitor = Visitor(company)
    visitor.open(made["url"])

    assert "Acme Ltd" in visitor.see(visitor.home)
    assert visitor.sitting.link.role == made["role"] == role
    assert made["opens"] is True


def test_the_owner_is_meant_where_nobody_is_named(service, company):
    assert make(service)["role"] == "owner"


def test_the_address_is_in_one_answer_and_kept_nowhere(service, company):
    made = make(service)
    token = made["url"].split("/")[-2]

    listed = service.get(PATH).json()["results"]

    assert [one["id"] for one in listed] == [made["id"]]
    assert token not in str(listed)
    assert token not in str(list(BorrowerLink.objects.values_list()))


def test_a_repeat_gets_the_first_address_and_makes_no_second_link(service, company):
    first = service.post(PATH, {}, Idempotency_Key="a")
    again = service.post(PATH, {}, Idempotency_Key="a")
    other = service.post(PATH, {"role": "accountant"}, Idempotency_Key="a")

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert other.status_code == 422
    assert BorrowerLink.objects.count() == 1
    token = first.json()["url"].split("/")[-2]
    assert token.encode() not in bytes(StoredReply.objects.get().body)


def test_a_link_that_is_revoked_opens_no_more(service, company):
    made, other = make(service), make(service)
    visitor = Visitor(company)
    visitor.open(made["url"])

    revoked = service.post(f"customer-links/{made['id']}/revoke", {})
    again = service.post(f"customer-links/{made['id']}/revoke", {})

    assert revoked.status_code == again.status_code == 200
    assert revoked.json()["opens"] is False
    assert again.json()["revoked_at"] == revoked.json()["revoked_at"]
    assert Client().get(path_of(made["url"])).status_code == 404
    assert visitor.browser.get(visitor.home).status_code == 403
    assert Client().get(path_of(other["url"])).status_code == 200


@by_the_tests_clock
def test_the_list_says_which_open_and_how_often_they_were_opened(service, company):
    made = make(service)
    Visitor(company).open(made["url"])
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        service = make_service(client_name="later")
        (shown,) = service.get(PATH).json()["results"]

    assert (shown["opens"], shown["openings"]) == (False, 1)
    assert shown["last_opened_at"]
    assert shown["created_by"] == "api:loan-system"


def test_a_key_that_only_reads_lists_links_and_makes_none(company):
    reader = make_service(scopes=["events:read"])
    link = make(make_service(client_name="writer"))

    assert reader.get(PATH).status_code == 200
    assert reader.post(PATH, {}).status_code == 403
    assert reader.post(f"customer-links/{link['id']}/revoke", {}).status_code == 403
    assert BorrowerLink.objects.get().revoked_at is None


def test_a_key_for_other_companies_sees_no_link(company):
    link = make(make_service(client_name="writer"))
    narrow = make_service(companies=[make_company(reference="own")])

    assert narrow.get(PATH).status_code == 404
    assert narrow.post(PATH, {}).status_code == 404
    assert narrow.post(f"customer-links/{link['id']}/revoke", {}).status_code == 404


@pytest.mark.parametrize("body", [{"role": "auditor"}, {"role": None}, {"days": 90}])
def test_what_is_no_link_is_refused(service, company, body):
    assert service.post(PATH, body).status_code in {400, 422}
    assert not BorrowerLink.objects.exists()
