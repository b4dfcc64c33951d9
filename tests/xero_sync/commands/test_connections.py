"""`manage.py connections`."""

from datetime import timedelta

from django.utils import timezone

from tests.xero_sync.commands.worlds import run
from xero_sync import jobs
from xero_sync.models import Connection, ConnectionCheckRun


def test_it_says_how_connections_stand_and_what_is_used(codat, settings):
    codat.adopt()
    settings.XERO_CONNECTION_CAP = 5
    before = len(codat.sandbox.requests)

    text = run("connections")

    assert "1 of 5 connections to Xero are in use." in text
    assert "harbour: “Harbour Joinery Ltd”" in text
    assert "Linked. Last read at Codat:" in text
    assert len(codat.sandbox.requests) == before


def test_it_reads_all_of_them_first_when_asked(codat):
    connection = codat.adopt()
    codat.sandbox.faults.add("webhook_lost", times=None)
    codat.sandbox.set_connection_status(codat.connection_id, "Deauthorized")

    for _ in range(2):
        text = run("connections", "--check")

        assert "1 checked, 0 could not be read." in text
        assert "! 1 borrower has withdrawn access in Xero" in text
    connection.refresh_from_db()
    assert connection.status == "Deauthorized"


def test_what_cannot_be_read_is_counted(codat):
    codat.adopt()
    codat.sandbox.faults.add("error_before", match="GET .*", status=500, times=None)

    assert "0 checked, 1 could not be read." in run("connections", "--check")


def test_the_daily_job_records_what_it_did_once(codat):
    codat.adopt()
    Connection.objects.update(checked_at=timezone.now() - timedelta(days=1))

    assert jobs.daily_check() == "1 checked, 0 failed"
    assert jobs.daily_check() == "0 checked, 0 failed"

    run_of_today = ConnectionCheckRun.objects.get()
    assert (run_of_today.checked, run_of_today.failed) == (1, 0)
