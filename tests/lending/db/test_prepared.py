"""Reads whose SQL is made once say what a queryset would."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, models, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from lending.db.prepared import Prepared, insert_unless_there
from lending.models import Loan, LoanEvent
from lending.services.loans import lock_loan
from tests.builders import make_loan, unsaved_event

COLUMNS = ("pk", "reference", "invoice_amount", "agreed_on", "created_at")
CREATED = Prepared(
    lambda since: Loan.objects.filter(created_at__gt=since).values_list(*COLUMNS),
    since=models.DateTimeField(),
)


NAMED = Prepared(
    lambda invoices: (
        Loan.objects.filter(invoice_number__among=invoices)
        .select_related("company")
        .order_by("reference")
    ),
    invoices=[models.CharField()],
)


@pytest.mark.django_db
def test_rows_are_those_of_the_queryset():
    make_loan()
    since = timezone.now() - timedelta(hours=1)

    rows = CREATED.rows(since=since)

    assert rows == list(Loan.objects.values_list(*COLUMNS))


@pytest.mark.django_db
def test_each_run_takes_its_own_values():
    make_loan()
    now = timezone.now()

    assert CREATED.first(since=now - timedelta(hours=1))
    assert CREATED.first(since=now + timedelta(hours=1)) is None


@pytest.mark.django_db
@pytest.mark.parametrize("wanted", [[], ["a"], ["a", 'c "\\é%s'], ["a", "no such"]])
def test_any_number_of_values_finds_instances_as_a_queryset_does(
    wanted, django_assert_num_queries
):
    for invoice_number in ("a", "b", 'c "\\é%s'):
        make_loan(invoice_number=invoice_number, invoice_amount=Decimal("7.5"))

    with django_assert_num_queries(1):
        found = NAMED.instances(invoices=wanted)
        companies = [loan.company for loan in found]

    usual = Loan.objects.filter(invoice_number__in=wanted).order_by("reference")
    assert found == list(usual)
    assert companies == [loan.company for loan in usual]
    assert {loan.invoice_amount for loan in found} <= {Decimal("7.5")}
    assert not any(loan._state.adding for loan in found)


@pytest.mark.django_db
def test_a_locked_loan_is_read_afresh_with_its_company(django_assert_num_queries):
    stale = make_loan()
    Loan.objects.filter(pk=stale.pk).update(invoice_amount=Decimal("7.5"))

    with django_assert_num_queries(1):
        loan = lock_loan(stale)
        company = loan.company

    assert loan == stale
    assert loan.invoice_amount == Decimal("7.5")
    assert company == stale.company
    assert not loan._state.adding


@pytest.mark.django_db
def test_a_loan_that_is_gone_cannot_be_locked():
    with pytest.raises(Loan.DoesNotExist):
        lock_loan(Loan(pk=4_711))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["the first time", "later on"])
def test_nothing_is_locked_outside_a_transaction(time):
    with pytest.raises(TransactionManagementError):
        lock_loan(Loan(pk=4_711))


def an_event(loan, external_id, *, sequence):
    return unsaved_event(
        pk=None,
        loan=loan,
        external_id=external_id,
        sequence=sequence,
        recorded_by="user:anna",
    )


@pytest.mark.django_db
def test_a_row_is_inserted_unless_its_value_is_there():
    loan = make_loan()
    first = an_event(loan, "evt-1", sequence=1)
    twin = an_event(loan, "evt-1", sequence=2)

    assert insert_unless_there([first], unique="external_id") == []
    assert insert_unless_there([twin], unique="external_id") == [twin]

    stored = LoanEvent.objects.get()
    assert (stored, stored.amount) == (first, first.amount)
    assert twin.pk is None


@pytest.mark.django_db
def test_of_many_rows_those_that_are_not_there_are_inserted():
    loan = make_loan()
    there = an_event(loan, "evt-2", sequence=9)
    insert_unless_there([there], unique="external_id")
    many = [an_event(loan, f"evt-{n}", sequence=n) for n in (1, 2, 3)]

    assert insert_unless_there(many, unique="external_id") == [many[1]]

    stored = LoanEvent.objects.order_by("pk").values_list("external_id", "pk")
    assert dict(stored) == {
        one.external_id: one.pk for one in (there, many[0], many[2])
    }
    assert [pk for _, pk in stored] == sorted([there.pk, many[0].pk, many[2].pk])


@pytest.mark.django_db
def test_another_rule_that_is_broken_is_an_error():
    loan = make_loan()
    insert_unless_there([an_event(loan, "a", sequence=1)], unique="external_id")

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_unless_there([an_event(loan, "b", sequence=1)], unique="external_id")
