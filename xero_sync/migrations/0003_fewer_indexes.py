"""Fewer indexes to keep for every push: none twice, none of what is mostly null."""

import django.db.models.deletion
from django.db import migrations, models

from lending.db.append_only import AppendOnly, GuardedBefore


class Migration(migrations.Migration):
    dependencies = [
        ("lending", "0003_real_value_dates"),
        ("xero_sync", "0002_append_only_evidence"),
    ]

    operations = [
        GuardedBefore("xero_sync_recordchange"),
        GuardedBefore("xero_sync_writerequest", unique=[["idempotency_key"]]),
        migrations.AlterField(
            model_name="recordchange",
            name="push_operation_key",
            field=models.UUIDField(null=True, verbose_name="push operation"),
        ),
        migrations.AlterField(
            model_name="recordchange",
            name="record",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="xero_sync.syncrecord",
            ),
        ),
        migrations.AlterField(
            model_name="syncrecord",
            name="compensates",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="compensated_by",
                to="xero_sync.syncrecord",
            ),
        ),
        migrations.AlterField(
            model_name="syncrecord",
            name="event",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sync_records",
                to="lending.loanevent",
            ),
        ),
        migrations.AlterField(
            model_name="syncrecord",
            name="lender_account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sync_records",
                to="xero_sync.lenderaccount",
            ),
        ),
        migrations.AlterField(
            model_name="syncrecord",
            name="push_operation_key",
            field=models.UUIDField(
                blank=True, null=True, verbose_name="push operation"
            ),
        ),
        migrations.AlterField(
            model_name="syncrecord",
            name="request",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="current_records",
                to="xero_sync.writerequest",
            ),
        ),
        migrations.AlterField(
            model_name="writerequest",
            name="connection",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="write_requests",
                to="xero_sync.connection",
            ),
        ),
        migrations.AddIndex(
            model_name="recordchange",
            index=models.Index(
                condition=models.Q(("push_operation_key__isnull", False)),
                fields=["push_operation_key"],
                name="xero_sync_change_push",
            ),
        ),
        migrations.AddIndex(
            model_name="syncrecord",
            index=models.Index(
                condition=models.Q(("compensates__isnull", False)),
                fields=["compensates"],
                name="xero_sync_record_compensates",
            ),
        ),
        migrations.AddIndex(
            model_name="syncrecord",
            index=models.Index(
                condition=models.Q(("request__isnull", False)),
                fields=["request"],
                name="xero_sync_record_request",
            ),
        ),
        migrations.AddIndex(
            model_name="syncrecord",
            index=models.Index(
                condition=models.Q(("push_operation_key__isnull", False)),
                fields=["push_operation_key"],
                name="xero_sync_record_push",
            ),
        ),
        # SQLite has built these two tables anew, without their triggers.
        AppendOnly("xero_sync_recordchange"),
        AppendOnly("xero_sync_writerequest", unique=[["idempotency_key"]]),
    ]
