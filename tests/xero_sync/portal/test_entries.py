"""The page of what was posted: filters by links, a file, and nobody else's entries."""

import csv
import html
import io

import pytest
from django.urls import reverse

from tests.worlds import World
from tests.xero_sync.portal.journeys import Visitor, text_of
from xero_sync.borrowers.remarks import FOR_THEIR_BOOKS
from xero_sync.entries import posted
from xero_sync.entries.borrower_wording import OF_REASON
from xero_sync.models import Connection, SyncRecord
from xero_sync.portal.entries import PAGES

pytestmark = pytest.mark.django_db

ENTRIES, FILE = "/c/my/entries/", "/c/my/entries.csv"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def borrower(world):
    return world.borrower()


@pytest.fixture
def visitor(borrower):
    return Visitor(borrower.company)


def begin(borrower, amount="800", **loan):
    """A loan with a drawdown."""
    loan = borrower.loan(**loan)
    borrower.record(loan, "drawdown", amount)
    return loan


def test_it_says_what_is_in_xero_in_plain_words(world, borrower, visitor):
    loan = begin(borrower)
    world.run()

    text = text_of(visitor.see(ENTRIES))

    assert "What we have posted in your Xero" in text
    assert "Posting is on." in text
    assert f"Invoice {loan.invoice_number} · £1,000.00" in text
    assert "Advance to Business Current Account" in text
    assert "In Xero" in text
    assert "−£800.00" in text
    assert "All (2) In Xero (2) Not in Xero yet (0) Needs you (0)" in text


def test_it_speaks_french(world, borrower, visitor):
    begin(borrower)
    world.run()

    text = text_of(visitor.see(f"{ENTRIES}?lang=fr"))

    assert "Nos écritures dans votre Xero" in text
    assert "Avance versée sur Business Current Account" in text
    assert "Compte du financeur, une fois tout dans Xero −800,00 £" in text


def test_what_waits_says_why_and_what_to_do(world, borrower, visitor):
    Connection.objects.update(writeback_on=False)
    begin(borrower)

    text = text_of(visitor.see(ENTRIES))

    assert "Posting is off. Nothing is lost: what comes waits with us." in text
    assert "Posting is off. Switch posting on when you want us to enter it." in text
    assert "Needs you (2)" in text


@pytest.mark.parametrize("reason", sorted(PAGES))
def test_what_to_do_is_a_link_to_where_it_is_done(borrower, visitor, reason):
    begin(borrower)
    SyncRecord.objects.update(state="held", reason=reason)

    shown = visitor.see(f"{ENTRIES}?show=needs-you")

    to_do = str(OF_REASON[reason].to_do)
    assert f'<a href="{reverse(PAGES[reason])}">{to_do}</a>' in html.unescape(shown)


def test_whatever_waits_for_them_is_done_on_a_page_or_in_xero():
    theirs = {reason for reason, why in OF_REASON.items() if why.is_theirs}

    assert theirs == {*PAGES, *FOR_THEIR_BOOKS}


def test_a_matter_that_stops_everything_comes_first_with_one_button(
    world, borrower, visitor
):
    Connection.objects.update(status="Deauthorized")
    begin(borrower)

    page = visitor.see(ENTRIES)

    assert "Your Xero is no longer connected" in text_of(page)
    assert page.count('class="button"') == 1
    assert f'class="button" href="{reverse("customer-connect")}"' in page
    assert "Posting is on." not in page


def test_each_filter_is_a_link_that_keeps_the_loan(world, borrower, visitor):
    first, second = begin(borrower), begin(borrower)
    world.run()
    third = begin(borrower)

    text = text_of(visitor.see(ENTRIES, show="posted"))
    assert first.reference in text
    assert second.reference in text
    assert f"{third.reference}/1" not in text
    alone = visitor.see(ENTRIES, loan=first.reference)
    assert f"{second.reference}/1" not in alone
    assert f'href="{ENTRIES}?show=posted&amp;loan={first.reference}"' in alone
    assert 'aria-current="page">All (2)' in alone
    assert "All financings" in alone


def test_a_part_of_the_entries_has_no_sum(world, borrower, visitor):
    begin(borrower)

    assert "Lender account, once all" in visitor.see(ENTRIES)
    assert "Lender account, once all" not in visitor.see(ENTRIES, show="waiting")


@pytest.mark.parametrize(
    "query",
    [
        {"show": "nothing"},
        {"page": "-1"},
        {"page": "x"},
        {"page": "9" * 5000},
        {"loan": "' OR 1=1 --"},
        {"loan": "x" * 5000},
        {"show": "all\x00", "loan": "\x00"},
    ],
)
def test_an_address_that_makes_no_sense_shows_a_calm_page(borrower, visitor, query):
    begin(borrower)

    assert "What we have posted" in visitor.see(ENTRIES, **query)
    assert visitor.get(FILE, **query).status_code == 200


def test_older_entries_are_one_link_away(borrower, visitor):
    loan = borrower.loan()
    # Each has a line besides.
    for _ in range(posted.PAGE_SIZE // 2 + 1):
        borrower.record(loan, "drawdown", "1")

    page = visitor.see(ENTRIES)

    assert f'<a href="{ENTRIES}?page=2" rel="next">' in page
    assert "Newer entries" not in page
    older = visitor.see(ENTRIES, page="2")
    assert f'<a href="{ENTRIES}" rel="prev">' in older
    assert f"{loan.reference}/1<" in older
    assert f"{loan.reference}/2<" not in older


@pytest.mark.parametrize("loan", ["", "theirs"])
def test_nobody_sees_anothers_entries(world, borrower, visitor, loan):
    theirs = begin(world.borrower(), reference="theirs", debtor_name="Secret plc")
    begin(borrower)

    for address in (ENTRIES, FILE):
        page = visitor.get(address, loan=loan).content.decode()
        assert f"{theirs.reference}/" not in page
        assert "Secret plc" not in page


@pytest.mark.parametrize("address", [ENTRIES, FILE])
def test_without_a_sitting_nothing_is_shown(borrower, client, address):
    begin(borrower)

    answer = client.get(address)

    assert answer.status_code == 403
    assert b"800" not in answer.content


@pytest.mark.parametrize("address", [ENTRIES, FILE])
def test_it_is_only_read(visitor, address):
    visitor.open()

    assert visitor.browser.post(address).status_code in {403, 405}


def test_the_file_holds_what_the_page_shows_in_its_language(world, borrower, visitor):
    loan = begin(borrower, debtor_name="=1+1")
    world.run()
    begin(borrower)

    answer = visitor.get(FILE, show="posted", loan=loan.reference, lang="fr")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = answer.headers["Content-Disposition"]
    assert name.startswith(f'attachment; filename="ecritures-{loan.company.reference}-')
    assert answer.headers["Cache-Control"] == "no-store, private"
    text = answer.content.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert head[3] == "Financement"
    assert [(row[1], row[5], row[6]) for row in rows] == [
        ("Avance versée", "'=1+1", "-800,00"),
        ("Ligne de relevé bancaire", "'=1+1", "-800,00"),
    ]


def test_a_page_full_of_entries_is_small(borrower, visitor):
    loan = borrower.loan(debtor_name="A customer with a rather long name plc")
    for _ in range(posted.PAGE_SIZE):
        borrower.record(loan, "drawdown", "1")

    answer = visitor.get(ENTRIES)

    assert answer.content.count(b"<tr") == posted.PAGE_SIZE + 2
    assert len(answer.content) < 100_000


def test_what_others_typed_is_shown_as_text(borrower, visitor):
    typed = '"><script>alert(1)</script>{{ 7 }}'
    begin(borrower, invoice_number=typed)

    page = visitor.see(ENTRIES)

    assert "<script" not in page
    assert typed in html.unescape(page)
