"""What a list is asked by its address: only what it offers, and whatever is typed."""

import pytest
from django.contrib import admin
from django.db.models import Field
from django.urls import reverse

from backoffice.api_keys.services import create_key
from lending.admin.lists import OfferedListAdmin
from lending.models import AuditEntry, Company, Loan, LoanEvent
from tests.backoffice.admin.rows import NOW, make_evidence, page, superuser
from tests.backoffice.trail.acts import delivery, given_up, link
from tests.marks import more
from xero_sync.models import SyncRecord

pytestmark = pytest.mark.django_db

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# A list with a redirect in its place takes nothing from its address.
ONE_PAGE = {"PartnerProgramme", "XeroApp"}
LISTS = [one for one in MODELS if one.__name__ not in {*ONE_PAGE, "AuditEntry"}]
# What a column, the database or Python itself cannot hold.
WORST = ["\x00", "9" * 30, "0001-01-01"]
ODD = [
    "99999999-01-01",
    "%_" * 30_000,
    "",
    "x",
    "-1",
    "-" + "9" * 30,
    "1e400",
    "NaN",
    "a\x00b",
    "0000-00-00",
    "9999-12-31",
    "9999-12-31 23:59:59+00:00",
    "0001-01-01 00:00:00+14:00",
    "%",
    "'; --",
    "[1]",
    "true",
    "1,2,\x00",
    "long " * 12_000,
]
VALUES = pytest.mark.parametrize(
    "value", [*WORST, *more(*ODD)], ids=lambda one: repr(one)[:20]
)
OF_EVERY_LIST = ("p", "o", "q", "_to_field", "e")
OF_THE_TRAIL = ("person", "about", "day", "type", "key", "after")


@pytest.fixture
def client():
    """A superuser, with a row on most lists."""
    make_evidence()
    create_key(client_name="loan-system", scopes=["events:read"], now=NOW)
    for make in (delivery, given_up, link):
        make(None)
    return superuser()


def offered(model, client):
    """The parameters that the filters of a list take, and those of our own links."""
    listed = client.get(page(model, "changelist")).context["cl"]
    names = {
        name for spec in listed.filter_specs for name in spec.expected_parameters()
    }
    # One with a single choice is not shown, and takes its parameters all the same.
    names |= {f"{one}__isnull" for one in listed.list_filter if isinstance(one, str)}
    return names | set(listed.model_admin.linked_lookups)


def hidden(model):
    """Each column of a model and of its neighbours, compared in ways that tell."""
    for field in model._meta.get_fields():
        if isinstance(field, Field):
            yield from (f"{field.name}__startswith", f"{field.name}__year")
        elif field.related_model:
            yield f"{field.name}__{field.related_model._meta.pk.name}__gt"


def test_every_list_of_the_admin_takes_only_what_it_offers():
    for model in MODELS:
        assert isinstance(admin.site._registry[model], OfferedListAdmin), model


@pytest.mark.parametrize("model", LISTS, ids=lambda one: one.__name__)
def test_a_list_is_not_compared_by_what_it_does_not_offer(model, client):
    allowed = offered(model, client)

    for name in set(hidden(model)) - allowed:
        answer = client.get(page(model, "changelist"), {name: "1"})
        assert answer.status_code == 400, f"?{name}=1"


@pytest.mark.parametrize(
    "query",
    [
        "client__keys__secret_hash__startswith=a",
        "user__password__startswith=a",
        "password__startswith=a",
        "agreed_on__year=99999999",
    ],
)
def test_no_list_tells_of_a_secret(query, client):
    for model in LISTS:
        answer = client.get(f"{page(model, 'changelist')}?{query}")
        assert answer.status_code == 400, model


# Django says so of a day that is typed, and takes it.
@pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime")
@VALUES
def test_a_list_bears_every_value_of_what_it_offers(value, client):
    for model in MODELS:
        names = {*OF_EVERY_LIST, *(offered(model, client) if model in LISTS else ())}
        for name in names | set(OF_THE_TRAIL if model is AuditEntry else ()):
            answer = client.get(page(model, "changelist"), {name: value})
            assert answer.status_code in {200, 302, 400}, f"{model} ?{name}="


@VALUES
def test_a_page_bears_every_key(value, client):
    key = value[:200] or "_"
    for model in MODELS:
        acts = getattr(admin.site._registry[model], "object_actions", ())
        for name in ("change", *(one.name for one in acts[:1])):
            answer = client.get(page(model, name, key))
            assert answer.status_code in {200, 302, 404}, f"{name} of {model}"


@VALUES
def test_what_is_typed_into_an_autocomplete_is_borne(value, client):
    for model, field in ((LoanEvent, "loan"), (Loan, "company")):
        asked = {
            "app_label": "lending",
            "model_name": model._meta.model_name,
            "field_name": field,
        }
        for query in ({"term": value}, {"term": "", "page": value}):
            answer = client.get(reverse("admin:autocomplete"), asked | query)
            assert answer.status_code in {200, 404}


@pytest.mark.parametrize("model", [Loan, SyncRecord], ids=lambda one: one.__name__)
def test_our_own_links_still_narrow_a_list(model, client):
    company = Company.objects.earliest("pk")

    answer = client.get(page(model, "changelist"), {"company__id__exact": company.pk})

    rows = answer.context["cl"].result_list
    assert rows
    assert {one.company_id for one in rows} == {company.pk}
