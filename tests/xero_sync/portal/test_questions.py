"""The questions about a borrower's accounts: what is offered, kept and refused."""

import time
from uuid import uuid4

import pytest

from tests.builders import make_company
from tests.xero_sync.portal.answering import ACCOUNTS, Answerer, marked, offered
from tests.xero_sync.portal.journeys import LOOKS_AGAIN, record_app
from xero_sync.models import AccountDraft, Connection

LENDER = "Example Invoice Finance"
QUESTIONS = ("lender", "bank", "fee", "tax", "supplier")


@pytest.fixture
def borrower(codat, settings):
    settings.LENDER_ACCOUNT_NUMBER, settings.LENDER_SORT_CODE = "12345678", "123456"
    settings.LENDER_NAME = LENDER
    return Answerer(company=codat.adopt().company, codat=codat)


def drafts():
    return dict(AccountDraft.objects.values_list("pk", "answers"))


# --- the way through -----------------------------------------------------------------


def test_the_suggestions_lead_through_all_questions_and_save_nothing(borrower):
    assert borrower.get(ACCOUNTS)["Location"] == f"{ACCOUNTS}lender/"

    ways = []
    for question in QUESTIONS:
        page = borrower.page(f"{question}/")
        assert "Suggested: " in page
        assert "It is not saved before you continue." in page
        (suggested,) = marked(page)
        ways.append(borrower.answer(question, suggested)["Location"])

    following = [*QUESTIONS[1:], "check"]
    assert ways == [f"{ACCOUNTS}{one}/" for one in following]
    assert borrower.mapping is None


def test_half_done_answers_are_kept_for_another_day_and_another_person(borrower):
    borrower.answer("lender", "new")
    borrower.answer("fee", borrower.id_of("Interest Expense"))
    other = Answerer(company=borrower.company, role="accountant", codat=borrower.codat)

    page = other.page()

    assert page.count("Not answered yet") == 3
    assert "437 Interest Expense" in page
    assert f'href="{ACCOUNTS}bank/">Continue' in page
    assert marked(other.page("fee/")) == [borrower.id_of("Interest Expense")]
    # What is kept is no suggestion.
    assert "Suggested" not in other.page("fee/")
    draft = AccountDraft.objects.get()
    assert (draft.based_on, draft.changed_by) == (0, "borrower:harbour")


def test_a_page_reads_once_and_the_next_minute_not_at_all(borrower):
    before = len(borrower.calls)
    borrower.page("lender/")
    first = borrower.calls[before:]

    borrower.page("bank/")
    borrower.answer("bank", borrower.id_of("Business Current Account"))

    (only,) = first
    assert only.startswith("GET ")
    assert only.partition("?")[0].endswith("/data/bankAccounts")
    assert borrower.calls[before:] == first


def test_without_a_connection_there_is_nothing_to_ask(borrower):
    Connection.objects.update(status="Deauthorized")

    answers = [
        borrower.get(f"{ACCOUNTS}{one}") for one in ("", "bank/", "check/", "progress/")
    ]

    assert {one["Location"] for one in answers} == {"/c/my/connect/"}
    Connection.objects.update(status="Linked", organisation_changed=True)
    assert borrower.get(ACCOUNTS)["Location"] == "/c/my/organisation/"


def test_there_is_no_other_question(borrower):
    assert borrower.get(f"{ACCOUNTS}password/").status_code == 404


# --- what is offered -----------------------------------------------------------------


def test_only_accounts_that_fit_are_offered(borrower):
    borrower.add_account("Company card", category="Asset.Bank", account_type="Credit")

    assert offered(borrower.page("bank/")) == ["090 Business Current Account"]
    assert offered(borrower.page("lender/")) == [
        f"A new bank account, “{LENDER}”",
        "090 Business Current Account",
    ]
    assert offered(borrower.page("fee/")) == [
        "404 Bank Fees",
        "429 General Expenses",
        "437 Interest Expense",
        "A new account",
    ]


def test_the_name_of_the_bank_is_shown_as_xero_will_show_it(borrower, settings):
    settings.LENDER_NAME = "Example Invoice Finance of Great Britain"

    page = borrower.page("lender/")

    assert "A new bank account, “Example Invoice Finance of Gre”" in page
    assert "the bank is called “Example Invoice Finance of Great Britain”" in page


@pytest.mark.parametrize("bare", ["lender/", "bank/", "fee/", "check/", ""])
def test_no_page_shows_a_balance(borrower, bare):
    books = borrower.codat.books
    account = books.account("Business Current Account")
    account.balance = 4711
    borrower.answer_all()

    page = borrower.page(bare)

    assert "4711" not in page
    assert "4,711" not in page
    assert "0.00" not in page


def test_what_is_answered_to_one_question_is_left_out_of_the_other(borrower):
    advances = borrower.add_account("Advances", category="Asset.Bank", code="835")
    borrower.answer("lender", advances)
    assert offered(borrower.page("bank/")) == ["090 Business Current Account"]

    borrower.answer("bank", borrower.id_of("Business Current Account"))

    assert offered(borrower.page("lender/")) == [
        f"A new bank account, “{LENDER}”",
        "835 Advances",
    ]


WITHOUT = [
    f"A new bank account, “{LENDER}”",
    f"A new credit card account, “{LENDER}”",
    f"A new account of another kind, “{LENDER}”",
]


def no_feed(state, settings):
    """Why no bank feed can come."""
    if state == "no number":
        settings.LENDER_ACCOUNT_NUMBER = ""
    elif state == "off for our app":
        record_app(bank_feeds_on=False)
    else:
        changed = {
            "off here": {"bank_feeds": False},
            "a demo company": {"marked_demo": True},
            "refused": {"feed_refusal": "invalid-organisation-bank-feeds"},
        }
        Connection.objects.update(**changed[state])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("off here", "waits for Xero's approval. A new account is made without one"),
        ("off for our app", "waits for Xero's approval. A new account is made without"),
        ("a demo company", "takes no bank feed, so the account comes without one"),
        ("refused", "at the moment, so a new account comes without one"),
    ],
)
def test_where_no_feed_can_come_a_new_account_comes_without_one(
    borrower, settings, state, words
):
    no_feed(state, settings)

    page = borrower.page("lender/")

    assert words in page
    assert "Statement lines do not come by themselves." in page
    assert offered(page) == [*WITHOUT, "090 Business Current Account"]
    assert marked(page) == ["new_bank"]
    assert "Choose the account that stands for us" in borrower.refused("lender", "new")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("off here", "A new account and its bank feed wait for Xero's approval"),
        ("off for our app", "A new account and its bank feed wait for Xero's approval"),
        ("a demo company", "A demo company takes no bank feed"),
        ("refused", "Xero does not take bank feeds from us for your organisation"),
        ("no number", "that lies with us"),
    ],
)
def test_where_codat_takes_no_account_one_of_theirs_is_adopted(
    borrower, settings, state, words
):
    no_feed(state, settings)
    borrower.codat.sandbox.faults.add(
        "error_before", match="options/bankAccounts", status=404, times=None
    )
    advances = borrower.add_account("Advances", category="Asset.Bank", code="835")

    page = borrower.page("lender/")

    assert words in page
    assert offered(page) == ["090 Business Current Account", "835 Advances"]
    assert marked(page) == []
    for new in ("new", "new_bank"):
        page = borrower.refused("lender", new)
        assert "Choose the account that stands for us" in page
    borrower.answer_all(lender=advances, supplier=borrower.add_supplier(LENDER))
    borrower.save()
    account = borrower.mapping.lender_account
    assert account.target_account_id == advances
    assert account.source_account_id == ""


@pytest.mark.parametrize(
    ("value", "given", "ending"),
    [
        ("new_credit_card", {"card_ending": "4321"}, "••••21"),
        ("new_other", {"account_number": "FAC 2026/17"}, "••••6/17"),
    ],
)
def test_a_number_is_kept_encrypted_and_shown_to_whoever_typed_it(
    borrower, value, given, ending
):
    Connection.objects.update(bank_feeds=False)

    borrower.answer("lender", value, **given)

    (number,) = given.values()
    assert number not in str(drafts())
    assert f"Its number: {ending}" in borrower.page()
    assert number not in borrower.page()
    page = borrower.page("lender/")
    assert marked(page) == [value]
    assert f'value="{number}"' in page


@pytest.mark.parametrize(
    ("value", "place", "number", "words"),
    [
        ("new_credit_card", "card_ending", "", "Enter the last four digits"),
        ("new_credit_card", "card_ending", "12345", "Enter the last four digits"),
        ("new_credit_card", "card_ending", "4111111111111111", "and no more"),
        ("new_other", "account_number", "", "Enter a number of 1 to 40"),
        ("new_other", "account_number", "4111 1111 1111 1111", "never the whole"),
    ],
)
def test_a_number_that_will_not_do_is_refused_at_its_field(
    borrower, value, place, number, words
):
    Connection.objects.update(bank_feeds=False)

    page = borrower.refused("lender", value, **{place: number})

    assert f'<a href="#id_{place}">' in page
    assert words in page
    assert drafts() == {}


def test_an_account_that_has_our_name_is_not_offered_a_second_time(borrower):
    Connection.objects.update(bank_feeds=False)
    borrower.add_account(LENDER.upper(), category="Asset.Bank", code="835")

    page = borrower.page("lender/")

    assert offered(page) == ["090 Business Current Account", f"835 {LENDER.upper()}"]


def test_without_numbers_of_ours_other_kinds_can_be_made(borrower, settings):
    Connection.objects.update(bank_feeds=False)
    settings.LENDER_ACCOUNT_NUMBER = ""

    assert offered(borrower.page("lender/")) == [
        *WITHOUT[1:],
        "090 Business Current Account",
    ]


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("Rémunérations d’affacturage", "622500", "its code is 622500"),
        ("Services bancaires", "627", "its code is 627"),
        ("Factoring charges", "430", "its name is “Factoring charges”"),
        ("Commissions d'affacturage", "431", "its name is “Commissions d'affacturage”"),
    ],
)
def test_a_fee_account_is_suggested_by_code_or_name(borrower, name, code, why):
    wanted = borrower.add_account(name, code=code)

    page = borrower.page("fee/")

    assert marked(page) == [wanted]
    assert f"Suggested: {why}" in page


def test_no_fee_account_is_suggested_where_none_is_likely(borrower):
    codat = borrower.codat
    codat.sandbox.archive_account(codat.connection_id, borrower.id_of("Bank Fees"))
    borrower.sync()

    page = borrower.page("fee/")

    assert marked(page) == []
    assert "Suggested" not in page


def test_an_organisation_without_a_bank_account_hears_what_to_do(borrower):
    codat = borrower.codat
    codat.sandbox.archive_account(
        codat.connection_id, borrower.id_of("Business Current Account")
    )
    borrower.sync()

    page = borrower.page("bank/")

    assert "Your Xero has no bank account in GBP that is in use. Add one in" in page
    assert "Continue" not in page
    assert offered(page) == []
    assert "Choose the bank account" in borrower.refused("bank", str(uuid4()))


# --- suppliers -----------------------------------------------------------------------


@pytest.mark.parametrize("lender", [LENDER, "Example Factoring Ltd"])
@pytest.mark.parametrize(
    "name", ["Example Finance", "EIF", "Example (Factoring) Limited", "EXAMPLE SARL"]
)
def test_what_may_be_us_is_a_candidate_and_never_chosen_by_itself(
    borrower, settings, lender, name
):
    settings.LENDER_NAME = lender
    borrower.add_supplier(name)

    page = borrower.page("supplier/")

    assert name in offered(page)
    assert "Almost our name" in page
    assert marked(page) == []
    assert "Choose a supplier" in borrower.refused("supplier", "")


def test_our_own_name_is_suggested_and_cannot_be_added_twice(borrower):
    ours = borrower.add_supplier("EXAMPLE invoice-finance")

    page = borrower.page("supplier/")

    assert marked(page) == [ours]
    assert "Suggested: it has our name." in page
    assert offered(page) == ["EXAMPLE invoice-finance"]
    assert "We are there already" in borrower.refused("supplier", "new")


def test_a_supplier_is_searched_among_hundreds(borrower):
    codat = borrower.codat
    for number in range(500):
        codat.sandbox.add_supplier(codat.connection_id, f"Fournisseur n° {number}")
    wanted = borrower.add_supplier("Société Générale Factoring")

    assert offered(borrower.page("supplier/")) == ["Add us to your suppliers"]
    many = borrower.page("supplier/", q="fournisseur")
    assert len(offered(many)) <= 20
    assert "There are more than shown here." in many
    found = borrower.page("supplier/", q="generale  SOCIETE")
    assert offered(found) == ["Société Générale Factoring", "None of these"]
    assert "Nothing with these words was found." in borrower.page("supplier/", q="zz")
    assert borrower.answer("supplier", wanted).status_code == 303
    # It is shown from then on, whatever is searched for.
    assert marked(borrower.page("supplier/")) == [wanted]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_page_stays_small_with_hundreds_behind_it(borrower, question):
    codat, link = borrower.codat, borrower.codat.connection_id
    for number in range(500):
        codat.sandbox.add_supplier(link, f"{LENDER} number {number}")
    for number in range(150):
        codat.sandbox.add_account(link, name=f"Cost {number}", code=f"7{number:03}")
        codat.sandbox.add_account(link, name=f"Bank {number}", category="Asset.Bank")
    borrower.sync()

    answer = borrower.get(f"{ACCOUNTS}{question}/")

    assert len(answer.content) < 100_000
    assert len(offered(answer.content.decode())) <= 20


# --- refused -------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("given", ["", "nothing-of-yours", "None", "<script>"])
def test_what_is_not_offered_is_not_taken(borrower, question, given):
    page = borrower.refused(question, given)

    assert "There is a problem" in page
    assert "<script>" not in page
    assert drafts() == {}


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("bank", "Old Savings Account"),
        ("bank", "EUR Account"),
        ("bank", "Bank Fees"),
        ("lender", "EUR Account"),
        ("lender", "Old Savings Account"),
        ("lender", "Sales"),
        ("fee", "Sales"),
        ("fee", "Old Finance Charges"),
        ("fee", "Business Current Account"),
    ],
)
def test_an_account_that_does_not_fit_is_not_taken(borrower, question, name):
    borrower.refused(question, borrower.id_of(name))

    assert drafts() == {}


def test_an_account_of_another_company_is_not_taken(borrower):
    sandbox = borrower.codat.sandbox
    other = sandbox.add_company("Bakery")
    link = sandbox.add_connection(other.id)
    theirs = sandbox.books(link.id).account("Business Current Account")

    borrower.refused("bank", theirs.id)

    assert drafts() == {}


def test_the_account_that_stands_for_us_is_not_the_borrowers_own(borrower):
    own = borrower.id_of("Business Current Account")
    borrower.answer("lender", own)

    assert "This account stands for us" in borrower.refused("bank", own)
    assert marked(borrower.page("lender/")) == [own]
    advances = borrower.add_account("Advances", category="Asset.Bank")
    borrower.answer("bank", advances)
    assert "your own bank account" in borrower.refused("lender", advances)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("0", ""),
        ("-0,00", ""),
        (f"1.{20_000 * '0'}", "1.00"),
        ("1250", "1250.00"),
        ("1,250.50", "1250.50"),
        ("1 250,50", "1250.50"),
        ("1.250,50", "1250.50"),
        ("−£4,200", "-4200.00"),
        ("1,250,000", "1250000.00"),
        ("12,5", "12.50"),
        ("1.250", "1250.00"),
        ("1250,00 GBP", "1250.00"),
    ],
)
def test_an_opening_balance_is_read_as_people_write_it(borrower, typed, kept):
    own = borrower.id_of("Business Current Account")

    borrower.answer("lender", own, opening_balance=typed)

    assert AccountDraft.objects.get().answers["lender"]["opening_balance"] == kept


@pytest.mark.parametrize(
    "typed", ["much", "1.2.3,4", "1.0051", "9" * 13, "1e3", "--1", "NaN", "1-2"]
)
def test_what_is_no_amount_is_named_at_its_field_and_stays(borrower, typed):
    own = borrower.id_of("Business Current Account")

    page = borrower.refused("lender", own, opening_balance=typed)

    assert '<a href="#id_opening_balance">Enter an amount, such as −£1,250.50' in page
    assert f'value="{typed}"' in page
    assert marked(page) == [own]
    assert drafts() == {}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"code": ""}, "code"),
        ({"code": "12345678901"}, "code"),
        ({"code": "404"}, "code"),
        ({"code": "200"}, "code"),
        # Of an archived account: Xero keeps its code.
        ({"code": "499"}, "code"),
        ({"name": ""}, "name"),
        ({"name": "x" * 151}, "name"),
        ({"name": "bank FEES"}, "name"),
        ({"category": ""}, "category"),
        ({"category": "Asset.Bank"}, "category"),
        ({"category": "Wages"}, "category"),
    ],
)
def test_a_new_fee_account_needs_what_xero_needs(borrower, given, place):
    good = {"code": "6225", "name": "Affacturage", "category": "Overhead"}

    page = borrower.refused("fee", "new", **good | given)

    assert f'<a href="#id_{place}">' in page
    assert f'id="id_{place}"' in page
    assert page.count('<a href="#id_') == 1
    assert marked(page) == ["new"]
    assert drafts() == {}


def test_a_replayed_post_changes_nothing_more(borrower):
    for _ in range(2):
        assert borrower.answer("tax", "INPUT2").status_code == 303

    draft = AccountDraft.objects.get()
    assert draft.answers == {
        "tax": {"id": "INPUT2", "name": "20% (VAT on Expenses)", "percent": "20"}
    }


def test_only_rates_in_use_that_fees_can_carry_are_offered_and_taken(borrower):
    borrower.codat.sandbox.archive_tax_rate(borrower.codat.connection_id, "RRINPUT")
    borrower.sync()

    assert set(offered(borrower.page("tax/"))) == {
        "No VAT",
        "20% (VAT on Expenses)",
        "Exempt Expenses",
        "Zero Rated Expenses",
    }
    for unfit in ("OUTPUT2", "RRINPUT"):
        assert "Choose the tax on our fees" in borrower.refused("tax", unfit)
    assert drafts() == {}


def test_where_tax_rates_may_not_be_read_there_is_no_tax(borrower):
    borrower.codat.sandbox.faults.add("error_before", match="data/taxRates", status=404)

    page = borrower.page("tax/")

    assert offered(page) == ["No tax"]
    borrower.answer("tax", "NONE")
    assert "No tax" in borrower.page()


# --- Codat slow or down --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["error_before", "busy", "unauthorised", "bad_json"])
def test_a_page_that_cannot_be_read_is_calm(borrower, kind):
    borrower.codat.sandbox.faults.add(kind, match="data/bankAccounts", times=None)
    own = borrower.id_of("Business Current Account")

    shown = borrower.get(f"{ACCOUNTS}bank/")
    posted = borrower.answer("bank", own)

    assert (shown.status_code, posted.status_code) == (503, 503)
    # What was entered must not be lost to a page that loads itself anew.
    assert shown.headers["Refresh"] == LOOKS_AGAIN
    assert "Refresh" not in posted.headers
    for page in (shown.content.decode(), posted.content.decode()):
        assert "We cannot look at your Xero just now" in page
        assert "ervice" not in page
    # What was entered goes out again with one button.
    assert f'name="answer" value="{own}"' in posted.content.decode()
    assert drafts() == {}


def test_a_silent_codat_holds_nobody_longer_than_eight_seconds(borrower):
    borrower.open()
    borrower.codat.sandbox.faults.add(
        "slow", match="data/bankAccounts", times=None, seconds=9
    )
    began = time.monotonic()

    answer = borrower.get(f"{ACCOUNTS}bank/")

    assert answer.status_code == 503
    assert time.monotonic() - began < 8


def test_answers_about_another_organisation_are_forgotten(borrower):
    borrower.answer("lender", "new")
    Connection.objects.update(organisation_name="Bakery")

    assert borrower.get(ACCOUNTS)["Location"] == f"{ACCOUNTS}lender/"
    borrower.answer("tax", "NONE")
    assert set(AccountDraft.objects.get().answers) == {"tax"}


def test_nobody_else_sees_the_answers(borrower):
    borrower.answer("lender", "new")
    other = Answerer(company=make_company(), codat=borrower.codat)

    assert other.get(ACCOUNTS)["Location"] == "/c/my/connect/"
