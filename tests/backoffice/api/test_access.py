"""Who may call what: every address and method, by scope and by company.

The tables below come from the addresses themselves, so a view that is added without a
scope, or that shows another company's rows, fails here.
"""

import re
from typing import NamedTuple

import pytest

from backoffice.api.base import ApiView
from backoffice.api.urls import urlpatterns
from backoffice.models import Scope
from lending.models import Company, Loan, LoanEvent
from tests.backoffice.api.conftest import make_service
from tests.builders import make_company, make_event, make_loan

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What explains the API is for everybody who may reach it.
PUBLIC = ("schema", "docs", "problems/")
READS = {Scope.EVENTS_READ, Scope.WEBHOOKS_ADMIN}
# What stands in a path for a row of another company.
FOREIGN = {"reference": "foreign", "external_id": "foreign-event"}


class Call(NamedTuple):
    method: str
    route: str
    view: type[ApiView]

    @property
    def scope(self):
        return self.view.scopes.get(self.method)

    def __str__(self):
        return f"{self.method} {self.route}"

    def path(self, values):
        """The address, with a value for each of its parameters."""
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], self.route)


def calls():
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        view = getattr(pattern.callback, "view_class", None)
        if route.startswith(PUBLIC):
            continue
        assert view is not None, route
        assert issubclass(view, ApiView), route
        for method in METHODS:
            if hasattr(view, method.lower()):
                yield Call(method, route, view)


CALLS = list(calls())
ON_ONE = [call for call in CALLS if "<reference:" in call.route]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_every_method_of_every_address_asks_for_a_scope(call):
    assert call.scope in Scope.values
    assert call.method != "GET" or call.scope in READS
    assert call.method == "GET" or call.scope != Scope.EVENTS_READ


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_scope_is_named_for_no_method_that_does_not_exist(call):
    assert set(call.view.scopes) <= {
        method for method in METHODS if hasattr(call.view, method.lower())
    }


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_without_a_key_there_is_a_401_whatever_is_sent(db, call):
    service = make_service()

    answer = service.call(call.method, call.path(Anything()), {}, Authorization="")

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_every_other_scope_together_is_not_enough(db, call):
    others = make_service(scopes=set(Scope.values) - {call.scope})

    answer = others.call(call.method, call.path(Anything()), {})

    assert answer.status_code == 403
    assert answer.json()["code"] == "not_permitted"
    assert call.scope in answer.json()["detail"]


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_the_scope_alone_is_enough(db, call):
    service = make_service(scopes=[call.scope])

    answer = service.call(call.method, call.path(Anything()), {})

    assert answer.status_code not in {401, 403}


def test_a_method_that_is_not_there_is_a_405_for_every_key(db):
    answer = make_service(scopes=["events:read"]).call("DELETE", "companies/x")

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"


# --- Companies of a key -------------------------------------------------------------


class Anything(dict):
    """Something of the right form for each parameter."""

    def __missing__(self, name):
        is_id = name.endswith("id") and name != "external_id"
        return "00000000-0000-4000-8000-000000000000" if is_id else "nothing"


@pytest.fixture
def narrow(db):
    """A key for one company, which has a loan with an event; and a foreign one."""
    for name in ("own", "foreign"):
        company = make_company(reference=name)
        loan = make_loan(reference=name, company=company)
        make_event(loan=loan, external_id=f"{name}-event")
    return make_service(companies=[Company.objects.get(reference="own")])


@pytest.mark.parametrize("call", ON_ONE, ids=str)
def test_what_belongs_to_another_company_is_not_there(narrow, call):
    names = Anything(FOREIGN)

    foreign = narrow.call(call.method, call.path(names), {})
    nothing = narrow.call(call.method, call.path(Anything()), {})

    assert foreign.status_code == nothing.status_code == 404
    # Nothing in the answer tells the one from the other.
    same = foreign.json()["detail"].replace("foreign-event", "nothing")
    assert same.replace("foreign", "nothing") == nothing.json()["detail"]


@pytest.mark.parametrize(
    "path", ["companies/own", "loans/own", "loan-events/own-event"]
)
def test_what_belongs_to_an_own_company_is_there(narrow, path):
    assert narrow.get(path).status_code == 200


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
