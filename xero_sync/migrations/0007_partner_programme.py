"""The partner programme: what is applied for, and each act on the way."""

from django.db import migrations, models

from lending.db.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0006_xero_app"),
    ]

    operations = [
        migrations.CreateModel(
            name="ScopeChange",
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
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                ("added", models.JSONField(default=list, verbose_name="added")),
                (
                    "removed",
                    models.JSONField(blank=True, default=list, verbose_name="removed"),
                ),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("author", models.CharField(max_length=160, verbose_name="by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
            ],
            options={
                "verbose_name": "scope change",
                "verbose_name_plural": "scope changes",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="CheckpointReview",
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
                    "checkpoint",
                    models.CharField(max_length=30, verbose_name="checkpoint"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("open", "Open"), ("met", "Met")],
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("evidence", models.TextField(blank=True, verbose_name="evidence")),
                (
                    "evidence_url",
                    models.URLField(blank=True, verbose_name="link to the evidence"),
                ),
                ("author", models.CharField(max_length=160, verbose_name="by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
            ],
            options={
                "verbose_name": "checkpoint review",
                "verbose_name_plural": "checkpoint reviews",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status__in", ["open", "met"])),
                        name="xero_sync_checkpointreview_known_status",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "met"), _negated=True),
                            models.Q(("evidence", ""), _negated=True),
                            models.Q(("evidence_url", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="xero_sync_checkpointreview_met_by_evidence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PartnerProgramme",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "partner_type",
                    models.CharField(
                        choices=[
                            (
                                "financial_services",
                                "Financial services (bank feeds, lending, payments)",
                            ),
                            ("app_store", "App Store (every other use)"),
                        ],
                        default="financial_services",
                        max_length=20,
                        verbose_name="type of partner",
                    ),
                ),
                (
                    "wants_bank_feeds",
                    models.BooleanField(
                        default=True,
                        help_text="Statement lines in Xero need bank feeds.",
                        verbose_name="bank feeds asked for",
                    ),
                ),
            ],
            options={
                "verbose_name": "partner programme",
                "verbose_name_plural": "partner programme",
                "default_permissions": ("view", "change"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)),
                        name="xero_sync_partnerprogramme_only_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("partner_type__in", ["financial_services", "app_store"])
                        ),
                        name="xero_sync_partnerprogramme_known_type",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProgrammeAct",
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
                            ("type_chosen", "Type chosen"),
                            ("feeds_asked", "Bank feeds asked for"),
                            ("feeds_dropped", "Bank feeds no longer asked for"),
                            ("prepared", "Prepared"),
                            ("unprepared", "Open again"),
                            ("step_taken", "Step taken"),
                            ("step_withdrawn", "Step taken back"),
                            ("not_eligible", "Not eligible"),
                            ("eligible_again", "Eligible again"),
                        ],
                        max_length=20,
                        verbose_name="act",
                    ),
                ),
                (
                    "subject",
                    models.CharField(blank=True, max_length=30, verbose_name="about"),
                ),
                ("happened_on", models.DateField(verbose_name="on")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                (
                    "override_reason",
                    models.TextField(
                        blank=True, verbose_name="submitted all the same, because"
                    ),
                ),
                ("author", models.CharField(max_length=160, verbose_name="by")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
            ],
            options={
                "verbose_name": "programme act",
                "verbose_name_plural": "programme acts",
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "type_chosen",
                                    "feeds_asked",
                                    "feeds_dropped",
                                    "prepared",
                                    "unprepared",
                                    "step_taken",
                                    "step_withdrawn",
                                    "not_eligible",
                                    "eligible_again",
                                ],
                            )
                        ),
                        name="xero_sync_programmeact_known_kind",
                    )
                ],
            },
        ),
        AppendOnly("xero_sync_programmeact"),
        AppendOnly("xero_sync_checkpointreview"),
        AppendOnly("xero_sync_scopechange"),
    ]
