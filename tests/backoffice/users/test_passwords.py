"""Passwords: which are taken, how they are kept, and that they count as typed."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from tests.backoffice.users.people import PASSWORD, make, sign_in, signed_in

pytestmark = pytest.mark.django_db
CHANGE = "/admin/password_change/"
NEW = "quite another phrase"


def is_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "password",
    [
        "Example Invoice Finance",
        "invoice-finance-1",
        "XeroCodat2026!",
        "administrator1!",
        "backoffice backoffice",
        "password-codat-7",
    ],
)
def test_our_own_words_make_no_password(password):
    with pytest.raises(ValidationError, match="more than words such as our name"):
        validate_password(password)


@pytest.mark.parametrize(
    "password",
    [
        "a phrase about an invoice",
        "with a word of ours: Xero",
        "onlysmallletters",
        "UPPER CASE AND SPACES",
        "·!?·!?·!?·!?·!?",
        "x7" * 32,
    ],
)
def test_any_other_composition_is_taken(password):
    validate_password(password)


@pytest.mark.parametrize(
    "change",
    [str.upper, str.title, lambda one: f"{one} ", lambda one: f" {one}"],
)
def test_a_password_counts_as_it_was_typed(change):
    make(password=f"{PASSWORD} ünd mehr")
    right, wrong = Client(), Client()

    sign_in(right, password=f"{PASSWORD} ünd mehr")
    sign_in(wrong, password=change(f"{PASSWORD} ünd mehr"))

    assert (is_in(right), is_in(wrong)) == (True, False)


def test_no_end_of_a_long_password_is_left_out():
    make(password="x" * 127 + "y")
    client = Client()

    sign_in(client, password="x" * 127 + "z")

    assert not is_in(client)


def test_a_password_never_runs_out(bert):
    client = Client()

    with time_machine.travel(timezone.now() + timedelta(days=1_000)):
        sign_in(client)

    assert is_in(client)


def test_ones_own_is_changed_by_who_knows_it(bert):
    client = signed_in(bert)
    new = {"new_password1": NEW, "new_password2": NEW}

    client.post(CHANGE, {"old_password": "not the one", **new})
    bert.refresh_from_db()
    assert bert.check_password(PASSWORD)

    client.post(CHANGE, {"old_password": PASSWORD, **new})
    bert.refresh_from_db()
    assert bert.check_password(NEW)


@pytest.mark.parametrize(("page", "fields"), [("/admin/login/", 1), (CHANGE, 3)])
def test_a_field_for_a_password_hides_it_and_lets_it_be_pasted(bert, page, fields):
    client = Client() if "login" in page else signed_in(bert)

    shown = client.get(page).content.decode()

    assert shown.count('type="password"') == fields
    assert "onpaste" not in shown
    assert 'autocomplete="off"' not in shown


def test_a_new_installation_has_no_user():
    assert not User.objects.exists()
