"""Migrations leave the guards on, whichever way they are run."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from lending.append_only import installed

EVIDENCE = {"xero_sync_recordchange", "xero_sync_writerequest"}


def migrate(name):
    executor = MigrationExecutor(connection)
    executor.loader.build_graph()
    executor.migrate([("xero_sync", name)])


@pytest.mark.django_db(transaction=True)
def test_evidence_stays_guarded_when_the_fewer_indexes_are_taken_back():
    try:
        migrate("0002_append_only_evidence")

        assert installed(connection) >= EVIDENCE
    finally:
        migrate("0003_fewer_indexes")
    assert installed(connection) >= EVIDENCE
