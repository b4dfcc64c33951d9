"""The page on limits and background work: first what needs a person."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.backoffice.admin.rows import operator, page, superuser
from tests.xero_sync.commands.worlds import run
from xero_sync.models import Heartbeat, RateScope
from xero_sync.runtime import heartbeats, leases
from xero_sync.writeback import budget

pytestmark = pytest.mark.django_db

URL = "/admin/background/"
NEEDS_YOU = "This needs you"
PASSES = "This passes by itself"
WELL = "All is well"


@pytest.fixture(autouse=True)
def now():
    """A moment at which a worker has just been seen."""
    moment = timezone.now()
    heartbeats.beat(name=heartbeats.CLUSTER, now=moment)
    return moment


def looker():
    return operator("xero_sync.view_syncrecord")


def scope(key=None, **fields):
    return RateScope.objects.create(key=key or budget.address_scope(), **fields)


def everywhere():
    """What the page, the overview and the command say, each as text."""
    client = looker()
    return [
        client.get(URL).content.decode(),
        client.get("/admin/").content.decode(),
        run("sync_status"),
    ]


def test_when_all_is_well_one_line_says_so():
    for shown in everywhere():
        assert shown.count(WELL) == 1
        assert NEEDS_YOU not in shown
        assert PASSES not in shown


def test_a_silent_process_is_first(now):
    heartbeats.beat(name=heartbeats.CLUSTER, now=now - timedelta(minutes=12))

    for shown in everywhere():
        assert WELL not in shown
        assert "has been silent for 12 minutes. Restart it" in shown
    assert "Silent: restart it" in looker_page("berta")


def looker_page(name):
    client = operator("xero_sync.view_syncrecord", name=name)
    return client.get(URL).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"blocked_until": 240}, "Codat asked us to wait (Retry-After)"),
        (
            {"open_seconds": 60, "failures": 5, "probe_at": 40},
            "Codat failed 5 times in a row. Next try at",
        ),
        (
            {"open_seconds": 60, "failures": 6, "probe_at": -1},
            "Codat failed 6 times in a row. The next request tries.",
        ),
        (
            {"open_seconds": 60, "failures": 7, "probe_at": 40, "is_probing": True},
            "Trying with one request, after Codat failed 7 times in a row.",
        ),
        (
            {"key": "day", "remaining": 0, "resets_at": 3_600},
            "Spent; nothing goes out until it starts anew at",
        ),
    ],
    ids=["blocked", "open", "probe due", "probing", "spent"],
)
def test_what_passes_by_itself_is_told_and_asks_for_nothing(now, fields, words):
    moments = {
        name: now + timedelta(seconds=value)
        for name, value in fields.items()
        if name in {"blocked_until", "probe_at", "resets_at"}
    }
    scope(**fields | moments)

    for shown in everywhere():
        assert words in shown
        assert PASSES in shown
        assert NEEDS_YOU not in shown
        assert WELL not in shown
    listed = superuser().get(page(RateScope, "changelist")).content.decode()
    assert words in listed


def test_the_page_and_the_command_show_the_same_numbers(now):
    scope(theoretical_arrival=now + timedelta(seconds=30))
    scope("day", remaining=4_321, resets_at=now + timedelta(hours=30))

    shown, _, printed = everywhere()

    for words in ("900 a minute", "4,321", "Worker (manage.py qcluster)"):
        assert words in shown
        assert words in printed


def test_it_is_for_those_who_may_see_entries():
    assert Client().get(URL).status_code == 302
    stranger = operator(name="stranger")
    assert stranger.get(URL).status_code == 403
    assert WELL not in stranger.get("/admin/").content.decode()
    assert looker().get(URL).status_code == 200
    decider = operator("xero_sync.change_syncrecord", name="decider")
    assert decider.get(URL).status_code == 200
    assert decider.post(URL).status_code == 405


@pytest.mark.parametrize(
    ("name", "minutes_ago", "words"),
    [
        (heartbeats.CLUSTER, 0, "Works"),
        (heartbeats.LOOP, 6, "Silent: restart it"),
        (heartbeats.LOOP, 8 * 24 * 60, "Out of service"),
        (heartbeats.ONCE, 60, "Runs only when started by hand"),
        ("drain 1", 60, "Idle"),
    ],
)
def test_the_list_of_processes_says_how_each_is(now, name, minutes_ago, words):
    Heartbeat.objects.all().delete()
    heartbeats.beat(name=name, now=now - timedelta(minutes=minutes_ago))

    shown = superuser().get(page(Heartbeat, "changelist")).content.decode()

    assert words in shown


def test_the_list_of_processes_says_which_drain_is_busy():
    with leases.hold(holder="one:1"):
        shown = superuser().get(page(Heartbeat, "changelist")).content.decode()

    assert "Busy until" in shown
