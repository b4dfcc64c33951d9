"""New ids sort by the time they were made; nothing changes in the database.

So only the state moves: SQLite would build the tables anew, without their triggers.
"""

from django.db import migrations, models

import lending.db.ids


def id_field() -> models.UUIDField:
    return models.UUIDField(
        default=lending.db.ids.new_id, editable=False, primary_key=True, serialize=False
    )


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0003_fewer_indexes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("syncrecord", "id", id_field()),
                migrations.AlterField("writerequest", "id", id_field()),
            ]
        )
    ]
