"""What is recorded of the app as it was created at Xero."""

import pytest
from django.utils import timezone

from tests.trail import entries
from xero_sync.models import XeroApp
from xero_sync.xero_app import facts
from xero_sync.xero_app.exceptions import XeroAppRefused
from xero_sync.xero_app.registration import (
    REDIRECT_URI,
    looks_personal,
    save_links,
    save_registration,
)

pytestmark = pytest.mark.django_db


def register(**fields):
    values = {
        "name": "Acme Funding",
        "company_url": "https://www.acme.example",
        "changed_by": "user:anna",
        "now": timezone.now(),
    }
    return save_registration(**values | fields)


def changes():
    return [(one.before, one.after, one.actor) for one in entries("xero_app")]


def test_the_redirect_address_is_codats():
    assert REDIRECT_URI == "https://xero.codat.io/oauth2/callback"


def test_the_app_is_recorded_and_so_is_who_did_it():
    register(app_email="apps@acme.example")

    app = XeroApp.objects.get()
    assert (app.name, app.company_url, app.app_email) == (
        "Acme Funding",
        "https://www.acme.example",
        "apps@acme.example",
    )
    recorded = {
        "name": "Acme Funding",
        "company_url": "https://www.acme.example",
        "app_email": "apps@acme.example",
    }
    assert changes() == [(dict.fromkeys(recorded, ""), recorded, "user:anna")]


def test_only_what_differs_is_a_change():
    register()
    register()
    register(name="Acme Capital", changed_by="user:bert")

    assert changes()[1:] == [
        ({"name": "Acme Funding"}, {"name": "Acme Capital"}, "user:bert")
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Acme for XERO",
        "xero",
        "AcmeXeroLink",
        "Acme \uff38\uff25\uff32\uff2f",
        "Acme Xe\u200bro",
    ],
)
def test_the_name_must_not_contain_xero(name):
    with pytest.raises(XeroAppRefused, match="must not contain “Xero”") as refused:
        register(name=name)

    assert refused.value.field == "name"
    assert not XeroApp.objects.exists()
    assert changes() == []


@pytest.mark.parametrize("name", ["", "  ", "\u200b", " \u00ad\u200b "])
def test_the_name_is_needed(name):
    with pytest.raises(XeroAppRefused) as refused:
        register(name=name)

    assert refused.value.field == "name"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://www.acme.example", "begin with https://"),
        ("www.acme.example", "begin with https://"),
        ("acme.example", "begin with https://"),
        ("ftp://acme.example", "begin with https://"),
        ("javascript:alert(1)", "begin with https://"),
        ("", "begin with https://"),
        ("https://", "not an address"),
        ("https://acme", "not an address"),
        ("https://user:word@acme.example", "not an address"),
        ("https://acme.example/a b", "not an address"),
        ("https://127.0.0.1", "not an address"),
        ("https://10.0.0.8/privacy", "not an address"),
        ("https://[::1", "not an address"),
    ],
)
def test_the_companys_address_is_https(url, words):
    with pytest.raises(XeroAppRefused, match=words) as refused:
        register(company_url=url)

    assert refused.value.field == "company_url"
    assert not XeroApp.objects.exists()


def test_an_email_that_is_none_is_refused():
    with pytest.raises(XeroAppRefused) as refused:
        register(app_email="apps at acme")

    assert refused.value.field == "app_email"


@pytest.mark.parametrize(
    "address",
    [
        "jane.doe@acme.example",
        "jane@acme.example",
        "j_doe99@acme.example",
        "amit@acme.example",
        "support@gmail.com",
    ],
)
def test_what_looks_like_a_persons_address_is_noticed_and_not_refused(address):
    assert looks_personal(address)

    assert register(app_email=address).app_email == address


@pytest.mark.parametrize(
    "address",
    [
        "apps@acme.example",
        "Support@acme.example",
        "xero-integrations@acme.example",
        "it@acme.example",
        "acmesupport@acme.example",
        "",
    ],
)
def test_a_shared_mailbox_is_not_taken_for_a_person(address):
    assert not looks_personal(address)


def links(**fields):
    values = {
        "privacy_url": "https://acme.example/privacy",
        "terms_url": "https://acme.example/terms",
        "changed_by": "user:anna",
        "now": timezone.now(),
    }
    return save_links(**values | fields)


def test_the_links_are_recorded_and_told():
    links()

    now = facts.current()
    assert now.privacy_url == "https://acme.example/privacy"
    assert now.terms_url == "https://acme.example/terms"


def test_one_link_may_come_later():
    links(terms_url="")

    assert facts.current().terms_url == ""


@pytest.mark.parametrize("field", ["privacy_url", "terms_url"])
def test_a_link_without_https_is_refused_and_nothing_is_stored(field):
    with pytest.raises(XeroAppRefused, match="https://") as refused:
        links(**{field: "http://acme.example/it"})

    assert refused.value.field == field
    assert not XeroApp.objects.exists()
