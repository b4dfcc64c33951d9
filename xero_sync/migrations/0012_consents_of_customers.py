"""What borrowers agreed to before they were sent to Xero."""

import django.db.models.deletion
from django.db import migrations, models

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0011_checks_of_the_connections"),
    ]

    operations = [
        migrations.CreateModel(
            name="BorrowerConsent",
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
                    "text_version",
                    models.PositiveIntegerField(verbose_name="version of the text"),
                ),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                (
                    "privacy_url",
                    models.CharField(
                        blank=True,
                        help_text="The addresses to which the page led then.",
                        max_length=200,
                        verbose_name="privacy policy",
                    ),
                ),
                (
                    "terms_url",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="terms and conditions"
                    ),
                ),
                ("given_at", models.DateTimeField(verbose_name="given")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="xero_sync.connection",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent of a customer",
                "verbose_name_plural": "consents of customers",
            },
        ),
        AppendOnly("xero_sync_borrowerconsent"),
    ]
