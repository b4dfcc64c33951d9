import django.db.models.deletion
from django.db import migrations, models

import lending.db.ids


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountSetup",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=lending.db.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("sealed_choice", models.TextField(editable=False)),
                (
                    "base_version",
                    models.PositiveIntegerField(verbose_name="chosen on version"),
                ),
                (
                    "nominated_account_id",
                    models.CharField(max_length=64, verbose_name="nominated account"),
                ),
                (
                    "nominated_account_name",
                    models.CharField(
                        blank=True,
                        max_length=255,
                        verbose_name="nominated account name",
                    ),
                ),
                (
                    "expense_account_id",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="expense account"
                    ),
                ),
                (
                    "expense_account_name",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="expense account name"
                    ),
                ),
                (
                    "supplier_id",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="supplier"
                    ),
                ),
                (
                    "supplier_name",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="supplier name"
                    ),
                ),
                (
                    "tax_rate_id",
                    models.CharField(max_length=64, verbose_name="tax rate"),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        decimal_places=3, max_digits=6, verbose_name="tax percent"
                    ),
                ),
                (
                    "chosen_by",
                    models.CharField(max_length=150, verbose_name="chosen by"),
                ),
                ("begun_at", models.DateTimeField(verbose_name="begun")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Under way"),
                            ("done", "Done"),
                            ("stopped", "Stopped; a person must look"),
                            ("given_up", "Given up for another choice"),
                        ],
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(verbose_name="since")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refused", "Codat or Xero refused it"),
                            ("feeds_refused", "Xero takes no bank feeds here"),
                            ("access_denied", "Codat refuses our key or plan"),
                            ("not_linked", "The connection to Xero is not linked"),
                            ("organisation_changed", "Another Xero organisation"),
                            (
                                "other_version",
                                "The accounts were chosen anew meanwhile",
                            ),
                            ("several_fit", "Several records in Xero could be it"),
                            ("code_taken", "The code belongs to another account"),
                            ("no_final_word", "Xero has not answered within a day"),
                        ],
                        max_length=30,
                        verbose_name="stopped for",
                    ),
                ),
                ("words", models.TextField(blank=True, verbose_name="in words")),
                (
                    "resumed_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="last tried again"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="setups",
                        to="xero_sync.connection",
                    ),
                ),
                (
                    "lender_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="setups",
                        to="xero_sync.lenderaccount",
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="setups",
                        to="xero_sync.accountmapping",
                    ),
                ),
            ],
            options={
                "verbose_name": "account setup",
                "verbose_name_plural": "account setups",
            },
        ),
        migrations.CreateModel(
            name="SetupStep",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=lending.db.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("old_source", "Source account of other numbers, given up"),
                            ("source_account", "Source account of the bank feed"),
                            (
                                "feed_mapping",
                                "Lender account in Xero, with its bank feed",
                            ),
                            ("expense_account", "Expense account"),
                            ("supplier", "Supplier"),
                        ],
                        max_length=20,
                        verbose_name="step",
                    ),
                ),
                ("subject", models.CharField(max_length=255, verbose_name="subject")),
                ("sealed_body", models.TextField(editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be looked for first"),
                            ("ready", "Not there; to be sent"),
                            ("sending", "Sending"),
                            ("pending", "Sent, waiting for Xero"),
                            ("unknown", "Outcome not known yet"),
                            ("made", "In Xero, and still to be read"),
                            ("refused", "Refused"),
                            ("done", "There"),
                        ],
                        default="waiting",
                        max_length=20,
                        verbose_name="state",
                    ),
                ),
                ("state_since", models.DateTimeField(verbose_name="since")),
                ("fence", models.PositiveIntegerField(default=0, verbose_name="fence")),
                (
                    "due_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="due"),
                ),
                ("polls", models.PositiveIntegerField(default=0, verbose_name="looks")),
                (
                    "looked_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="looked for in vain"
                    ),
                ),
                (
                    "push_operation_key",
                    models.UUIDField(
                        blank=True,
                        db_index=True,
                        null=True,
                        verbose_name="push operation",
                    ),
                ),
                (
                    "record_id",
                    models.CharField(
                        blank=True, max_length=64, verbose_name="record in Xero"
                    ),
                ),
                (
                    "record_name",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="name in Xero"
                    ),
                ),
                ("words", models.TextField(blank=True, verbose_name="Codat's words")),
                (
                    "request",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="current_steps",
                        to="xero_sync.writerequest",
                    ),
                ),
                (
                    "requests",
                    models.ManyToManyField(
                        related_name="setup_steps",
                        to="xero_sync.writerequest",
                        verbose_name="write requests",
                    ),
                ),
                (
                    "setup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="xero_sync.accountsetup",
                    ),
                ),
            ],
            options={
                "verbose_name": "setup step",
                "verbose_name_plural": "setup steps",
            },
        ),
        migrations.AddConstraint(
            model_name="accountsetup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("connection",),
                name="xero_sync_accountsetup_one_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountsetup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["running", "done", "stopped", "given_up"])
                ),
                name="xero_sync_accountsetup_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountsetup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mapping__isnull", False), ("state", "done")),
                    models.Q(
                        models.Q(("state", "done"), _negated=True),
                        ("mapping__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="xero_sync_accountsetup_done_with_mapping",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountsetup",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "stopped"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="xero_sync_accountsetup_stopped_with_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="setupstep",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at"],
                name="xero_sync_setupstep_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="setupstep",
            constraint=models.UniqueConstraint(
                fields=("setup", "kind"), name="xero_sync_setupstep_one_per_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="setupstep",
            constraint=models.UniqueConstraint(
                fields=("setup", "number"), name="xero_sync_setupstep_one_per_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="setupstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "waiting",
                            "ready",
                            "sending",
                            "pending",
                            "unknown",
                            "made",
                            "refused",
                            "done",
                        ],
                    )
                ),
                name="xero_sync_setupstep_known_state",
            ),
        ),
    ]
