"""`manage.py create_loan`, `record_event` and `reverse_event`."""

import io
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from lending.models import Loan, LoanEvent
from tests.builders import make_company, make_event, make_loan

pytestmark = pytest.mark.django_db

LOAN = (
    "create_loan",
    "loan-1",
    "--company=harbour",
    "--agreed-on=2026-03-02",
    "--invoice-number=INV-1",
    "--debtor=Northgate Builders",
)


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def refusal(*arguments):
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    return str(refused.value)


def test_a_loan_is_agreed():
    make_company(reference="harbour")

    shown = run(
        *LOAN,
        "--invoice-amount=1000.00",
        "--route=borrower",
        "--posting=post_on_nominated",
        "--invoice-id=abc",
    )

    loan = Loan.objects.get(reference="loan-1")
    assert loan.invoice_amount == Decimal(1000)
    assert loan.collection_route == "borrower"
    assert loan.invoice_payment_posting == "post_on_nominated"
    assert loan.invoice_external_id == "abc"
    assert "against invoice INV-1 of £1,000.00; route borrower." in shown


@pytest.mark.parametrize("amount", ["1,000.00", "1e3", "0", "10.001", "-5"])
def test_a_loan_with_a_malformed_amount_is_refused(amount):
    make_company(reference="harbour")

    assert refusal(*LOAN, f"--invoice-amount={amount}").startswith("invoice_amount: ")
    assert not Loan.objects.exists()


def test_a_loan_of_an_unknown_company_is_refused():
    assert refusal(*LOAN, "--invoice-amount=1000") == (
        "reference: there is no company “harbour”."
    )


def test_a_reference_that_is_taken_is_refused():
    make_loan(reference="loan-1", company=make_company(reference="harbour"))

    message = refusal(*LOAN, "--invoice-amount=1000")

    assert message == "reference: “loan-1” is already in use; choose another."


def test_an_event_is_recorded_once():
    make_loan(reference="loan-1")
    event = ("record_event", "loan-1", "drawdown", "800", "--date=2026-03-10")

    first = run(*event, "--external-id=draw-1", "--description=First part")
    again = run(*event, "--external-id=draw-1", "--description=First part")

    stored = LoanEvent.objects.get()
    assert stored.amount == Decimal(800)
    assert stored.recorded_by.startswith("command:")
    assert first == (
        "Recorded draw-1: drawdown of £800.00 on loan-1, value date 2026-03-10.\n"
    )
    assert again == "draw-1 was recorded before; nothing was added.\n"


def test_an_event_of_today_in_the_books_already():
    make_loan(reference="loan-1")

    run("record_event", "loan-1", "drawdown", "800", "--already-in-books")

    assert LoanEvent.objects.get().already_in_books


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["loan-1", "gift", "800"], "kind: “gift” is not known; use one of drawdown"),
        (["loan-1", "drawdown", "8oo"], "amount: write it as text"),
        (["loan-9", "drawdown", "800"], "loan: there is no loan “loan-9”"),
        (
            ["loan-1", "invoice_payment", "1200"],
            "amount: the invoice has £1,000.00 unpaid",
        ),
        (
            ["loan-1", "drawdown", "800", "--date=2025-01-01"],
            "value_date: 2025-01-01 lies before the loan was agreed",
        ),
        (
            ["loan-1", "drawdown", "800", "--date=1.3.2026"],
            "“1.3.2026” is no date; write it as YYYY-MM-DD",
        ),
        (["loan-1", "drawdown", "800", "--external-id=a b"], "external_id: “a b”"),
    ],
)
def test_an_event_that_cannot_be_is_refused_by_field_and_remedy(arguments, words):
    make_loan(reference="loan-1")

    assert words in refusal("record_event", *arguments)
    assert not LoanEvent.objects.exists()


def test_an_event_is_taken_back():
    make_event(external_id="draw-1")

    shown = run("reverse_event", "draw-1", "--reversal-id=undo-1")

    reversal = LoanEvent.objects.get(external_id="undo-1")
    assert reversal.reverses is not None
    assert reversal.reverses.external_id == "draw-1"
    assert "Recorded undo-1: it takes draw-1 back, drawdown of £800.00" in shown


def test_an_event_is_not_taken_back_twice():
    make_event(external_id="draw-1")
    run("reverse_event", "draw-1", "--reversal-id=undo-1")

    message = refusal("reverse_event", "draw-1")

    assert message == "reverses: draw-1 was reversed by undo-1; nothing is left to do."
    assert LoanEvent.objects.count() == 2


def test_an_unknown_event_is_refused():
    assert refusal("reverse_event", "nothing") == (
        "external_id: there is no loan event “nothing”."
    )
