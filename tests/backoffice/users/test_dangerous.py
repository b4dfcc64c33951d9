"""Before a dangerous act a person shows once more who they are."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import get_resolver

from backoffice.users import dangerous
from lending.models import Company
from tests.backoffice.users.people import (
    PASSWORD,
    code_of,
    make,
    set_up,
    signed_in,
)
from tests.builders import make_company
from tests.trail import entries

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
ADD_KEY = "/admin/backoffice/apikey/add/"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


@pytest.fixture
def client(ada, clock):
    return signed_in(ada)


def asks(answer):
    return answer.status_code == 403 and "Is it you?" in answer.content.decode()


def test_every_act_of_the_list_is_an_address():
    names = {
        f"admin:{name}"
        for name in get_resolver().namespace_dict["admin"][1].reverse_dict
        if isinstance(name, str)
    }

    assert names >= dangerous.ACTS


def test_a_fresh_session_is_not_asked_and_an_old_one_is(client, clock):
    assert client.get(ADD_KEY).status_code == 200
    clock.shift(timedelta(minutes=15))

    assert asks(client.get(ADD_KEY))
    assert asks(client.post(ADD_KEY, {"confirm-password": "wrong"}))
    answer = client.post(ADD_KEY, {"confirm-password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, ADD_KEY)
    assert client.get(ADD_KEY).status_code == 200


def test_whoever_goes_on_is_asked_once(client, clock):
    for _ in range(5):
        clock.shift(timedelta(minutes=14))
        assert client.post(ADD_KEY, {}).status_code == 200
    # To look is no act.
    clock.shift(timedelta(minutes=14))
    assert client.get(ADD_KEY).status_code == 200
    clock.shift(timedelta(minutes=14))
    assert asks(client.get(ADD_KEY))


def test_what_was_typed_is_not_lost(client, clock):
    company = make_company()
    clock.shift(timedelta(minutes=20))
    page = f"/admin/lending/company/{company.pk}/change/"
    # To look is no act.
    form = dict(client.get(page).context["adminform"].form.initial)
    form = {name: value or "" for name, value in form.items()}
    form["contact_email"] = "new@acme.example"

    asked = client.post(page, form)

    assert asks(asked)
    assert Company.objects.get().contact_email != "new@acme.example"
    carried = dict(asked.context["carried"])
    assert carried["contact_email"] == "new@acme.example"
    answer = client.post(
        page, {**carried, "confirm-carried": "1", "confirm-password": PASSWORD}
    )
    assert answer.status_code == 302
    assert Company.objects.get().contact_email == "new@acme.example"


def test_no_password_is_carried_through_the_page(client, clock):
    clock.shift(timedelta(minutes=20))
    form = {"username": "eve", "password1": "a secret", "password2": "a secret"}

    asked = client.post("/admin/auth/user/add/", form)

    assert asks(asked)
    assert "a secret" not in asked.content.decode()
    assert "eve" in asked.content.decode()


def test_with_a_second_factor_the_password_is_not_enough(settings, clock):
    settings.STAFF_SECOND_FACTOR = True
    ada = make("ada", role="administrator")
    client = signed_in(ada)
    set_up(client, ada)
    clock.shift(timedelta(minutes=20))

    assert asks(client.post(ADD_KEY, {"confirm-password": PASSWORD}))
    clock.shift(timedelta(minutes=1))
    shown = {"confirm-password": PASSWORD, "confirm-code": code_of(ada)}
    assert client.post(ADD_KEY, shown).status_code == 302


def test_guessing_there_is_counted_like_signing_in(client, clock):
    clock.shift(timedelta(minutes=20))
    for _ in range(10):
        client.post(ADD_KEY, {"confirm-password": "wrong"})
        clock.shift(timedelta(seconds=5))

    answer = client.post(ADD_KEY, {"confirm-password": PASSWORD})

    assert answer.status_code == 429
    assert asks(client.get(ADD_KEY))
    assert entries("user.locked")


def test_who_may_not_act_is_not_asked_for_a_password(clock):
    client = signed_in(make("vera", role="viewer"))
    clock.shift(timedelta(minutes=20))

    answer = client.get(ADD_KEY)

    assert answer.status_code == 403
