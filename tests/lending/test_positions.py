"""Positions computed from events that were never stored."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from lending.models import CollectionRoute, EventKind
from lending.money import split_tax
from lending.positions import (
    Effect,
    Settlement,
    effect_of,
    explain,
    loan_position,
    movements,
    settling_event,
)
from tests.builders import unsaved_event, unsaved_loan

ROUTES = CollectionRoute.values


def fifth_is_tax(event):
    return split_tax(event.amount, Decimal(20), "GBP")[1]


def total(position):
    return (
        position.lender_account
        + position.nominated_account
        + position.fee_expense
        + position.tax
        + position.receivable
    )


def random_events(chance, length=12):
    """Any events in any order, some of them taken back."""
    events = []
    for _ in range(length):
        open_events = [
            event
            for event in events
            if not event.is_reversal
            and event.pk not in {other.reverses_id for other in events}
        ]
        if open_events and chance.random() < 0.3:
            original = chance.choice(open_events)
            events.append(
                unsaved_event(
                    kind=original.kind, amount=original.amount, reverses=original
                )
            )
            continue
        amount = Decimal(chance.randint(1, 10**6)).scaleb(-2)
        day = date(2026, 3, chance.randint(2, 31))
        kind = chance.choice(EventKind.values)
        events.append(unsaved_event(kind=kind, amount=amount, value_date=day))
    return events


@pytest.mark.parametrize(
    ("kind", "route", "expected"),
    [
        ("drawdown", "lender", {"lender": -60, "nominated": 60}),
        ("final_payment", "lender", {"lender": 60, "nominated": -60}),
        ("fee", "lender", {"lender": -60, "expense": 50, "tax": 10}),
        ("invoice_payment", "lender", {"lender": 60, "receivable": -60}),
        ("residual_release", "lender", {"lender": -60, "nominated": 60}),
        ("drawdown", "borrower", {"lender": -60, "nominated": 60}),
        ("final_payment", "borrower", {"lender": 60, "nominated": -60}),
        ("fee", "borrower", {"lender": -60, "expense": 50, "tax": 10}),
        ("invoice_payment", "borrower", {"nominated": 60, "receivable": -60}),
        ("residual_release", "borrower", {"lender": -60, "nominated": 60}),
    ],
)
def test_each_kind_moves_its_accounts_in_its_direction(kind, route, expected):
    event = unsaved_event(kind=kind, amount=Decimal(60))
    loan = unsaved_loan(collection_route=route)

    assert effect_of(event, loan, Decimal(10)) == Effect(
        **{account: Decimal(change) for account, change in expected.items()}
    )


@pytest.mark.parametrize("posting", ["leave_to_borrower", "post_on_nominated"])
def test_who_books_the_invoice_payment_does_not_move_the_money(posting):
    loan = unsaved_loan(collection_route="borrower", invoice_payment_posting=posting)
    payment = unsaved_event(kind="invoice_payment", amount=Decimal(1000))

    position = loan_position(loan=loan, events=[payment])

    assert position.lender_account == 0
    assert position.nominated_account == 1000
    assert position.receivable == 0


@pytest.mark.parametrize("route", ROUTES)
def test_the_accounts_always_add_up_to_the_invoice(route):
    chance = Random(f"add up {route}")
    loan = unsaved_loan(collection_route=route)

    for _ in range(200):
        events = random_events(chance)
        cut = date(2026, 3, chance.randint(1, 31))
        for as_of in (None, cut):
            position = loan_position(
                loan=loan, events=events, as_of=as_of, fee_tax=fifth_is_tax
            )
            assert total(position) == loan.invoice_amount


@pytest.mark.parametrize("route", ROUTES)
def test_an_event_and_its_reversal_cancel_exactly(route):
    chance = Random(f"cancel {route}")
    loan = unsaved_loan(collection_route=route)

    for _ in range(200):
        events = random_events(chance)
        before = loan_position(loan=loan, events=events, fee_tax=fifth_is_tax)
        kind = chance.choice(EventKind.values)
        event = unsaved_event(kind=kind, amount=Decimal(chance.randint(1, 999)))
        back = unsaved_event(kind=kind, amount=event.amount, reverses=event)

        after = loan_position(
            loan=loan, events=[*events, event, back], fee_tax=fifth_is_tax
        )

        assert after == before


@pytest.mark.parametrize("route", ROUTES)
def test_the_order_of_events_does_not_matter(route):
    chance = Random(f"order {route}")
    loan = unsaved_loan(collection_route=route)

    for _ in range(200):
        events = random_events(chance)
        expected = loan_position(loan=loan, events=events, fee_tax=fifth_is_tax)
        shuffled = [
            unsaved_event(
                pk=event.pk,
                sequence=place,
                kind=event.kind,
                amount=event.amount,
                reverses=event.reverses,
            )
            for place, event in enumerate(chance.sample(events, len(events)))
        ]

        assert (
            loan_position(loan=loan, events=shuffled, fee_tax=fifth_is_tax) == expected
        )


@pytest.mark.parametrize("route", ROUTES)
def test_the_proposed_event_always_brings_the_lender_account_to_zero(route):
    chance = Random(f"settle {route}")
    loan = unsaved_loan(collection_route=route)

    for _ in range(200):
        events = random_events(chance)
        settlement = settling_event(loan_position(loan=loan, events=events), loan)
        if settlement is None:
            continue
        last = unsaved_event(kind=settlement.kind, amount=settlement.amount)
        settled = loan_position(loan=loan, events=[*events, last])
        assert settled.lender_account == 0
        assert settling_event(settled, loan) is None


def test_the_reversal_of_a_fee_takes_back_the_tax_of_that_time():
    loan = unsaved_loan()
    fee = unsaved_event(kind="fee", amount=Decimal(60))
    back = unsaved_event(kind="fee", amount=Decimal(60), reverses=fee)
    tax_by_event = {fee: Decimal(10), back: Decimal(0)}

    position = loan_position(
        loan=loan, events=[fee, back], fee_tax=tax_by_event.__getitem__
    )

    assert position.fee_expense == 0
    assert position.tax == 0


def test_the_position_of_a_day_includes_that_day():
    loan = unsaved_loan()
    event = unsaved_event(value_date=date(2026, 3, 10))

    def lender_account(as_of):
        return loan_position(loan=loan, events=[event], as_of=as_of).lender_account

    assert lender_account(date(2026, 3, 9)) == 0
    assert lender_account(date(2026, 3, 10)) == -800


def test_a_reversal_counts_from_its_own_value_date():
    loan = unsaved_loan()
    event = unsaved_event(value_date=date(2026, 3, 10))
    back = unsaved_event(reverses=event, value_date=date(2026, 3, 20))

    def lender_account(as_of):
        position = loan_position(loan=loan, events=[event, back], as_of=as_of)
        return position.lender_account

    assert lender_account(date(2026, 3, 19)) == -800
    assert lender_account(date(2026, 3, 20)) == 0


def test_movements_come_in_the_order_of_recording():
    loan = unsaved_loan()
    first = unsaved_event(value_date=date(2026, 3, 20))
    second = unsaved_event(value_date=date(2026, 3, 10))

    moved = movements(loan=loan, events=[second, first])

    assert [event for event, _ in moved] == [first, second]


def test_a_position_is_given_in_the_currencys_units():
    loan = unsaved_loan(invoice_amount=Decimal("1000.0000"))

    position = loan_position(loan=loan, events=[])

    assert str(position.receivable) == "1000.00"
    assert str(position.lender_account) == "0.00"


def test_what_we_hold_too_much_of_is_released():
    loan = unsaved_loan()
    paid = unsaved_event(kind="invoice_payment", amount=Decimal(1000))
    position = loan_position(loan=loan, events=[paid])

    assert settling_event(position, loan) == Settlement(
        EventKind.RESIDUAL_RELEASE, Decimal("1000.00")
    )
    [sentence] = explain(position, loan)
    assert sentence == (
        "The lender account stands at £1,000.00, not at zero; a residual release of "
        "£1,000.00 would settle it."
    )


def test_a_fresh_advance_waits_for_the_invoice():
    loan = unsaved_loan()
    position = loan_position(loan=loan, events=[unsaved_event()])

    invoice, lender_account = explain(position, loan)
    assert invoice == (
        "£1,000.00 of the invoice is unpaid; an invoice payment of £1,000.00 "
        "would settle it."
    )
    assert lender_account == (
        "The lender account stands at −£800.00, not at zero; the invoice payment "
        "counts towards it, and without one a final payment of £800.00 would settle "
        "it."
    )


def test_on_the_borrowers_route_only_the_borrower_settles_the_lender_account():
    loan = unsaved_loan(collection_route="borrower")
    paid = unsaved_event(kind="invoice_payment", amount=Decimal(1000))
    position = loan_position(loan=loan, events=[unsaved_event(), paid])

    [sentence] = explain(position, loan)
    assert sentence == (
        "The lender account stands at −£800.00, not at zero; a final payment of "
        "£800.00 would settle it."
    )


def test_payments_beyond_the_invoice_are_said_plainly():
    loan = unsaved_loan(collection_route="borrower")
    paid = unsaved_event(kind="invoice_payment", amount=Decimal("1000.01"))

    assert explain(loan_position(loan=loan, events=[paid]), loan) == [
        "The payments exceed the invoice by £0.01; reverse the one that is too much."
    ]


def test_a_position_at_zero_has_nothing_to_explain():
    loan = unsaved_loan(collection_route="borrower")
    paid = unsaved_event(kind="invoice_payment", amount=Decimal(1000))
    position = loan_position(loan=loan, events=[paid])

    assert position.is_settled
    assert settling_event(position, loan) is None
    assert explain(position, loan) == []
