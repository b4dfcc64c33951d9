"""Lists of the admin: quick on large tables, found by what people have at hand."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.users.roles import ROLES
from lending.admin.base import CappedPaginator
from lending.models import AuditEntry, Company, Loan, LoanEvent
from tests.backoffice.admin.rows import (
    make_evidence,
    operator,
    page,
    superuser,
)
from tests.builders import make_company, make_event, make_loan
from xero_sync.models import (
    AccountMapping,
    Connection,
    ConnectionCheckRun,
    Heartbeat,
    Lane,
    LenderAccount,
    MissingLine,
    RateScope,
    SyncRecord,
    WebhookMessage,
    WriteAttempt,
    WriteRequest,
)

pytestmark = pytest.mark.django_db

FOR_ENGINEERS = [
    WriteRequest,
    WriteAttempt,
    WebhookMessage,
    Heartbeat,
    RateScope,
    Lane,
]
FOR_ALL = [
    Company,
    Loan,
    LoanEvent,
    Connection,
    ConnectionCheckRun,
    AccountMapping,
    LenderAccount,
    MissingLine,
    SyncRecord,
]
LISTS = [*FOR_ALL, *FOR_ENGINEERS]
CEILING = 8


def queries_of(client, url):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code == 200
    # The time is asked of PostgreSQL now and then, whatever the list is.
    sql = [query["sql"] for query in queries]
    return [one for one in sql if "clock_timestamp" not in one]


def test_no_list_asks_more_of_the_database_as_it_grows():
    client = superuser()
    for _ in range(5):
        make_evidence()
    few = {model: queries_of(client, page(model, "changelist")) for model in LISTS}
    for _ in range(45):
        make_evidence()

    many = {model: queries_of(client, page(model, "changelist")) for model in LISTS}

    for model in LISTS:
        assert len(many[model]) == len(few[model]) <= CEILING, many[model]


def test_no_list_counts_a_whole_table():
    client = superuser()
    make_evidence()

    for model in LISTS:
        counts = [
            sql
            for sql in queries_of(client, page(model, "changelist"))
            if "COUNT(" in sql.upper()
        ]
        # Above the connections stands how many of Xero's places they take.
        assert len(counts) == (2 if model is Connection else 1), model
        assert re.search(r"LIMIT \d+\)", counts[-1]), counts


def test_counting_ends_where_nobody_pages_any_more(monkeypatch):
    monkeypatch.setattr("lending.admin.base.MOST_ROWS_COUNTED", 3)
    client = superuser()
    for _ in range(5):
        make_company()

    answer = client.get(page(Company, "changelist"))

    paginator = CappedPaginator(Company.objects.order_by("-pk"), 2)
    assert (paginator.count, paginator.num_pages, paginator.is_capped) == (3, 2, True)
    assert "At least 3 companies" in answer.content.decode()


@pytest.mark.parametrize("model", LISTS)
def test_a_stranger_is_asked_to_log_in(model):
    answer = Client().get(page(model, "changelist"))

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


@pytest.mark.parametrize("model", LISTS)
def test_staff_without_permission_see_nothing(model):
    assert operator().get(page(model, "changelist")).status_code == 403


@pytest.mark.parametrize("model", FOR_ENGINEERS)
def test_the_running_parts_are_for_engineers(model):
    name = f"xero_sync.view_{model._meta.model_name}"

    seeing = {role.name for role in ROLES.values() if name in role.permissions}

    assert seeing == {"engineer", "administrator"}
    assert operator(name).get(page(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", LISTS)
def test_nothing_can_be_deleted(model):
    client = superuser()
    make_evidence()
    row = model.objects.first()

    assert client.post(page(model, "delete", row.pk)).status_code == 403
    client.post(
        page(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )

    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", [one for one in LISTS if one not in {Company, Loan}])
def test_nothing_but_companies_and_loans_can_be_edited(model):
    client = superuser()
    make_evidence()
    row = model.objects.first()
    before = model.objects.filter(pk=row.pk).values().get()

    answer = client.post(page(model, "change", row.pk), {"state": "written"})

    assert answer.status_code == 403
    assert model.objects.filter(pk=row.pk).values().get() == before


# A missing line leads to the page of its entry.
@pytest.mark.parametrize("model", [one for one in LISTS if one is not MissingLine])
def test_each_row_has_a_page(model):
    client = superuser()
    make_evidence()
    row = model.objects.first()

    assert client.get(page(model, "change", row.pk)).status_code == 200
    history = client.get(page(model, "history", row.pk))
    assert history.url.startswith(page(AuditEntry, "changelist"))


def found(client, model, term):
    answer = client.get(page(model, "changelist"), {"q": term})
    assert answer.status_code == 200
    return {row.pk for row in answer.context["cl"].result_list}


def test_an_entry_is_found_by_what_people_have_at_hand():
    client = superuser()
    company = make_company(reference="mill-lane")
    loan = make_loan(company=company, reference="L-77", invoice_number="R-2026-9")
    event = make_event(loan=loan, external_id="ours-1")
    make_event()
    record = make_evidence(event)
    key = uuid4()
    SyncRecord.objects.filter(pk=record.pk).update(
        xero_record_id="xero-1", push_operation_key=key
    )
    both = {one.pk for one in event.sync_records.all()}

    for term in ("ours-1", "L-77", "mill-lane", "R-2026-9", " R-2026-9 "):
        assert found(client, SyncRecord, term) == both, term
    for term in ("xero-1", str(key), str(record.pk)):
        assert found(client, SyncRecord, term) == {record.pk}, term
    assert found(client, SyncRecord, "nothing") == set()
    assert len(found(client, SyncRecord, "")) == 4


def test_an_entry_is_found_by_the_key_of_an_earlier_push():
    client = superuser()
    record = make_evidence()
    key = uuid4()
    record.changes.create(
        at=record.created_at, to_state="pending", cause="answer", push_operation_key=key
    )

    assert found(client, SyncRecord, str(key)) == {record.pk}


def test_entries_are_narrowed_by_state_step_and_reason():
    client = superuser()
    make_event()

    answer = client.get(
        page(SyncRecord, "changelist"),
        {"state__exact": "held", "step__exact": "transfer"},
    )

    assert [row.step for row in answer.context["cl"].result_list] == ["transfer"]


def test_a_loan_is_offered_while_it_is_typed():
    client = superuser()
    loan = make_loan(reference="L-79")
    make_loan()

    answer = client.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "lending",
            "model_name": "loanevent",
            "field_name": "loan",
            "term": "L-7",
        },
    )

    assert [one["id"] for one in answer.json()["results"]] == [str(loan.pk)]


def test_events_loans_and_requests_are_found():
    client = superuser()
    loan = make_loan(reference="L-78", debtor_name="Northgate Builders")
    event = make_event(loan=loan, external_id="ours-2")
    record = make_evidence(event)
    request = record.requests.get()
    attempt = request.attempts.get()

    assert found(client, LoanEvent, "ours-2") == {event.pk}
    assert found(client, LoanEvent, "L-78") == {event.pk}
    assert found(client, Loan, "northgate") == {loan.pk}
    assert found(client, WriteRequest, str(request.idempotency_key)) == {request.pk}
    assert found(client, WriteRequest, str(attempt.push_operation_key)) == {request.pk}
    assert found(client, WriteRequest, "no key") == set()
    assert found(client, WriteAttempt, attempt.correlation_id) == {attempt.pk}
    assert found(client, WriteAttempt, str(request.idempotency_key)) == {attempt.pk}
    message = WebhookMessage.objects.get()
    assert found(client, WebhookMessage, message.webhook_id) == {message.pk}
    assert found(client, WebhookMessage, str(uuid4())) == set()
