"""Who came in, and what was changed of users and groups."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from backoffice.users.sign_in import TRIES_A_MINUTE
from tests.backoffice.admin.rows import page, superuser
from tests.trail import entries, verbs

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough phrase"
LOGIN = "/admin/login/"


@pytest.fixture
def bert():
    return User.objects.create_user("bert", password=PASSWORD, is_staff=True)


def sign_in(client, username="bert", password=PASSWORD):
    return client.post(LOGIN, {"username": username, "password": password})


def test_who_comes_in_and_leaves_is_written_down_with_the_address(bert):
    client = Client()
    sign_in(client)
    client.post("/admin/logout/")

    came, left = entries("user.signed", about=bert)
    assert (came.verb, left.verb) == ("user.signed_in", "user.signed_out")
    assert came.actor == left.actor == "user:bert"
    assert came.address == "127.0.0.1"
    assert came.request_id != left.request_id


def test_a_try_in_vain_is_written_down_and_repeats_nothing_that_was_typed(bert):
    sign_in(Client(), password="wrong")
    sign_in(Client(), username=PASSWORD)

    known, unknown = entries("user.sign_in_failed")
    assert (known.actor, known.object_label) == ("anonymous", "bert")
    assert (unknown.object_label, unknown.object_key) == ("", "")
    for one in (known, unknown):
        assert PASSWORD not in str(one.__dict__)


def test_tries_from_one_address_do_not_fill_the_table(bert):
    with time_machine.travel(datetime(2026, 3, 31, 12, tzinfo=UTC), tick=False):
        for _ in range(40):
            sign_in(Client(), password="wrong")

    assert len(verbs("user.sign_in_failed")) == TRIES_A_MINUTE


def test_a_password_is_on_the_trail_whoever_sets_it(bert):
    root = superuser()
    form = {"password1": "another phrase!", "password2": "another phrase!"}
    root.post(
        f"/admin/auth/user/{bert.pk}/password/", {**form, "usable_password": "true"}
    )
    bert.refresh_from_db()
    own = Client()
    own.force_login(bert)
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    own.post("/admin/password_change/", {"old_password": "another phrase!", **new})

    done = entries("user.password_set", about=bert)
    assert [one.actor for one in done] == ["user:root", "user:bert"]
    assert all(one.before == one.after == {} for one in done)


def test_a_password_that_is_taken_away_is_a_change(bert):
    superuser().post(
        f"/admin/auth/user/{bert.pk}/password/",
        {"usable_password": "false", "unset-password": "1"},
    )

    (changed,) = entries("user.changed")
    assert changed.after == {"signs_in_by_password": False}


def test_a_user_who_is_made_and_changed_is_on_the_trail(bert):
    root = superuser()
    group = Group.objects.create(name="Operations")
    passwords = {"password1": PASSWORD, "password2": PASSWORD}
    root.post(
        page(User, "add"),
        {"username": "carla", "usable_password": "true", **passwords},
    )
    carla = User.objects.get(username="carla")
    fields = {
        "username": "carla",
        "email": "carla@lender.example",
        "is_active": "on",
        "groups": [group.pk],
    }
    root.post(page(User, "change", carla.pk), fields)
    root.post(page(User, "change", carla.pk), fields)

    done = [one for one in entries("user.") if one.object_label == "carla"]
    assert [one.verb for one in done] == [
        "user.created",
        "user.password_set",
        "user.changed",
    ]
    assert {one.actor for one in done} == {"user:root"}
    changed = done[2]
    assert changed.before == {"email": ""}
    assert changed.after == {
        "email": "carla@lender.example",
        "groups_added": ["Operations"],
        "groups_taken": [],
    }


def test_a_command_that_makes_a_user_is_on_the_trail(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command(
        "createsuperuser", username="dora", email="d@acme.example", interactive=False
    )

    (made,) = entries("user.")
    assert (made.verb, made.object_label) == ("user.created", "dora")
    assert made.after["is_superuser"] is True
