"""The way to Xero and back, against the sandbox."""

import html
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import serializers
from django.urls import reverse
from django.utils import timezone

from lending.models import Company
from tests.backoffice.admin.rows import superuser
from tests.builders import make_company
from tests.xero_sync.portal.journeys import (
    Customer,
    Visitor,
    csrf_token_of,
    record_app,
    text_of,
)
from xero_sync.borrowers import connecting, links
from xero_sync.models import BorrowerNotice, Connection
from xero_sync.models.links import LinkRole
from xero_sync.portal import connecting as pages

CODES = ["200", "201", "403", "500", "501", "999", ""]


def offers(shown):
    """Whether a page has a button for the borrower's next step."""
    return 'class="button"' in shown or '<button type="submit">' in shown


def back(customer, **query):
    """Come back with our own part and whatever the query says."""
    visit = links.visit_for(customer.connection, customer.sitting, "en")
    answer = customer.get(reverse("customer-return"), visit=visit, **query)
    return answer.status_code, answer.content.decode()


def test_a_borrower_connects_and_sees_the_organisation_as_xero_calls_it(customer):
    assert "Connect to Xero" in customer.see(customer.way)

    answer = customer.click()
    returned = customer.see(
        customer.consent(answer["Location"], organisation="H+%26+Co")
    )

    assert answer.status_code == 303
    assert "Connected to “H &amp; Co”" in returned
    assert customer.connection.status == "Linked"
    shown = customer.see(customer.way)
    assert "Connected to “H &amp; Co”" in shown
    assert not offers(shown)


def test_each_click_fetches_a_link_of_its_own_which_nothing_keeps(customer, caplog):
    customer.prepare()
    caplog.set_level("DEBUG")

    addresses = [customer.click()["Location"] for _ in range(2)]

    passwords = [parse_qs(urlsplit(one).query)["otp"][0] for one in addresses]
    assert len(set(passwords)) == 2
    kept = "".join(
        serializers.serialize("json", model.objects.all())
        for model in (
            Connection,
            *[f.related_model for f in Connection._meta.related_objects],
        )
    )
    for password in passwords:
        assert password not in kept
        assert password not in "".join(
            r.getMessage() for r in caplog.records if r.name != "urllib3"
        )


def test_looking_at_the_page_fetches_nothing(customer):
    customer.prepare()
    before = len(customer.codat.sandbox.requests)

    customer.see(customer.way)
    customer.see(customer.home)

    assert len(customer.codat.sandbox.requests) == before


def test_our_parameter_is_added_to_a_query_that_stays_as_it_is():
    given = "https://link.codat.example/l?otp=a%2Fb&x=%20+#part"

    url = connecting.with_parameter(given, "visit", "1.2&3")

    assert url == "https://link.codat.example/l?otp=a%2Fb&x=%20+&visit=1.2%263#part"
    assert (
        connecting.with_parameter("https://x/l", "visit", "1") == "https://x/l?visit=1"
    )


@pytest.mark.parametrize("code", CODES)
def test_a_status_code_alone_connects_nobody(customer, code):
    customer.prepare()

    status, shown = back(customer, code=code)

    assert status == 200
    assert "Connected to" not in shown
    assert customer.connection.status == "PendingAuth"
    # Whatever happened, there is a next step and somebody to ask.
    assert offers(shown)
    assert customer.company.reference in shown


def test_each_status_code_has_words_of_its_own(customer):
    customer.prepare()

    titles = {
        code: back(customer, code=code)[1].split("<h1>")[1].split("</h1>")[0]
        for code in CODES
    }

    assert titles["999"] == titles[""]
    assert len(set(titles.values())) == len(CODES) - 1


@pytest.mark.parametrize("outcome", [201, 403, 500, 501])
def test_what_the_link_page_reports_arrives(customer, outcome):
    customer.prepare()
    answer = customer.click()

    address = customer.consent(answer["Location"], outcome)
    shown = customer.see(address)

    assert f"code={outcome}" in address
    assert offers(shown)
    assert customer.connection.status == "PendingAuth"


@pytest.mark.parametrize("code", CODES)
def test_who_is_connected_hears_so_whatever_the_code(customer, code):
    customer.prepare()
    customer.codat.sandbox.consent(str(customer.connection.codat_connection_id))

    _, shown = back(customer, code=code)

    assert "Connected to" in shown
    assert customer.connection.status == "Linked"


def test_the_id_of_another_borrower_is_not_found(customer):
    customer.prepare()
    other = Customer(make_company(legal_name="Other Ltd"), codat=customer.codat)
    other.prepare()

    theirs = str(other.connection.codat_connection_id)
    status, shown = back(customer, code="200", connection=theirs)

    assert status == 404
    assert "Other Ltd" not in shown
    assert back(customer, connection="nonsense")[0] == 404
    own = str(customer.connection.codat_connection_id)
    assert back(customer, connection=own)[0] == 200


def test_without_our_part_the_page_helps_and_tells_nothing(customer):
    customer.prepare()
    before = len(customer.codat.sandbox.requests)
    own = str(customer.connection.codat_connection_id)

    for query in ({}, {"visit": "x"}):
        answer = customer.browser.get(
            reverse("customer-return"), query_params={"connection": own} | query
        )

        assert answer.status_code == 200
        shown = answer.content.decode()
        assert "Open the link again that we sent you" in shown
        assert customer.company.legal_name not in shown
    assert len(customer.codat.sandbox.requests) == before


def test_revoked_links_end_the_way_back_too(customer):
    customer.prepare()
    visit = links.visit_for(customer.connection, customer.sitting, "en")
    before = len(customer.codat.sandbox.requests)

    links.revoke_all(company=customer.company, by="user:anna", now=timezone.now())
    shown = customer.see(reverse("customer-return"), visit=visit)

    assert "in another browser" in shown
    assert len(customer.codat.sandbox.requests) == before


def test_the_way_back_acts_only_in_the_sitting_that_left(customer):
    customer.prepare()
    visit = links.visit_for(customer.connection, customer.sitting, "en")
    customer.codat.sandbox.consent(str(customer.connection.codat_connection_id))
    before = len(customer.codat.sandbox.requests)
    stranger = Visitor(customer.company)
    stranger.open()

    for one in (stranger, Visitor(customer.company)):
        shown = one.see(reverse("customer-return"), visit=visit, code="200")
        assert "in another browser" in shown
        assert customer.company.legal_name not in text_of(shown).split("Questions?")[0]
    assert len(customer.codat.sandbox.requests) == before
    assert customer.connection.status == "PendingAuth"


def test_who_comes_back_elsewhere_may_have_a_link_mailed(customer):
    customer.prepare()
    visit = links.visit_for(customer.connection, customer.sitting, "fr")
    elsewhere = Visitor(customer.company)

    shown = elsewhere.see(reverse("customer-return"), visit=visit)
    answer = elsewhere.browser.post(
        reverse("customer-return-mail"),
        {"visit": visit, "csrfmiddlewaretoken": csrf_token_of(shown)},
    )

    assert '<html lang="fr">' in shown
    assert "Consultez votre messagerie" in elsewhere.see(answer["Location"])
    owed = BorrowerNotice.objects.get()
    assert (owed.company, owed.kind) == (customer.company, "link")


def test_an_accountant_who_comes_back_elsewhere_gets_no_link_of_the_owner(customer):
    customer.prepare()
    customer.role = LinkRole.ACCOUNTANT
    visit = links.visit_for(customer.connection, customer.sitting, "en")
    elsewhere = Visitor(customer.company)

    shown = elsewhere.see(reverse("customer-return"), visit=visit)
    elsewhere.press(
        reverse("customer-return-mail"),
        {"visit": visit},
        page=reverse("customer-entry"),
    )

    assert "open the link again that your client sent you" in shown
    assert "<form" not in shown
    assert not BorrowerNotice.objects.exists()


def test_who_comes_back_goes_on_with_the_organisation_that_they_connected(customer):
    Company.objects.filter(pk=customer.company.pk).update(borrower_reference="B-1")
    other = make_company(legal_name="Bakery", borrower_reference="B-1")
    address = customer.click()["Location"]
    customer.press(reverse("customer-organisations"), {"reference": other.reference})

    shown = customer.see(customer.consent(address))

    assert "Bakery" not in shown
    assert customer.sitting.company == customer.company


def test_who_comes_back_for_one_that_is_theirs_no_more_chooses_another(customer):
    Company.objects.filter(pk=customer.company.pk).update(borrower_reference="B-1")
    other = make_company(legal_name="Bakery", borrower_reference="B-1")
    customer.prepare()
    elsewhere = Visitor(other)
    elsewhere.open()
    visit = links.visit_for(customer.connection, elsewhere.sitting, "en")
    Company.objects.filter(pk=customer.company.pk).update(borrower_reference="")

    answer = elsewhere.get(reverse("customer-return"), visit=visit)

    assert answer["Location"] == reverse("customer-organisations")


def test_the_language_survives_the_way_there_and_back(customer):
    answer = customer.click(lang="fr")

    shown = customer.see(customer.consent(answer["Location"], 403))

    assert '<html lang="fr">' in shown


def test_a_borrower_may_pause_and_go_on_with_a_fresh_link(customer):
    first = customer.click()["Location"]

    shown = customer.see(customer.way)
    again = customer.click()["Location"]

    assert "Continue in Xero" in shown
    assert again != first
    assert "Connected to" in customer.see(customer.consent(again))


def test_while_the_app_is_off_nobody_is_sent_and_codat_is_not_called(customer):
    customer.prepare()
    record_app(integration_on=False)
    before = len(customer.codat.sandbox.requests)

    shown = customer.see(customer.way)
    answer = customer.click()

    assert "Connecting is not possible at the moment" in shown
    assert not offers(shown)
    assert answer["Location"] == customer.way
    assert len(customer.codat.sandbox.requests) == before


def test_at_the_limit_a_new_borrower_hears_so_and_codat_is_not_called(
    customer, settings
):
    customer.prepare()
    settings.XERO_CONNECTION_CAP = 1
    first = Customer(make_company(), codat=customer.codat)
    first.prepare()
    Connection.objects.filter(company=first.company).update(
        status="Linked", consented_at=timezone.now()
    )
    before = len(customer.codat.sandbox.requests)

    shown = customer.see(customer.way)
    answer = customer.click()

    assert "We cannot connect another Xero at the moment" in shown
    assert not offers(shown)
    assert answer["Location"] == customer.way
    assert len(customer.codat.sandbox.requests) == before


def test_at_the_limit_who_was_connected_before_may_reconnect(customer, settings):
    customer.prepare()
    settings.XERO_CONNECTION_CAP = 0
    Connection.objects.update(status="Deauthorized", consented_at=timezone.now())
    customer.codat.sandbox.set_connection_status(
        str(customer.connection.codat_connection_id), "Deauthorized"
    )

    shown = customer.see(customer.way)

    assert "Reconnect to Xero" in shown
    assert "otp=" in customer.click()["Location"]


def test_while_codat_is_down_the_borrower_hears_so_and_may_try_again(
    customer, settings
):
    customer.prepare()
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"

    shown = customer.click().content.decode()

    assert "That did not work just now" in shown
    assert "Try again" in shown
    _, returned = back(customer, code="200")
    assert "We cannot see yet how it went" in returned


def test_who_clicks_and_reloads_without_end_uses_up_no_budget(customer, new_minute):
    customer.prepare()
    for _ in range(pages.A_MINUTE):
        customer.click()
        back(customer, code="200")
    before = len(customer.codat.sandbox.requests)

    clicked = customer.click().content.decode()
    _, returned = back(customer, code="200")

    assert len(customer.codat.sandbox.requests) == before
    assert "Wait a minute, then try again" in clicked
    assert "We cannot see yet how it went" in returned


def test_who_is_connected_already_is_not_sent_again(customer):
    customer.prepare()
    customer.codat.sandbox.consent(str(customer.connection.codat_connection_id))
    # Our own row has not heard of it yet.
    assert "Continue in Xero" in customer.see(customer.way)

    shown = customer.click().content.decode()

    assert "Connected to" in shown


def test_a_reconnection_to_another_organisation_asks_the_borrower(customer):
    first = customer.click()["Location"]
    customer.see(customer.consent(first, organisation="Harbour"))
    Connection.objects.update(status="Deauthorized")
    customer.codat.sandbox.set_connection_status(
        str(customer.connection.codat_connection_id), "Deauthorized"
    )

    again = customer.click()["Location"]
    shown = customer.see(customer.consent(again, organisation="Bakery"))

    assert "Is this the right organisation?" in shown
    assert "Connected before: “Harbour”." in shown
    assert "Connected now: “Bakery”." in shown

    # Back where it was, it does not say that it leads elsewhere.
    Connection.objects.update(status="Unlinked")
    customer.codat.sandbox.set_connection_status(
        str(customer.connection.codat_connection_id), "Unlinked"
    )
    home = customer.click()["Location"]
    shown = customer.see(customer.consent(home, organisation="Harbour"))

    assert "We are checking your connection" in shown
    assert "another organisation" not in shown


def test_a_connection_that_has_ended_is_not_made_anew_by_a_click(customer):
    customer.prepare()
    Connection.objects.update(status="Deleted", deleted_at=timezone.now())
    before = len(customer.codat.sandbox.requests)

    customer.click()

    assert len(customer.codat.sandbox.requests) == before
    assert "has ended" in customer.see(customer.way)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("PendingAuth", "Continue in Xero"),
        ("Linked", "Connected to “Harbour”"),
        ("Unlinked", "Reconnect to Xero"),
        ("Deauthorized", "Our access was withdrawn in Xero."),
    ],
)
def test_every_status_is_put_in_words_with_its_last_check(customer, status, words):
    customer.prepare()
    Connection.objects.update(
        status=status,
        organisation_name="Harbour",
        checked_at="2026-03-31T12:00:00Z",
    )

    shown = customer.see(customer.way)

    assert words in shown
    assert "31 Mar 2026, 13:00" in shown


@pytest.mark.django_db
def test_the_set_up_page_has_the_redirect_to_copy_into_codats_portal():
    shown = html.unescape(
        superuser().get("/admin/xero_sync/xeroapp/1/change/").content.decode()
    )

    assert (
        "http://testserver/c/return/"
        "?connection={connectionId}&code={statusCode}&visit={visit}"
    ) in shown


def test_our_links_to_privacy_and_terms_are_shown(customer):
    record_app(
        privacy_url="https://lender.example/privacy",
        terms_url="https://lender.example/terms",
    )

    shown = customer.see(customer.way)

    assert 'href="https://lender.example/privacy"' in shown
    assert 'href="https://lender.example/terms"' in shown


def test_no_page_boasts_of_a_partnership_or_shows_xeros_logo(customer):
    for shown in (customer.see(customer.way), customer.see(reverse("customer-entry"))):
        assert "partner" not in shown.lower()
        assert "<img" not in shown
        assert "<svg" not in shown
