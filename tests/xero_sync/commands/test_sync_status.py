"""`manage.py sync_status`."""

import os

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.builders import make_company
from tests.xero_sync.commands.worlds import record_drawdown, record_of, refusal, run
from xero_sync.runtime import heartbeats


def test_it_tells_what_stands_where(codat):
    connection = codat.ready()
    record_drawdown(connection.company)
    heartbeats.beat(name=heartbeats.CLUSTER, now=timezone.now())

    everything = run("sync_status")
    one_loan = run("sync_status", "loan-1")

    assert "Linked, write-back on, bank feeds on" in everything
    assert "1 queued" in everything
    assert "loan-1: 1 held (waits for its booking), 1 queued" in one_loan
    assert "Waiting for a person: nothing" in one_loan
    assert "All is well" in one_loan


def test_it_names_what_waits_for_a_person_and_why(codat):
    connection = codat.ready()
    run("writeback", "harbour", "off")
    record = record_of(record_drawdown(connection.company))

    shown = run("sync_status", "harbour")

    assert "Waiting for a person: 2" in shown
    assert f"{record.pk}  loan-1 drawdown" in shown
    assert "Held: Write-back is switched off" in shown


@pytest.mark.django_db
def test_without_a_worker_it_says_what_to_start():
    make_company(reference="quiet")

    shown = run("sync_status")

    assert "no connection to Xero" in shown
    assert "This needs you: No background process runs" in shown
    assert "start manage.py qcluster, or push_drain --loop" in shown


@pytest.mark.django_db
def test_an_unknown_reference_is_refused():
    assert refusal("sync_status", "nobody") == (
        "reference: “nobody” is neither a company nor a loan."
    )


@pytest.mark.parametrize("buffering", [1, -1], ids=["each line", "at the end"])
@pytest.mark.django_db
def test_a_reader_that_has_seen_enough_ends_nothing(buffering):
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "w", buffering=buffering) as out:
        call_command("sync_status", stdout=out)
