"""`manage.py connections`."""

from tests.xero_sync.commands.worlds import run


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
