"""Every mail says the same as text and as HTML, in both languages, and leads to us."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
import time_machine
from django.apps import apps
from django.utils import translation

from lending import formats
from lending.services import update_company
from tests.builders import make_company
from tests.marks import by_the_tests_clock
from tests.worlds import World
from tests.xero_sync.accounts.test_lost_choices import look, lose
from tests.xero_sync.borrowers.causes import causes_of
from xero_sync.borrowers import mails, notices
from xero_sync.models import BorrowerNotice, Connection
from xero_sync.models.borrowers import NoticeKind
from xero_sync.models.choices import Question
from xero_sync.models.links import BorrowerLink

pytestmark = pytest.mark.django_db


class Shown(HTMLParser):
    """What a mail program shows of HTML, with the address of each link behind it."""

    def __init__(self, markup):
        super().__init__()
        self.words, self.href, self.is_hidden = [], "", False
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.is_hidden = tag == "head" or (self.is_hidden and tag != "body")
        if tag == "a":
            self.href = dict(attrs)["href"]

    def handle_data(self, data):
        if not self.is_hidden:
            self.words += data.split()

    def handle_endtag(self, tag):
        if tag == "a" and not self.href.startswith("mailto:"):
            self.words.append(self.href)


def owed(kind, language):
    """A mail of a kind that is true, to a company of a language."""
    world = World()
    borrower = world.borrower(
        language=language, writeback=False, time_zone="Pacific/Auckland"
    )
    if kind == NoticeKind.CHOICE_LOST:
        lose(borrower, Question.BANK)
        look(borrower)
    for subject in causes_of(kind, borrower.connection):
        notices.tell(
            company=borrower.company, kind=kind, subject=subject, now=world.clock.now
        )
    return BorrowerNotice.objects.filter(kind=kind, company=borrower.company)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", NoticeKind.values)
def test_text_and_html_say_the_same(kind, language):
    found = [mails.compose(one) for one in owed(kind, language)]

    assert found
    for one in found:
        markup = one.alternatives[0].content
        assert Shown(markup).words == one.body.split()
        assert f'<html lang="{language}">' in markup
        # What is said of a button is true of HTML alone.
        assert not re.search("button|bouton", one.body)


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_no_mail_leads_to_codat_and_no_row_holds_what_opens_a_page(kind):
    for one in [mails.compose(one) for one in owed(kind, "en")]:
        addresses = set(re.findall(r"https?://[^\s\"<>]+", str(one.message())))
        assert "codat" not in str(one.message()).lower()
        if kind == NoticeKind.ADDRESS_CHANGED:
            # It goes to an address that may be theirs no more.
            assert addresses == set()
            continue
        (address,) = addresses
        token = address.rstrip("/").rpartition("/")[2]
        assert len(token) > 40
        assert address.startswith("http://testserver/c/")
        assert [held for held in everything_stored() if token in held] == []


def everything_stored():
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            yield str(row)


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_the_two_languages_share_no_sentence(kind):
    english, french = (
        {
            line
            for one in owed(kind, language)
            for line in mails.compose(one).body.splitlines()[1:]
            if " " in line.strip()
        }
        for language in ("en", "fr")
    )

    assert english & french == set()


@pytest.mark.parametrize(
    ("language", "day"), [("en", "1 December 2026"), ("fr", "1er décembre 2026")]
)
@by_the_tests_clock
def test_a_link_ends_on_a_day_of_the_companys_zone(settings, language, day):
    settings.CUSTOMER_LINK_DAYS = 30
    (notice,) = owed(NoticeKind.LINES_MISSED, language)

    # When it ends it is the last of November here, and the first in Auckland.
    with time_machine.travel(datetime(2026, 10, 31, 20, tzinfo=UTC)):
        one = mails.compose(notice)

    assert day in one.body
    assert day in one.alternatives[0].content


def test_an_accountants_mail_that_is_late_names_the_end_of_their_link(settings):
    (notice,) = owed(NoticeKind.ACCOUNTANT_LINK, "en")
    link = BorrowerLink.objects.get(pk=notice.subject)
    ends = formats.long_day(notice.company.today(link.expires_at))

    with time_machine.travel(link.made_at.replace(year=link.made_at.year + 1)):
        body = mails.compose(notice).body

    assert ends in body


def test_a_changed_address_is_told_to_the_old_one_and_to_nobody_else(mailoutbox):
    company = make_company(contact_email="old@acme.example")
    update_company(company=company, contact_email="old@acme.example")
    update_company(company=company, legal_name="Acme Limited")
    assert not BorrowerNotice.objects.exists()

    update_company(company=company, contact_email="new@acme.example")
    update_company(company=company, contact_email="newer@acme.example")
    notices.send_due()

    assert [one.to for one in mailoutbox] == [
        ["old@acme.example"],
        ["new@acme.example"],
    ]
    assert "newer@" not in str(mailoutbox[0].message())


def test_the_first_address_is_told_to_nobody():
    update_company(
        company=make_company(contact_email=""), contact_email="new@acme.example"
    )

    assert not BorrowerNotice.objects.exists()


def test_the_first_of_a_month_alone_has_an_ordinal():
    with translation.override("fr"):
        found = [formats.long_day(date(2026, 12, day)) for day in (1, 11, 21)]

    assert found == ["1er décembre 2026", "11 décembre 2026", "21 décembre 2026"]


def test_a_mail_about_a_choice_names_what_is_gone():
    (notice,) = owed(NoticeKind.CHOICE_LOST, "en")

    one = mails.compose(notice)

    assert one.subject == (
        "Example Invoice Finance: Your bank account “Business Current Account” "
        "can no longer be used"
    )
    assert mails.is_still_true(notice)
    Connection.objects.update(unusable_choices=[], unusable_account="")
    assert not mails.is_still_true(notice)
    assert "can no longer be used" not in mails.compose(notice).body
