"""The page of the trail: who may see it, and what is found there."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from lending import services
from lending.admin import audit
from lending.audit import trail
from lending.models import AuditEntry, Company, Loan
from tests.backoffice.admin.rows import operator, page, superuser
from tests.builders import make_company, make_loan

pytestmark = pytest.mark.django_db

TRAIL = page(AuditEntry, "changelist")
MAY = "lending.view_auditentry"


def shown(client, url=TRAIL, **query):
    answer = client.get(url, query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def found(client, **query):
    answer = client.get(TRAIL, query)
    assert answer.status_code == 200
    return [line.entry.verb for line in answer.context["lines"]]


def close(loan, by="user:anna", **values):
    given = {"now": timezone.now(), "reason": "Written off."}
    return services.close_loan(loan=loan, closed_by=by, **given | values)


@transaction.atomic
def record(*args, **values):
    return trail.record(*args, **values)


def test_it_is_for_those_who_may():
    assert Client().get(TRAIL).status_code == 302
    assert operator().get(TRAIL).status_code == 403
    assert operator(MAY, name="bert").get(TRAIL).status_code == 200
    assert superuser().get(page(AuditEntry, "add")).status_code == 403


def test_nobody_changes_an_entry():
    client = superuser()
    entry = AuditEntry.objects.first()

    for name in ("change", "delete"):
        answer = client.post(page(AuditEntry, name, entry.pk), {"actor": "me"})
        assert answer.status_code == 403


def test_it_says_what_was_done_in_plain_words():
    loan = make_loan(reference="L-1")
    close(loan)

    said = shown(operator(MAY))

    assert "Closed the loan." in said
    assert "Written off." in said
    assert page(Loan, "change", loan.pk) in said
    assert "user:anna" in said
    assert "loan.closed" not in said


def test_it_is_narrowed_by_person():
    client = operator(MAY)
    loan = make_loan()
    close(loan, by="user:bert")
    record("company.changed", loan.company, by="api:loans/abc")
    record("company.changed", loan.company, by="api:loans-2/abc")

    for person in ("bert", "user:bert"):
        assert found(client, person=person) == ["loan.closed"]
    for person in ("loans", "api:loans", "api:loans/abc"):
        assert found(client, person=person) == ["company.changed"], person
    assert found(client, person="ber") == []


def test_it_is_narrowed_by_object():
    client = operator(MAY)
    loan = make_loan(reference="L-1", company=make_company(reference="acme"))
    make_loan(reference="L-2")

    of_company = ["loan.created", "company.created"]
    assert found(client, about="acme") == of_company
    assert found(client, about="L-1") == ["loan.created"]
    about = {"type": "lending.loan", "key": loan.pk}
    assert found(client, **about) == ["loan.created"]
    assert "Only what was done to one object." in shown(client, **about)
    assert found(client, about="nothing") == []


def test_it_is_narrowed_by_the_day_as_the_clock_on_the_wall_has_it(settings):
    client = operator(MAY)
    zone = ZoneInfo(settings.TIME_ZONE)
    loan = make_loan()
    midnight = datetime(2026, 7, 2, tzinfo=zone)
    close(loan, now=midnight - timedelta(seconds=1))

    assert found(client, day="2026-07-01") == ["loan.closed"]
    assert found(client, day="2026-07-02") == []
    assert found(client, day="9999-12-31") == []


def test_a_day_that_is_none_finds_nothing_and_says_so():
    said = shown(operator(MAY), day="yesterday")

    assert "Enter a valid date." in said
    assert "Nothing was found." in said


def test_older_entries_are_a_page_further(monkeypatch):
    monkeypatch.setattr(audit, "ON_A_PAGE", 2)
    client = operator(MAY)
    for number in range(3):
        make_loan(reference=f"L-{number}")

    first = client.get(TRAIL, {"about": "L-"})
    second = client.get(TRAIL + first.context["older"])

    labels = [
        [line.entry.object_label for line in answer.context["lines"]]
        for answer in (first, second)
    ]
    assert labels == [["L-2", "L-1"], ["L-0"]]
    assert second.context["older"] is None


def test_each_page_shows_what_was_done_there_and_leads_on():
    loan = make_loan(reference="L-1")
    url = page(Loan, "change", loan.pk)
    client = operator("lending.view_loan")

    said = shown(client, url)

    assert "What was done here" in said
    assert "Agreed the loan." in said
    assert TRAIL not in said
    assert TRAIL in shown(operator("lending.view_loan", MAY, name="bert"), url)


def test_a_companys_page_leads_to_all_that_is_its_own():
    company = make_company(reference="acme")
    client = operator("lending.view_company", MAY)

    assert f"{TRAIL}?about=acme" in shown(client, page(Company, "change", company.pk))
    history = client.get(page(Company, "history", company.pk))
    assert history.url == f"{TRAIL}?about=acme"


def test_the_overview_says_what_one_did_last():
    client = operator("lending.view_loan")
    close(make_loan(reference="L-1"))
    close(make_loan(reference="L-2"), by="user:bert")

    said = shown(client, "/admin/")

    assert "Closed the loan.<br>L-1" in said
    assert "L-2" not in said


def test_an_object_that_has_no_page_is_named():
    make_company()
    record("company.changed", trail.Subject("codat.webhook", "x", "The address"))

    assert "The address" in shown(superuser())
