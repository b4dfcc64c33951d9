"""What will be posted, as a borrower reads it."""

import html
import re

import pytest
from django.utils import timezone

from lending import formats
from tests.builders import make_company
from tests.worlds import World
from tests.xero_sync.portal.answering import Answerer
from tests.xero_sync.portal.journeys import Visitor
from xero_sync.models import AccountDraft, Connection, LenderAccount

pytestmark = pytest.mark.django_db

PREVIEW = "/c/my/preview/"
MINUS, NARROW, SPACE = (
    "\N{MINUS SIGN}",
    "\N{NARROW NO-BREAK SPACE}",
    "\N{NO-BREAK SPACE}",
)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


@pytest.fixture
def visitor(borrower):
    return Visitor(company=borrower.company)


def rows_of(page):
    """The cells of all rows, as they are read."""
    return [
        [
            " ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in re.findall(r'<tr role="row">(.*?)</tr>', page, re.S)
    ]


def test_a_borrower_without_loans_sees_an_example_in_their_own_names(borrower, visitor):
    page = visitor.see(PREVIEW)

    today = formats.day(borrower.company.today(borrower.world.clock.now))
    assert rows_of(page)[1] == [
        f"Advance {today}",
        "Example Invoice Finance",
        "Business Current Account",
        "",
        "£800.00",
    ]
    assert rows_of(page)[2] == [
        f"Our fee {today}",
        "Example Invoice Finance",
        "",
        "Bank Fees £50.00 Supplier: Example Invoice Finance",
        "£50.00",
    ]
    assert "an invoice of £1,000.00, of which we advance £800.00" in page
    assert "If your customer pays us" in page
    assert "If your customer pays you" in page
    assert ["Business Current Account Bank account", "£950.00"] in rows_of(page)
    assert ["Still owed on the invoice", "£0.00"] in rows_of(page)


def test_amounts_in_french_are_as_an_accountant_writes_them(world):
    borrower = world.borrower(row=make_company(language="fr"))
    borrower.record(borrower.loan(invoice_amount="2000"), "drawdown", "1800")

    page = Visitor(company=borrower.company).see(PREVIEW)

    assert "Avance versée" in page
    assert f"1{NARROW}800,00{SPACE}£<" in page
    assert f"{MINUS}1{NARROW}800,00{SPACE}£<" in page
    assert "-1" not in "".join(cell for row in rows_of(page) for cell in row)
    assert "Compte du financeur" in page
    assert "Les écritures prévues dans votre Xero" in page


def test_their_own_loans_are_shown_with_what_became_of_each_event(world, borrower):
    loan = borrower.loan(collection_route="borrower")
    borrower.record(loan, "drawdown", "800")
    world.run()
    borrower.record(loan, "invoice_payment", "1000")
    borrower.record(loan, "fee", "50", already_in_books=True)

    page = Visitor(company=borrower.company).see(PREVIEW)

    assert f"Financing {loan.reference}" in page
    assert f"Invoice {loan.invoice_number}, Northgate Builders, £1,000.00" in page
    kinds = [row[0] for row in rows_of(page)]
    assert any(one.endswith("In Xero") for one in kinds)
    assert any("You enter it" in one for one in kinds)
    assert any("In your books already" in one for one in kinds)
    assert [row[1] for row in rows_of(page) if row[0].startswith("Example ")] == [
        f"{MINUS}£850.00"
    ]


def test_the_page_leads_on_only_while_posting_is_off(world, visitor):
    off = world.borrower(writeback=False)

    assert "Change your accounts" in visitor.see(PREVIEW)
    assert 'class="button"' not in visitor.see(PREVIEW)
    assert "Continue" in Visitor(company=off.company).see(PREVIEW)


def test_who_is_not_connected_is_led_to_the_connection(borrower, visitor):
    Connection.objects.update(status="Deauthorized")

    answer = visitor.get(PREVIEW)

    assert (answer.status_code, answer["Location"]) == (303, "/c/my/connect/")


def test_whose_accounts_are_of_another_organisation_is_led_to_the_questions(visitor):
    LenderAccount.objects.update(void_since=timezone.now())

    answer = visitor.get(PREVIEW)

    assert (answer.status_code, answer["Location"]) == (303, "/c/my/accounts/")


def test_without_a_sitting_nothing_is_shown(client, borrower):
    answer = client.get(PREVIEW)

    assert answer.status_code == 403
    assert "Business Current Account" not in answer.content.decode()


@pytest.fixture
def answerer(codat, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    return Answerer(company=codat.adopt().company, codat=codat)


def test_answers_that_are_not_saved_show_what_they_would_lead_to(answerer):
    answerer.answer_all(tax="INPUT2")

    page = answerer.see(PREVIEW)

    assert "not saved yet" in page
    assert "Change your accounts" not in page
    assert 'href="/c/my/accounts/check/">Check your answers' in page
    advance, fee = rows_of(page)[1:3]
    assert advance[1:3] == ["Example Invoice Finance", "090 Business Current Account"]
    assert fee[3] == (
        "404 Bank Fees £41.67 Tax £8.33 Supplier: Example Invoice Finance"
    )
    assert ["Tax on fees", "£8.33"] in rows_of(page)
    assert "ready to reconcile" in page


def test_a_fee_account_that_is_still_to_be_made_is_named_as_it_will_be(answerer):
    answerer.answer_all()
    answerer.answer("fee", "new", code="6225", name="Affacturage", category="Expense")

    fee = rows_of(answerer.see(PREVIEW))[2]

    assert fee[3].startswith("6225 Affacturage £50.00 ")


def test_an_account_of_theirs_that_stands_for_us_promises_no_lines(answerer):
    theirs = answerer.add_account("Old lender", category="Asset.Bank")
    answerer.answer_all(lender=theirs)

    page = answerer.see(PREVIEW)

    assert rows_of(page)[1][1] == "Old lender"
    assert "ready to reconcile" not in page


def test_before_all_questions_are_answered_nothing_is_shown(answerer):
    answerer.answer("lender", "new")

    answer = answerer.get(PREVIEW)

    assert (answer.status_code, answer["Location"]) == (303, "/c/my/accounts/")


def test_a_change_that_is_not_saved_is_shown_only_when_asked_for(codat):
    answerer = Answerer(company=codat.ready().company, codat=codat)
    answerer.answer("fee", answerer.id_of("Interest Expense"))

    in_force, unsaved = answerer.see(PREVIEW), answerer.see(PREVIEW, unsaved="1")

    assert "Interest Expense" not in in_force
    assert "You have answers that are not saved yet." in in_force
    assert 'href="?unsaved=1"' in in_force
    assert "437 Interest Expense £50.00" in " ".join(rows_of(unsaved)[2])
    assert f'href="{PREVIEW}?unsaved=1"' in answerer.page("check/")


def test_one_account_for_both_is_led_to_the_check(codat):
    answerer = Answerer(company=codat.ready().company, codat=codat)
    answerer.answer("fee", answerer.id_of("Interest Expense"))
    draft = AccountDraft.objects.get()
    bank = {"id": answerer.mapping.lender_target_account_id, "name": "Twice"}
    AccountDraft.objects.update(answers=draft.answers | {"bank": bank})

    answer = answerer.get(PREVIEW, unsaved="1")

    assert (answer.status_code, answer["Location"]) == (303, "/c/my/accounts/check/")


def test_a_page_of_many_long_loans_stays_light(borrower, visitor):
    for _ in range(6):
        loan = borrower.loan(in_xero=False)
        for _ in range(22):
            borrower.record(loan, "fee", "0.01", description="x" * 200)

    page = visitor.see(PREVIEW)

    assert len(page.encode()) < 100_000
    assert "Your latest financing: 5 of 6." in page
    assert "The latest 20 of 22 entries." in page


def test_nothing_is_promised_where_there_is_no_feed(borrower, visitor):
    assert "ready to reconcile" in visitor.see(PREVIEW)
    assert "How it reads on the bank statement" in visitor.see(PREVIEW)

    Connection.objects.update(bank_feeds=False)

    assert "ready to reconcile" not in visitor.see(PREVIEW)
    assert "How it reads on the bank statement" not in visitor.see(PREVIEW)
