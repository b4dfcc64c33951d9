"""Companies, loans and loan events."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import lending.models.company
import lending.models.references


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Company",
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
                    "reference",
                    models.CharField(
                        help_text="Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning with a letter or a digit; “batch” is reserved.",
                        max_length=64,
                        unique=True,
                        validators=[lending.models.references.validate_reference],
                        verbose_name="reference",
                    ),
                ),
                (
                    "borrower_reference",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="The same for all organisations of one borrower.",
                        max_length=64,
                        verbose_name="borrower reference",
                    ),
                ),
                (
                    "legal_name",
                    models.CharField(max_length=200, verbose_name="legal name"),
                ),
                (
                    "contact_email",
                    models.EmailField(
                        blank=True, max_length=254, verbose_name="contact email"
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        help_text="Use the three capital letters of an ISO 4217 code, such as GBP.",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{3}\\Z",
                                "Use the three capital letters of an ISO 4217 code, such as GBP.",
                            )
                        ],
                        verbose_name="currency",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        help_text="Use the two capital letters of an ISO 3166 code, such as GB.",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[A-Z]{2}\\Z",
                                "Use the two capital letters of an ISO 3166 code, such as GB.",
                            )
                        ],
                        verbose_name="country",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("fr", "French")],
                        default="en",
                        max_length=2,
                        verbose_name="language",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default=lending.models.company.default_time_zone,
                        help_text="The zone whose date counts as today, such as Europe/London.",
                        max_length=64,
                        validators=[lending.models.company.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
            ],
            options={
                "verbose_name": "company",
                "verbose_name_plural": "companies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reference__regex",
                                "\\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\\Z",
                            ),
                            models.Q(("reference", "batch"), _negated=True),
                        ),
                        name="lending_company_reference_pattern",
                        violation_error_message="Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning with a letter or a digit; “batch” is reserved.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "\\A[A-Z]{3}\\Z")),
                        name="lending_company_currency_pattern",
                        violation_error_message="Use the three capital letters of an ISO 4217 code, such as GBP.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "\\A[A-Z]{2}\\Z")),
                        name="lending_company_country_pattern",
                        violation_error_message="Use the two capital letters of an ISO 3166 code, such as GB.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("language__in", ["en", "fr"])),
                        name="lending_company_language_known",
                        violation_error_message="Choose English or French.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Loan",
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
                    "reference",
                    models.CharField(
                        help_text="Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning with a letter or a digit; “batch” is reserved.",
                        max_length=64,
                        unique=True,
                        validators=[lending.models.references.validate_reference],
                        verbose_name="reference",
                    ),
                ),
                ("agreed_on", models.DateField(verbose_name="agreed on")),
                (
                    "invoice_number",
                    models.CharField(max_length=255, verbose_name="invoice number"),
                ),
                (
                    "invoice_external_id",
                    models.CharField(
                        blank=True,
                        help_text="The invoice's id in the borrower's books. Blank: not known.",
                        max_length=255,
                        verbose_name="invoice id",
                    ),
                ),
                (
                    "invoice_amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=16, verbose_name="invoice amount"
                    ),
                ),
                (
                    "debtor_name",
                    models.CharField(max_length=200, verbose_name="debtor name"),
                ),
                (
                    "collection_route",
                    models.CharField(
                        choices=[
                            ("lender", "The debtor pays us"),
                            ("borrower", "The debtor pays the borrower"),
                        ],
                        default="lender",
                        help_text="Cannot be changed after the first drawdown.",
                        max_length=20,
                        verbose_name="collection route",
                    ),
                ),
                (
                    "invoice_payment_posting",
                    models.CharField(
                        choices=[
                            ("leave_to_borrower", "The borrower books it"),
                            (
                                "post_on_nominated",
                                "We book it on the nominated account",
                            ),
                        ],
                        default="leave_to_borrower",
                        help_text="Counts only where the debtor pays the borrower.",
                        max_length=20,
                        verbose_name="invoice payment posting",
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="closed at"
                    ),
                ),
                (
                    "closed_by",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=200,
                        verbose_name="closed by",
                    ),
                ),
                (
                    "close_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=500,
                        verbose_name="close reason",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="created at",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="loans",
                        to="lending.company",
                        verbose_name="company",
                    ),
                ),
            ],
            options={
                "verbose_name": "loan",
                "verbose_name_plural": "loans",
            },
        ),
        migrations.CreateModel(
            name="LoanEvent",
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
                    "sequence",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="sequence",
                    ),
                ),
                (
                    "external_id",
                    models.CharField(
                        max_length=64,
                        unique=True,
                        validators=[lending.models.references.validate_reference],
                        verbose_name="external id",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("drawdown", "Drawdown"),
                            ("final_payment", "Final payment"),
                            ("fee", "Fee"),
                            ("invoice_payment", "Invoice payment"),
                            ("residual_release", "Residual release"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=16, verbose_name="amount"
                    ),
                ),
                (
                    "value_date",
                    models.DateField(db_index=True, verbose_name="value date"),
                ),
                (
                    "description",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="description"
                    ),
                ),
                (
                    "recorded_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="recorded at",
                    ),
                ),
                (
                    "recorded_by",
                    models.CharField(max_length=200, verbose_name="recorded by"),
                ),
                (
                    "already_in_books",
                    models.BooleanField(
                        default=False,
                        help_text="The borrower's books had this before we recorded it.",
                        verbose_name="already in the books",
                    ),
                ),
                (
                    "loan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="lending.loan",
                        verbose_name="loan",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="lending.loanevent",
                        verbose_name="reverses",
                    ),
                ),
            ],
            options={
                "verbose_name": "loan event",
                "verbose_name_plural": "loan events",
            },
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reference__regex", "\\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\\Z"),
                    models.Q(("reference", "batch"), _negated=True),
                ),
                name="lending_loan_reference_pattern",
                violation_error_message="Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning with a letter or a digit; “batch” is reserved.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(("invoice_amount__gt", 0)),
                name="lending_loan_invoice_amount_positive",
                violation_error_message="The invoice amount must exceed zero.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(("collection_route__in", ["lender", "borrower"])),
                name="lending_loan_collection_route_known",
                violation_error_message="Choose one of the collection routes.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "invoice_payment_posting__in",
                        ["leave_to_borrower", "post_on_nominated"],
                    )
                ),
                name="lending_loan_payment_posting_known",
                violation_error_message="Choose who books the invoice payment.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("close_reason", ""),
                        ("closed_at__isnull", True),
                        ("closed_by", ""),
                    ),
                    models.Q(
                        ("closed_at__isnull", False),
                        models.Q(("closed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="lending_loan_closed_with_author",
                violation_error_message="A closed loan says who closed it and when.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.UniqueConstraint(
                fields=("loan", "sequence"),
                name="lending_loanevent_sequence_unique",
                violation_error_message="Another event has this sequence number.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("sequence__gte", 1)),
                name="lending_loanevent_sequence_positive",
                violation_error_message="The sequence begins at one.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("external_id__regex", "\\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\\Z"),
                    models.Q(("external_id", "batch"), _negated=True),
                ),
                name="lending_loanevent_external_id_pattern",
                violation_error_message="Use up to 64 letters, digits, dots, underscores, colons or hyphens, beginning with a letter or a digit; “batch” is reserved.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "drawdown",
                            "final_payment",
                            "fee",
                            "invoice_payment",
                            "residual_release",
                        ],
                    )
                ),
                name="lending_loanevent_kind_known",
                violation_error_message="Choose one of the kinds of event.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)),
                name="lending_loanevent_amount_positive",
                violation_error_message="The amount must exceed zero.",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("recorded_by", ""), _negated=True),
                name="lending_loanevent_recorded_by_given",
                violation_error_message="Say who recorded the event.",
            ),
        ),
    ]
