"""An amount above a ceiling is said twice, with a reason, or not recorded at all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lending import services
from lending.exceptions import CeilingExceeded, InvalidValue
from lending.models import LoanEvent
from tests.builders import TODAY, VALUE_DATE, make_company, make_event, make_loan
from tests.marks import by_the_tests_clock
from tests.trail import entries

pytestmark = pytest.mark.django_db


def record(loan, amount, kind="drawdown", **fields):
    return make_event(loan=loan, amount=amount, kind=kind, **fields)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        ("drawdown", "1000.01"),
        ("drawdown", "999999999999.99"),
        ("fee", "1000.01"),
        ("final_payment", "10000"),
        ("residual_release", "1000.01"),
    ],
)
def test_more_than_the_invoice_is_refused(kind, amount):
    loan = make_loan()

    with pytest.raises(CeilingExceeded, match=r"more than the invoice of £1,000.00"):
        record(loan, amount, kind)

    assert not LoanEvent.objects.exists()
    assert entries("event") == []


@pytest.mark.parametrize("kind", ["drawdown", "fee", "final_payment"])
def test_the_whole_invoice_is_not_too_much(kind):
    assert record(make_loan(), "1000", kind).amount == 1000


def test_what_is_drawn_again_is_above_no_ceiling_of_the_invoice():
    loan = make_loan()
    record(loan, "1000")
    record(loan, "1000", "final_payment")

    record(loan, "1000")


@pytest.mark.parametrize("most", [{"COMPANY_DAY_CEILINGS": 1_500}, {}])
def test_the_events_of_one_batch_count_together(settings, most):
    for name, amount in most.items():
        setattr(settings, name, {"GBP": Decimal(amount)})
    company = make_company()
    new = [
        services.NewEvent(
            loan=make_loan(company=company),
            kind="drawdown",
            amount=Decimal(600),
            value_date=VALUE_DATE,
            recorded_by="user:anna",
            today=company.today(datetime.now(UTC)),
        )
        for _ in range(3)
    ]

    outcomes = services.record_events(new)

    assert isinstance(outcomes[2], CeilingExceeded) == bool(most)
    assert LoanEvent.objects.count() == (2 if most else 3)


def test_a_batch_reads_what_the_day_has_moved_once(settings):
    settings.COMPANY_DAY_CEILINGS = {"GBP": Decimal(100_000)}
    company = make_company()
    loan = make_loan(company=company, invoice_amount="100000")
    today = {"today": company.today(datetime.now(UTC))}

    def reads(count):
        new = [
            services.NewEvent(
                loan=loan,
                kind="drawdown",
                amount=Decimal(1),
                value_date=VALUE_DATE,
                recorded_by="user:anna",
                # What the books have already counts for nothing.
                already_in_books=nth == 0,
                **today,
            )
            for nth in range(count)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert all(isinstance(one, tuple) for one in services.record_events(new))
        return sum("SUM(" in one["sql"] for one in queries)

    assert (reads(3), reads(30)) == (1, 1)
    settings.COMPANY_DAY_CEILINGS = {"GBP": Decimal(32)}
    with pytest.raises(CeilingExceeded, match=r"£32.01"):
        record(loan, "1.01", **today)
    record(loan, "1", **today)


def test_what_the_books_have_does_not_count_beside_it_either(settings):
    settings.COMPANY_DAY_CEILINGS = {"GBP": Decimal(800)}
    loan = make_loan()
    new = {
        "loan": loan,
        "kind": "drawdown",
        "value_date": VALUE_DATE,
        "recorded_by": "user:anna",
        "today": loan.company.today(datetime.now(UTC)),
    }
    running = services.NewEvent(**new, amount=Decimal(500), already_in_books=True)

    outcomes = services.record_events(
        [running, services.NewEvent(**new, amount=Decimal(800))]
    )

    assert all(isinstance(one, tuple) for one in outcomes)


def test_it_is_recorded_once_the_amount_is_repeated_with_a_reason():
    loan = make_loan()
    said = {"confirmed_amount": Decimal(1100), "reason": " fees are financed too "}

    event = record(loan, "1100", **said)

    (told,) = entries("event.above_ceiling", about=event)
    assert (told.actor, told.reason) == ("user:anna", "fees are financed too")
    assert "more than the invoice" in told.after["passed"]
    assert told.company_id == loan.company_id


@pytest.mark.parametrize("reason", ["", "  "])
def test_without_a_reason_it_is_not(reason):
    with pytest.raises(InvalidValue, match="say why") as refused:
        record(make_loan(), "1100", confirmed_amount=Decimal(1100), reason=reason)

    assert refused.value.field == "reason"
    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize("amount", ["800", "8000"])
def test_another_amount_than_the_first_is_no_confirmation(amount):
    with pytest.raises(CeilingExceeded) as refused:
        record(make_loan(), amount, confirmed_amount=Decimal(80), reason="agreed")

    assert refused.value.field == "confirmed_amount"
    assert not LoanEvent.objects.exists()


def test_what_is_confirmed_without_need_leaves_no_mark():
    record(make_loan(), "800", confirmed_amount=Decimal(800), reason="agreed")

    assert entries("event.above_ceiling") == []


def test_what_the_books_have_already_is_above_no_ceiling(settings):
    settings.EVENT_CEILINGS = {"GBP": Decimal(10)}

    record(make_loan(), "5000", already_in_books=True)

    assert LoanEvent.objects.get().amount == 5000


def test_a_reversal_is_above_no_ceiling(settings):
    event = record(make_loan(), "800")
    settings.EVENT_CEILINGS = {"GBP": Decimal(10)}

    services.reverse_event(event=event, recorded_by="user:anna", today=TODAY)

    assert LoanEvent.objects.count() == 2


def test_one_event_has_a_ceiling_by_currency(settings):
    settings.EVENT_CEILINGS = {"GBP": Decimal(500)}
    record(make_loan(company=make_company(currency="EUR", country="IE")), "800")
    record(make_loan(), "500")

    for kind in ("drawdown", "fee", "invoice_payment"):
        with pytest.raises(CeilingExceeded, match=r"one event may move, £500.00"):
            record(make_loan(), "500.01", kind)


@by_the_tests_clock
def test_a_day_of_a_company_has_a_ceiling(settings):
    settings.COMPANY_DAY_CEILINGS = {"GBP": Decimal(1_500)}
    company = make_company(time_zone="Pacific/Auckland")
    today = datetime(2026, 3, 30, 11, tzinfo=UTC)
    with time_machine.travel(today, tick=False) as clock:
        fields = {"today": company.today(today), "value_date": VALUE_DATE}
        record(make_loan(company=company), "800", **fields)
        with pytest.raises(CeilingExceeded, match=r"a company may move, £1,500.00"):
            record(make_loan(company=company), "800", **fields)
        record(make_loan(company=company), "700", **fields)
        record(make_loan(), "800")

        # Their next day begins at eleven of ours.
        clock.shift(timedelta(minutes=1))
        with pytest.raises(CeilingExceeded):
            record(make_loan(company=company), "1", **fields)
        clock.shift(timedelta(hours=24))
        fields["today"] += timedelta(days=1)
        record(make_loan(company=company), "800", **fields)


def test_a_day_of_a_service_has_a_ceiling_and_a_persons_has_none(settings):
    settings.SERVICE_DAY_CEILINGS = {"GBP": Decimal(1_500)}
    today = {"today": make_company().today(datetime.now(UTC))}
    for _ in range(3):
        record(make_loan(), "800", recorded_by="user:anna", **today)
    record(make_loan(), "800", recorded_by="api:loan-system", **today)
    record(make_loan(), "800", recorded_by="api:other-system", **today)

    with pytest.raises(CeilingExceeded, match=r"a service may move, £1,500.00"):
        record(make_loan(), "800", recorded_by="api:loan-system", **today)

    euros = make_loan(company=make_company(currency="EUR", country="IE"))
    record(euros, "800", recorded_by="api:loan-system", **today)
