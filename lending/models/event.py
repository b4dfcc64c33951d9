"""What happened on a loan."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lending.models.loan import LARGEST_AMOUNT, Loan
from lending.models.references import (
    REFERENCE_LENGTH,
    reference_constraint,
    validate_reference,
)


class EventKind(models.TextChoices):
    """What a movement of money was for; the kind fixes its direction."""

    DRAWDOWN = "drawdown", _("Drawdown")
    FINAL_PAYMENT = "final_payment", _("Final payment")
    FEE = "fee", _("Fee")
    INVOICE_PAYMENT = "invoice_payment", _("Invoice payment")
    RESIDUAL_RELEASE = "residual_release", _("Residual release")


class LoanEventQuerySet(models.QuerySet["LoanEvent"]):
    """Filters on loan events."""

    def for_loan(self, loan: Loan) -> "LoanEventQuerySet":
        """Events of one loan."""
        return self.filter(loan=loan)

    def in_order(self) -> "LoanEventQuerySet":
        """Events in the order in which they were recorded."""
        return self.order_by("loan_id", "sequence")


class LoanEvent(models.Model):
    """A movement of money on a loan, in the company's currency.

    Rows are never edited or deleted: the database refuses it. A mistake is answered by
    a reversal, an event of the same kind and amount with the opposite effect.
    """

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="events", verbose_name=_("loan")
    )
    sequence = models.PositiveIntegerField(
        _("sequence"), validators=[MinValueValidator(1)]
    )
    external_id = models.CharField(
        _("external id"),
        max_length=REFERENCE_LENGTH,
        unique=True,
        validators=[validate_reference],
    )
    kind = models.CharField(_("kind"), max_length=20, choices=EventKind.choices)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=4)
    value_date = models.DateField(_("value date"), db_index=True)
    description = models.CharField(_("description"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(
        _("recorded at"), default=timezone.now, editable=False
    )
    recorded_by = models.CharField(_("recorded by"), max_length=200)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name=_("reverses"),
    )
    already_in_books = models.BooleanField(
        _("already in the books"),
        default=False,
        help_text=_("The borrower's books had this before we recorded it."),
    )

    objects = LoanEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan event")
        verbose_name_plural = _("loan events")
        indexes = [
            models.Index(
                fields=["recorded_at", "id"], name="lending_loanevent_recorded"
            ),
            models.Index(
                fields=["recorded_at", "id"],
                condition=models.Q(reverses__isnull=False),
                name="lending_loanevent_reversals",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "sequence"],
                name="lending_loanevent_sequence_unique",
                violation_error_message=_("Another event has this sequence number."),
            ),
            models.CheckConstraint(
                condition=models.Q(sequence__gte=1),
                name="lending_loanevent_sequence_positive",
                violation_error_message=_("The sequence begins at one."),
            ),
            reference_constraint(
                "external_id", name="lending_loanevent_external_id_pattern"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=EventKind.values),
                name="lending_loanevent_kind_known",
                violation_error_message=_("Choose one of the kinds of event."),
            ),
            models.CheckConstraint(
                # The upper end also refuses text: SQLite sorts it above all numbers.
                condition=models.Q(amount__gt=0, amount__lte=LARGEST_AMOUNT),
                name="lending_loanevent_amount_positive",
                violation_error_message=_("The amount must exceed zero."),
            ),
            models.CheckConstraint(
                condition=~models.Q(recorded_by=""),
                name="lending_loanevent_recorded_by_given",
                violation_error_message=_("Say who recorded the event."),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def is_reversal(self) -> bool:
        """Whether this event takes back another one."""
        return self.reverses_id is not None
