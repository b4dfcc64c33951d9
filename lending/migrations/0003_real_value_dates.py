"""Keep anything but a date out of an event's value date, on SQLite too."""

from django.db import migrations

from lending.db.real_dates import RealDates


class Migration(migrations.Migration):
    dependencies = [("lending", "0002_append_only_events")]

    operations = [RealDates("lending_loanevent", ["value_date"])]
