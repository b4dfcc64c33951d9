"""Whatever a service does over the API leaves one entry, or says why it leaves none."""

from typing import Any

import pytest
import yaml

from backoffice.api.description import pages
from lending.models import AuditEntry
from tests.backoffice.api.conftest import make_service
from tests.backoffice.trail import acts
from tests.backoffice.trail.acts import TIMELINE
from tests.builders import make_company, make_loan

pytestmark = pytest.mark.django_db

WRITING = ("post", "put", "patch", "delete")
OWN = "a recorded event is its own audit row"
NONE = {
    "recordEvent": OWN,
    "recordEvents": OWN,
    "reverseEvent": OWN,
    "refreshConnection": acts.LOOKS,
    "retryEntry": TIMELINE,
    "cancelEntry": TIMELINE,
    "linkEntry": TIMELINE,
    "answerAbsent": TIMELINE,
}
COMPANY = {"reference": "acme", "legal_name": "Acme", "currency": "GBP"}
LOAN = {
    "reference": "L-1",
    "agreed_on": "2026-03-02",
    "invoice_number": "INV-1",
    "invoice_amount": "1000.00",
    "debtor_name": "Northgate",
}


def create_company(_codat):
    return "POST", "companies", {**COMPANY, "country": "GB"}


def create_loan(_codat):
    return "POST", "loans", {**LOAN, "company": make_company().reference}


def close_loan(_codat):
    return "POST", f"loans/{make_loan().reference}/close", {"reason": "Written off."}


def connect_company(_codat):
    return "POST", f"companies/{make_company().reference}/connections", {}


def create_link(_codat):
    return "POST", f"companies/{make_company().reference}/customer-links", {}


def revoke_link(_codat):
    return "POST", f"customer-links/{acts.link(None).pk}/revoke", {}


def on_connection(path, body, stage):
    def call(codat):
        return "POST", f"connections/{stage(codat).pk}/{path}", body

    return call


def put(path, body, stage):
    def call(codat):
        return "PUT", f"connections/{stage(codat).pk}/{path}", body

    return call


def on_feed(act, stage, **more):
    def call(codat):
        feed = stage(codat)
        path = f"connections/{feed.connection_id}/bank-feeds/{act}"
        return "POST", path, {"source_account_id": feed.source_account_id, **more}

    return call


def on_endpoint(method, path="", body=None):
    def call(_codat):
        return method, f"webhook-endpoints/{acts.endpoint().pk}{path}", body

    return call


def create_endpoint(_codat):
    return "POST", "webhook-endpoints", {"url": "https://hooks.example.com/finance"}


TIME = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}
OPERATIONS: dict[str, tuple[Any, list[str]]] = {
    "createCompany": (create_company, ["company.created"]),
    "createLoan": (create_loan, ["loan.created"]),
    "closeLoan": (close_loan, ["loan.closed"]),
    "connectCompany": (connect_company, ["connection.made"]),
    "createCustomerLink": (create_link, ["company.link_made"]),
    "revokeCustomerLink": (revoke_link, ["company.link_revoked"]),
    "switchWriteback": (
        put("writeback", {"on": False}, acts.ready),
        ["connection.writeback_off"],
    ),
    "setBankFeeds": (
        put("bank-feeds", {"on": False}, acts.adopted),
        ["connection.bank_feeds_off"],
    ),
    "disconnect": (
        on_connection("disconnect", {}, acts.adopted),
        ["connection.disconnected"],
    ),
    "offBoard": (
        on_connection("off-board", {"confirmation": "harbour"}, acts.adopted),
        ["connection.off_boarded"],
    ),
    "chooseAccounts": (
        put("mapping", {"tax_rate_id": "INPUT2", "tax_percent": "20"}, acts.ready),
        ["connection.accounts_chosen"],
    ),
    "connectFeed": (
        on_feed("connect", acts.cut_off),
        ["feed.connected", "feed.seen"],
    ),
    "disconnectFeed": (
        on_feed("disconnect", acts.feed),
        ["feed.disconnected", "feed.seen"],
    ),
    "renameFeed": (on_feed("rename", acts.feed, name="Acme"), ["feed.renamed"]),
    "createEndpoint": (create_endpoint, ["endpoint.made"]),
    "changeEndpoint": (
        on_endpoint("PATCH", body={"description": "ledger"}),
        ["endpoint.changed"],
    ),
    "deleteEndpoint": (on_endpoint("DELETE"), ["endpoint.deleted"]),
    "rotateSecret": (
        on_endpoint("POST", "/rotate-secret"),
        ["endpoint.secret_changed"],
    ),
    "testEndpoint": (on_endpoint("POST", "/test"), ["endpoint.tested"]),
    "replayMessages": (on_endpoint("POST", "/replay", TIME), ["endpoint.replayed"]),
}


def test_every_operation_that_writes_leaves_an_entry_or_says_why_it_leaves_none():
    described = yaml.safe_load(pages.DESCRIPTION.read_text())
    writing = {
        operation["operationId"]
        for path in described["paths"].values()
        for method, operation in path.items()
        if method in WRITING
    }

    assert writing == OPERATIONS.keys() | NONE.keys()
    assert not OPERATIONS.keys() & NONE.keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_leaves_one_entry_and_a_repeat_none(name, codat):
    call, leaves = OPERATIONS[name]
    service = make_service()
    method, path, body = call(codat)
    before = set(AuditEntry.objects.values_list("pk", flat=True))

    answer = service.call(method, path, body, Idempotency_Key="once")
    if method != "DELETE":
        service.call(method, path, body, Idempotency_Key="once")

    assert answer.status_code < 300, answer.content
    done = AuditEntry.objects.exclude(pk__in=before).order_by("pk")
    assert [one.verb for one in done] == leaves
    assert done[0].actor == f"api:loan-system/{service.key.prefix}"
    assert done[0].request_id == answer.headers["X-Request-Id"]
    assert done[0].address == "127.0.0.1"


def test_a_rehearsal_leaves_nothing(codat):
    service = make_service()
    loan = make_loan()
    before = AuditEntry.objects.count()

    body = {"kind": "drawdown", "amount": "10.00", "value_date": "2026-03-10"}
    path = f"loans/{loan.reference}/events?dry_run=true"
    service.post(path, {**body, "external_id": "e-1"})

    assert AuditEntry.objects.count() == before
