"""Who may do what: the borrower, their accountant, and with which organisation."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from lending.models import AuditEntry
from tests.builders import make_company
from tests.xero_sync.portal.answering import Answerer
from tests.xero_sync.portal.journeys import Customer, Visitor, path_of
from xero_sync.borrowers import mails, notices, sittings
from xero_sync.models import (
    AccountSetup,
    BorrowerLink,
    BorrowerNotice,
    Connection,
    LinkRequest,
)
from xero_sync.models.links import LinkRole
from xero_sync.portal.urls import urlpatterns

pytestmark = pytest.mark.django_db

ANNA = "anna@ledgers.example"
OWNER_ONLY = ["customer-disconnect", "customer-share", "customer-organisation"]
# Addresses of a visit by which an accountant changes nothing, and why.
CHANGE_NOTHING = {
    **dict.fromkeys(OWNER_ONLY, "the borrower's own"),
    "customer-leave": "ends the own visit",
    "customer-organisations": "chooses what the own visit is about",
    "customer-question": "keeps a draft; the check tells of what is saved",
}


def connects(accountant):
    newcomer = Customer(make_company(), role=accountant.role, codat=accountant.codat)
    return newcomer.click()


def cuts_the_feed(accountant):
    return accountant.press(reverse("customer-feed"), {"act": "disconnect"})


def switches_off(accountant):
    return accountant.press(reverse("customer-posting"), {"act": "off"})


def saves(accountant):
    accountant.answer("tax", "INPUT2")
    return accountant.save()


def goes_on(accountant):
    stopped = {"state": "stopped", "reason": "no_final_word", "mapping": None}
    AccountSetup.objects.update(**stopped)
    return accountant.press(reverse("customer-accounts-progress"), {})


# What each other page lets them do; the owner hears of it by mail.
ACTS = {
    "customer-connect": connects,
    "customer-feed": cuts_the_feed,
    "customer-posting": switches_off,
    "customer-check": saves,
    "customer-accounts-progress": goes_on,
}


@pytest.fixture
def company():
    return make_company(reference="harbour", legal_name="Harbour Joinery Ltd")


def share(owner, email=ANNA):
    return owner.press(reverse("customer-share"), {"email": email})


def link_in(mail):
    return path_of(re.search(r"https?://[^\s]+/c/[\w-]+/", mail.body)[0])


@pytest.mark.parametrize("name", OWNER_ONLY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_the_owners_alone_tells_an_accountant_who_can(company, name, method):
    accountant = Visitor(company, role=LinkRole.ACCOUNTANT)
    accountant.open()

    if method == "get":
        answer = accountant.get(reverse(name))
    else:
        answer = accountant.press(
            reverse(name), {"email": ANNA, "answer": "same"}, page=accountant.home
        )

    assert answer.status_code == 403
    assert "Only your client can do this" in answer.content.decode()
    assert BorrowerLink.objects.count() == 1
    assert not AuditEntry.objects.filter(actor__startswith="accountant:").exists()


def test_an_accountants_link_is_mailed_to_them_and_opens_with_their_role(
    company, mailoutbox
):
    owner = Visitor(company)
    share(owner)

    assert notices.send_due() == (1, 0)

    (sent,) = mailoutbox
    assert sent.to == [ANNA]
    assert "Harbour Joinery Ltd" in sent.body
    theirs = BorrowerLink.objects.get(role=LinkRole.ACCOUNTANT)
    assert theirs.sent_to == ANNA
    accountant = Visitor(company)
    accountant.open(link_in(sent))
    assert accountant.sitting.link == theirs
    assert accountant.sitting.actor == "accountant:harbour"
    assert reverse("customer-share") not in accountant.see(accountant.home)
    assert reverse("customer-share") in owner.see(owner.home)


@pytest.mark.parametrize("name", ["customer-share", "customer-entry"])
def test_an_address_that_no_mail_can_have_is_refused_at_the_door(company, name):
    visitor = Visitor(company)
    values = {"email": f"anna@{60 * 'é'}.com", "reference": "harbour"}

    answer = visitor.press(reverse(name), values)

    assert answer.status_code == 200
    assert "Enter a whole email address" in answer.content.decode()
    assert not BorrowerNotice.objects.exists()
    assert not LinkRequest.objects.exists()


def test_an_accountants_link_goes_out_where_we_have_no_address_of_the_owner(mailoutbox):
    owner = Visitor(make_company(contact_email=""))
    share(owner)

    assert notices.send_due() == (1, 0)
    assert mailoutbox[0].to == [ANNA]


def test_a_link_that_is_withdrawn_before_its_mail_is_not_sent(company, mailoutbox):
    owner = Visitor(company)
    share(owner)
    link = BorrowerLink.objects.get(role=LinkRole.ACCOUNTANT)

    owner.press(reverse("customer-share"), {"withdraw": str(link.pk)})

    assert notices.send_due() == (0, 0)
    assert not mailoutbox
    assert BorrowerNotice.objects.get().is_obsolete


def test_who_is_sent_away_by_the_owner_is_gone_at_once(company):
    owner = Visitor(company)
    share(owner)
    notices.send_due()
    accountant = Visitor(company, role=LinkRole.ACCOUNTANT)
    accountant.open()
    link = accountant.sitting.link

    shown = owner.see(reverse("customer-share"))
    owner.press(reverse("customer-share"), {"withdraw": str(link.pk)})

    assert ANNA in shown
    assert accountant.browser.get(accountant.home).status_code == 403
    assert owner.see(owner.home)
    done = AuditEntry.objects.get(verb="company.link_revoked")
    assert done.actor == "borrower:harbour"


def test_nobody_withdraws_a_link_of_somebody_else(company):
    other = Visitor(make_company(), role=LinkRole.ACCOUNTANT)
    other.open()
    own = Visitor(company)
    own.open()

    for link in (other.sitting.link, own.sitting.link):
        own.press(reverse("customer-share"), {"withdraw": str(link.pk)})

    assert not BorrowerLink.objects.exclude(revoked_at=None).exists()


@pytest.mark.parametrize("role", LinkRole.values)
def test_the_owner_is_told_of_what_their_accountant_does(codat, role, mailoutbox):
    customer = Customer(make_company(reference="harbour"), role=role, codat=codat)
    customer.open()
    BorrowerLink.objects.update(sent_to=ANNA)

    customer.click()

    owed = BorrowerNotice.objects.filter(kind="accountant_acted")
    assert owed.exists() is (role == LinkRole.ACCOUNTANT)
    if owed.exists():
        assert notices.send_due() == (1, 0)
        (sent,) = mailoutbox
        assert sent.to == [customer.company.contact_email]
        assert "Your accountant went to Xero to connect it." in sent.body
        assert ANNA in sent.body


@pytest.mark.parametrize("name", ACTS)
def test_the_owner_is_told_of_each_act_of_their_accountant(codat, name):
    connection = codat.ready()
    accountant = Answerer(
        company=connection.company, role=LinkRole.ACCOUNTANT, codat=codat
    )
    accountant.open()
    BorrowerNotice.objects.all().delete()

    answer = ACTS[name](accountant)

    assert answer.status_code == 303
    told = BorrowerNotice.objects.values_list("kind", flat=True)
    assert {"accountant_acted", "posting_off"} & {*told}


def test_no_page_on_which_an_accountant_may_act_is_left_out():
    """The owner's page says that they are told of what their accountant does."""
    takes_forms = {
        one.name
        for one in urlpatterns
        if str(one.pattern).startswith("c/my/")
        and one.callback(RequestFactory().post("/"), name="x").status_code != 405
    }

    assert takes_forms == {*CHANGE_NOTHING, *ACTS}


def test_every_mail_about_an_act_has_words(company):
    sitting = Visitor(company, role=LinkRole.ACCOUNTANT).sitting
    with translation.override("en"):
        known = set(mails._acts())
    for what in known:
        # The database's clock says what is due, and may be a little behind.
        a_moment_ago = timezone.now() - timedelta(seconds=5)
        sittings.acted(sitting=sitting, what=what, now=a_moment_ago)

    assert notices.send_due() == (len(known), 0)


# --- several organisations ------------------------------------------------------------


def two(**values):
    first = make_company(legal_name="Harbour", borrower_reference="B-1", **values)
    second = make_company(legal_name="Bakery", borrower_reference="B-1")
    return first, second


def test_several_organisations_of_one_borrower_are_one_sitting():
    first, second = two()
    other = make_company(legal_name="Other", borrower_reference="B-2")
    make_company(legal_name="Nobody's")
    visitor = Visitor(first)

    home = visitor.see(visitor.home)
    offered = visitor.see(reverse("customer-organisations"))
    chosen = visitor.press(
        reverse("customer-organisations"), {"reference": second.reference}
    )
    refused = visitor.press(
        reverse("customer-organisations"), {"reference": other.reference}
    )

    assert reverse("customer-organisations") in home
    assert "Harbour" in offered
    assert "Bakery" in offered
    assert "Other" not in offered
    assert "Nobody's" not in offered.replace("&#x27;", "'")
    assert chosen["Location"] == visitor.home
    assert refused["Location"] == reverse("customer-organisations")
    assert "Bakery" in visitor.see(visitor.home)
    assert visitor.sitting.company == second
    # A new opening begins with the link's own again.
    visitor.open()
    assert visitor.sitting.company == first


def test_the_choice_among_many_organisations_asks_no_more_for_each():
    first, _ = two()
    visitor = Visitor(first)
    page = reverse("customer-organisations")
    visitor.see(page)
    with CaptureQueriesContext(database) as few:
        visitor.see(page)
    for number in range(10):
        company = make_company(legal_name=f"No. {number}", borrower_reference="B-1")
        for status in ("Unlinked", "Linked"):
            Connection.objects.create(
                company=company,
                codat_company_id=uuid4(),
                codat_connection_id=uuid4(),
                status=status,
                organisation_name=f"Books {number}",
                deleted_at=timezone.now() if status == "Unlinked" else None,
            )

    with CaptureQueriesContext(database) as many:
        shown = visitor.see(page)

    assert len(many) == len(few)
    # Each with its latest connection that goes on.
    assert all(f"Books {number}" in shown for number in range(10))


def test_a_company_without_siblings_is_offered_none(company):
    visitor = Visitor(company)

    assert reverse("customer-organisations") not in visitor.see(visitor.home)


def test_who_connects_a_second_organisation_is_advised_to_use_another_login(codat):
    first, second = two()
    customer = Customer(second, codat=codat)
    advice = "Use a separate Xero login for each"
    assert advice not in customer.see(customer.way)
    codat.adopt(first)

    assert advice in customer.see(customer.way)

    # And what is cut in the one leaves the other.
    connection = customer.prepare()
    assert Connection.objects.get(company=first).status == "Linked"
    assert connection.status == "PendingAuth"


def test_the_owner_sees_the_links_of_all_their_organisations():
    first, second = two()
    owner = Visitor(first)
    share(owner)
    owner.press(reverse("customer-organisations"), {"reference": second.reference})

    assert ANNA in owner.see(reverse("customer-share"))


def test_nobody_without_a_link_is_let_in():
    assert Client().get(reverse("customer-share")).status_code == 403
