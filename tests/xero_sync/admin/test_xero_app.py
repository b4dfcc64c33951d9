"""The page that leads through the set-up of the lender's Xero app."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tests.backoffice.admin.rows import operator, superuser
from tests.xero_sync.commands.worlds import codat_on_a_port
from xero_sync.models import XeroApp, XeroAppChange
from xero_sync.xero_app import facts, keys

pytestmark = pytest.mark.django_db

URL = "/admin/xero_sync/xeroapp/1/change/"
PROGRAMME = "/admin/xero_sync/partnerprogramme/1/change/"
CLIENT_ID = "0123456789ABCDEF0123456789ABCDEF"
SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"
KEYS = {"client_id": CLIENT_ID, "client_secret": SECRET}
APP = {"name": "Acme Funding", "company_url": "https://www.acme.example"}
PASSWORD = "correct horse"
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


def with_password(name, client):
    user = User.objects.get(username=name)
    user.set_password(PASSWORD)
    user.save()
    client.force_login(user)
    return client


def revealer():
    return with_password("rita", operator("xero_sync.reveal_xeroapp", name="rita"))


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
    client = with_password("root", superuser())
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

    assert (
        SECRET
        in client.post(address("reveal"), {"password": PASSWORD}).content.decode()
    )
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
        client.get("/admin/xero_sync/xeroapp/1/history/"),
        client.get("/admin/xero_sync/xeroappchange/"),
        client.get("/admin/"),
    ]

    assert {one.status_code for one in pages} == {200}
    sealed = XeroApp.objects.get().sealed_secret
    for one in pages:
        for hidden in (SECRET, sealed, XeroApp.objects.get().secret_hash):
            assert hidden not in one.content.decode()
    assert f"…{SECRET[-4:]}" in text(client)
    (entry,) = LogEntry.objects.all()
    assert entry.get_change_message() == "Record or replace the keys"
    assert all(SECRET not in str(one.get_decoded()) for one in Session.objects.all())


def test_the_secret_is_shown_after_the_password_to_those_who_may():
    save_keys()
    client = revealer()
    assert offered(client) == {"reveal"}
    assert SECRET not in text(client, address("reveal"))

    wrong = client.post(address("reveal"), {"password": "wrong"})
    assert errors(wrong) == {
        "password": ["The password is wrong; the secret was not shown."]
    }
    assert SECRET not in wrong.content.decode()
    shown = client.post(address("reveal"), {"password": PASSWORD})

    assert SECRET in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    rows = XeroAppChange.objects.order_by("-pk")[:2]
    assert [(one.act, one.changed_by) for one in rows] == [
        ("revealed", "user:rita"),
        ("not_revealed", "user:rita"),
    ]


def test_who_may_change_may_not_see_the_secret():
    save_keys()
    client = changer()

    assert "reveal" not in offered(client)
    assert client.get(address("reveal")).status_code == 403
    assert client.post(address("reveal"), {"password": "x"}).status_code == 403
    assert XeroAppChange.objects.filter(act__contains="revealed").count() == 0


def test_the_list_of_changes_says_what_changed_in_the_words_of_the_page():
    save_keys()
    client = operator("xero_sync.view_xeroappchange")

    shown = text(client, "/admin/xero_sync/xeroappchange/")

    assert "client id: Changed" in shown
    assert "client secret: Changed" in shown
    assert f"…{SECRET[-4:]}" in shown
    assert "client_id" not in shown


def test_once_pasted_it_cannot_be_shown_any_more():
    save_keys()
    client = changer()
    assert "pasted" in errors(client.post(address("pasted"), {"ending": SECRET[-4:]}))

    client.post(address("pasted"), {"pasted": "on", "ending": SECRET[-4:]})

    assert XeroApp.objects.get().sealed_secret == ""
    assert "erased here" in text(client)
    reveals = revealer()
    assert offered(reveals) == set()
    answer = reveals.post(address("reveal"), {"password": PASSWORD})
    assert "generate a new one in Xero" in answer.content.decode()


def test_a_page_that_was_open_while_the_secret_was_replaced_goes_on_with_the_new_one():
    save_keys(client_secret="an-earlier-secret-of-Xero-with-the-end-0000")
    save_keys()
    client = changer()

    refused = client.post(address("pasted"), {"pasted": "on", "ending": "0000"})

    shown = refused.context["form"]
    assert shown.errors
    assert (shown["ending"].value(), shown["pasted"].value()) == (SECRET[-4:], False)
    client.post(address("pasted"), {"pasted": "on", "ending": shown["ending"].value()})
    assert XeroApp.objects.get().pasted_at is not None


def test_those_who_may_only_look_see_the_state_and_no_buttons():
    client = operator("xero_sync.view_xeroapp")

    assert offered(client) == set()
    for act in ACTS:
        assert client.get(address(act)).status_code == 403
        assert client.post(address(act), APP | KEYS).status_code == 403
    assert not XeroApp.objects.exists()


@pytest.mark.parametrize("may_look", [True, False])
def test_the_last_step_leads_to_the_programme_whom_it_is_open_to(may_look):
    also = ["xero_sync.view_partnerprogramme"] if may_look else []
    client = operator("xero_sync.view_xeroapp", *also)

    shown = text(client)

    opened = client.get(PROGRAMME)
    assert "the page on the partner programme" in shown
    assert (f'href="{PROGRAMME}"' in shown) == (opened.status_code == 200) == may_look


def test_who_may_not_see_it_sees_nothing():
    stranger = operator("lending.view_company")

    assert stranger.get(URL).status_code == 403
    assert Client().get(URL).status_code == 302
    assert Client().post(address("keys"), KEYS).status_code == 302
    assert not XeroApp.objects.exists()


def test_the_list_leads_to_the_one_page():
    client = changer()

    assert client.get("/admin/xero_sync/xeroapp/").headers["Location"] == URL
    assert client.get("/admin/xero_sync/xeroapp/2/change/").status_code == 302
    assert client.get("/admin/xero_sync/xeroapp/add/").status_code == 403
    assert client.post("/admin/xero_sync/xeroapp/1/delete/").status_code == 403


def test_it_is_not_enabled_without_keys():
    answer = changer().post(address("enable"), {"when": "now"})

    (complaint,) = answer.context["form"].non_field_errors()
    assert complaint.endswith("still missing: the client id and the client secret.")
    assert facts.current().integration_on is None


def test_bank_feeds_are_refused_naming_what_is_missing():
    client = changer()

    answer = client.post(address("feeds-on"))
    (complaint,) = answer.context["form"].non_field_errors()
    assert "no partner status" in complaint
    assert "enabled the Bank Feeds API" in complaint
    client.post(
        address("approve-feeds"), {"approved_on": timezone.localdate().isoformat()}
    )
    (complaint,) = client.post(address("feeds-on")).context["form"].non_field_errors()

    assert "no partner status" in complaint
    assert "enabled the Bank Feeds API" not in complaint
    assert facts.current().bank_feeds_on is None


def test_bank_feeds_that_nobody_recorded_can_be_switched_off():
    client = changer()
    assert {"feeds-on", "feeds-off"} <= offered(client)

    client.post(address("feeds-off"))

    assert facts.current().bank_feeds_on is False
    assert "feeds-off" not in offered(client)


def test_a_difference_to_codat_is_on_the_page_and_on_the_overview(codat):
    save_keys()
    client = changer()
    codat.sandbox.settings.integration_enabled = False

    client.post(address("enable"), {"when": "now"})

    for page in (URL, "/admin/"):
        assert "Xero is on here, but off at Codat" in text(client, page)
    assert standings(client)[4] == "Needs you"
    stranger = operator("lending.view_company", name="stranger")
    assert "Xero is on here" not in text(stranger, "/admin/")

    codat.sandbox.settings.integration_enabled = True
    client.post(address("look"))
    for page in (URL, "/admin/"):
        assert "Xero is on here" not in text(client, page)


def test_a_choice_is_kept_when_codat_cannot_be_asked(settings):
    settings.CODAT_BASE_URL = "http://127.0.0.1:1"
    save_keys()
    client = changer()

    client.post(address("enable"), {"when": "now"})

    assert facts.current().integration_on is True
    assert "Codat could not be asked since" in text(client)
    asked = client.post(address("look"))
    assert asked.status_code == 200
    assert asked.context["form"].non_field_errors()


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("act", "data"),
    [("keys", KEYS), ("reveal", {"password": PASSWORD, "client_secret": SECRET})],
)
def test_an_error_page_shows_neither_secret_nor_password(
    settings, caplog, debug, act, data
):
    save_keys()
    XeroApp.objects.update(secret_hash="", secret_ending="zzzz")
    client = revealer()
    user = User.objects.get(username="rita")
    user.is_superuser = True
    user.save()
    client.raise_request_exception = False
    settings.DEBUG = debug
    # Sealing and opening both fail on what is no key.
    settings.FIELD_ENCRYPTION_KEYS = ["no-key"]

    answer = client.post(address(act), data)

    assert answer.status_code == 500
    shown = answer.content.decode() + caplog.text
    assert SECRET not in shown
    assert PASSWORD not in shown
    assert ("ValueError" in answer.content.decode()) is debug
