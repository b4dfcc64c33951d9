"""What may be recorded on a loan, what is refused, and what a repeat means."""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_init

from lending import services
from lending.exceptions import (
    AmountNotAllowed,
    CurrencyMismatch,
    ExternalIdConflict,
    InvalidReference,
    InvalidValue,
    InvoiceOverpaid,
    LoanClosed,
    UnknownEventKind,
    ValueDateNotAllowed,
)
from lending.models import LoanEvent
from lending.selectors import events_of_loan, invoice_paid_amount
from lending.signals import loan_event_recorded
from tests.builders import (
    AGREED_ON,
    TODAY,
    VALUE_DATE,
    make_company,
    make_event,
    make_loan,
    reverse,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


@pytest.fixture
def loan():
    return make_loan()


@pytest.fixture
def heard():
    """The events the signal has told of, as (external id, stored already)."""
    told = []

    def receiver(events, **_):
        there = set(LoanEvent.objects.values_list("pk", flat=True))
        told.extend((event.external_id, event.pk in there) for event in events)

    loan_event_recorded.connect(receiver)
    yield told
    loan_event_recorded.disconnect(receiver)


def record(loan, **overrides):
    fields = {
        "kind": "drawdown",
        "amount": Decimal(800),
        "value_date": VALUE_DATE,
        "recorded_by": "user:anna",
        "today": TODAY,
    }
    return services.record_event(loan=loan, **fields | overrides)


def test_an_event_is_stored_as_given(loan):
    event, created = record(
        loan, external_id="dd-1", description="First advance", already_in_books=True
    )

    event.refresh_from_db()
    assert created
    assert event.loan == loan
    assert event.sequence == 1
    assert event.external_id == "dd-1"
    assert event.kind == "drawdown"
    assert event.amount == 800
    assert event.value_date == VALUE_DATE
    assert event.description == "First advance"
    assert event.recorded_by == "user:anna"
    assert event.already_in_books
    assert event.reverses is None
    assert not event.is_reversal
    assert str(event) == "dd-1"


def test_without_an_external_id_one_is_made_up(loan):
    first, _ = record(loan)
    second, created = record(loan)

    assert created
    assert first.external_id.startswith("evt-")
    assert first.external_id != second.external_id


def test_events_are_numbered_per_loan_in_the_order_of_recording(loan):
    other = make_event()
    late = make_event(loan=loan, value_date=date(2026, 3, 20))
    early = make_event(loan=loan, value_date=date(2026, 3, 3))

    assert other.sequence == 1
    assert list(events_of_loan(loan)) == [late, early]
    assert [event.sequence for event in events_of_loan(loan)] == [1, 2]


def test_the_signal_is_sent_once_and_after_the_row_is_there(loan, heard):
    record(loan, external_id="dd-1")
    record(loan, external_id="dd-1")

    assert heard == [("dd-1", True)]


@pytest.mark.django_db(transaction=True)
def test_a_receiver_that_fails_takes_the_event_back():
    loan = make_loan()

    def fail(**_):
        raise RuntimeError

    loan_event_recorded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            record(loan)
    finally:
        loan_event_recorded.disconnect(fail)

    assert not LoanEvent.objects.exists()


@pytest.mark.parametrize(
    ("overrides", "error", "field", "words"),
    [
        ({"kind": "gift"}, UnknownEventKind, "kind", "drawdown, final_payment"),
        ({"kind": ""}, UnknownEventKind, "kind", "use one of"),
        ({"amount": Decimal(0)}, AmountNotAllowed, "amount", "more than zero"),
        ({"amount": Decimal(-5)}, AmountNotAllowed, "amount", "more than zero"),
        ({"amount": Decimal("1.005")}, AmountNotAllowed, "amount", "2 digits"),
        ({"amount": 800.0}, AmountNotAllowed, "amount", "never a float"),
        ({"amount": 800}, AmountNotAllowed, "amount", "exact decimal"),
        ({"amount": Decimal("NaN")}, AmountNotAllowed, "amount", "more than zero"),
        ({"amount": Decimal(10) ** 12}, AmountNotAllowed, "amount", "12 digits"),
        ({"currency": "EUR"}, CurrencyMismatch, "currency", "in GBP"),
        ({"currency": "gbp"}, CurrencyMismatch, "currency", "in GBP"),
        (
            {"value_date": date(2026, 3, 1)},
            ValueDateNotAllowed,
            "value_date",
            "2026-03-02 or later",
        ),
        (
            {"value_date": date(2026, 4, 1)},
            ValueDateNotAllowed,
            "value_date",
            "2026-03-31, today",
        ),
        (
            {"kind": "invoice_payment", "amount": Decimal("1000.01")},
            InvoiceOverpaid,
            "amount",
            "£0.01 is too much",
        ),
        ({"external_id": "batch"}, InvalidReference, "external_id", "reserved"),
        ({"external_id": "a b"}, InvalidReference, "external_id", "letters"),
        ({"external_id": "dd\n"}, InvalidReference, "external_id", "letters"),
        ({"external_id": ""}, InvalidReference, "external_id", "letters"),
        ({"external_id": "é1"}, InvalidReference, "external_id", "letters"),
        ({"external_id": "x" * 65}, InvalidReference, "external_id", "64"),
        ({"description": "x" * 201}, InvalidValue, "description", "200"),
        ({"recorded_by": ""}, InvalidValue, "recorded_by", "who"),
        ({"recorded_by": " "}, InvalidValue, "recorded_by", "who"),
        ({"recorded_by": None}, InvalidValue, "recorded_by", "who"),
        ({"recorded_by": 7}, InvalidValue, "recorded_by", "who"),
        ({"value_date": None}, InvalidValue, "value_date", "not a date; give one"),
        ({"value_date": "2026-03-10"}, InvalidValue, "value_date", "not a date"),
        ({"value_date": NOW}, InvalidValue, "value_date", "not a date"),
        ({"recorded_by": "x" * 201}, InvalidValue, "recorded_by", "200"),
    ],
)
def test_a_bad_event_is_refused_and_nothing_is_written(
    loan, heard, overrides, error, field, words
):
    with pytest.raises(error, match=words) as refused:
        record(loan, **overrides)

    assert refused.value.field == field
    assert str(refused.value).startswith(f"{field}: ")
    assert not LoanEvent.objects.exists()
    assert heard == []


def test_both_ends_of_the_allowed_dates_are_allowed(loan):
    record(loan, value_date=AGREED_ON)
    record(loan, value_date=TODAY)

    assert loan.events.count() == 2


@pytest.mark.parametrize(
    ("time_zone", "moment", "today"),
    [
        ("Pacific/Auckland", datetime(2026, 3, 10, 12, tzinfo=UTC), date(2026, 3, 11)),
        ("America/New_York", datetime(2026, 3, 11, 2, tzinfo=UTC), date(2026, 3, 10)),
        ("Europe/London", datetime(2026, 3, 30, 23, tzinfo=UTC), date(2026, 3, 31)),
    ],
)
def test_today_is_the_date_where_the_company_is(time_zone, moment, today):
    company = make_company(time_zone=time_zone)
    loan = make_loan(company=company)
    local = company.today(moment)

    record(loan, value_date=today, today=local)
    with pytest.raises(ValueDateNotAllowed):
        record(loan, value_date=date.fromordinal(today.toordinal() + 1), today=local)

    assert local == today
    assert today != moment.date()
    assert loan.events.count() == 1


def test_the_companys_currency_decides_the_digits():
    yen = make_loan(company=make_company(currency="JPY"))

    with pytest.raises(AmountNotAllowed):
        record(yen, amount=Decimal("1.5"))
    event, _ = record(yen, amount=Decimal(150), currency="JPY")

    assert event.amount == 150


@pytest.mark.parametrize(
    ("currency", "amount"),
    [
        ("GBP", "999999999999.99"),
        ("BHD", "999999999999.999"),
        ("GBP", "0.01"),
        ("BHD", "0.001"),
    ],
)
def test_the_largest_and_smallest_amounts_are_kept_exactly(currency, amount):
    loan = make_loan(company=make_company(currency=currency), invoice_amount=amount)

    event = make_event(loan=loan, kind="invoice_payment", amount=amount)

    event.refresh_from_db()
    loan.refresh_from_db()
    assert event.amount == loan.invoice_amount == Decimal(amount)
    assert invoice_paid_amount(loan) == Decimal(amount)


def test_invoice_payments_may_fill_the_invoice_but_not_exceed_it(loan):
    record(loan, kind="invoice_payment", amount=Decimal(600))

    with pytest.raises(InvoiceOverpaid, match=r"£50\.00 is too much") as refused:
        record(loan, kind="invoice_payment", amount=Decimal(450))
    record(loan, kind="invoice_payment", amount=Decimal(400))

    assert refused.value.surplus == 50
    assert invoice_paid_amount(loan) == 1000
    assert loan.events.count() == 2


def test_a_reversed_invoice_payment_makes_room_again(loan):
    payment = make_event(loan=loan, kind="invoice_payment", amount="1000")
    reverse(payment)

    record(loan, kind="invoice_payment", amount=Decimal(1000))

    assert invoice_paid_amount(loan) == 1000


def test_a_closed_loan_refuses_an_event(loan, heard):
    services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason="Not used.")

    with pytest.raises(LoanClosed, match="reversal") as refused:
        record(loan)

    assert refused.value.field == "loan"
    assert not LoanEvent.objects.exists()
    assert heard == []


def test_the_same_event_again_answers_the_one_that_is_there(loan):
    first, _ = record(loan, external_id="dd-1", currency="GBP")

    again, created = record(loan, external_id="dd-1", amount=Decimal("800.00"))

    assert again == first
    assert not created
    assert LoanEvent.objects.count() == 1


def test_a_repeat_is_harmless_even_when_the_event_would_be_refused_today(loan):
    first, _ = record(loan, external_id="pay", kind="invoice_payment")
    services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason="Sold.")

    again, created = record(
        loan, external_id="pay", kind="invoice_payment", today=date(2026, 3, 9)
    )

    assert again == first
    assert not created


@pytest.mark.parametrize(
    ("overrides", "differences"),
    [
        ({"kind": "fee"}, {"kind": ("drawdown", "fee")}),
        ({"amount": Decimal(801)}, {"amount": (Decimal(800), Decimal(801))}),
        (
            {"value_date": date(2026, 3, 11)},
            {"value_date": (VALUE_DATE, date(2026, 3, 11))},
        ),
        ({"description": "x"}, {"description": ("", "x")}),
        ({"already_in_books": True}, {"already_in_books": (False, True)}),
        (
            {"amount": Decimal(1), "description": "x"},
            {"amount": (Decimal(800), Decimal(1)), "description": ("", "x")},
        ),
    ],
)
def test_the_same_external_id_with_other_content_is_a_conflict(
    loan, heard, overrides, differences
):
    record(loan, external_id="dd-1")
    heard.clear()

    with pytest.raises(ExternalIdConflict) as refused:
        record(loan, external_id="dd-1", **overrides)

    assert refused.value.differences == differences
    assert refused.value.field == "external_id"
    for field in differences:
        assert field in str(refused.value)
    assert LoanEvent.objects.count() == 1
    assert heard == []


def test_the_external_id_of_another_loan_is_a_conflict(loan):
    other = make_event(external_id="dd-1").loan

    with pytest.raises(ExternalIdConflict, match=f"loan is {other}, not {loan}"):
        record(loan, external_id="dd-1")

    assert not loan.events.exists()


def test_the_external_id_of_a_reversal_is_a_conflict(loan):
    event = make_event(loan=loan)
    reverse(event, external_id="back", value_date=VALUE_DATE)

    with pytest.raises(ExternalIdConflict) as refused:
        record(loan, external_id="back")

    assert refused.value.differences == {"reverses": (event, None)}


@pytest.fixture
def overtaken():
    """Store a given event at the last moment, as a parallel request would."""
    waiting = []

    def overtake(**_):
        if waiting:
            waiting.pop().save(force_insert=True)

    post_init.connect(overtake, sender=LoanEvent)
    yield waiting
    post_init.disconnect(overtake, sender=LoanEvent)


def twin_of(loan, **overrides):
    fields = {
        "loan": loan,
        "sequence": 1,
        "external_id": "dd-1",
        "kind": "drawdown",
        "amount": Decimal(800),
        "value_date": VALUE_DATE,
        "recorded_by": "user:ben",
    }
    return LoanEvent(**fields | overrides)


def test_a_twin_that_was_faster_is_answered(loan, overtaken, heard):
    overtaken.append(twin_of(loan))

    event, created = record(loan, external_id="dd-1")

    assert not created
    assert event.recorded_by == "user:ben"
    assert LoanEvent.objects.count() == 1
    assert heard == []


def test_a_faster_event_of_another_loan_is_a_conflict(loan, overtaken):
    overtaken.append(twin_of(make_loan()))

    with pytest.raises(ExternalIdConflict):
        record(loan, external_id="dd-1")

    assert not loan.events.exists()


def test_another_broken_constraint_is_not_taken_for_a_repeat(loan, overtaken, heard):
    overtaken.append(twin_of(loan, external_id="other"))

    with pytest.raises(IntegrityError), transaction.atomic():
        record(loan, external_id="dd-1")

    assert not LoanEvent.objects.exists()
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_parallel_duplicates_make_one_event():
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads need a database outside this process")
    loan = make_loan()
    start = Barrier(8)
    answers = []

    def report():
        start.wait()
        try:
            answers.append(record(loan, external_id="dd-1"))
        finally:
            connection.close()

    threads = [Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created for _, created in answers) == [False] * 7 + [True]
    assert len({event.pk for event, _ in answers}) == 1
    assert LoanEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_events_of_one_loan_get_numbers_without_a_gap():
    if connection.vendor == "sqlite" and connection.is_in_memory_db():
        pytest.skip("threads need a database outside this process")
    loan = make_loan()
    outcomes = []

    def report():
        try:
            record(loan, kind="invoice_payment", amount=Decimal(300))
            outcomes.append("recorded")
        except InvoiceOverpaid:
            outcomes.append("overpaid")
        finally:
            connection.close()

    threads = [Thread(target=report) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["overpaid"] * 3 + ["recorded"] * 3
    assert [event.sequence for event in events_of_loan(loan)] == [1, 2, 3]
