"""A borrower checks their answers about the accounts and saves them."""

import re
import time
from html import unescape

import pytest
from django.core.cache import cache

from lending.models import AuditEntry
from tests.builders import make_company
from tests.xero_sync.portal.answering import (
    ACCOUNTS,
    Answerer,
    form_of,
    marked,
    offered,
)
from tests.xero_sync.portal.journeys import LOOKS_AGAIN
from xero_sync.accounts.driving import drive
from xero_sync.borrowers import answering, notices, saving
from xero_sync.borrowers.answering import Books
from xero_sync.codat.client import CodatClient
from xero_sync.models import (
    AccountDraft,
    AccountMapping,
    AccountSetup,
    BorrowerNotice,
    Connection,
    Tally,
)
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.links import LinkRole
from xero_sync.portal import questions
from xero_sync.runtime import throttles
from xero_sync.runtime.clock import database_now

LENDER = "Example Invoice Finance"


@pytest.fixture
def borrower(codat, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    settings.LENDER_NAME = LENDER
    return Answerer(company=codat.adopt().company, codat=codat)


def adopted(borrower):
    """All answered, with nothing that has to be made in Xero."""
    borrower.add_supplier(LENDER)
    advances = borrower.add_account("Advances", category="Asset.Bank", code="835")
    supplier = re.findall(r'value="([^"]+)" checked', borrower.page("supplier/"))[0]
    borrower.answer_all(lender=advances, supplier=supplier)


def test_what_was_answered_is_said_back_and_becomes_the_first_version(borrower):
    adopted(borrower)
    page = borrower.page("check/")
    for words in ("835 Advances", "090 Business Current Account", "404 Bank Fees"):
        assert words in page
    assert page.count(">Change<") == 5
    assert borrower.mapping is None

    answer = borrower.save()

    assert answer.status_code == 303
    mapping = borrower.mapping
    assert (mapping.version, mapping.chosen_by) == (1, "borrower:harbour")
    assert mapping.nominated_account_name == "Business Current Account"
    assert mapping.expense_account_name == "Bank Fees"
    assert (mapping.tax_rate_id, mapping.tax_percent) == ("NONE", 0)
    assert mapping.supplier_name == LENDER
    (done,) = AuditEntry.objects.filter(verb="connection.accounts_chosen")
    assert done.actor == "borrower:harbour"
    page = borrower.page()
    assert "Not saved yet" not in page
    # As they call it in Xero, not as we are called.
    assert "<dd>Advances" in page


def drive_on(borrower):
    with CodatClient.from_settings() as client:
        drive(AccountSetup.objects.order_by("begun_at").last(), client=client)
    borrower.sync()


@pytest.mark.parametrize(
    ("value", "given", "kind"),
    [
        ("new_bank", {}, "bank"),
        ("new_credit_card", {"card_ending": "4321"}, "credit_card"),
        ("new_other", {"account_number": "FAC 2026/17"}, "other"),
    ],
)
def test_an_account_without_a_feed_is_made_and_gets_its_feed_later(
    borrower, value, given, kind
):
    Connection.objects.update(bank_feeds=False)
    borrower.answer_all(lender="new_bank")
    borrower.answer("lender", value, **given)
    assert "without a bank feed" not in borrower.page("check/")

    borrower.save()
    drive_on(borrower)

    made = borrower.mapping.lender_account
    assert (made.kind, made.source_account_id, made.name) == (kind, "", LENDER)
    page = borrower.page("lender/")
    assert offered(page)[0] == LENDER
    assert not [one for one in offered(page) if one.startswith("A new")]
    Connection.objects.update(bank_feeds=True)
    page = borrower.page("lender/")
    assert offered(page)[:2] == [LENDER, f"“{LENDER}” with a bank feed"]
    borrower.answer("lender", "new")
    assert f"“{LENDER}” with a bank feed" in borrower.page("check/")

    borrower.save()
    drive_on(borrower)

    made.refresh_from_db()
    assert made.feed_status == "connected"
    assert borrower.mapping.lender_account == made
    assert borrower.mapping.version == 1


def test_a_number_that_can_no_longer_be_read_is_asked_for_again(borrower, settings):
    Connection.objects.update(bank_feeds=False)
    borrower.answer_all(lender="new_bank")
    borrower.answer("lender", "new_other", account_number="FAC 2026/17")
    form = borrower.form()
    settings.FIELD_ENCRYPTION_KEYS = ["kX1vT0kqk3m8q1zq3XW3mQ9kqj2m1f3sQh1oB3l8n2E="]

    answer = borrower.save(form)

    assert "Choose this again" in answer.content.decode()
    assert not AccountSetup.objects.exists()


def test_one_answer_is_changed_by_itself_and_leads_straight_to_the_check(borrower):
    adopted(borrower)
    borrower.save()

    answer = borrower.answer("tax", "INPUT2")

    assert answer["Location"] == f"{ACCOUNTS}check/"
    assert borrower.page("check/").count("Not saved yet") == 1
    borrower.save()
    first, second = AccountMapping.objects.order_by("version")
    assert (second.version, second.tax_rate_id, second.tax_percent) == (2, "INPUT2", 20)
    assert second.lender_account == first.lender_account
    assert "20%" in borrower.page()


def test_an_answer_given_once_more_is_saved_already(borrower):
    adopted(borrower)
    form = borrower.form()
    borrower.save(form)
    assert "Not saved yet" not in borrower.page("check/")
    lender = borrower.mapping.lender_target_account_id

    borrower.answer("bank", borrower.id_of("Business Current Account"))
    borrower.answer("fee", borrower.id_of("Bank Fees"))
    borrower.answer("tax", "NONE")
    borrower.answer("supplier", borrower.mapping.supplier_id)
    borrower.answer("lender", "keep")

    assert lender
    assert "090 Business Current Account" in borrower.page("check/")
    assert "Not saved yet" not in borrower.page("check/")
    borrower.answer("tax", "INPUT2")
    assert borrower.page("check/").count("Not saved yet") == 1


def test_what_was_chosen_without_its_name_is_not_called_by_its_id(borrower):
    adopted(borrower)
    borrower.save()
    chosen = borrower.mapping
    chosen.pk, chosen.version = None, 2
    chosen.nominated_account_name = chosen.supplier_name = ""
    chosen.save(force_insert=True)
    chosen.rows.create(role="fee", account_id=borrower.id_of("Bank Fees"))

    page = borrower.page("check/")

    assert page.count("The one that you chose in Xero") == 3
    for one in (chosen.nominated_account_id, chosen.supplier_id):
        assert one not in page


def test_saving_what_is_in_force_makes_no_version(borrower):
    adopted(borrower)
    borrower.save()
    borrower.answer("tax", "NONE")

    borrower.save()

    assert AccountMapping.objects.count() == 1
    assert not AccountDraft.objects.exists()


def test_the_check_waits_for_the_last_answer(borrower):
    borrower.answer("lender", "new")

    assert borrower.get(f"{ACCOUNTS}check/")["Location"] == f"{ACCOUNTS}bank/"


def test_a_second_tabs_save_is_refused_showing_both(borrower):
    adopted(borrower)
    borrower.save()
    borrower.answer("tax", "INPUT2")
    first = borrower.form()
    borrower.answer("tax", "RRINPUT")
    second = borrower.form()
    assert borrower.save(first).status_code == 303
    assert borrower.mapping.tax_rate_id == "INPUT2"

    answer = borrower.save(second)

    assert answer.status_code == 409
    page = answer.content.decode()
    assert "The accounts were chosen anew meanwhile" in page
    in_force, _, mine = page.partition("<h2>Your answers</h2>")
    assert "20%" in in_force
    assert "5% (VAT on Expenses)" in mine
    assert borrower.mapping.version == 2
    # Having seen both, they may have their own.
    borrower.save(form_of(page))
    assert (borrower.mapping.version, borrower.mapping.tax_rate_id) == (3, "RRINPUT")


def test_answers_that_an_operator_has_overtaken_are_shown_beside_theirs(borrower):
    adopted(borrower)
    borrower.save()
    borrower.answer("tax", "INPUT2")
    mapping = borrower.mapping
    mapping.pk, mapping.version, mapping.chosen_by = None, 2, "user:root"
    mapping.save(force_insert=True)
    mapping.rows.create(role="fee", account_id=borrower.id_of("Bank Fees"))

    page = borrower.page("check/")

    assert "In force now" in page
    borrower.save(form_of(page), discard="1")
    assert not AccountDraft.objects.exists()
    assert borrower.mapping.version == 2


def test_a_replayed_save_is_the_one_that_there_is(borrower, mailoutbox):
    adopted(borrower)
    form = borrower.form()

    answers = [borrower.save(form) for _ in range(3)]

    assert [one.status_code for one in answers] == [303, 303, 303]
    assert AccountMapping.objects.count() == 1
    assert BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTS_CHOSEN).count() == 1


@pytest.mark.parametrize(
    "spoilt",
    [{"shown": "e30:forged"}, {"shown": ""}, {"expected": ""}, {"expected": "-1"}],
    ids=str,
)
def test_a_form_that_is_not_ours_saves_nothing(borrower, spoilt):
    adopted(borrower)

    answer = borrower.save(borrower.form() | spoilt)

    assert answer["Location"] == f"{ACCOUNTS}check/"
    assert borrower.mapping is None


def test_the_form_of_another_company_saves_nothing(borrower):
    adopted(borrower)
    form = borrower.form()
    sandbox = borrower.codat.sandbox
    remote = sandbox.add_company("Bakery")
    borrower.codat.company_id = remote.id
    borrower.codat.connection_id = sandbox.add_connection(remote.id).id
    company = borrower.codat.adopt(make_company(reference="bakery")).company
    other = Answerer(company=company, codat=borrower.codat)

    answer = other.save(form)

    assert answer["Location"] == f"{ACCOUNTS}check/"
    assert not AccountMapping.objects.exists()


def test_an_account_archived_since_is_named_with_its_question(borrower):
    adopted(borrower)
    form = borrower.form()
    codat = borrower.codat
    codat.sandbox.archive_account(codat.connection_id, borrower.id_of("Bank Fees"))
    borrower.sync()

    answer = borrower.save(form)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error: " in page
    assert f'<a href="{ACCOUNTS}fee/">Choose this again' in page
    assert borrower.id_of("Bank Fees") not in page
    assert borrower.mapping is None
    assert AccountDraft.objects.get().saved_at is None
    # The others are still there.
    assert marked(borrower.page("bank/")) == [
        borrower.id_of("Business Current Account")
    ]
    assert marked(borrower.page("fee/")) == []


@pytest.mark.parametrize("kind", ["error_before", "busy", "unauthorised"])
def test_a_save_that_cannot_look_changes_nothing(borrower, kind):
    adopted(borrower)
    form = borrower.form()
    borrower.codat.sandbox.faults.add(kind, match="data/", times=None)

    answer = borrower.save(form)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing was changed, and your answers are kept." in page
    assert "ervice" not in page
    assert borrower.mapping is None
    borrower.codat.sandbox.faults.clear()
    assert borrower.save(form_of(page)).status_code == 303
    assert borrower.mapping.version == 1


def test_nothing_is_saved_while_another_organisation_is_connected(borrower):
    adopted(borrower)
    form = borrower.form()
    Connection.objects.update(organisation_changed=True)

    assert borrower.save(form)["Location"] == "/c/my/organisation/"
    assert borrower.mapping is None


def test_a_second_click_that_overtakes_the_first_goes_on_as_the_first_does(borrower):
    adopted(borrower)
    form = borrower.form()
    connection = borrower.connection

    class MeanwhileSaved(Books):
        """Books that are opened while the first click is done with."""

        @property
        def client(self):
            if borrower.mapping is None:
                assert borrower.save(form).status_code == 303
            return super().client

    with MeanwhileSaved(connection) as books:
        made = saving.save(
            sitting=borrower.sitting,
            standing=answering.standing(connection),
            answers=answering.shown(connection, unescape(form["shown"])),
            expected=0,
            books=books,
            now=database_now(),
        )

    assert made == borrower.mapping
    assert made.version == 1
    # Nothing is left to be saved.
    assert not answering.standing(connection).given
    assert BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTS_CHOSEN).count() == 1


def test_a_page_that_saves_again_and_again_asks_codat_so_often_at_most(
    borrower, monkeypatch, new_minute
):
    adopted(borrower)
    borrower.save()
    form = borrower.form()
    cache.clear()
    Tally.objects.all().delete()
    throttles.forget_held()
    monkeypatch.setattr(questions, "A_MINUTE", 2)
    before = [borrower.save(form).status_code for _ in range(2)]
    asked = len(borrower.calls)

    answer = borrower.save(form)

    assert before == [303, 303]
    assert answer.status_code == 503
    assert "We cannot look at your Xero just now" in answer.content.decode()
    assert len(borrower.calls) == asked
    # What was to be saved can be sent once more from there.
    assert f'name="expected" value="{form["expected"]}"' in answer.content.decode()


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "", "1" * 12])
def test_a_version_that_nobody_was_shown_saves_nothing(borrower, number):
    adopted(borrower)

    answer = borrower.save(borrower.form(), expected=number)

    assert answer["Location"] == f"{ACCOUNTS}check/"
    assert borrower.mapping is None


# --- who is told ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Your bank account: Business Current Account", "chosen on"]),
        ("fr", ["Votre compte bancaire\u00a0: Business Current Account", "choisis le"]),
    ],
)
def test_a_receipt_goes_out_by_mail(borrower, mailoutbox, language, words):
    borrower.company.language = language
    borrower.company.save()
    adopted(borrower)
    borrower.save()

    notices.send_due()

    (sent,) = mailoutbox
    for text in (sent.body, sent.alternatives[0].content):
        for word in words:
            assert word in text
    assert sent.to == [borrower.company.contact_email]


def test_an_operators_choice_sends_no_receipt(codat):
    codat.ready()

    receipts = BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTS_CHOSEN)
    assert not receipts.exists()


def test_the_owner_hears_of_what_their_accountant_saved(borrower):
    accountant = Answerer(
        company=borrower.company, role=LinkRole.ACCOUNTANT, codat=borrower.codat
    )
    adopted(accountant)

    accountant.save()

    assert accountant.mapping.chosen_by == "accountant:harbour"
    told = BorrowerNotice.objects.values_list("kind", flat=True)
    assert set(told) == {NoticeKind.ACCOUNTANT_ACTED, NoticeKind.ACCOUNTS_CHOSEN}


def test_the_owner_hears_nothing_of_a_save_that_changed_nothing(borrower):
    adopted(borrower)
    borrower.save()
    accountant = Answerer(
        company=borrower.company, role=LinkRole.ACCOUNTANT, codat=borrower.codat
    )

    for _ in range(3):
        assert accountant.save().status_code == 303

    assert not BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTANT_ACTED).exists()
    accountant.answer("tax", "INPUT2")
    accountant.save()
    assert BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTANT_ACTED).count() == 1


@pytest.mark.parametrize("act", ["go on", "keep what is in force"])
def test_the_owner_hears_of_what_else_their_accountant_decides(borrower, act):
    accountant = Answerer(
        company=borrower.company, role=LinkRole.ACCOUNTANT, codat=borrower.codat
    )
    adopted(borrower)
    borrower.answer("fee", "new", code="6225", name="Fees", category="Overhead")
    if act == "go on":
        borrower.codat.sandbox.faults.add("push_fails", match="chartOfAccounts")
        borrower.save()
        drain(borrower)
        accountant.press(f"{ACCOUNTS}progress/", {})
    else:
        accountant.save(discard="1")

    told = BorrowerNotice.objects.get(kind=NoticeKind.ACCOUNTANT_ACTED)
    what = "tried_again" if act == "go on" else "kept"
    assert told.subject.startswith(f"{what} ")


# --- what has to be made first -------------------------------------------------------


def drain(borrower):
    """Let the engine work until nothing is left to be made."""
    with CodatClient.from_settings() as client:
        setup = AccountSetup.objects.latest("begun_at")
        drive(setup, client=client, wait=lambda _: time.sleep(0.05))


def test_a_run_is_shown_until_it_is_done_and_writes_nothing_in_the_page(borrower):
    borrower.answer_all()
    form = borrower.form()
    before = len(borrower.calls)

    answer = borrower.save(form)

    assert answer["Location"] == f"{ACCOUNTS}progress/"
    assert {one.partition(" ")[0] for one in borrower.calls[before:]} == {"GET"}
    assert borrower.mapping is None
    shown = borrower.get(f"{ACCOUNTS}progress/")
    assert shown.headers["Refresh"] == LOOKS_AGAIN
    page = shown.content.decode()
    assert "http-equiv" not in page
    assert f'href="{ACCOUNTS}progress/">Check again' in page
    assert "We are setting your accounts up in Xero." in page
    overview = borrower.page()
    assert "We are setting your accounts up in Xero." in overview
    # They are saved, and there is nothing to press meanwhile.
    assert "Not saved yet" not in overview
    assert 'class="button"' not in overview
    assert "We are setting them up in Xero." in borrower.see(borrower.home)

    drain(borrower)

    assert borrower.get(f"{ACCOUNTS}progress/")["Location"] == "/c/my/preview/"
    mapping = borrower.mapping
    assert mapping.chosen_by == "borrower:harbour"
    assert mapping.lender_account.feed_status == "connected"
    assert mapping.supplier_name == LENDER
    assert "Not saved yet" not in borrower.page()
    assert BorrowerNotice.objects.filter(kind=NoticeKind.ACCOUNTS_CHOSEN).count() == 1


def test_a_save_sent_twice_is_one_run(borrower):
    borrower.answer_all()
    form = borrower.form()

    places = [borrower.save(form)["Location"] for _ in range(3)]

    assert set(places) == {f"{ACCOUNTS}progress/"}
    assert AccountSetup.objects.count() == 1


def test_other_answers_wait_until_a_run_is_done(borrower):
    borrower.answer_all()
    borrower.save()
    borrower.answer("tax", "INPUT2")

    page = borrower.save().content.decode()

    assert "Your accounts are being set up at this moment." in page
    assert AccountSetup.objects.count() == 1
    drain(borrower)
    # The one is in force now, the other is kept, and both are shown.
    assert "In force now" in borrower.page("check/")
    borrower.save()
    assert (borrower.mapping.version, borrower.mapping.tax_rate_id) == (2, "INPUT2")


@pytest.mark.parametrize("category", ["Expense", "Overhead", "DirectCosts"])
def test_a_new_fee_account_stands_where_it_was_wanted(borrower, category):
    adopted(borrower)
    borrower.answer("fee", "new", code="6225", name="Affacturage", category=category)
    assert "6225 Affacturage" in borrower.page("check/")

    borrower.save()
    drain(borrower)

    made = borrower.codat.books.account("Affacturage")
    assert (made.code, made.category) == ("6225", f"Expense.{category}")
    assert borrower.mapping.expense_account_name == "Affacturage"


def test_whoever_says_none_of_these_is_added_beside_them(borrower):
    near = borrower.add_supplier("Example Finance")
    advances = borrower.add_account("Advances", category="Asset.Bank", code="835")
    assert offered(borrower.page("supplier/")) == ["Example Finance", "None of these"]
    borrower.answer_all(lender=advances, supplier="new")

    borrower.save()
    drain(borrower)

    assert borrower.mapping.supplier_name == LENDER
    assert borrower.mapping.supplier_id != near


def test_a_run_that_stopped_says_why_and_leads_to_the_answer(borrower):
    adopted(borrower)
    borrower.answer("fee", "new", code="6225", name="Fees", category="Overhead")
    borrower.codat.sandbox.faults.add(
        "push_fails", match="chartOfAccounts", message="Code must be unique"
    )
    borrower.save()
    drain(borrower)

    shown = borrower.get(f"{ACCOUNTS}progress/")

    page = shown.content.decode()
    assert "Refresh" not in shown.headers
    assert "Xero refused what we wanted to create." in page
    assert f'href="{ACCOUNTS}fee/">Change that answer' in page
    assert "Setting your accounts up has stopped." in borrower.page()
    assert "Setting them up has stopped." in borrower.see(borrower.home)
    assert borrower.mapping is None
    # What was answered is still there, and once more may be enough.
    assert "6225 Fees" in borrower.page("check/")
    borrower.press(f"{ACCOUNTS}progress/", {})
    drain(borrower)
    assert borrower.mapping.expense_account_name == "Fees"


def test_the_same_answers_begin_again_what_stopped(borrower):
    adopted(borrower)
    borrower.answer("fee", "new", code="6225", name="Fees", category="Overhead")
    borrower.codat.sandbox.faults.add("push_fails", match="chartOfAccounts")
    form = borrower.form()
    borrower.save(form)
    drain(borrower)
    assert AccountSetup.objects.get().state == "stopped"

    answer = borrower.save(form)

    assert answer["Location"] == f"{ACCOUNTS}progress/"
    assert AccountSetup.objects.latest("begun_at").state == "running"
    drain(borrower)
    assert borrower.mapping.expense_account_name == "Fees"


@pytest.mark.parametrize("said", ["same", "another"])
def test_what_stopped_for_another_organisation_has_a_way_on_once_they_have_said(
    borrower, said
):
    borrower.answer_all()
    borrower.save()
    Connection.objects.update(organisation_changed=True)
    drain(borrower)
    stopped = AccountSetup.objects.get()
    assert stopped.reason == "organisation_changed"
    borrower.press("/c/my/organisation/", {"answer": said})

    page = borrower.page("progress/")

    assert "Tell us first which one it is" not in page
    assert "Tell us first which one it is" not in borrower.page()
    if said == "same":
        assert ">Try again</button>" in page
        borrower.press(f"{ACCOUNTS}progress/", {})
        drain(borrower)
        assert borrower.mapping.version == 1
    else:
        # What was chosen in one organisation is never made in another.
        assert ">Try again</button>" not in page
        assert 'href="/c/my/accounts/check/">Check your answers' in page


def test_another_answer_takes_the_place_of_a_run_that_stopped(borrower):
    adopted(borrower)
    borrower.answer("fee", "new", code="6225", name="Fees", category="Overhead")
    borrower.codat.sandbox.faults.add("push_fails", match="chartOfAccounts", times=None)
    borrower.save()
    drain(borrower)
    assert AccountSetup.objects.get().state == "stopped"

    borrower.answer("fee", borrower.id_of("Bank Fees"))
    borrower.save()

    assert borrower.mapping.expense_account_name == "Bank Fees"
    assert borrower.get(f"{ACCOUNTS}progress/")["Location"] == "/c/my/preview/"
