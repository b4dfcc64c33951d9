"""Events, the trail and seals are never altered; a value date is a date."""

from django.db import migrations

from lending.db.append_only import AppendOnly
from lending.db.real_dates import RealDates


class Migration(migrations.Migration):
    dependencies = [("lending", "0001_initial")]

    operations = [
        AppendOnly(
            "lending_loanevent",
            unique=[["external_id"], ["loan_id", "sequence"], ["reverses_id"]],
        ),
        # SQLite would take anything.
        RealDates("lending_loanevent", ["value_date"]),
        AppendOnly("lending_auditentry"),
        AppendOnly("lending_seal", pk="number"),
    ]
