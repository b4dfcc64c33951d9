"""Nobody is sent to Xero who has not agreed, and what they agreed to stays on file."""

import html
import re

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from tests.backoffice.admin.rows import page, superuser
from tests.worlds import World
from tests.xero_sync.portal.journeys import PRIVACY, TERMS, Visitor, record_app
from xero_sync.borrowers import connecting, consents, scope_words
from xero_sync.models import (
    BorrowerConsent,
    Connection,
    PartnerProgramme,
    XeroApp,
)
from xero_sync.xero_app import scopes

# Whoever changes a text or its translation in place fails here: it is a new version,
# whose fingerprints are added.
FINGERPRINTS = {
    (1, "en"): "a054cb1cb49ac4bd",
    (1, "fr"): "cf991212d23adaea",
}


def calls(customer):
    return len(customer.codat.sandbox.requests)


def facts_of(shown):
    """What is to be agreed to: the form, and what it is about."""
    return shown.split("<h1>")[1].split("</details>")[0]


def test_no_words_of_a_version_were_changed():
    found = {}
    for version, text in enumerate(consents.VERSIONS, start=1):
        for language in ("en", "fr"):
            with translation.override(language):
                found[version, language] = text().fingerprint

    assert found == FINGERPRINTS


def test_one_word_or_translation_more_is_another_fingerprint():
    text = consents.VERSIONS[0]()
    (title, sentence), *rest = text.points

    others = [
        consents.Text(text.points, f"{text.agreement} "),
        consents.Text(((title, f"{sentence}x"), *rest), text.agreement),
        consents.Text(((f"{title}x", sentence), *rest), text.agreement),
        consents.Text(tuple(rest), text.agreement),
    ]

    assert text.fingerprint not in {one.fingerprint for one in others}
    assert consents.VERSIONS[0]().fingerprint == text.fingerprint


@pytest.mark.parametrize(
    ("language", "headings"),
    [
        (
            "en",
            [
                "What we read",
                "What we enter",
                "What for",
                "For how long",
                "How you stop it",
            ],
        ),
        (
            "fr",
            [
                "Ce que nous lisons",
                "Ce que nous enregistrons",
                "Dans quel but",
                "Pour combien de temps",
                "Comment y mettre fin",
            ],
        ),
    ],
)
def test_the_page_says_what_is_agreed_to_beside_one_unticked_box(
    customer, settings, language, headings
):
    settings.LENDER_CONTACT_EMAIL = "hello@lender.example"
    record_app(privacy_url=PRIVACY, terms_url=TERMS)

    shown = html.unescape(facts_of(customer.see(customer.way, lang=language)))

    assert [one for one in headings if f"<dt>{one}</dt>" not in shown] == []
    links = re.findall(r'href="([^"]+)"', shown)
    assert links == ["mailto:hello@lender.example", PRIVACY, TERMS]
    (box,) = re.findall(r'<input type="checkbox"[^>]*>', shown)
    assert "required" in box
    assert "checked" not in box


@pytest.mark.parametrize("missing", ["privacy_url", "terms_url"])
def test_without_privacy_policy_and_terms_nobody_can_consent(customer, missing):
    ticked = customer.box()
    record_app(**{missing: ""})
    before = calls(customer)

    shown = customer.see(customer.way)
    answer = customer.post({"agree": ticked})
    root = superuser()
    front = root.get(reverse("admin:index")).content.decode()

    assert "Connecting is not possible at the moment" in shown
    assert "checkbox" not in shown
    assert answer["Location"] == customer.way
    assert calls(customer) == before
    assert not BorrowerConsent.objects.exists()
    # The operator is told where they look.
    assert "No customer can connect their Xero" in front
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    front = root.get(reverse("admin:index")).content.decode()
    assert "No customer can connect their Xero" not in front


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_scope_that_xero_asks_for_is_listed_with_its_reason(customer, language):
    XeroApp.objects.update(bank_feeds_approved_on="2026-01-15")
    PartnerProgramme.objects.update_or_create(pk=1, defaults={"wants_bank_feeds": True})
    with translation.override(language):
        words = scope_words.requested()

    shown = html.unescape(customer.see(customer.way, lang=language))

    folded = shown.split("<details>")[2]
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", folded)
    assert pairs == words
    assert len(pairs) == len(scopes.requested()) == len(scopes.SHEET)
    assert all(name and reason for name, reason in pairs)


def test_the_words_for_borrowers_are_those_of_the_sheet():
    """A scope that is added to the sheet needs a name and a reason on our page."""
    assert list(scope_words._words()) == [one.name for one in scopes.SHEET]


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("values", [{}, {"agree": ""}])
def test_without_consent_the_page_says_so_and_codat_is_not_called(
    customer, values, prepared
):
    if prepared:
        customer.prepare()
    before = calls(customer)

    answer = customer.post(values)

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Tick the box if you agree." in facts_of(shown)
    assert 'aria-invalid="true"' in shown
    assert "checked" not in facts_of(shown)
    assert calls(customer) == before
    assert not BorrowerConsent.objects.exists()
    assert Connection.objects.count() == int(prepared)


def test_without_consent_the_page_keeps_its_language(customer):
    shown = customer.post({}, lang="fr").content.decode()

    assert "Cochez la case" in shown
    # It is the language of the sitting from then on.
    assert '<html lang="fr">' in customer.see(customer.way)


@pytest.mark.parametrize(
    "change",
    [
        lambda: record_app(privacy_url=f"{PRIVACY}/2"),
        lambda: record_app(terms_url=f"{TERMS}/2"),
    ],
)
def test_what_changed_since_the_page_was_shown_is_not_agreed_to(customer, change):
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    customer.prepare()
    ticked = customer.box()
    before = calls(customer)

    change()
    answer = customer.post({"agree": ticked})

    assert "What you agree to has changed meanwhile." in answer.content.decode()
    assert calls(customer) == before
    assert not BorrowerConsent.objects.exists()


def test_the_box_of_another_language_or_version_is_not_this_one(customer, monkeypatch):
    stamps = [customer.box(), customer.box(lang="fr")]
    monkeypatch.setattr(consents, "VERSIONS", consents.VERSIONS * 2)
    stamps.append(customer.box())

    assert all(stamps)
    assert len(set(stamps)) == 3


def test_who_agrees_is_sent_on_and_it_is_on_file(customer):
    record_app(privacy_url=PRIVACY, terms_url=TERMS)

    answer = customer.click(lang="fr")

    assert "otp=" in answer["Location"]
    kept = BorrowerConsent.objects.get()
    assert kept.connection == customer.connection
    assert (kept.text_version, kept.language) == (len(consents.VERSIONS), "fr")
    assert (kept.privacy_url, kept.terms_url) == (PRIVACY, TERMS)
    assert consents.text_of(kept).agreement.startswith("J’accepte")


@pytest.mark.django_db
def test_it_is_on_file_before_the_link_is_fetched(monkeypatch):
    world = World()
    record_app(privacy_url=PRIVACY, terms_url=TERMS)
    sitting = Visitor().sitting
    seen = []
    send = world.wire.send

    def watched(request, **options):
        seen.append((request.method, BorrowerConsent.objects.count()))
        return send(request, **options)

    monkeypatch.setattr(world.wire, "send", watched)
    for _ in range(2):
        connecting.way_to_xero(
            sitting=sitting,
            client=world.client,
            agreed=consents.on_offer(),
            now=world.clock.now,
        )

    # What is not there is made first: a consent is one to a connection.
    assert [count for method, count in seen if method == "POST"] == [0, 0]
    assert [count for method, count in seen][-3:] == [1, 1, 2]


def test_they_are_asked_each_time_they_are_sent_to_xero(customer):
    customer.click()
    customer.see(customer.way)

    assert "Tick the box" in customer.post({}).content.decode()
    customer.click()

    assert customer.connection.consents.count() == 2


def test_consents_are_added_to_and_never_altered(customer):
    customer.click()

    rows = BorrowerConsent.objects.all()
    for change in (
        rows.get().save,
        lambda: rows.update(text_version=2),
        lambda: rows._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_operators_see_on_the_connections_page_what_was_agreed_to(customer):
    connection = customer.prepare()
    address = page(Connection, "change", connection.pk)
    client = superuser()
    before = client.get(address).content.decode()
    record_app(privacy_url=PRIVACY)
    customer.click()

    shown = client.get(address).content.decode()

    assert "The borrower has not agreed on our page." in before
    assert "<h2>Agreed to on our page</h2>" in shown
    section = shown.split("<h2>Agreed to on our page</h2>")[1]
    assert PRIVACY in section
    assert "I agree that you read and enter this in my Xero." in section
    assert "The borrower has not agreed" not in shown


def test_without_an_address_of_ours_no_page_names_one(customer, settings):
    settings.LENDER_CONTACT_EMAIL = ""

    shown = customer.see(customer.way)

    assert "mailto:" not in shown
    assert f"<dd>{settings.LENDER_NAME}</dd>" in shown
