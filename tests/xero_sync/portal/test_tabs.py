"""Two tabs of one visit: a form acts on what its own page showed, or on nothing."""

import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from lending.models import AuditEntry
from tests.builders import make_company
from tests.xero_sync.portal.journeys import Customer, sent_by
from xero_sync.models import BorrowerWish, Connection
from xero_sync.models.choices import Question
from xero_sync.models.links import LinkRole
from xero_sync.portal.urls import urlpatterns

pytestmark = pytest.mark.django_db

GONE_ON = "You have gone on with another organisation"
CONFLICT = 409
# Neither is about the company that is chosen now.
ABOUT_ANY = {"customer-leave", "customer-organisations"}
BEFORE_A_VISIT = {"entry.html", "expired.html", "open.html", "return_elsewhere.html"}


@pytest.fixture
def tab(codat):
    """A tab of somebody with two organisations, of which the first was chosen."""
    first = make_company(legal_name="Harbour", borrower_reference="B-1")
    make_company(reference="bakery", legal_name="Bakery", borrower_reference="B-1")
    customer = Customer(codat=codat, company=first)
    codat.ready(first)
    return customer


def choose_elsewhere(tab):
    """Go on with the other organisation, in another tab of the same browser."""
    tab.press(reverse("customer-organisations"), {"reference": "bakery"})


def addresses():
    """The address of each form of a visit that is about a company."""
    for one in urlpatterns:
        if str(one.pattern).startswith("c/my/") and one.name not in ABOUT_ANY:
            arguments = [Question.BANK] if one.pattern.converters else None
            yield reverse(one.name, args=arguments)


def state():
    return (
        list(Connection.objects.values()),
        BorrowerWish.objects.count(),
        AuditEntry.objects.count(),
    )


def test_no_form_of_a_visit_acts_on_a_company_that_its_page_was_not_about(tab):
    shown = sent_by(tab.see(tab.home))
    choose_elsewhere(tab)
    before, taken = state(), []

    for address in addresses():
        for about in (shown, {**shown, "about": ""}):
            answer = tab.browser.post(address, about)
            if answer.status_code != 405:
                assert answer.status_code == CONFLICT, address
                assert GONE_ON in answer.content.decode(), address
                taken.append(address)

    assert len(taken) >= 2 * 9
    assert state() == before


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("customer-disconnect", {}),
        ("customer-posting", {"act": "off"}),
        ("customer-share", {"email": "anna@ledgers.example"}),
        ("customer-feed", {"act": "disconnect"}),
    ],
)
def test_a_form_sent_from_its_own_tab_goes_through_and_from_an_old_one_not(
    tab, name, values
):
    # The other organisation could take it, too.
    tab.codat.ready(make_other(tab))
    form = {**sent_by(tab.see(reverse(name))), **values}
    choose_elsewhere(tab)
    before = state()

    refused = tab.browser.post(reverse(name), form)
    unchanged = state()
    taken = tab.press(reverse(name), values)

    assert refused.status_code == CONFLICT
    assert unchanged == before
    assert taken.status_code == 303
    assert state() != before


def make_other(tab):
    """The other organisation, at Codat too."""
    remote = tab.codat.sandbox.add_company("Bakery")
    tab.codat.company_id = remote.id
    tab.codat.connection_id = tab.codat.sandbox.add_connection(remote.id).id
    return type(tab.company).objects.get(reference="bakery")


def test_whoever_may_not_do_it_at_all_is_told_that(tab):
    tab.role = LinkRole.ACCOUNTANT
    shown = sent_by(tab.see(tab.home))
    choose_elsewhere(tab)

    answer = tab.browser.post(reverse("customer-disconnect"), shown)

    assert "Only your client can do this" in answer.content.decode()


def test_each_form_in_a_template_says_whom_it_is_about():
    folder = Path(django_settings.BASE_DIR) / "templates" / "customer"
    asked = 0
    for path in folder.glob("*.html"):
        forms = re.findall(r'<form[^>]*method="post".*?</form>', path.read_text(), re.S)
        for form in forms:
            asked += 1
            beginning = '{% include "customer/form.html" %}'
            is_ours = path.name in BEFORE_A_VISIT or beginning in form
            assert is_ours, f"{path.name}: begin the form with customer/form.html"
    assert asked > 10
