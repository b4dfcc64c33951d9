"""An advance against one invoice."""

from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending.models.company import Company
from lending.models.references import (
    REFERENCE_LENGTH,
    REFERENCE_RULE,
    reference_constraint,
    validate_reference,
)

# As many digits as an amount may have, in the smallest units of any currency.
LARGEST_AMOUNT = Decimal("999999999999.9999")


class CollectionRoute(models.TextChoices):
    """Who the debtor pays."""

    LENDER = "lender", _("The debtor pays us")
    BORROWER = "borrower", _("The debtor pays the borrower")


class InvoicePaymentPosting(models.TextChoices):
    """Who books the invoice payment when the debtor pays the borrower."""

    LEAVE_TO_BORROWER = "leave_to_borrower", _("The borrower books it")
    POST_ON_NOMINATED = "post_on_nominated", _("We book it on the nominated account")


class LoanQuerySet(models.QuerySet["Loan"]):
    """Filters on loans."""

    def open(self) -> "LoanQuerySet":
        """Loans that accept events."""
        return self.filter(closed_at__isnull=True)

    def with_company(self) -> "LoanQuerySet":
        """Load each loan's company along."""
        return self.select_related("company")


class Loan(models.Model):
    """An advance against one invoice of the borrower, in the company's currency."""

    reference = models.CharField(
        _("reference"),
        max_length=REFERENCE_LENGTH,
        unique=True,
        validators=[validate_reference],
        help_text=REFERENCE_RULE,
    )
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="loans",
        verbose_name=_("company"),
    )
    agreed_on = models.DateField(_("agreed on"))
    invoice_number = models.CharField(_("invoice number"), max_length=255)
    invoice_external_id = models.CharField(
        _("invoice id"),
        max_length=255,
        blank=True,
        help_text=_("The invoice's id in the borrower's books. Blank: not known."),
    )
    invoice_amount = models.DecimalField(
        _("invoice amount"), max_digits=16, decimal_places=4
    )
    debtor_name = models.CharField(_("debtor name"), max_length=200)
    collection_route = models.CharField(
        _("collection route"),
        max_length=20,
        choices=CollectionRoute.choices,
        default=CollectionRoute.LENDER,
        help_text=_("Cannot be changed after the first drawdown."),
    )
    invoice_payment_posting = models.CharField(
        _("invoice payment posting"),
        max_length=20,
        choices=InvoicePaymentPosting.choices,
        default=InvoicePaymentPosting.LEAVE_TO_BORROWER,
        help_text=_("Counts only where the debtor pays the borrower."),
    )
    closed_at = models.DateTimeField(
        _("closed at"), null=True, blank=True, editable=False
    )
    closed_by = models.CharField(
        _("closed by"), max_length=200, blank=True, editable=False
    )
    close_reason = models.CharField(
        _("close reason"), max_length=500, blank=True, editable=False
    )
    created_at = models.DateTimeField(
        _("created at"), default=timezone.now, editable=False
    )

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        indexes = [
            models.Index(fields=["agreed_on", "id"], name="lending_loan_agreed"),
            models.Index(fields=["invoice_number"], name="lending_loan_invoice"),
        ]
        constraints = [
            reference_constraint("reference", name="lending_loan_reference_pattern"),
            models.CheckConstraint(
                condition=models.Q(
                    invoice_amount__gt=0, invoice_amount__lte=LARGEST_AMOUNT
                ),
                name="lending_loan_invoice_amount_positive",
                violation_error_message=_("The invoice amount must exceed zero."),
            ),
            models.CheckConstraint(
                condition=models.Q(collection_route__in=CollectionRoute.values),
                name="lending_loan_collection_route_known",
                violation_error_message=_("Choose one of the collection routes."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    invoice_payment_posting__in=InvoicePaymentPosting.values
                ),
                name="lending_loan_payment_posting_known",
                violation_error_message=_("Choose who books the invoice payment."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    closed_at__isnull=True, closed_by="", close_reason=""
                )
                | (models.Q(closed_at__isnull=False) & ~models.Q(closed_by="")),
                name="lending_loan_closed_with_author",
                violation_error_message=_("A closed loan says who closed it and when."),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_closed(self) -> bool:
        """Whether the loan refuses every event but a reversal."""
        return self.closed_at is not None
