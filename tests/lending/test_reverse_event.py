"""Taking an event back."""

from datetime import UTC, date, datetime

import pytest

from lending import services
from lending.exceptions import (
    EventAlreadyReversed,
    ExternalIdConflict,
    InvalidReference,
    InvalidValue,
    LendingError,
    LoanClosed,
    ReversalNotReversible,
    ValueDateNotAllowed,
)
from lending.models import EventKind, LoanEvent
from lending.positions import loan_position
from lending.signals import loan_event_recorded
from tests.builders import TODAY, VALUE_DATE, make_event, make_loan, reverse

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


@pytest.fixture
def event():
    return make_event(external_id="dd-1")


@pytest.mark.parametrize("kind", EventKind.values)
def test_a_reversal_is_an_event_of_the_same_kind_and_amount(kind):
    event = make_event(kind=kind, amount="123.45")
    untouched = loan_position(loan=event.loan, events=[])

    reversal, created = services.reverse_event(
        event=event, recorded_by="user:ben", today=TODAY, description="Typed twice"
    )

    reversal.refresh_from_db()
    assert created
    assert reversal.is_reversal
    assert reversal.reverses == event
    assert (reversal.kind, reversal.amount) == (event.kind, event.amount)
    assert reversal.sequence == 2
    assert reversal.value_date == TODAY
    assert reversal.recorded_by == "user:ben"
    assert reversal.description == "Typed twice"
    assert event.reversed_by == reversal
    assert loan_position(loan=event.loan) == untouched


def test_a_reversal_has_its_own_value_date(event):
    assert reverse(event, value_date=date(2026, 3, 20)).value_date == date(2026, 3, 20)


def test_a_reversal_is_told_like_any_event(event):
    heard = []

    def receiver(events, **_):
        heard.extend(events)

    loan_event_recorded.connect(receiver)
    reversal = reverse(event)
    loan_event_recorded.disconnect(receiver)

    assert heard == [reversal]


def test_an_event_is_reversed_once(event):
    first = reverse(event, external_id="back-1")

    with pytest.raises(EventAlreadyReversed, match="dd-1 was reversed by back-1"):
        reverse(event)

    assert event.reversed_by == first
    assert LoanEvent.objects.count() == 2


def test_a_reversal_cannot_be_reversed(event):
    reversal = reverse(event)

    with pytest.raises(ReversalNotReversible, match="record the original again"):
        reverse(reversal)

    assert LoanEvent.objects.count() == 2


def test_a_repeated_reversal_answers_the_one_that_is_there(event):
    first = reverse(event, external_id="back-1")

    again, created = services.reverse_event(
        event=event,
        recorded_by="user:anna",
        today=date(2026, 4, 15),
        external_id="back-1",
    )

    assert again == first
    assert not created
    assert LoanEvent.objects.count() == 2


@pytest.mark.parametrize(
    ("overrides", "field"),
    [({"value_date": date(2026, 3, 11)}, "value_date"), ({"description": "x"}, None)],
)
def test_a_repeated_reversal_with_other_content_is_a_conflict(event, overrides, field):
    reverse(event, external_id="back-1")

    with pytest.raises(ExternalIdConflict) as refused:
        reverse(event, external_id="back-1", **overrides)

    assert list(refused.value.differences) == [field or "description"]
    assert LoanEvent.objects.count() == 2


def test_the_external_id_of_the_original_is_no_id_for_its_reversal(event):
    with pytest.raises(ExternalIdConflict) as refused:
        reverse(event, external_id="dd-1")

    assert refused.value.differences == {"reverses": (None, event)}
    assert LoanEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        ({"value_date": date(2026, 3, 1)}, ValueDateNotAllowed),
        ({"value_date": date(2026, 4, 1)}, ValueDateNotAllowed),
        ({"external_id": "batch"}, InvalidReference),
        ({"value_date": "2026-03-10"}, InvalidValue),
        ({"recorded_by": ""}, InvalidValue),
        ({"recorded_by": None}, InvalidValue),
        ({"description": "x" * 201}, InvalidValue),
    ],
)
def test_a_refused_reversal_leaves_everything_as_it_was(event, overrides, error):
    services.close_loan(
        loan=event.loan, closed_by="user:anna", now=NOW, reason="Written off."
    )

    with pytest.raises(error):
        reverse(event, **overrides)

    event.loan.refresh_from_db()
    assert event.loan.is_closed
    assert event.loan.close_reason == "Written off."
    assert LoanEvent.objects.count() == 1


def test_a_reversal_reopens_a_closed_loan(event):
    loan = event.loan
    services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason="Sold.")

    reversal = reverse(event)

    loan.refresh_from_db()
    assert not loan.is_closed
    assert (loan.closed_by, loan.close_reason) == ("", "")
    assert not reversal.loan.is_closed
    make_event(loan=loan)


def test_the_original_may_be_recorded_again_after_its_reversal(event):
    reverse(event)

    make_event(loan=event.loan, value_date=VALUE_DATE)

    assert loan_position(loan=event.loan).lender_account == -800


def test_every_refusal_is_one_of_ours():
    assert issubclass(LoanClosed, LendingError)
    loan = make_loan()
    services.close_loan(loan=loan, closed_by="user:anna", now=NOW, reason="Not used.")

    with pytest.raises(LendingError) as refused:
        make_event(loan=loan)

    assert refused.value.code == "loan_closed"
