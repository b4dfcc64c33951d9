"""The keys: refused with white space, sealed, shown to few, erased when pasted."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import User
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lending.db import encryption
from tests.trail import entries, verbs
from xero_sync.models import FailedReveal, XeroApp
from xero_sync.xero_app import keys
from xero_sync.xero_app.exceptions import (
    KeysMissing,
    SecretNotHere,
    TooManyTries,
    WrongPassword,
    XeroAppRefused,
)

pytestmark = pytest.mark.django_db

CLIENT_ID = "0123456789ABCDEF0123456789ABCDEF"
SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"
OTHER = "zY9-xW8_vU7tS6rQ5pO4nM3lK2jI1-hG0_fE9dC8bA7zY6x"
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """Passwords are hashed many times over, which no test here is about."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def save(**fields):
    values = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "changed_by": "user:anna",
        "now": timezone.now(),
    }
    return keys.save_keys(**values | fields)


def paste(**fields):
    values = {"ending": SECRET[-4:], "changed_by": "user:anna", "now": timezone.now()}
    return keys.mark_pasted(**values | fields)


def reveal(password=PASSWORD, *, username="anna", now=None):
    User.objects.filter(username="anna").exists() or User.objects.create_user(
        "anna", password=PASSWORD
    )
    return keys.reveal(username=username, password=password, now=now or timezone.now())


def endings():
    """What the trail says of the secret, before and after each saving of keys."""
    saved = entries("xero_app.keys_saved")
    both = [(one.before, one.after) for one in saved]
    return [(a.get("secret_ending"), b["secret_ending"]) for a, b in both]


def everything_stored():
    """All that the database holds of the app, as text."""
    rows = [*XeroApp.objects.all(), *entries()]
    return serializers.serialize("json", rows)


def test_the_keys_are_stored_the_secret_sealed():
    save()

    app = XeroApp.objects.get()
    assert app.client_id == CLIENT_ID
    assert encryption.unseal(app.sealed_secret) == SECRET
    assert app.secret_ending == SECRET[-4:]
    assert check_password(SECRET, app.secret_hash)
    assert SECRET not in everything_stored()
    (saved,) = entries("xero_app")
    assert (saved.verb, saved.actor) == ("xero_app.keys_saved", "user:anna")
    assert (saved.before["client_id"], saved.after["client_id"]) == ("", CLIENT_ID)
    assert endings() == [(None, f"…{SECRET[-4:]}")]


def test_the_secret_reaches_no_statement_and_no_log(caplog):
    with CaptureQueriesContext(connection) as asked, caplog.at_level("DEBUG"):
        save()
        reveal()
        paste()

    assert len(asked) > 5
    assert all(SECRET not in one["sql"] for one in asked.captured_queries)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("field", "name"),
    [("client_id", "The client id"), ("client_secret", "The client secret")],
)
@pytest.mark.parametrize(
    ("blank", "kind"),
    [
        (" ", "U+0020 SPACE"),
        ("\t", "U+0009 HORIZONTAL TABULATION"),
        ("\r\n", "U+000D CARRIAGE RETURN"),
        ("\u00a0", "U+00A0 NO-BREAK SPACE"),
        ("\u200b", "U+200B ZERO WIDTH SPACE"),
        ("\u2003", "U+2003 EM SPACE"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("\u3164", "U+3164 HANGUL FILLER"),
        ("\u0455", "U+0455 CYRILLIC SMALL LETTER DZE"),
        ("\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\x7f", "U+007F"),
        ("\x00", "U+0000 NULL"),
    ],
)
def test_what_comes_along_with_a_key_is_refused_anywhere(field, name, blank, kind):
    places = {
        f"{blank}{SECRET}": 1,
        f"{SECRET[:12]}{blank}{SECRET[12:]}": 13,
        f"{SECRET}{blank}": len(SECRET) + 1,
    }
    for key, place in places.items():
        with pytest.raises(XeroAppRefused) as refused:
            save(**{field: key})

        assert f"{name}: character {place} is {kind}." in str(refused.value)
        assert SECRET[:8] not in str(refused.value)
        assert refused.value.field == field
    assert not XeroApp.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"client_secret": "short"}, "client_secret"),
    ],
)
def test_a_key_that_is_missing_or_cut_off_is_refused(fields, field):
    with pytest.raises(XeroAppRefused) as refused:
        save(**fields)

    assert refused.value.field == field
    assert verbs("xero_app") == []


def test_the_same_keys_again_change_nothing():
    save()
    before = XeroApp.objects.values().get()

    save(changed_by="user:bert")

    assert XeroApp.objects.values().get() == before
    assert verbs("xero_app") == ["xero_app.keys_saved"]


def test_a_new_secret_replaces_the_one_that_was_lost_and_has_to_be_pasted_again():
    save()
    paste()

    save(client_secret=OTHER)

    app = XeroApp.objects.get()
    assert encryption.unseal(app.sealed_secret) == OTHER
    assert app.pasted_at is None
    assert endings()[-1] == (f"…{SECRET[-4:]}", f"…{OTHER[-4:]}")


def test_without_a_secret_the_recorded_one_stays():
    save()
    sealed = XeroApp.objects.get().sealed_secret

    save(client_id="MENDED", client_secret="")

    app = XeroApp.objects.get()
    assert (app.client_id, app.sealed_secret) == ("MENDED", sealed)


def test_another_client_id_has_to_be_pasted_again():
    save()
    paste()

    save(client_id="OTHER", client_secret="")

    assert XeroApp.objects.get().pasted_at is None


def test_once_pasted_the_secret_is_erased_and_what_tells_it_stays():
    save()

    paste()

    app = XeroApp.objects.get()
    assert app.sealed_secret == ""
    assert app.secret_ending == SECRET[-4:]
    assert keys.is_recorded(app, SECRET)
    assert not keys.is_recorded(app, SECRET[:-5] + "X" + SECRET[-4:])
    assert app.secret_saved_at is not None
    assert app.pasted_at is not None
    assert verbs("xero_app")[-1] == "xero_app.pasted"
    with pytest.raises(SecretNotHere, match="generate a new one in Xero"):
        reveal()


def test_pasted_twice_is_pasted_once():
    save()
    first = paste().pasted_at
    done = verbs("xero_app")

    again = paste(now=timezone.now() + timedelta(days=1))

    assert again.pasted_at == first
    assert verbs("xero_app") == done


def test_a_secret_that_was_replaced_meanwhile_is_not_erased():
    save()
    save(client_secret=OTHER)

    with pytest.raises(XeroAppRefused, match=f"now ends in {OTHER[-4:]}"):
        paste()

    assert encryption.unseal(XeroApp.objects.get().sealed_secret) == OTHER


def test_nothing_is_pasted_before_it_is_recorded():
    with pytest.raises(
        KeysMissing, match="still missing: the client id and the client secret"
    ):
        paste(ending="")


def test_the_secret_is_shown_to_who_gives_the_password_and_that_is_recorded():
    save()

    assert reveal() == SECRET

    last = entries("xero_app")[-1]
    assert (last.verb, last.actor) == ("xero_app.secret_shown", "user:anna")
    assert last.after == {"secret_ending": f"…{SECRET[-4:]}"}


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD.upper()])
def test_a_wrong_password_shows_nothing_and_is_recorded(password):
    save()

    with pytest.raises(WrongPassword) as refused:
        reveal(password)

    assert refused.value.field == "password"
    assert verbs()[-1] == "xero_app.secret_not_shown"


def test_an_account_that_was_switched_off_sees_nothing():
    save()
    User.objects.create_user("anna", password=PASSWORD, is_active=False)

    with pytest.raises(WrongPassword):
        reveal()


def test_after_five_wrong_passwords_even_the_right_one_waits():
    save()
    now = timezone.now()
    for _ in range(5):
        with pytest.raises(WrongPassword):
            reveal("wrong", now=now)

    with pytest.raises(TooManyTries):
        reveal(now=now + timedelta(minutes=14))

    assert len(verbs("xero_app.secret_not_shown")) == 5
    assert reveal(now=now + timedelta(minutes=16)) == SECRET
    assert not FailedReveal.objects.exists()


def test_one_persons_tries_are_not_anothers():
    save()
    User.objects.create_user("bert", password=PASSWORD)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            reveal("wrong")

    assert reveal(username="bert") == SECRET


def test_the_key_that_seals_can_be_changed(settings):
    save()
    old = settings.FIELD_ENCRYPTION_KEYS
    new = "bmV3LWVuY3J5cHRpb24ta2V5LTAwMDAwMDAwMDAwMDA="

    settings.FIELD_ENCRYPTION_KEYS = [new, *old]
    assert reveal() == SECRET
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with pytest.raises(SecretNotHere, match="FIELD_ENCRYPTION_KEYS"):
        reveal()

    assert verbs("xero_app.secret") == ["xero_app.secret_shown"]


def test_a_secret_that_no_key_opens_any_more_is_sealed_anew_when_it_is_entered(
    settings,
):
    save()
    settings.FIELD_ENCRYPTION_KEYS = ["bmV3LWVuY3J5cHRpb24ta2V5LTAwMDAwMDAwMDAwMDA="]

    save()

    assert reveal() == SECRET
