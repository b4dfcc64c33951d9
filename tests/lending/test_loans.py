"""Companies and loans: set up, choose the route, close."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from lending import services
from lending.exceptions import (
    AmountNotAllowed,
    InvalidReference,
    InvalidValue,
    LendingError,
    LoanClosed,
    LoanNotSettled,
    ReferenceTaken,
    RouteFrozen,
    UnknownCurrency,
)
from lending.models import Company, Loan, LoanEvent
from lending.positions import company_position
from tests.builders import make_company, make_event, make_loan, reverse

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


def refused_by_database(row):
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_company_keeps_the_products_time_zone_unless_it_has_its_own(settings):
    plain = make_company()
    abroad = make_company(time_zone="Pacific/Auckland")

    assert plain.time_zone == settings.TIME_ZONE
    assert abroad.time_zone == "Pacific/Auckland"
    assert plain.language == "en"
    assert str(plain) == f"Harbour Joinery Ltd ({plain.reference})"


def test_several_companies_may_belong_to_one_borrower():
    companies = [make_company(borrower_reference="harbour") for _ in range(2)]

    found = Company.objects.filter(borrower_reference="harbour").order_by("pk")

    assert list(found) == companies


@pytest.mark.parametrize(
    ("overrides", "error", "field"),
    [
        ({"reference": "batch"}, InvalidReference, "reference"),
        ({"reference": "-a"}, InvalidReference, "reference"),
        ({"reference": ""}, InvalidReference, "reference"),
        ({"currency": "gbp"}, UnknownCurrency, "currency"),
        ({"currency": "XXX"}, UnknownCurrency, "currency"),
        ({"country": "gb"}, InvalidValue, "country"),
        ({"country": "GBR"}, InvalidValue, "country"),
        ({"country": "ZZ"}, InvalidValue, "country"),
        ({"country": "XK"}, InvalidValue, "country"),
        ({"currency": "DEM"}, UnknownCurrency, "currency"),
        ({"language": "de"}, InvalidValue, "language"),
        ({"time_zone": "London"}, InvalidValue, "time_zone"),
        ({"time_zone": "localtime"}, InvalidValue, "time_zone"),
        ({"time_zone": "Factory"}, InvalidValue, "time_zone"),
        ({"legal_name": ""}, InvalidValue, "legal_name"),
        ({"contact_email": "nobody"}, InvalidValue, "contact_email"),
    ],
)
def test_a_bad_company_is_refused(overrides, error, field):
    with pytest.raises(error, match=rf"^{field}: ") as refused:
        make_company(**overrides)

    assert refused.value.field == field
    assert not Company.objects.exists()


@pytest.mark.parametrize(
    ("overrides", "error", "field"),
    [
        ({"reference": "a/b"}, InvalidReference, "reference"),
        ({"invoice_amount": "0"}, AmountNotAllowed, "invoice_amount"),
        ({"invoice_amount": "1.005"}, AmountNotAllowed, "invoice_amount"),
        ({"invoice_number": ""}, InvalidValue, "invoice_number"),
        ({"debtor_name": ""}, InvalidValue, "debtor_name"),
        ({"collection_route": "post"}, InvalidValue, "collection_route"),
        ({"invoice_payment_posting": "x"}, InvalidValue, "invoice_payment_posting"),
    ],
)
def test_a_bad_loan_is_refused(overrides, error, field):
    with pytest.raises(error, match=rf"^{field}: ") as refused:
        make_loan(**overrides)

    assert refused.value.field == field
    assert not Loan.objects.exists()


def test_a_reference_is_given_once():
    make_company(reference="harbour")
    make_loan(reference="loan-a")

    with pytest.raises(ReferenceTaken, match="harbour"):
        make_company(reference="harbour")
    with pytest.raises(ReferenceTaken, match="loan-a") as refused:
        make_loan(reference="loan-a")

    assert refused.value.field == "reference"
    assert Loan.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "batch"},
        {"reference": "a b"},
        {"reference": "a\n"},
        {"currency": "gbp"},
        {"country": "gb"},
        {"language": "de"},
    ],
)
def test_the_database_refuses_a_bad_company_as_well(wrong):
    fields = {
        "reference": "harbour",
        "legal_name": "Harbour",
        "currency": "GBP",
        "country": "GB",
    }

    refused_by_database(Company(**fields | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "batch"},
        {"invoice_amount": 0},
        {"collection_route": "post"},
        {"invoice_payment_posting": "x"},
        {"closed_at": NOW},
        {"closed_by": "user:anna"},
        {"close_reason": "Sold."},
    ],
)
def test_the_database_refuses_a_bad_loan_as_well(wrong):
    fields = {
        "company": make_company(),
        "reference": "loan",
        "agreed_on": date(2026, 3, 2),
        "invoice_number": "INV-1",
        "invoice_amount": 1000,
        "debtor_name": "Northgate",
    }

    refused_by_database(Loan(**fields | wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"external_id": "batch"},
        {"external_id": "é"},
        {"external_id": "taken"},
        {"sequence": 0},
        {"sequence": 1},
        {"kind": "gift"},
        {"amount": 0},
        {"amount": -1},
        {"recorded_by": ""},
    ],
)
def test_the_database_refuses_a_bad_event_as_well(wrong):
    loan = make_event(external_id="taken").loan
    fields = {
        "loan": loan,
        "sequence": 2,
        "external_id": "fresh",
        "kind": "fee",
        "amount": 5,
        "value_date": date(2026, 3, 10),
        "recorded_by": "user:anna",
    }

    refused_by_database(LoanEvent(**fields | wrong))


def test_the_database_refuses_a_second_reversal_as_well():
    event = make_event()
    reverse(event)

    refused_by_database(
        LoanEvent(
            loan=event.loan,
            sequence=3,
            external_id="second",
            kind=event.kind,
            amount=event.amount,
            value_date=event.value_date,
            recorded_by="user:anna",
            reverses=event,
        )
    )


def test_a_form_says_what_is_wrong_with_a_reference_and_a_zone():
    company = Company(
        reference="batch",
        legal_name="Harbour",
        currency="GBP",
        country="GB",
        time_zone="Mars/Olympus",
    )

    with pytest.raises(ValidationError) as refused:
        company.full_clean()

    assert "reserved" in str(refused.value.message_dict["reference"])
    assert "Mars/Olympus" in str(refused.value.message_dict["time_zone"])


def test_the_route_can_be_changed_before_the_first_drawdown():
    loan = make_loan()
    make_event(loan=loan, kind="fee", amount="5")

    services.update_loan_route(
        loan=loan,
        collection_route="borrower",
        invoice_payment_posting="post_on_nominated",
    )

    loan.refresh_from_db()
    assert loan.collection_route == "borrower"
    assert loan.invoice_payment_posting == "post_on_nominated"


@pytest.mark.parametrize("kind", ["drawdown", "invoice_payment"])
def test_the_route_is_frozen_by_what_depends_on_it(kind):
    loan = make_event(kind=kind).loan

    with pytest.raises(RouteFrozen, match="agree a new loan") as refused:
        services.update_loan_route(
            loan=loan,
            collection_route="borrower",
            invoice_payment_posting="leave_to_borrower",
        )

    loan.refresh_from_db()
    assert refused.value.field == "collection_route"
    assert loan.collection_route == "lender"


def test_an_unknown_route_is_refused():
    loan = make_loan()

    with pytest.raises(InvalidValue) as refused:
        services.update_loan_route(
            loan=loan,
            collection_route="post",
            invoice_payment_posting="leave_to_borrower",
        )

    loan.refresh_from_db()
    assert refused.value.field == "collection_route"
    assert loan.collection_route == "lender"


def test_a_settled_loan_is_closed_without_a_reason():
    loan = make_loan()
    for kind, amount in [
        ("drawdown", "800"),
        ("invoice_payment", "1000"),
        ("fee", "50"),
        ("residual_release", "150"),
    ]:
        make_event(loan=loan, kind=kind, amount=amount)

    closed = services.close_loan(loan=loan, closed_by="user:anna", now=NOW)

    loan.refresh_from_db()
    assert closed == loan
    assert loan.is_closed
    assert loan.closed_at == NOW
    assert loan.closed_by == "user:anna"
    assert list(Loan.objects.open()) == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_unsettled_loan_is_not_closed_without_a_reason(reason):
    loan = make_event().loan

    with pytest.raises(LoanNotSettled, match=r"−£800\.00, not at zero") as refused:
        services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason=reason)

    loan.refresh_from_db()
    assert refused.value.field == "reason"
    assert not loan.is_closed


def test_a_typed_reason_closes_an_unsettled_loan():
    loan = make_event().loan

    services.close_loan(
        loan=loan, closed_by="user:anna", now=NOW, reason=" Debtor insolvent. "
    )

    loan.refresh_from_db()
    assert loan.close_reason == "Debtor insolvent."


def test_a_closed_loan_is_not_closed_again_and_its_route_stays():
    loan = make_loan()
    services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason="Not used.")

    with pytest.raises(LoanClosed):
        services.close_loan(loan=loan, closed_by="user:ben", now=NOW, reason="Again.")
    with pytest.raises(LoanClosed):
        services.update_loan_route(
            loan=loan,
            collection_route="borrower",
            invoice_payment_posting="leave_to_borrower",
        )

    loan.refresh_from_db()
    assert loan.closed_by == "user:anna"


@pytest.mark.parametrize("closed_by", ["", "x" * 201])
def test_closing_says_who_did_it(closed_by):
    loan = make_loan()

    with pytest.raises(InvalidValue) as refused:
        services.close_loan(loan=loan, closed_by=closed_by, now=NOW, reason="Sold.")

    loan.refresh_from_db()
    assert refused.value.field == "closed_by"
    assert not loan.is_closed


def test_a_companys_position_is_the_sum_of_its_loans():
    company = make_company()
    make_event(loan=make_loan(company=company))
    later = make_loan(company=company, agreed_on=date(2026, 3, 20))
    make_event(loan=later, amount="300", value_date=date(2026, 3, 25))
    make_event()

    now = company_position(company=company)
    then = company_position(company=company, as_of=date(2026, 3, 19))
    next_day = company_position(company=company, as_of=date(2026, 3, 20))

    assert (now.lender_account, now.nominated_account, now.receivable) == (
        -1100,
        1100,
        2000,
    )
    assert (then.lender_account, then.receivable) == (-800, 1000)
    assert (next_day.lender_account, next_day.receivable) == (-800, 2000)


def test_the_position_of_a_company_costs_two_queries(django_assert_num_queries):
    company = make_company()
    for _ in range(3):
        event = make_event(loan=make_loan(company=company))
        reverse(event)
        fee = make_event(loan=event.loan, kind="fee", amount="5")
        reverse(fee)

    with django_assert_num_queries(2):
        total = company_position(company=company)

    assert total.lender_account == 0


def test_a_refusal_without_a_message_says_what_its_class_says():
    refused = LendingError()

    assert str(refused) == "The lender's book refused this."
    assert refused.field is None
    assert RouteFrozen().code == "route_frozen"


def test_an_amount_that_is_no_decimal_is_refused_for_the_invoice_too():
    with pytest.raises(AmountNotAllowed):
        services.create_loan(
            company=make_company(),
            reference="loan",
            agreed_on=date(2026, 3, 2),
            invoice_number="INV-1",
            invoice_amount=1000.0,
            debtor_name="Northgate",
        )
