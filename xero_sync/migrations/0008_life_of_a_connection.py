"""When a borrower consented, which plan he has, and who did what about it."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F


def date_consents(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the day a connection was made for the day of its consent, the earliest."""
    connections = apps.get_model("xero_sync", "Connection").objects
    consented = connections.filter(status__in=("Linked", "Unlinked", "Deauthorized"))
    consented.update(consented_at=F("created_at"))
    connections.filter(status="Linked").update(last_linked_at=F("checked_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0007_partner_programme"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="connection",
            options={
                "permissions": [
                    ("off_board_connection", "Can let a borrower go for good")
                ],
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
            },
        ),
        migrations.AddField(
            model_name="connection",
            name="consented_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When it last became linked; empty if it never was.",
                null=True,
                verbose_name="last consent",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="last_linked_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="last seen linked"
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="marked_demo",
            field=models.BooleanField(
                default=False,
                help_text="A person says that it is a demo company; it takes no place.",
                verbose_name="marked as demo",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="over_cap_since",
            field=models.DateTimeField(
                blank=True,
                help_text="It became linked although Xero's limit was reached already.",
                null=True,
                verbose_name="beyond the limit since",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="plan_type",
            field=models.CharField(
                blank=True, max_length=50, verbose_name="plan in Xero"
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="previous_organisation_name",
            field=models.CharField(
                blank=True,
                help_text="The name before the change, while a person is asked.",
                max_length=255,
                verbose_name="organisation before",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="feed_name",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=255,
                verbose_name="name in the bank feed",
            ),
        ),
        migrations.AddField(
            model_name="connection",
            name="books_name",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=255,
                verbose_name="name in the books",
            ),
        ),
        migrations.AddField(
            model_name="lenderaccount",
            name="void_since",
            field=models.DateTimeField(
                blank=True,
                help_text="The connection leads elsewhere now; its ids are not used again.",
                null=True,
                verbose_name="of another organisation since",
            ),
        ),
        migrations.RunPython(date_consents, migrations.RunPython.noop),
    ]
