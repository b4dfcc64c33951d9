"""What was told and what came of it is added to and never altered."""

from django.db import migrations

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("backoffice", "0001_initial"),
        ("lending", "0002_guards"),
    ]

    operations = [
        AppendOnly(
            "backoffice_webhookmessage", unique=[["subject", "type", "occasion"]]
        ),
        AppendOnly("backoffice_webhookattempt"),
    ]
