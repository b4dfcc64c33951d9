"""No index of relations that nobody follows back: every push had to keep them."""

import django.db.models.deletion
from django.db import migrations, models

from lending.db.append_only import AppendOnly, GuardedBefore


class Migration(migrations.Migration):
    dependencies = [
        ("lending", "0003_real_value_dates"),
        ("xero_sync", "0004_ids_in_order_of_time"),
    ]

    operations = [
        GuardedBefore("xero_sync_writerequest", unique=[["idempotency_key"]]),
        migrations.AlterField(
            model_name="loaninxero",
            name="lender_account",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="loans",
                to="xero_sync.lenderaccount",
            ),
        ),
        migrations.AlterField(
            model_name="writerequest",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="write_requests",
                to="lending.company",
            ),
        ),
        migrations.AlterField(
            model_name="writerequest",
            name="mapping",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="write_requests",
                to="xero_sync.accountmapping",
            ),
        ),
        migrations.AlterField(
            model_name="writerequest",
            name="predecessor",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="successors",
                to="xero_sync.writerequest",
            ),
        ),
        # SQLite has built this table anew, without its triggers.
        AppendOnly("xero_sync_writerequest", unique=[["idempotency_key"]]),
    ]
