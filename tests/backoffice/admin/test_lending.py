"""Companies, loans and events in the admin: services act, errors are on the form."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from lending.models import Company, Loan, LoanEvent
from tests.backoffice.admin.rows import make_evidence, operator, page, superuser
from tests.builders import make_company, make_event, make_loan, reverse
from xero_sync.models import SyncRecord

pytestmark = pytest.mark.django_db

COMPANY = {
    "reference": "mill-lane",
    "legal_name": "Mill Lane Bakery Ltd",
    "currency": "GBP",
    "country": "GB",
    "language": "en",
    "time_zone": "Europe/London",
}
SECTIONS = {
    "collection_route": "lender",
    "invoice_payment_posting": "leave_to_borrower",
}


def loan_form(**fields):
    return {
        "reference": "L-1",
        "agreed_on": "2026-03-02",
        "invoice_number": "INV-1",
        "invoice_amount": "1000.00",
        "debtor_name": "Northgate Builders",
        **SECTIONS,
        **fields,
    }


def event_form(loan, **fields):
    return {
        "loan": loan.pk,
        "kind": "drawdown",
        "amount": "800.00",
        "value_date": "2026-03-10",
        "external_id": "evt-1",
        **fields,
    }


def errors(answer):
    assert answer.status_code == 200
    form = answer.context.get("adminform") or answer.context["form"]
    return dict(form.errors)


def text(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_company_is_taken_on():
    answer = superuser().post(page(Company, "add"), COMPANY)

    assert answer.status_code == 302
    assert Company.objects.get().legal_name == "Mill Lane Bakery Ltd"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", "batch"),
        ("reference", "taken"),
        ("currency", "XXX"),
        ("country", "gb"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_a_company_may_not_be_is_said_at_the_field(field, value):
    make_company(reference="taken")

    answer = superuser().post(page(Company, "add"), COMPANY | {field: value})

    assert list(errors(answer)) == [field]
    assert Company.objects.count() == 1


def test_how_a_company_is_reached_can_be_mended_and_what_names_it_cannot():
    company = make_company(reference="mill-lane")

    superuser().post(
        page(Company, "change", company.pk),
        COMPANY | {"reference": "other", "currency": "EUR", "contact_email": "a@b.ie"},
    )

    company.refresh_from_db()
    assert company.contact_email == "a@b.ie"
    assert (company.reference, company.currency) == ("mill-lane", "GBP")


def test_a_loan_is_agreed():
    company = make_company()

    answer = superuser().post(page(Loan, "add"), loan_form(company=company.pk))

    assert answer.status_code == 302
    assert Loan.objects.get().company == company


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reference", "taken"),
        ("invoice_amount", "10.001"),
        ("invoice_amount", "0"),
        ("debtor_name", ""),
    ],
)
def test_what_a_loan_may_not_be_is_said_at_the_field(field, value):
    company = make_loan(reference="taken").company

    answer = superuser().post(
        page(Loan, "add"), loan_form(company=company.pk, **{field: value})
    )

    assert list(errors(answer)) == [field]
    assert not errors(answer)[field][0].startswith(f"{field}:")
    assert Loan.objects.count() == 1


def test_the_route_of_a_loan_can_be_changed_until_money_moves():
    client = superuser()
    loan = make_loan()
    url = page(Loan, "change", loan.pk)
    wanted = {
        "collection_route": "borrower",
        "invoice_payment_posting": "post_on_nominated",
    }

    client.post(url, {**wanted, "invoice_amount": "5"})
    loan.refresh_from_db()
    assert (loan.collection_route, loan.invoice_amount) == ("borrower", 1000)

    make_event(loan=loan)
    client.post(url, SECTIONS)
    loan.refresh_from_db()
    assert loan.collection_route == "borrower"
    assert 'name="_save"' not in client.get(url).content.decode()


def test_an_event_is_recorded_by_the_user_and_planned():
    loan = make_loan()
    client = operator("lending.add_loanevent", "lending.view_loanevent")

    answer = client.post(page(LoanEvent, "add"), event_form(loan))

    assert answer.status_code == 302
    event = LoanEvent.objects.get()
    assert event.recorded_by == "user:anna"
    assert event.sync_records.count() == 2


def test_the_form_names_the_event_so_that_a_second_click_records_nothing():
    loan = make_loan()
    client = superuser()
    form = client.get(page(LoanEvent, "add"), {"loan": loan.pk}).content.decode()
    name = re.search(r'name="external_id" value="(evt-[0-9a-f]{32})"', form)[1]

    for _ in range(2):
        answer = client.post(page(LoanEvent, "add"), event_form(loan, external_id=name))
        assert answer.status_code == 302

    assert LoanEvent.objects.get().external_id == name


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"kind": "invoice_payment", "amount": "1000.01"}, "amount"),
        ({"value_date": "2026-03-01"}, "value_date"),
        ({"value_date": str(timezone.localdate() + timedelta(days=2))}, "value_date"),
        ({"kind": "gift"}, "kind"),
        ({"external_id": "known", "amount": "5"}, "__all__"),
    ],
)
def test_what_an_event_may_not_be_is_said_at_the_field(fields, field):
    event = make_event(external_id="known")

    answer = superuser().post(page(LoanEvent, "add"), event_form(event.loan, **fields))

    assert list(errors(answer)) == [field]
    assert LoanEvent.objects.count() == 1


NO_CHOICES = ["x", "1; DROP TABLE", "-", "9" * 30, "\x00", "0"]


@pytest.mark.parametrize("typed", NO_CHOICES)
@pytest.mark.parametrize(
    ("model", "field", "form"),
    [
        (Loan, "company", lambda typed: loan_form(company=typed)),
        (LoanEvent, "loan", lambda typed: event_form(Loan(pk=typed))),
    ],
    ids=["loan", "event"],
)
def test_what_was_never_offered_is_refused_at_its_field(model, field, form, typed):
    client = superuser()
    add = page(model, "add")

    answer = client.post(add, form(typed))

    assert list(errors(answer)) == [field]
    assert not model.objects.exists()
    assert client.get(add, {field: typed}).status_code == 200


def test_what_was_chosen_is_shown_again_beside_an_error():
    loan = make_loan(reference="L-80")

    answer = superuser().post(page(LoanEvent, "add"), event_form(loan, amount="0"))

    assert f'<option value="{loan.pk}" selected>L-80</option>' in text(answer)


def test_an_event_on_a_closed_loan_is_refused_at_the_loan():
    loan = make_loan()
    client = superuser()
    client.post(page(Loan, "close", loan.pk), {"reason": "given up"})

    answer = client.post(page(LoanEvent, "add"), event_form(loan))

    assert list(errors(answer)) == ["loan"]
    assert "Record an event" not in text(client.get(page(Loan, "change", loan.pk)))


def test_a_loan_that_is_not_settled_is_closed_with_a_reason():
    loan = make_event().loan
    client = superuser()

    refused = client.post(page(Loan, "close", loan.pk), {"reason": ""})
    assert list(errors(refused)) == ["reason"]
    client.post(page(Loan, "close", loan.pk), {"reason": "given up"})

    loan.refresh_from_db()
    assert (loan.closed_by, loan.close_reason) == ("user:root", "given up")


def test_an_event_is_reversed_after_a_question():
    event = make_event()
    client = operator("lending.view_loanevent", "lending.add_loanevent")
    url = page(LoanEvent, "reverse", event.pk)
    assert url in client.get(page(LoanEvent, "change", event.pk)).content.decode()
    assert client.get(url).status_code == 200
    assert LoanEvent.objects.count() == 1

    given = {
        "value_date": "2026-03-20",
        "description": "typed twice",
        "external_id": "r-1",
    }
    for _ in range(2):
        assert client.post(url, given).status_code == 302

    reversal = event.reversed_by
    assert str(reversal.value_date) == "2026-03-20"
    assert reversal.recorded_by == "user:anna"
    assert LoanEvent.objects.count() == 2


def test_what_cannot_be_reversed_is_said_on_the_page():
    event = make_event()
    client = superuser()
    url = page(LoanEvent, "reverse", event.pk)
    given = {"value_date": "2026-03-01", "external_id": "r-2"}

    assert list(errors(client.post(url, given))) == ["value_date"]
    reversal = reverse(event)
    late = client.post(url, given | {"value_date": "2026-03-20"})
    assert list(errors(late)) == ["__all__"]
    assert client.get(url).status_code == 302
    shown = client.get(page(LoanEvent, "change", event.pk)).content.decode()
    assert url not in shown
    assert reversal.external_id in shown
    assert "Reversal: Drawdown" in text(
        client.get(page(LoanEvent, "change", reversal.pk))
    )


def test_who_may_only_look_cannot_act():
    event = make_event()
    client = operator("lending.view_loanevent", "lending.view_loan")
    acts = [
        page(LoanEvent, "reverse", event.pk),
        page(Loan, "close", event.loan_id),
        page(LoanEvent, "add"),
    ]

    for url in acts:
        assert client.get(url).status_code == 403
        assert client.post(url, {"reason": "x"}).status_code == 403
    shown = client.get(page(Loan, "change", event.loan_id))
    assert shown.status_code == 200
    assert not any(url in shown.content.decode() for url in acts)
    assert client.post(page(Loan, "change", event.loan_id), SECTIONS).status_code == 403


def test_a_loan_shows_where_it_stands_and_its_events_in_xero():
    loan = make_loan()
    make_event(loan=loan)
    make_event(loan=loan, kind="invoice_payment", amount="1000")

    shown = text(superuser().get(page(Loan, "change", loan.pk)))

    assert "a residual release of £200.00 would settle it" in shown
    assert "Lender account (L)</td><td>£200.00" in shown
    assert "Nominated account (N)</td><td>£800.00" in shown
    assert "Receivable (AR)</td><td>£0.00" in shown
    assert "Held (The company has no connection to Xero)" in shown


def test_a_loan_shows_the_tax_that_its_mapping_says():
    loan = make_loan()
    record = make_evidence(make_event(loan=loan))
    make_event(loan=loan, kind="fee", amount="50")
    mapping = record.company.connections.get().mappings.get()
    mapping.pk, mapping.version = None, 2
    mapping.save(force_insert=True)
    mapping.rows.create(role="fee", account_id="expense", tax_percent=25)

    shown = text(superuser().get(page(Loan, "change", loan.pk)))

    assert "Fee expense (E)</td><td>£40.00" in shown
    assert "Tax (T)</td><td>£10.00" in shown


def test_a_loan_costs_the_same_number_of_queries_with_many_events(
    django_assert_max_num_queries,
):
    loan = make_loan()
    client = superuser()
    for _ in range(20):
        make_event(loan=loan, amount="1")

    with django_assert_max_num_queries(14):
        client.get(page(Loan, "change", loan.pk))


def test_who_may_not_see_entries_gets_no_links_to_them():
    event = make_event()
    client = operator("lending.view_loan", "lending.view_loanevent")
    record = event.sync_records.first()

    for url in (
        page(Loan, "change", event.loan_id),
        page(LoanEvent, "change", event.pk),
    ):
        shown = client.get(url).content.decode()
        assert "Bank transfer" in shown
        assert page(SyncRecord, "change", record.pk) not in shown


def test_a_company_leads_to_its_loans_entries_and_connection():
    record = make_evidence()
    client = superuser()

    shown = client.get(page(Company, "change", record.company_id)).content.decode()

    loans = f"{page(Loan, 'changelist')}?company__id__exact={record.company_id}"
    entries = f"{page(SyncRecord, 'changelist')}?company__id__exact={record.company_id}"
    connection = record.company.connections.get()
    for url in (loans, entries, page(type(connection), "change", connection.pk)):
        assert url in shown
        assert client.get(url).status_code == 200
