"""Mails owed to borrowers, and the revocations of their links."""

import django.db.models.deletion
from django.db import migrations, models

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("lending", "0004_lists_in_order"),
        ("xero_sync", "0008_life_of_a_connection"),
    ]

    operations = [
        migrations.CreateModel(
            name="LinkRevocation",
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
                ("revoked_at", models.DateTimeField(verbose_name="revoked")),
                (
                    "revoked_by",
                    models.CharField(max_length=150, verbose_name="revoked by"),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="link_revocations",
                        to="lending.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "revocation of links",
                "verbose_name_plural": "revocations of links",
            },
        ),
        migrations.CreateModel(
            name="BorrowerNotice",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("link", "The customer's link"),
                            ("access_withdrawn", "Access was withdrawn in Xero"),
                            ("lines_rejected", "Statement lines were not accepted"),
                            ("lines_missed", "Statement lines could not be delivered"),
                            (
                                "lines_sent_again",
                                "Statement lines have arrived after all",
                            ),
                        ],
                        max_length=20,
                        verbose_name="about",
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        help_text="What it is about; each cause is told of once.",
                        max_length=200,
                        verbose_name="cause",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="since")),
                ("next_attempt_at", models.DateTimeField(verbose_name="next attempt")),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, verbose_name="attempts"),
                ),
                (
                    "sent_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="sent"),
                ),
                (
                    "given_up_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="given up"
                    ),
                ),
                (
                    "is_obsolete",
                    models.BooleanField(
                        default=False,
                        help_text="What it tells was over before it could be sent.",
                        verbose_name="no longer true",
                    ),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="last error"
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="lending.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail to a customer",
                "verbose_name_plural": "mails to customers",
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_up_at", None), ("sent_at", None)),
                        fields=["next_attempt_at"],
                        name="xero_sync_borrowernotice_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("company", "kind", "subject"),
                        name="xero_sync_borrowernotice_once_per_cause",
                    )
                ],
            },
        ),
        AppendOnly("xero_sync_linkrevocation"),
    ]
