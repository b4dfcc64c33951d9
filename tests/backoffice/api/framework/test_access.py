"""Who may call what: every address and method, by scope and by company.

The tables below come from the addresses themselves, so a view that is added without a
scope, or that shows another company's rows, fails here.
"""

import re
from typing import NamedTuple

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from backoffice.api.framework.base import ApiView
from backoffice.api.urls import urlpatterns
from backoffice.models import KeyScope
from lending.models import Company, Loan, LoanEvent
from tests.backoffice.admin.rows import make_evidence
from tests.backoffice.api.conftest import make_service
from tests.builders import make_company, make_event, make_loan
from xero_sync.borrowers import links
from xero_sync.models import AccountSetup, BorrowerLink, Connection, SyncRecord
from xero_sync.models.setups import SetupState
from xero_sync.runtime.clock import database_now

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What explains the API is for everybody who may reach it.
PUBLIC = {"schema/", "docs/", "problems", "problems/<slug:code>"}
READS = {KeyScope.EVENTS_READ, KeyScope.WEBHOOKS_ADMIN}
# What stands in a path for a row that is not there.
NOTHING = {"str": "nothing", "uuid": "00000000-0000-4000-8000-000000000000"}


class Call(NamedTuple):
    method: str
    route: str
    view: type[ApiView]

    @property
    def scope(self):
        return self.view.scopes.get(self.method)

    def __str__(self):
        return f"{self.method} {self.route}"

    @property
    def resource(self):
        return self.route.partition("/")[0]

    def path(self, value=None):
        """The address with values for its parameters, or what is not there."""
        kind = "uuid" if "<uuid:" in self.route else "str"
        values = value if isinstance(value, tuple) else (value or NOTHING[kind],) * 2
        given = iter(values)
        return re.sub(r"<\w+:\w+>", lambda _: str(next(given)), self.route)


def calls():
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        view = getattr(pattern.callback, "view_class", None)
        if route in PUBLIC:
            continue
        assert view is not None, route
        assert issubclass(view, ApiView), route
        for method in METHODS:
            if hasattr(view, method.lower()):
                yield Call(method, route, view)


CALLS = list(calls())
OF_COMPANIES = [call for call in CALLS if call.resource != "webhook-endpoints"]
OF_ALL = [call for call in CALLS if call.resource == "webhook-endpoints"]
ON_ONE = [call for call in OF_COMPANIES if "<" in call.route]
LISTS = [call for call in OF_COMPANIES if "<" not in call.route]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_every_method_of_every_address_asks_for_a_scope(call):
    assert call.scope in KeyScope.values
    assert call.method != "GET" or call.scope in READS
    assert call.method == "GET" or call.scope != KeyScope.EVENTS_READ


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_scope_is_named_for_no_method_that_does_not_exist(call):
    assert set(call.view.scopes) <= {
        method for method in METHODS if hasattr(call.view, method.lower())
    }


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_without_a_key_there_is_a_401_whatever_is_sent(db, call):
    service = make_service()

    answer = service.call(call.method, call.path(), {}, Authorization="")

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_every_other_scope_together_is_not_enough(db, call):
    others = make_service(scopes=set(KeyScope.values) - {call.scope})

    answer = others.call(call.method, call.path(), {})

    assert answer.status_code == 403
    assert answer.json()["code"] == "not_permitted"
    assert call.scope in answer.json()["detail"]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_scope_alone_is_enough(db, call):
    service = make_service(scopes=[call.scope])

    answer = service.call(call.method, call.path(), {})

    assert answer.status_code not in {401, 403}


def make_setup(connection):
    """A run for a company's accounts that is done."""
    mapping = connection.mappings.get()
    AccountSetup.objects.create(
        connection=connection,
        sealed_choice="",
        base_version=0,
        lender_account=mapping.lender_account,
        nominated_account_id=mapping.nominated_account_id,
        tax_rate_id="NONE",
        tax_percent=0,
        chosen_by="test",
        begun_at=database_now(),
        state=SetupState.DONE,
        state_since=database_now(),
        mapping=mapping,
    )


class Careless(ApiView):
    """A view whose author forgot the scope."""

    def get(self, request):
        return Response({"secret": 1})


def test_a_method_without_a_scope_is_closed_to_every_key(db):
    header = {"Authorization": f"Bearer {make_service().secret}"}

    answer = Careless.as_view()(APIRequestFactory().get("/x", headers=header))

    assert answer.status_code == 403


def test_a_method_that_is_not_there_is_a_405_for_every_key(db):
    answer = make_service(scopes=["events:read"]).call("DELETE", "companies/x")

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"


# --- Companies of a key -------------------------------------------------------------


@pytest.fixture
def narrow(db):
    """A key for one company, which has all that there can be; so has a foreign one."""
    for name in ("own", "foreign"):
        company = make_company(reference=name, legal_name=f"{name} Ltd")
        loan = make_loan(reference=name, company=company)
        make_evidence(make_event(loan=loan, external_id=f"{name}-event"))
        links.make(company=company, made_by="test", now=database_now())
        make_setup(Connection.objects.get(company=company))
    return make_service(companies=[Company.objects.get(reference="own")])


def row_of(company, call):
    """What names a company's row of a resource in a path."""
    match call.resource:
        case "customer-links":
            return BorrowerLink.objects.get(company__reference=company).pk
        case "connections" if "<uuid:setup>" in call.route:
            setup = AccountSetup.objects.get(connection__company__reference=company)
            return setup.connection_id, setup.pk
        case "connections":
            return Connection.objects.get(company__reference=company).pk
        case "sync-records":
            return SyncRecord.objects.filter(company__reference=company).first().pk
        case "loan-events":
            return f"{company}-event"
    return company


@pytest.mark.parametrize("call", ON_ONE, ids=str)
def test_what_belongs_to_another_company_is_not_there(narrow, call):
    name = row_of("foreign", call)

    foreign = narrow.call(call.method, call.path(name), {})
    nothing = narrow.call(call.method, call.path(), {})

    assert foreign.status_code == nothing.status_code == 404, foreign.content
    # No word of the answer tells the one from the other.
    told = foreign.json()["detail"]
    for one in name if isinstance(name, tuple) else (name,):
        told = told.replace(str(one), "…")
    assert told == nothing.json()["detail"].replace("nothing", "…").replace(
        NOTHING["uuid"], "…"
    )


READ_ON_ONE = [call for call in ON_ONE if call.method == "GET"]


@pytest.mark.parametrize("call", READ_ON_ONE, ids=str)
def test_what_belongs_to_an_own_company_is_there(narrow, call):
    answer = narrow.get(call.path(row_of("own", call)))

    # Some of it needs Codat, which these tests do not reach.
    assert answer.status_code in {200, 503}, answer.content
    assert "foreign" not in answer.content.decode()


@pytest.mark.parametrize("call", [one for one in LISTS if one.method == "GET"], ids=str)
def test_a_list_shows_own_companies_only(narrow, call):
    answer = narrow.get(call.path())

    assert "own" in answer.content.decode()
    assert "foreign" not in answer.content.decode()


@pytest.mark.parametrize("call", OF_ALL, ids=str)
def test_what_tells_of_all_companies_is_not_for_a_key_of_some(narrow, call):
    assert narrow.call(call.method, call.path(), {}).status_code == 403


def test_a_key_for_some_companies_takes_on_no_other(narrow):
    answer = narrow.post(
        "companies",
        {
            "reference": "third",
            "legal_name": "Third Ltd",
            "currency": "GBP",
            "country": "GB",
        },
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert Company.objects.count() == 2


LOAN = {
    "reference": "new",
    "company": "foreign",
    "agreed_on": "2026-03-02",
    "invoice_number": "INV-1",
    "invoice_amount": "1000.00",
    "debtor_name": "Northgate Builders",
}
EVENT = {
    "external_id": "new-event",
    "kind": "drawdown",
    "amount": "1.00",
    "value_date": "2026-03-10",
}


def test_a_loan_of_another_company_cannot_be_agreed(narrow):
    assert narrow.post("loans", LOAN).status_code == 404
    assert Loan.objects.count() == 2


def test_a_batch_records_nothing_on_another_companys_loan(narrow):
    answer = narrow.post("loan-events/batch", {"events": [EVENT | {"loan": "foreign"}]})

    problem = answer.json()["results"][0]["problem"]
    assert problem["code"] == "not_found"
    assert LoanEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("loans", LOAN | {"reference": "foreign", "company": "own"}),
        ("loans/own/events", EVENT | {"external_id": "foreign-event"}),
        ("loan-events/own-event/reverse", {"external_id": "foreign-event"}),
    ],
)
def test_a_name_that_another_companys_row_has_is_taken_and_no_more_is_told(
    narrow, path, body
):
    answer = narrow.post(path, body)

    assert answer.status_code == 422
    assert "already in use" in answer.json()["detail"]
    assert "is there with" not in answer.json()["detail"]
