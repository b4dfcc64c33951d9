"""Indexes that lists are read in the order of; SQLite builds no table anew for them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lending", "0003_real_value_dates"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="loan",
            index=models.Index(fields=["agreed_on", "id"], name="lending_loan_agreed"),
        ),
        migrations.AddIndex(
            model_name="loan",
            index=models.Index(fields=["invoice_number"], name="lending_loan_invoice"),
        ),
        migrations.AddIndex(
            model_name="loanevent",
            index=models.Index(
                fields=["recorded_at", "id"], name="lending_loanevent_recorded"
            ),
        ),
        migrations.AddIndex(
            model_name="loanevent",
            index=models.Index(
                condition=models.Q(("reverses__isnull", False)),
                fields=["recorded_at", "id"],
                name="lending_loanevent_reversals",
            ),
        ),
    ]
