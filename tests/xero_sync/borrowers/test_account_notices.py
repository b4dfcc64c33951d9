"""A borrower is asked once for what is gone in Xero, and for accounts never chosen."""

from uuid import UUID

import pytest

from tests.builders import make_company
from tests.worlds import Borrower, World
from tests.xero_sync.accounts.test_lost_choices import look, lose
from tests.xero_sync.evidence import assert_books_follow, state_of
from xero_sync import jobs
from xero_sync.borrowers import account_notices, notices, remarks, tasks
from xero_sync.connections import adopting
from xero_sync.models import BorrowerNotice, Connection
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import Question

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


def told(company):
    rows = BorrowerNotice.objects.filter(company=company).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def sweep(world):
    account_notices.tell(now=world.clock.now)


def remark(borrower):
    return next(iter(remarks.of_company(borrower.company, borrower.connection)), None)


def unchosen(world):
    """A borrower who is connected, and has chosen nothing."""
    company = make_company()
    remote = world.sandbox.add_company(company.reference)
    linked = world.sandbox.add_connection(remote.id)
    connection = adopting.import_codat_company(
        company=company,
        codat_company_id=UUID(remote.id),
        codat_connection_id=UUID(linked.id),
        client=world.client,
        now=world.clock.now,
    )
    return Borrower(world, company, connection)


NAMED = {
    Question.LENDER: "The lender account “Example Invoice Finance” can no longer",
    Question.BANK: "Your bank account “Business Current Account” can no longer",
    Question.FEE: "The account for our fees, “Bank Fees”, can no longer",
    Question.TAX: "The tax rate “No VAT” can no longer",
    Question.SUPPLIER: "The supplier “Example Invoice Finance” can no longer",
}


@pytest.mark.parametrize("question", Question.values)
def test_what_is_gone_is_asked_for_once_by_mail_and_on_the_page(
    world, borrower, mailoutbox, question
):
    lose(borrower, question)
    look(borrower)

    for _ in range(3):
        sweep(world)
        world.clock.forward(86_400)
        look(borrower)

    assert notices.send_due(now=world.clock) == (1, 0)
    (sent,) = mailoutbox
    assert NAMED[question] in sent.subject
    assert NAMED[question] in sent.body
    on_page = remark(borrower)
    assert NAMED[question] in on_page.title
    assert on_page.button
    assert (on_page.address, on_page.question) == ("customer-question", question)


def test_two_things_that_go_are_two_questions(world, borrower):
    for question in (Question.BANK, Question.SUPPLIER):
        lose(borrower, question)
    look(borrower)
    sweep(world)

    assert told(borrower.company) == [NoticeKind.CHOICE_LOST] * 2


def test_the_same_account_that_goes_once_more_is_asked_for_again(world, borrower):
    books = borrower.books
    lose(borrower, Question.FEE)
    look(borrower)
    sweep(world)
    account = books.account("Bank Fees")
    account.status, account.modified = "Active", world.clock.now
    world.wait(60)
    assert look(borrower) == ""
    lose(borrower, Question.FEE)
    look(borrower)
    sweep(world)

    assert told(borrower.company) == [NoticeKind.CHOICE_LOST] * 2


def test_what_was_mended_before_the_mail_went_out_is_not_asked_for(
    world, borrower, mailoutbox
):
    lose(borrower, Question.FEE)
    look(borrower)
    sweep(world)
    mend_fee(world, borrower)

    assert notices.send_due(now=world.clock) == (0, 0)

    assert not mailoutbox
    assert remark(borrower) is None


def mend_fee(world, borrower):
    world.choose_accounts(
        borrower,
        lender_account=borrower.lender_account,
        expense_account_id=borrower.books.account("Interest Expense").id,
    )


def test_what_waited_goes_out_by_itself_once_it_is_mended(world, borrower):
    lose(borrower, Question.FEE)
    look(borrower)
    loan = borrower.loan()
    events = [
        borrower.record(loan, "drawdown", "800"),
        borrower.record(loan, "fee", "50"),
    ]
    world.run(seconds=600)
    assert {state_of(one) for one in events} == {"held account_unusable"}

    mend_fee(world, borrower)
    world.run()

    assert [state_of(one) for one in events] == ["written", "written"]
    assert_books_follow(borrower)


def test_entries_that_wait_for_accounts_ask_once(world, mailoutbox):
    borrower = unchosen(world)
    sweep(world)
    assert told(borrower.company) == []
    assert remark(borrower) is None

    loan = borrower.loan()
    for _ in range(2):
        borrower.record(loan, "drawdown", "100")
        sweep(world)
        world.clock.forward(86_400)

    assert told(borrower.company) == [NoticeKind.ACCOUNTS_AWAITED]
    assert notices.send_due(now=world.clock) == (1, 0)
    assert "Entries wait for your accounts" in mailoutbox[0].subject
    on_page = remark(borrower)
    assert (on_page.address, on_page.question) == ("customer-accounts", "")


@pytest.mark.parametrize("is_on", [True, False])
def test_they_ask_whether_or_not_posting_is_on(world, is_on):
    borrower = unchosen(world)
    Connection.objects.update(writeback_on=is_on)
    borrower.record(borrower.loan(), "drawdown", "100")

    sweep(world)

    assert told(borrower.company) == [NoticeKind.ACCOUNTS_AWAITED]


def test_accounts_that_are_chosen_are_not_asked_for(world, mailoutbox):
    borrower = unchosen(world)
    borrower.record(borrower.loan(), "drawdown", "100")
    sweep(world)

    world.choose_accounts(borrower)

    assert notices.send_due(now=world.clock) == (0, 0)
    assert remark(borrower) is None
    sweep(world)
    assert told(borrower.company) == [NoticeKind.ACCOUNTS_AWAITED]


def test_who_is_not_connected_is_asked_to_connect_and_nothing_else(world, borrower):
    lose(borrower, Question.FEE)
    look(borrower)
    Connection.objects.update(status="Deauthorized")
    borrower.record(borrower.loan(), "drawdown", "100")

    sweep(world)

    assert told(borrower.company) == []
    assert remark(borrower).address == "customer-connect"


def test_the_sweep_asks(world, borrower):
    lose(borrower, Question.BANK)
    look(borrower)

    jobs.sweep()

    assert told(borrower.company) == [NoticeKind.CHOICE_LOST]


def test_the_mails_link_leads_to_the_question_alone(borrower):
    lose(borrower, Question.SUPPLIER)
    look(borrower)

    assert tasks.first_address(borrower.company) == "/c/my/accounts/supplier/"


def test_the_most_urgent_comes_first_each_with_one_button_at_most(world, borrower):
    borrower.record(borrower.loan(in_xero=False), "invoice_payment", "100")
    world.run(seconds=120)
    assert [one.code for one in all_remarks(borrower)] == ["in_their_books"]
    lose(borrower, Question.BANK)
    look(borrower)

    found = all_remarks(borrower)

    assert [one.code for one in found] == ["choice_lost", "in_their_books"]
    Connection.objects.update(organisation_changed=True)
    assert all_remarks(borrower)[0].address == "customer-organisation"


def all_remarks(borrower):
    return remarks.of_company(borrower.company, borrower.connection)
