"""`manage.py writeback`."""

from datetime import timedelta

from django.utils import timezone

from tests.builders import make_event
from tests.xero_sync.commands.worlds import record_drawdown, record_of, refusal, run
from xero_sync.models import SyncRecord, WritebackSwitch


def test_it_is_switched_off_and_on(codat):
    connection = codat.ready()

    off = run("writeback", "harbour", "off")
    on = run("writeback", "harbour", "on")

    connection.refresh_from_db()
    assert connection.writeback_on
    assert off.startswith("Write-back is off for ")
    assert on.startswith("Write-back is on for ")
    assert WritebackSwitch.objects.filter(switched_by__startswith="command:").count()


def test_held_events_are_published_from_a_date(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    loan = record_drawdown(connection.company)
    since = timezone.localdate() - timedelta(days=20)

    run("writeback", "harbour", "on", "--held-events=publish", f"--from={since}")

    assert record_of(loan).state == "queued"


def test_held_events_are_left_out(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    loan = record_drawdown(connection.company)

    run("writeback", "harbour", "on", "--held-events=leave_out")

    assert (record_of(loan).state, record_of(loan).reason) == ("cancelled", "left_out")


def test_it_asks_what_becomes_of_held_events(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    loan = record_drawdown(connection.company)

    message = refusal("writeback", "harbour", "on")

    connection.refresh_from_db()
    assert message.startswith("held_events: Say what happens to the held events")
    assert not connection.writeback_on
    assert record_of(loan).state == "held"


def test_what_is_held_is_shown_and_its_fingerprint_is_honoured(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    loan = record_drawdown(connection.company)

    shown = run("writeback", "harbour", "held")
    assert "1 loan is held: entries 2, advanced £800.00" in shown
    assert "bring the lender account to −£800.00" in shown
    fingerprint = shown.partition("Fingerprint: ")[2].split()[0]
    make_event(loan=loan, kind="fee", amount="50", value_date=timezone.localdate())
    given = ("--held-events=publish", f"--fingerprint={fingerprint}")
    message = refusal("writeback", "harbour", "on", *given)

    assert message.startswith("fingerprint: What is held has changed")
    connection.refresh_from_db()
    assert not connection.writeback_on
    shown = run("writeback", "harbour", "held")
    fingerprint = shown.partition("Fingerprint: ")[2].split()[0]
    given = ("--held-events=publish", f"--fingerprint={fingerprint}")
    run("writeback", "harbour", "on", *given)
    assert {one.state for one in SyncRecord.objects.filter(step="transfer")} == {
        "queued"
    }


def test_a_day_shows_a_choice_of_its_own(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    record_drawdown(connection.company)

    shown = run("writeback", "harbour", "held", "--from=2099-01-01")

    assert "Publish those begun from 1 Jan 2099 on." in shown
    assert "published: 0 (entries: 0), left out for good: 1 (entries: 2)" in shown
    assert shown.count("Fingerprint: ") == 3


def test_it_is_not_switched_on_before_the_accounts_are_chosen(codat):
    connection = codat.adopt()

    message = refusal("writeback", "harbour", "on")

    connection.refresh_from_db()
    assert "complete the mapping" in message
    assert not connection.writeback_on


def test_switching_off_takes_no_choice(codat):
    codat.ready()

    message = refusal("writeback", "harbour", "off", "--held-events=leave_out")

    assert message == "held_events: only switching on needs this choice."
