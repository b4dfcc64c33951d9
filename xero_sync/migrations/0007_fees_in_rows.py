"""The columns go whose values stand in a version's row of fees."""

from django.db import migrations, models

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0006_mapping_rows")]

    operations = [
        migrations.RemoveConstraint(
            model_name="accountmapping", name="xero_sync_accountmapping_complete"
        ),
        migrations.RemoveConstraint(
            model_name="accountmapping", name="xero_sync_accountmapping_tax_percent"
        ),
        migrations.RemoveField(model_name="accountmapping", name="expense_account_id"),
        migrations.RemoveField(
            model_name="accountmapping", name="expense_account_name"
        ),
        migrations.RemoveField(model_name="accountmapping", name="tax_rate_id"),
        migrations.RemoveField(model_name="accountmapping", name="tax_percent"),
        migrations.AddConstraint(
            model_name="accountmapping",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lender_target_account_id", ""), _negated=True),
                    models.Q(("nominated_account_id", ""), _negated=True),
                    models.Q(("supplier_id", ""), _negated=True),
                ),
                name="xero_sync_accountmapping_complete",
            ),
        ),
        AppendOnly("xero_sync_accountmapping", unique=[["connection_id", "version"]]),
    ]
