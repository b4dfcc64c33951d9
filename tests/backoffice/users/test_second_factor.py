"""The second factor: set up at the first sign-in, asked for ever after."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from backoffice.models import Authenticator, RecoveryCodes
from tests.backoffice.users.people import (
    CODE_PAGE,
    PASSWORD,
    code_of,
    make,
    set_up,
    sign_in,
    signed_in,
)
from tests.trail import entries, verbs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("second_factor")]


@pytest.fixture
def client(bert):
    """Bert's password was right."""
    client = Client()
    sign_in(client)
    return client


def passes(client):
    return client.get("/admin/").status_code == 200


def codes_typed(client, *codes):
    return [client.post(CODE_PAGE, {"code": one}).status_code for one in codes]


def test_the_first_sign_in_leads_to_the_set_up_and_nowhere_else(client, bert):
    answer = client.get("/admin/lending/loan/", follow=True)

    assert answer.redirect_chain[-1][0].startswith(CODE_PAGE)
    assert "Set up your second factor" in answer.content.decode()
    for page in ("/admin/sessions/", "/admin/password_change/", "/admin/background/"):
        assert client.get(page).status_code == 302
    assert not Authenticator.objects.exists()


def test_it_is_set_up_by_a_code_of_the_app(client, bert):
    shown = client.post(CODE_PAGE, {"begin": ""}).content.decode()
    assert "<svg" in shown
    assert "style=" not in shown.partition("<svg")[2].partition("</svg>")[0]
    assert client.post(CODE_PAGE, {"code": "000000"}).status_code == 200
    assert not passes(client)

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        answer = client.post(CODE_PAGE, {"code": code_of(bert), "next": "/admin/x/"})
        assert len(answer.context["codes"]) == RecoveryCodes.COUNT
        assert answer.context["next"] == "/admin/x/"
        assert passes(client)
    assert "user.second_factor_set_up" in verbs("user.second_factor")


def test_from_then_on_a_password_alone_opens_nothing(client, bert):
    set_up(client, bert)
    other = Client()
    sign_in(other)

    assert not passes(other)
    assert "Your code" in other.get(CODE_PAGE).content.decode()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        answer = other.post(
            f"{CODE_PAGE}?next=/admin/lending/", {"code": code_of(bert)}
        )
    assert answer.url == "/admin/lending/"
    assert passes(other)


def test_a_password_alone_cannot_set_up_another_app(client, bert):
    set_up(client, bert)
    thief = Client()
    sign_in(thief)

    thief.post(CODE_PAGE, {"begin": ""})

    assert Authenticator.objects.filter(user=bert).count() == 1
    assert not passes(thief)


def test_a_code_counts_once_and_only_about_now(client, bert):
    set_up(client, bert)
    used = code_of(bert)
    other = Client()
    sign_in(other)

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=1)):
        assert codes_typed(other, used) == [200]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        assert codes_typed(other, used) == [200]
    assert not passes(other)


def test_guessing_gets_slower_with_each_guess(client, bert):
    set_up(client, bert)
    other = Client()
    sign_in(other)

    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        clock.shift(timedelta(minutes=1))
        for _ in range(8):
            codes_typed(other, "000000")
            clock.shift(timedelta(minutes=10))
        codes_typed(other, "000000")
        clock.shift(timedelta(seconds=100))
        # The ninth failure asks for four minutes and a quarter.
        assert codes_typed(other, code_of(bert)) == [200]
        clock.shift(timedelta(minutes=5))
        assert codes_typed(other, code_of(bert)) == [302]
    assert len(verbs("user.second_factor_failed")) == 10


def test_a_recovery_code_lets_in_once(client, bert):
    first, second, *_ = set_up(client, bert)
    other, third = Client(), Client()
    sign_in(other)
    sign_in(third)

    assert codes_typed(other, f" {first.upper()} ") == [302]
    assert codes_typed(third, first) == [200]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1)):
        assert codes_typed(third, second.replace("-", "")) == [302]

    used = entries("user.recovery_code_used", about=bert)
    assert [one.after["codes_left"] for one in used] == [9, 8]


def test_nothing_of_it_lies_open_in_the_database(client, bert):
    codes = set_up(client, bert)
    device = Authenticator.objects.get()
    kept = f"{vars(device)} {vars(RecoveryCodes.objects.get())} {entries('user')}"

    assert device.key.hex() not in kept
    for code in codes:
        assert code not in kept
        assert code.replace("-", "") not in kept


def test_an_administrator_takes_it_away_on_record_and_the_sessions_end(client, bert):
    set_up(client, bert)
    ada = make("ada", role="administrator")
    hers = signed_in(ada)
    set_up(hers, ada)
    page = f"/admin/auth/user/{bert.pk}/reset-second-factor/"

    answer = hers.post(page, {"reason": "phone lost, called back"}, follow=True)

    assert "The second factor was taken away." in answer.content.decode()
    assert not Authenticator.objects.filter(user=bert).exists()
    assert not RecoveryCodes.objects.filter(user=bert).exists()
    assert not passes(client)
    (told,) = entries("user.second_factor_reset", about=bert)
    assert (told.actor, told.reason) == ("user:ada", "phone lost, called back")
    again = Client()
    sign_in(again)
    assert "Set up" in again.get(CODE_PAGE).content.decode()


def test_without_the_setting_it_is_left_out_on_this_machine_alone(settings, bert):
    settings.STAFF_SECOND_FACTOR = False
    here, elsewhere = Client(), Client(REMOTE_ADDR="192.0.2.1")
    sign_in(here)
    sign_in(elsewhere)

    assert passes(here)
    assert (
        "Nobody is asked for a second factor here"
        in here.get("/admin/").content.decode()
    )
    assert not passes(elsewhere)


def test_behind_a_proxy_on_this_machine_the_client_is_elsewhere(settings, bert):
    settings.STAFF_SECOND_FACTOR = False
    settings.BEHIND_TLS_PROXY = True
    client = Client(HTTP_X_FORWARDED_FOR="192.0.2.1")
    sign_in(client)

    assert not passes(client)


@pytest.mark.parametrize(
    "next_page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_it_leads_nowhere_else(client, bert, next_page):
    set_up(client, bert)

    assert client.get(CODE_PAGE, {"next": next_page}).url == "/admin/"


def test_whoever_is_halfway_in_can_leave(client, bert):
    answer = client.post(CODE_PAGE, {"leave": ""})

    assert answer.url == "/admin/login/"
    assert "_auth_user_id" not in client.session
    assert entries("user.signed_out", about=bert)


def test_who_is_no_staff_sees_none_of_it(db):
    user = type(make("carl")).objects.create_user("dora", password=PASSWORD)

    assert signed_in(user).get(CODE_PAGE).status_code == 302
    assert Client().get(CODE_PAGE).status_code == 302
