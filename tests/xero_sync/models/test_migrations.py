"""Migrations leave the guards on, whichever way they are run."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from lending.db.append_only import installed

EVIDENCE = {"xero_sync_recordchange", "xero_sync_writerequest"}


def migrate(name=None):
    """Migrate to a migration; without one, to the latest."""
    executor = MigrationExecutor(connection)
    executor.loader.build_graph()
    latest = executor.loader.graph.leaf_nodes("xero_sync")
    executor.migrate([("xero_sync", name)] if name else latest)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "earlier", ["0004_ids_in_order_of_time", "0002_append_only_evidence"]
)
def test_evidence_stays_guarded_when_the_fewer_indexes_are_taken_back(earlier):
    try:
        migrate(earlier)

        assert installed(connection) >= EVIDENCE
    finally:
        migrate()
    assert installed(connection) >= EVIDENCE
