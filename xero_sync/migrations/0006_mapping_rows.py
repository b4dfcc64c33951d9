"""The account and the tax of fees are copied to a row of their version."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from lending.db.append_only import AppendOnly


def move(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    mappings = apps.get_model("xero_sync", "AccountMapping").objects
    rows = apps.get_model("xero_sync", "MappingRow").objects
    made = [
        rows.model(
            mapping=one,
            role="fee",
            account_id=one.expense_account_id,
            account_name=one.expense_account_name,
            tax_rate_id=one.tax_rate_id,
            tax_percent=one.tax_percent,
        )
        for one in mappings.order_by("pk").iterator()
    ]
    rows.bulk_create(made, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0005_only_equal")]

    operations = [
        migrations.CreateModel(
            name="MappingRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("fee", "Fee")], max_length=20, verbose_name="for"
                    ),
                ),
                ("account_id", models.CharField(max_length=64, verbose_name="account")),
                (
                    "account_name",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="account name"
                    ),
                ),
                (
                    "tax_rate_id",
                    models.CharField(
                        default="NONE", max_length=64, verbose_name="tax rate"
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        decimal_places=3,
                        default=0,
                        max_digits=6,
                        verbose_name="tax percent",
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="xero_sync.accountmapping",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of an account mapping",
                "verbose_name_plural": "rows of account mappings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mapping", "role"),
                        name="xero_sync_mappingrow_role_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["fee"])),
                        name="xero_sync_mappingrow_known_role",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_id", ""), _negated=True),
                        name="xero_sync_mappingrow_complete",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tax_percent__gte", 0), ("tax_percent__lt", 100)
                        ),
                        name="xero_sync_mappingrow_tax_percent",
                    ),
                ],
            },
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
        AppendOnly("xero_sync_mappingrow", unique=[["mapping_id", "role"]]),
    ]
