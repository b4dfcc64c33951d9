"""Lists: pages that stay stable, filters that mean one thing."""

import json
from base64 import urlsafe_b64encode
from datetime import date, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lending.models import LoanEvent
from tests.backoffice.api.conftest import make_service
from tests.builders import make_company, make_event, make_loan, reverse
from xero_sync.models import Connection


@pytest.fixture
def acme(db):
    return make_company(reference="acme", borrower_reference="borrower-1")


@pytest.fixture
def loan(acme):
    return make_loan(reference="loan-1", company=acme, invoice_amount="100000")


def next_of(service, page, link="next"):
    """Follow a page's link, as a service does."""
    address = urlsplit(page.json()[link])
    return service.get(f"{address.path.removeprefix('/api/v1/')}?{address.query}")


def ids(page, name="external_id"):
    assert page.status_code == 200, page.content
    return [one[name] for one in page.json()["results"]]


def record(loan, *numbers):
    for number in numbers:
        make_event(loan=loan, external_id=f"e-{number:02}", amount="1")


def test_pages_do_not_shift_while_events_are_recorded(service, loan):
    record(loan, *range(1, 8))
    first = service.get("loan-events?limit=3")
    record(loan, 8, 9)
    second = next_of(service, first)
    record(loan, 10)
    third = next_of(service, second)

    assert ids(first) == ["e-07", "e-06", "e-05"]
    assert ids(second) == ["e-04", "e-03", "e-02"]
    assert ids(third) == ["e-01"]
    assert third.json()["next"] is None


def test_a_page_leads_back_to_the_one_before_and_to_what_is_new(service, loan):
    record(loan, *range(1, 7))
    first = service.get("loan-events?limit=3")
    second = next_of(service, first)
    record(loan, 7)

    again = next_of(service, second, "previous")

    assert first.json()["previous"] is None
    assert ids(again) == ids(first)
    assert ids(next_of(service, again, "previous")) == ["e-07"]
    assert ids(next_of(service, again)) == ids(second)


def test_rows_of_one_moment_are_each_shown_once(service, loan):
    record(loan, *range(1, 8))
    assert LoanEvent.objects.values("value_date").distinct().count() == 1

    shown, page = [], service.get("loan-events?ordering=-value_date&limit=2")
    while True:
        shown += ids(page)
        if page.json()["next"] is None:
            break
        page = next_of(service, page)

    assert shown == [f"e-{n:02}" for n in range(7, 0, -1)]


def test_who_follows_the_newest_gets_each_event_once(service, loan):
    record(loan, 1, 2)
    page = service.get("loan-events?ordering=recorded&limit=1")
    seen = ids(page)
    record(loan, 3)
    while page.json()["next"]:
        page = next_of(service, page)
        seen += ids(page)

    assert seen == ["e-01", "e-02", "e-03"]


def test_a_loans_events_come_in_the_order_in_which_they_count(service, loan):
    record(loan, 2, 1)
    make_event(loan=make_loan(), external_id="of-another-loan")

    assert ids(service.get("loans/loan-1/events")) == ["e-02", "e-01"]
    assert ids(service.get("loans/loan-1/events?ordering=-sequence")) == [
        "e-01",
        "e-02",
    ]
    assert service.get("loans/loan-2/events").status_code == 404


def test_events_are_narrowed_by_each_parameter(service, loan):
    paid = make_event(loan=loan, external_id="drawn", amount="5")
    make_event(loan=loan, external_id="fee", kind="fee", value_date=date(2026, 3, 20))
    reverse(paid, external_id="undo", value_date=date(2026, 3, 25))
    make_event(external_id="elsewhere")
    moment = (timezone.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def found(query):
        return set(ids(service.get(f"loan-events?{query}")))

    everything = {"drawn", "fee", "undo", "elsewhere"}
    assert found("company=acme") == everything - {"elsewhere"}
    assert found("company=nobody") == set()
    assert found("loan=loan-1&kind=fee") == {"fee"}
    assert found("value_date_from=2026-03-20&value_date_to=2026-03-24") == {"fee"}
    assert found("reversals=true") == {"undo"}
    assert found("reversals=false") == everything - {"undo"}
    assert found(f"recorded_to={moment}") == everything
    assert found(f"recorded_from={moment}") == set()
    assert found("recorded_from=0001-01-01T00:00:00%2B14:00") == everything
    assert found("recorded_to=9999-12-31T23:59:59-14:00") == everything


def test_loans_and_companies_are_narrowed_by_each_parameter(service, loan):
    other = make_loan(
        reference="loan-2",
        invoice_number="INV 7/8",
        agreed_on=date(2026, 3, 9),
        company=make_company(reference="exports", currency="EUR"),
    )
    service.post(f"loans/{other.reference}/close", {"reason": "never drawn"})

    def loans(query):
        return ids(service.get(f"loans?{query}"), "reference")

    def companies(query):
        return ids(service.get(f"companies?{query}"), "reference")

    assert loans("company=acme") == ["loan-1"]
    assert loans("closed=true") == ["loan-2"]
    assert loans("closed=false") == ["loan-1"]
    assert loans("invoice_number=INV%207%2F8") == ["loan-2"]
    assert loans("agreed_on_from=2026-03-03") == ["loan-2"]
    assert loans("agreed_on_to=2026-03-08") == ["loan-1"]
    assert loans("ordering=reference") == ["loan-1", "loan-2"]
    assert companies("borrower_reference=borrower-1") == ["acme"]
    assert companies("currency=EUR") == ["exports"]
    assert companies("ordering=-reference") == ["exports", "acme"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("loan-events?knid=fee", "knid"),
        ("loan-events?kind=fees", "kind"),
        ("loan-events?kind=", "kind"),
        ("loan-events?kind=fee&kind=drawdown", "kind"),
        ("loan-events?company=a%20b", "company"),
        ("loan-events?company=%00", "company"),
        ("loan-events?reversals=1", "reversals"),
        ("loan-events?value_date_from=2026-3-1", "value_date_from"),
        ("loan-events?value_date_to=2026-02-30", "value_date_to"),
        ("loan-events?recorded_from=2026-03-01", "recorded_from"),
        ("loan-events?recorded_from=2026-03-01T00:00:00", "recorded_from"),
        ("loan-events?ordering=amount", "ordering"),
        ("loan-events?limit=0", "limit"),
        ("loan-events?limit=201", "limit"),
        ("loan-events?limit=1e2", "limit"),
        ("loan-events?limit=" + "1" * 5000, "limit"),
        ("loan-events?cursor=%C3%A9", "cursor"),
        ("loans?closed=yes", "closed"),
        ("loans?invoice_number=%00", "invoice_number"),
        ("companies?currency=gbp", "currency"),
        ("companies/acme?currency=GBP", "currency"),
    ],
)
def test_what_is_not_understood_is_refused_and_named(service, loan, query, name):
    answer = service.get(query)

    assert answer.status_code == 400, answer.content
    assert [one["parameter"] for one in answer.json()["errors"]] == [name]


@pytest.mark.parametrize(
    "cursor",
    [
        "abc",
        "WyJhZnRlciIsIngiLCJ5Il0=",
        "WyJhZnRlciIsMV0=",
        "W10=",
        "bnVsbA==",
        "W1tdXQ==",
        # A moment without an offset, and a day.
        "WyJhZnRlciIsIjIwMjYtMDEtMDFUMDA6MDA6MDAiLCIxIl0=",
        "WyJhZnRlciIsIjIwMjYtMDEtMDEiLCIxIl0=",
    ],
)
def test_a_cursor_that_we_did_not_make_is_refused(service, loan, cursor):
    answer = service.get(f"loan-events?cursor={cursor}")

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_cursor"


def test_a_cursor_beyond_the_calendar_finds_nothing(service, loan):
    record(loan, 1)
    position = ["after", "0001-01-01T00:00:00+23:59", "1"]
    cursor = urlsafe_b64encode(json.dumps(position).encode()).decode()

    answer = service.get(f"loan-events?cursor={cursor}")

    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_a_cursor_of_one_order_is_refused_in_another(service, loan):
    record(loan, 1, 2)
    cursor = service.get("loan-events?limit=1").json()["next"].partition("cursor=")[2]
    cursor = cursor.partition("&")[0]

    answer = service.get(f"companies?cursor={cursor}")

    assert answer.json()["code"] == "invalid_cursor"


def test_a_key_for_chosen_companies_lists_no_others(acme, loan):
    record(loan, 1)
    make_event(external_id="elsewhere")
    service = make_service(client_name="partner", companies=[acme])

    assert ids(service.get("companies"), "reference") == ["acme"]
    assert ids(service.get("loans"), "reference") == ["loan-1"]
    assert ids(service.get("loan-events")) == ["e-01"]


@pytest.mark.parametrize("path", ["companies", "loans", "loan-events"])
def test_a_page_costs_the_same_however_long(
    service, loan, path, django_assert_num_queries
):
    record(loan, *range(1, 5))
    make_event()
    service.get(path)

    with django_assert_num_queries(3):
        service.get(f"{path}?limit=1")
    with django_assert_num_queries(3):
        service.get(f"{path}?limit=200")


def test_a_page_of_entries_costs_the_same_however_long(service, loan):
    record(loan, *range(1, 5))
    make_event()
    service.get("sync-records")

    def queries(limit):
        with CaptureQueriesContext(connection) as found:
            service.get(f"sync-records?limit={limit}")
        return len(found)

    assert queries(200) == queries(2)


def test_a_companys_connections_cost_the_same_however_many(service, acme):
    def queries():
        with CaptureQueriesContext(connection) as found:
            service.get("companies/acme/connections")
        return len(found)

    def connect(deleted_at):
        Connection.objects.create(
            company=acme,
            codat_company_id=uuid4(),
            codat_connection_id=uuid4(),
            status="Linked",
            deleted_at=deleted_at,
        )

    connect(None)
    service.get("companies/acme/connections")
    one = queries()
    for _ in range(3):
        connect(timezone.now())

    assert queries() == one
