"""Make loan events append-only."""

from django.db import migrations

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("lending", "0001_initial")]

    operations = [
        AppendOnly(
            "lending_loanevent",
            unique=[["external_id"], ["loan_id", "sequence"], ["reverses_id"]],
        )
    ]
