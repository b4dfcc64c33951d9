"""The lender's app at Xero, and who changed what of its record."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0005_no_index_of_what_is_not_asked"),
        ("lending", "0004_lists_in_order"),
    ]

    operations = [
        migrations.CreateModel(
            name="XeroApp",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, max_length=100, verbose_name="app name"
                    ),
                ),
                (
                    "company_url",
                    models.CharField(
                        blank=True,
                        max_length=200,
                        verbose_name="company or application URL",
                    ),
                ),
                (
                    "app_email",
                    models.CharField(
                        blank=True, max_length=254, verbose_name="app e-mail"
                    ),
                ),
                (
                    "privacy_url",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="privacy policy"
                    ),
                ),
                (
                    "terms_url",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="terms and conditions"
                    ),
                ),
                (
                    "client_id",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="client id"
                    ),
                ),
                (
                    "sealed_secret",
                    models.TextField(
                        blank=True, editable=False, verbose_name="client secret, sealed"
                    ),
                ),
                (
                    "secret_ending",
                    models.CharField(
                        blank=True, max_length=4, verbose_name="client secret"
                    ),
                ),
                (
                    "secret_hash",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=128,
                        verbose_name="hash of the client secret",
                    ),
                ),
                (
                    "secret_saved_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="secret saved"
                    ),
                ),
                (
                    "pasted_at",
                    models.DateTimeField(
                        blank=True,
                        null=True,
                        verbose_name="keys pasted into Codat's portal",
                    ),
                ),
                (
                    "integration_on",
                    models.BooleanField(
                        blank=True, null=True, verbose_name="integration"
                    ),
                ),
                (
                    "bank_feeds_approved_on",
                    models.DateField(
                        blank=True,
                        null=True,
                        verbose_name="bank feeds enabled by Xero on",
                    ),
                ),
                (
                    "bank_feeds_on",
                    models.BooleanField(
                        blank=True, null=True, verbose_name="bank feeds"
                    ),
                ),
                (
                    "enabled_at_codat",
                    models.BooleanField(
                        blank=True, null=True, verbose_name="Codat reports"
                    ),
                ),
                (
                    "looked_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="read at Codat"
                    ),
                ),
                (
                    "look_failed_at",
                    models.DateTimeField(
                        blank=True,
                        null=True,
                        verbose_name="not readable at Codat since",
                    ),
                ),
                (
                    "look_failure",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="Codat's refusal"
                    ),
                ),
            ],
            options={
                "verbose_name": "Xero app",
                "verbose_name_plural": "Xero app",
                "permissions": [
                    ("reveal_xeroapp", "Can reveal the Xero app's client secret")
                ],
                "default_permissions": ("view", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="xero_sync_xeroapp_only_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sealed_secret", ""), ("pasted_at", None), _connector="OR"
                        ),
                        name="xero_sync_xeroapp_secret_erased_once_pasted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("integration_on", True), _negated=True),
                            models.Q(
                                models.Q(("client_id", ""), _negated=True),
                                models.Q(("secret_ending", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="xero_sync_xeroapp_on_with_keys",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("bank_feeds_on", True), _negated=True),
                            ("bank_feeds_approved_on__isnull", False),
                            _connector="OR",
                        ),
                        name="xero_sync_xeroapp_feeds_with_approval",
                    ),
                ],
            },
        ),
    ]
