"""Say of a connection's acts that bank feeds are among them; no column changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0012_consents_of_customers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="connectionact",
            name="kind",
            field=models.CharField(
                choices=[
                    ("disconnected", "Disconnected"),
                    ("off_boarded", "Deleted for good"),
                    ("marked_demo", "Marked as a demo company"),
                    ("unmarked_demo", "No longer marked as a demo company"),
                    ("same_organisation", "The organisation is the same"),
                    (
                        "other_organisation",
                        "Another organisation: accounts to be chosen anew",
                    ),
                    ("bank_feeds_on", "Bank feeds switched on"),
                    ("bank_feeds_off", "Bank feeds switched off"),
                ],
                max_length=30,
                verbose_name="act",
            ),
        ),
    ]
