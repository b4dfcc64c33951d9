"""The keys: refused with white space, sealed, shown to few, erased when pasted."""

import pytest
from django.utils import timezone

from tests.trail import entries, verbs
from xero_sync.xero_app import keys
from xero_sync.xero_app.exceptions import (
    KeysMissing,
    SecretNotHere,
)

pytestmark = pytest.mark.django_db

CLIENT_ID = "0123456789ABCDEF0123456789ABCDEF"
SECRET = "aB3-dE6_gH9jK2mN5pQ8sT1vW4yZ7-bC0_eF3hI6kL9nO2q"
OTHER = "zY9-xW8_vU7tS6rQ5pO4nM3lK2jI1-hG0_fE9dC8bA7zY6x"


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


def reveal():
    return keys.reveal(shown_to="user:anna", now=timezone.now())


def test_nothing_is_pasted_before_it_is_recorded():
    with pytest.raises(
        KeysMissing, match="still missing: the client id and the client secret"
    ):
        paste(ending="")


def test_that_the_secret_is_shown_is_recorded():
    save()

    assert reveal() == SECRET

    last = entries("xero_app")[-1]
    assert (last.verb, last.actor) == ("xero_app.secret_shown", "user:anna")
    assert last.after == {"secret_ending": f"…{SECRET[-4:]}"}


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
