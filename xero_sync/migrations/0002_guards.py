"""Evidence is added to and never altered: not by us, not by SQL."""

from django.db import migrations

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0001_initial"),
        ("lending", "0002_guards"),
    ]

    operations = [
        AppendOnly("xero_sync_writerequest", unique=[["idempotency_key"]]),
        AppendOnly("xero_sync_writeattempt"),
        AppendOnly(
            "xero_sync_attemptanswer",
            pk="attempt_id",
            erases=("text", "erased_at"),
        ),
        AppendOnly("xero_sync_recordchange"),
        AppendOnly("xero_sync_accountmapping", unique=[["connection_id", "version"]]),
        AppendOnly("xero_sync_mappingrow", unique=[["mapping_id", "role"]]),
        AppendOnly("xero_sync_writebackswitch"),
        AppendOnly("xero_sync_programmeact"),
        AppendOnly("xero_sync_checkpointreview"),
        AppendOnly("xero_sync_scopechange"),
        AppendOnly("xero_sync_borrowerconsent"),
        AppendOnly("xero_sync_connectioncheckrun"),
        AppendOnly(
            "xero_sync_connectioncheckfailure", unique=[["run_id", "connection_id"]]
        ),
    ]
