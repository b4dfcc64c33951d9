"""Guessing passwords: counted by name and address, before it costs anything."""

import logging
import time
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client

from backoffice.users import sign_in as limits
from tests.backoffice.users.people import LOGIN, PASSWORD, make, sign_in, signed_in
from tests.trail import entries, verbs

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def hashed(monkeypatch):
    """Each time that a password was stretched."""
    times = []
    stretch = MD5PasswordHasher.encode

    def counting(self, *args, **options):
        times.append(args)
        return stretch(self, *args, **options)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return times


def is_in(client):
    return "_auth_user_id" in client.session


def guess(times, *, name="bert", start=NOW, **options):
    """Guess now and then, so that only the failures count."""
    answers = []
    for nth in range(times):
        with time_machine.travel(start + timedelta(seconds=4 * nth), tick=False):
            answers.append(sign_in(Client(), name, "wrong", **options))
    return answers


def test_after_ten_wrong_passwords_even_the_right_one_waits_unlooked_at(bert, hashed):
    answers = guess(10, REMOTE_ADDR="192.0.2.1")
    assert [one.status_code for one in answers] == [200] * 9 + [429]
    hashed.clear()

    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        client = Client(REMOTE_ADDR="192.0.2.200")
        answer = sign_in(client)
        assert answer.status_code == 429
        assert "Try again in 15 minutes" in answer.content.decode()
        assert int(answer.headers["Retry-After"]) == 900
        assert not is_in(client)
        assert hashed == []

    with time_machine.travel(NOW + timedelta(minutes=26), tick=False):
        sign_in(client)
        assert is_in(client)


def test_an_address_that_guesses_many_names_is_locked_for_all_of_them(bert, hashed):
    for nth in range(10):
        guess(1, name=f"name-{nth}", start=NOW + timedelta(seconds=4 * nth))
    hashed.clear()

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert sign_in(Client()).status_code == 429
        elsewhere = Client(REMOTE_ADDR="192.0.2.1")
        sign_in(elsewhere)
        assert is_in(elsewhere)
    assert len(hashed) == 1


def test_behind_a_proxy_it_is_the_clients_address_that_is_locked(bert, settings):
    settings.BEHIND_TLS_PROXY = True
    guess(10, name="nobody", HTTP_X_FORWARDED_FOR="203.0.113.5")

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        theirs = sign_in(Client(), HTTP_X_FORWARDED_FOR="203.0.113.5")
        other = sign_in(Client(), HTTP_X_FORWARDED_FOR="203.0.113.6")

    assert (theirs.status_code, other.status_code) == (429, 302)


def test_what_comes_too_quickly_is_not_looked_at(bert, hashed):
    with time_machine.travel(NOW, tick=False):
        # Of different names, so that no lock is what says no.
        for nth in range(limits.TRIES_A_MINUTE):
            sign_in(Client(), f"name-{nth}", "wrong", REMOTE_ADDR="192.0.2.9")
        hashed.clear()
        answer = sign_in(Client(REMOTE_ADDR="192.0.2.9"))

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert hashed == []


def test_of_many_at_once_few_are_looked_at(transactional_db, monkeypatch):
    at_once, most, barrier = [], [], Barrier(6)
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.05)
    stretch = MD5PasswordHasher.encode

    def slowly(self, *args, **options):
        at_once.append(1)
        most.append(len(at_once))
        try:
            time.sleep(0.5)
            return stretch(self, *args, **options)
        finally:
            at_once.pop()

    monkeypatch.setattr(MD5PasswordHasher, "encode", slowly)
    answers = []

    def one_try(nth):
        barrier.wait()
        answers.append(sign_in(Client(), f"name-{nth}", "wrong").status_code)
        connection.close()

    threads = [Thread(target=one_try, args=(nth,)) for nth in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) <= limits.AT_ONCE
    assert 503 in answers
    assert set(answers) <= {200, 503}


def test_nothing_that_was_typed_is_kept(bert, caplog):
    with caplog.at_level(logging.DEBUG):
        for _ in range(11):
            sign_in(Client(), PASSWORD, "another secret")

    rows = [str(vars(one)) for one in [*AccessAttempt.objects.all(), *entries("user")]]
    assert rows
    for text in (*rows, caplog.text):
        assert PASSWORD not in text
        assert "another secret" not in text


def test_a_lock_is_on_the_trail_and_an_administrator_lifts_it(bert, ada):
    guess(10)
    assert entries("user.locked", about=bert)

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        page = f"/admin/auth/user/{bert.pk}/unlock/"
        answer = signed_in(ada).post(page, {"reason": "she called"}, follow=True)
        assert "They may try again." in answer.content.decode()
        # Their address is free again in its own time.
        assert sign_in(Client(REMOTE_ADDR="192.0.2.1")).status_code == 302

    (told,) = entries("user.unlocked", about=bert)
    assert (told.actor, told.reason) == ("user:ada", "she called")


def test_who_comes_in_and_who_tries_in_vain_is_in_the_log(bert, caplog):
    with caplog.at_level(logging.INFO, "backoffice.users.receivers"):
        sign_in(Client(), password="wrong")
        client = Client()
        sign_in(client)
        client.post("/admin/logout/")

    told = [one.getMessage() for one in caplog.records]
    assert told == [
        "user.sign_in_failed bert from 127.0.0.1",
        "user.signed_in bert from 127.0.0.1",
        "user.signed_out bert from 127.0.0.1",
    ]


@pytest.mark.parametrize("name", ["bert\x00", "x" * 5_000, "", "be\nrt"])
def test_odd_names_are_refused_like_any_other(bert, name):
    answer = Client().post(LOGIN, {"username": name, "password": "wrong"})

    assert answer.status_code == 200
    assert verbs("user.signed_in") == []


@pytest.mark.parametrize(
    "password", ["short", "eleven char", "123456789012345", "password1234"]
)
def test_a_short_or_common_password_is_refused(ada, password):
    client = signed_in(ada)
    form = {"username": "carl", "password1": password, "password2": password}

    client.post("/admin/auth/user/add/", {**form, "usable_password": "true"})

    assert not type(ada).objects.filter(username="carl").exists()


def test_a_long_password_with_spaces_is_taken(ada):
    password = "quite a long sentence, with ümläuts and " + "x" * 60
    form = {"username": "carl", "password1": password, "password2": password}

    signed_in(ada).post("/admin/auth/user/add/", {**form, "usable_password": "true"})

    client = Client()
    sign_in(client, "carl", password)
    assert is_in(client)


def test_who_is_barred_is_out_at_once(bert, ada):
    client = signed_in(bert)
    assert client.get("/admin/").status_code == 200
    form = {"username": "bert", "email": ""}

    signed_in(ada).post(f"/admin/auth/user/{bert.pk}/change/", form)

    assert client.get("/admin/").status_code == 302
    assert sign_in(Client()).status_code == 200
    changed = entries("user.changed", about=bert)[-1]
    assert (changed.before["is_active"], changed.after["is_active"]) == (True, False)


def test_nobody_is_deleted(bert, ada):
    root = make("root", is_superuser=True)
    for user in (ada, root):
        client = signed_in(user)
        assert client.post(f"/admin/auth/user/{bert.pk}/delete/").status_code == 403
    assert type(bert).objects.filter(pk=bert.pk).exists()
