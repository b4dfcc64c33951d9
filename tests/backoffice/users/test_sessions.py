"""Sessions end by time, by hand and by new rights; a person sees theirs."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client

from backoffice.models import StaffSession
from tests.backoffice.users.people import (
    PASSWORD,
    SESSIONS,
    make,
    sign_in,
    signed_in,
)
from tests.trail import entries, verbs

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def is_in(client):
    return client.get("/admin/").status_code == 200


def test_it_ends_when_nothing_was_done_for_an_hour(bert, clock):
    client = signed_in(bert)
    for _ in range(3):
        clock.shift(timedelta(minutes=59))
        assert is_in(client)

    clock.shift(timedelta(minutes=60))

    assert not is_in(client)
    assert entries("user.session_ended", about=bert)[-1].after["why"] == "idle"


def test_it_ends_after_twelve_hours_whatever_was_done(bert, clock):
    client = signed_in(bert)
    for _ in range(14):
        clock.shift(timedelta(minutes=50))
        assert is_in(client)

    clock.shift(timedelta(minutes=20))

    assert not is_in(client)
    assert StaffSession.objects.get().end == "too_long"


def test_to_be_seen_costs_no_write_for_each_page(bert, clock):
    client = signed_in(bert)
    clock.shift(timedelta(seconds=59))
    is_in(client)
    assert StaffSession.objects.get().seen_at == NOW
    clock.shift(timedelta(seconds=1))
    is_in(client)
    assert StaffSession.objects.get().seen_at == NOW + timedelta(minutes=1)


def test_a_person_sees_where_they_are_signed_in_and_ends_it(bert):
    here, there, third = Client(), Client(REMOTE_ADDR="127.0.0.7"), signed_in(bert)
    sign_in(here, HTTP_USER_AGENT="Firefox <b>")
    sign_in(there)
    other = make("carl")
    theirs = signed_in(other)

    page = here.get(SESSIONS).content.decode()
    assert "Firefox &lt;b&gt;" in page
    assert "127.0.0.7" in page
    key = StaffSession.objects.get(address="127.0.0.7").pk
    here.post(SESSIONS, {"end": key})
    assert [is_in(one) for one in (here, there, third)] == [True, False, True]

    here.post(SESSIONS, {"others": ""})
    assert [is_in(one) for one in (here, there, third)] == [True, False, False]
    # Nobody ends another person's.
    here.post(SESSIONS, {"end": StaffSession.objects.get(user=other).pk})
    here.post(SESSIONS, {"end": "x\x00"})
    assert is_in(theirs)
    assert verbs("user.session_ended") == ["user.session_ended"] * 2


def test_who_leaves_is_out_although_the_cookie_is_kept(bert):
    client = signed_in(bert)
    cookie = client.cookies["sessionid"].value
    client.post("/admin/logout/")

    client.cookies["sessionid"] = cookie

    assert not is_in(client)
    assert StaffSession.objects.get().end == "signed_out"


def test_a_new_password_ends_all_other_sessions(bert):
    here, there = signed_in(bert), signed_in(bert)
    new = {
        "new_password1": "another long phrase",
        "new_password2": "another long phrase",
    }

    here.post("/admin/password_change/", {"old_password": PASSWORD, **new})

    assert (is_in(here), is_in(there)) == (True, False)
    assert StaffSession.objects.filter(end="rights_changed").count() == 1


def test_django_alone_lets_nobody_in(bert):
    client = signed_in(bert)
    StaffSession.objects.all().delete()

    assert not is_in(client)


def test_the_database_knows_no_session_that_ended_for_no_reason(bert):
    signed_in(bert)

    with pytest.raises(IntegrityError), transaction.atomic():
        StaffSession.objects.update(ended_at=NOW)
