"""What is stored by a form of the admin, and by a customer's own page."""

import pytest
from django.utils import timezone

from backoffice.models import ApiClient, WebhookEndpoint
from lending.models import Company, Loan
from tests.backoffice.admin.rows import page, superuser
from tests.backoffice.trail import acts
from tests.builders import make_company
from tests.trail import entries, verbs
from tests.xero_sync.portal.journeys import Customer
from xero_sync.borrowers import links

pytestmark = pytest.mark.django_db

COMPANY = {
    "reference": "acme",
    "legal_name": "Acme Ltd",
    "currency": "GBP",
    "country": "GB",
    "borrower_reference": "",
    "contact_email": "",
    "language": "en",
    "time_zone": "Europe/London",
}


def test_a_company_and_what_is_changed_of_it():
    root = superuser()
    root.post(page(Company, "add"), COMPANY)
    company = Company.objects.get()
    for _ in range(2):
        root.post(
            page(Company, "change", company.pk),
            COMPANY | {"contact_email": "books@acme.example"},
        )

    made, changed = entries("company.")
    assert (made.verb, changed.verb) == ("company.created", "company.changed")
    assert made.actor == changed.actor == "user:root"
    assert changed.after == {"contact_email": "books@acme.example"}


def test_a_loan():
    fields = {
        "company": make_company().pk,
        "reference": "L-1",
        "agreed_on": "2026-03-02",
        "invoice_number": "INV-1",
        "invoice_external_id": "",
        "invoice_amount": "1000",
        "debtor_name": "Northgate",
        "collection_route": "lender",
        "invoice_payment_posting": "leave_to_borrower",
    }
    superuser().post(page(Loan, "add"), fields)

    (made,) = entries("loan.")
    assert (made.verb, made.actor) == ("loan.created", "user:root")


def test_a_client_that_is_switched_off():
    client = acts.key(None).client
    root = superuser()

    for _ in range(2):
        root.post(page(ApiClient, "change", client.pk), {})

    (off,) = entries("api_client")
    assert (off.verb, off.actor) == ("api_client.off", "user:root")
    root.post(page(ApiClient, "change", client.pk), {"is_active": "on"})
    assert verbs("api_client") == ["api_client.off", "api_client.on"]


def test_an_endpoint_whose_query_may_carry_a_secret():
    root = superuser()
    url = "https://hooks.example.com/finance?token=t0p"
    root.post(page(WebhookEndpoint, "add"), {"url": url})
    endpoint = WebhookEndpoint.objects.get()
    for _ in range(2):
        root.post(page(WebhookEndpoint, "change", endpoint.pk), {"url": f"{url}-2"})

    made, changed = entries("endpoint.")
    assert (made.verb, changed.verb) == ("endpoint.made", "endpoint.changed")
    for one in (made, changed):
        assert "t0p" not in f"{one.before}{one.after}{one.object_label}"


def test_a_borrower_who_agrees_and_goes_to_xero(codat):
    company = make_company(reference="acme")
    customer = Customer(company, codat=codat)
    address = links.make(company=company, made_by="test", now=timezone.now())
    token = address.split("/")[-2]
    customer.open(address)

    customer.click()

    done = [one for one in entries("connection.") if one.company_id == company.pk]
    assert [one.verb for one in done] == ["connection.made", "connection.consented"]
    assert {one.actor for one in done} == {"borrower:acme"}
    assert {one.address for one in done} == {"127.0.0.1"}
    assert token not in "".join(
        f"{one.before}{one.after}{one.request_id}" for one in done
    )
