"""The page that leads through the set-up of the lender's Xero app."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.backoffice.admin.rows import operator, superuser
from tests.trail import entries, verbs
from tests.xero_sync.commands.worlds import codat_on_a_port
from xero_sync.models import XeroApp
from xero_sync.xero_app import facts, keys

pytestmark = pytest.mark.django_db

URL = "/admin/xero_sync/xeroapp/1/change/"
PROGRAMME = "/admin/xero_sync/partnerprogramme/1/change/"
CLIENT_ID = "0123456789ABCDEF0123456789ABCDEF"
SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"
KEYS = {"client_id": CLIENT_ID, "client_secret": SECRET}
APP = {"name": "Acme Funding", "company_url": "https://www.acme.example"}
ACTS = (
    "register",
    "links",
    "keys",
    "reveal",
    "pasted",
    "enable",
    "disable",
    "look",
    "approve-feeds",
    "withdraw-feeds",
    "feeds-on",
    "feeds-off",
)


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """Passwords are hashed many times over, which no test here is about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def codat(settings):
    with codat_on_a_port(settings) as served:
        yield served


def address(act):
    return f"/admin/xero_sync/xeroapp/1/{act}/"


def changer(name="anna"):
    return operator("xero_sync.change_xeroapp", name=name)


def revealer():
    return operator("xero_sync.reveal_xeroapp", name="rita")


def text(client, url=URL):
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def standings(client):
    return re.findall(r'class="standing">([^<]+)<', text(client))


def offered(client):
    shown = text(client)
    return {act for act in ACTS if address(act) in shown}


def errors(answer):
    assert answer.status_code == 200
    return {name: list(them) for name, them in answer.context["form"].errors.items()}


def save_keys(**fields):
    values = KEYS | {"changed_by": "test", "now": timezone.now()} | fields
    return keys.save_keys(**values)


def test_the_steps_stand_in_the_order_of_the_guide():
    shown = text(changer())

    titles = [
        "Create a Xero app",
        "Add your privacy policy and terms",
        "Retrieve your app's secure keys",
        "Add the keys to the Codat portal",
        "Enable the Xero integration, now or later",
        "Configure direct bank feeds",
        "Become a Xero app partner",
    ]
    found = re.findall(r"<h2>\d\. (.+?) <span", shown)
    assert [one.replace("&#x27;", "'") for one in found] == titles
    assert XeroApp.objects.count() == 0


@pytest.mark.parametrize(
    "words",
    [
        "https://developer.xero.com/",
        "https://app.codat.io/settings/integrations/accounting",
        "25 max connections",
        "Xero shows the secret once",
        "A key contains no spaces of any kind",
        "403, invalid-organisation-bank-feeds",
        "chronological order",
        "Generate a secret",
        "Join the Xero App Store",
        "api@xero.com",
        "Terms &amp; Conditions",
        'value="Web app" readonly',
        'value="https://xero.codat.io/oauth2/callback" readonly',
    ],
)
def test_the_page_has_the_guides_warnings_addresses_and_values(words):
    assert words in text(changer())


def test_the_warning_names_the_cap_that_is_set(settings):
    settings.XERO_CONNECTION_CAP = 5

    shown = text(changer())

    assert "5 max connections" in shown
    assert "0 of 5 connections to Xero are in use." in shown
    assert "the setting XERO_CONNECTION_CAP" in shown


def test_an_operator_goes_through_the_whole_procedure(codat):
    codat.sandbox.settings.integration_enabled = False
    client = superuser()
    assert standings(client) == ["Next", *["Later"] * 6]

    done = client.post(address("register"), APP, follow=True)
    assert "The app was saved." in done.content.decode()
    assert standings(client) == ["Done", "Later", "Next", *["Later"] * 4]

    asked = client.post(address("keys"), KEYS, follow=True)
    assert asked.redirect_chain == [(address("enable"), 302)]
    assert "The keys were saved." in asked.content.decode()
    later = client.post(address("enable"), {"when": "later"}, follow=True)
    assert "Your choice was saved." in later.content.decode()
    assert facts.current().integration_on is False
    assert standings(client)[2:5] == ["Done", "Next", "Later"]

    assert SECRET in client.post(address("reveal")).content.decode()
    client.post(address("pasted"), {"pasted": "on", "ending": SECRET[-4:]})
    assert "no borrower can connect" in text(client)
    codat.sandbox.settings.integration_enabled = True
    client.post(address("enable"), {"when": "now"})

    assert facts.current().integration_on is True
    assert facts.current().enabled_at_codat is True
    assert standings(client) == [
        "Done",
        "Later",
        "Done",
        "Done",
        "Done",
        *["Later"] * 2,
    ]
    assert "The app is set up. What is left can wait." in text(client)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "Acme for XERO"}, "name", "must not contain “Xero”"),
        ({"name": ""}, "name", "required"),
        ({"company_url": "http://acme.example"}, "company_url", "begin with https://"),
        ({"company_url": "acme.example"}, "company_url", "begin with https://"),
        ({"app_email": "apps at acme"}, "app_email", "not an e-mail address"),
    ],
)
def test_what_xero_would_not_take_is_said_at_the_field(fields, field, words):
    answer = changer().post(address("register"), APP | fields)

    (complaint,) = errors(answer)[field]
    assert words in complaint
    assert not XeroApp.objects.exists()


def test_every_wrong_field_is_told_at_once():
    answer = changer().post(
        address("links"), {"privacy_url": "http://a.example", "terms_url": "b.example"}
    )

    assert set(errors(answer)) == {"privacy_url", "terms_url"}


def test_a_personal_address_is_saved_with_a_warning():
    client = changer()
    client.post(address("register"), APP | {"app_email": "jane.doe@acme.example"})

    assert "looks like one person&#x27;s" in text(client)
    client.post(address("register"), APP | {"app_email": "apps@acme.example"})
    assert "looks like one person&#x27;s" not in text(client)


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
@pytest.mark.parametrize(
    ("blank", "kind"),
    [
        (" ", "U+0020 SPACE"),
        ("\t", "U+0009 HORIZONTAL TABULATION"),
        ("\n", "U+000A LINE FEED"),
        ("\r\n", "U+000D CARRIAGE RETURN"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
    ],
)
def test_what_comes_along_with_a_key_is_refused_and_named(field, blank, kind):
    client = changer()
    places = {
        f"{blank}{SECRET}": 1,
        f"{SECRET[:12]}{blank}{SECRET[12:]}": 13,
        f"{SECRET}{blank}": len(SECRET) + 1,
    }
    for key, place in places.items():
        answer = client.post(address("keys"), KEYS | {field: key})

        (complaint,) = errors(answer)[field]
        assert f"character {place} is {kind}." in complaint
        if field == "client_secret":
            assert SECRET[:12] not in answer.content.decode()
    assert not XeroApp.objects.exists()


def test_the_inputs_keep_line_breaks_and_no_browser_keeps_them():
    shown = text(changer(), address("keys"))

    for name in ("client_id", "client_secret"):
        (field,) = re.findall(rf'<textarea name="{name}"[^>]*>', shown)
        assert 'autocomplete="off"' in field
        assert 'spellcheck="false"' in field


def test_the_secret_is_on_no_page_and_in_no_history():
    client = superuser()
    saved = client.post(address("keys"), KEYS, follow=True)
    pages = [
        saved,
        client.get(URL),
        *(client.get(address(act), follow=True) for act in ACTS),
        client.get("/admin/xero_sync/xeroapp/1/history/", follow=True),
        client.get("/admin/lending/auditentry/"),
        client.get("/admin/"),
    ]

    assert {one.status_code for one in pages} == {200}
    sealed = XeroApp.objects.get().sealed_secret
    for one in pages:
        for hidden in (SECRET, sealed, XeroApp.objects.get().secret_hash):
            assert hidden not in one.content.decode()
    assert f"…{SECRET[-4:]}" in text(client)
    assert verbs("xero_app") == ["xero_app.keys_saved"]
    assert not LogEntry.objects.exists()
    assert all(SECRET not in str(one.get_decoded()) for one in Session.objects.all())


def test_the_secret_is_shown_to_those_who_may():
    save_keys()
    client = revealer()
    assert offered(client) == {"reveal"}
    assert SECRET not in text(client, address("reveal"))

    shown = client.post(address("reveal"))

    assert SECRET in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    rows = entries("xero_app.secret")
    assert [(one.verb, one.actor) for one in rows] == [
        ("xero_app.secret_shown", "user:rita")
    ]


def test_who_may_change_may_not_see_the_secret():
    save_keys()
    client = changer()

    assert "reveal" not in offered(client)
    assert client.get(address("reveal")).status_code == 403
    assert client.post(address("reveal"), {}).status_code == 403
    assert verbs("xero_app.secret") == []


def test_the_page_says_what_was_done_in_its_own_words():
    save_keys()

    shown = text(changer())

    assert "What was done here" in shown
    assert "Recorded the keys." in shown
    assert "client id: " in shown
    assert f"client secret: …{SECRET[-4:]}" in shown
    assert "client_id" not in shown
