"""What was chosen and is gone in Xero is known by its question and its day."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.worlds import World
from xero_sync.accounts import mapping
from xero_sync.borrowers import account_matters
from xero_sync.models import DataRefresh
from xero_sync.models.choices import Question

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def lose(borrower, question):
    """Let something chosen disappear in the borrower's Xero."""
    sandbox, chosen = borrower.world.sandbox, borrower.mapping
    here = borrower.codat_connection
    match question:
        case Question.LENDER:
            sandbox.archive_account(here, chosen.lender_target_account_id)
        case Question.BANK:
            sandbox.archive_account(here, chosen.nominated_account_id)
        case Question.FEE:
            sandbox.archive_account(here, chosen.expense_account_id)
        case Question.SUPPLIER:
            sandbox.archive_supplier(here, chosen.supplier_id)
        case Question.TAX:
            sandbox.archive_tax_rate(here, chosen.tax_rate_id)


def look(borrower):
    world = borrower.world
    # The world's clock runs ahead of the one by which a refresh is judged fresh.
    DataRefresh.objects.all().delete()
    return mapping.revalidate(
        connection=borrower.connection,
        client=world.client,
        now=world.clock.now,
        wait=world.wait,
    )


@pytest.mark.parametrize(
    ("question", "name"),
    [
        (Question.LENDER, "Example Invoice Finance"),
        (Question.BANK, "Business Current Account"),
        (Question.FEE, "Bank Fees"),
        (Question.SUPPLIER, "Example Invoice Finance"),
        (Question.TAX, "No VAT"),
    ],
)
def test_each_thing_that_disappears_is_known_by_its_question(borrower, question, name):
    lose(borrower, question)

    assert look(borrower) == name

    (lost,) = borrower.connection.lost_choices
    assert (lost.question, lost.name) == (question, name)
    assert borrower.connection.unusable_account == name


def test_a_tax_rate_that_is_not_there_any_more_is_called_by_its_per_cent(
    world, borrower
):
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        tax_rate_id="INPUT2",
        tax_percent=Decimal(20),
    )
    world.sandbox.delete_tax_rate(borrower.codat_connection, "INPUT2")

    assert look(borrower) == "20%"

    (lost,) = account_matters.lost(borrower.company)
    said = account_matters.words_of(lost.choice)
    assert said.title == "The tax rate “20%” can no longer be used"


@pytest.mark.parametrize("refused", ["GET .*taxRates", "POST .*taxRates"])
def test_a_tax_rate_that_may_not_be_read_is_not_taken_for_gone(
    world, borrower, refused
):
    lose(borrower, Question.TAX)
    world.sandbox.faults.add("error_before", match=refused, status=403, times=None)

    assert look(borrower) == ""


def test_the_same_loss_keeps_its_day_and_a_new_one_has_its_own(world, borrower):
    lose(borrower, Question.FEE)
    look(borrower)
    (first,) = borrower.connection.lost_choices
    world.clock.forward(86_400)
    lose(borrower, Question.BANK)

    look(borrower)

    since = {one.question: one.since for one in borrower.connection.lost_choices}
    assert since[Question.FEE] == first.since
    assert since[Question.BANK] - first.since >= timedelta(days=1)


def test_another_choice_leaves_nothing_lost(world, borrower):
    lose(borrower, Question.FEE)
    look(borrower)

    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        expense_account_id=borrower.books.account("Interest Expense").id,
    )

    assert borrower.connection.lost_choices == []
    assert borrower.connection.unusable_account == ""
    assert look(borrower) == ""
