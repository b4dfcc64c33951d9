"""What a version of a borrower's accounts says of one kind of booking."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RowRole(models.TextChoices):
    """The kinds of booking that have an account of their own."""

    FEE = "fee", _("Fee")


class MappingRow(models.Model):
    """The account and the tax of one kind of booking, in one version; written once."""

    mapping = models.ForeignKey(
        "xero_sync.AccountMapping", on_delete=models.PROTECT, related_name="rows"
    )
    role = models.CharField(_("for"), max_length=20, choices=RowRole.choices)
    account_id = models.CharField(_("account"), max_length=64)
    account_name = models.CharField(_("account name"), max_length=255, blank=True)
    tax_rate_id = models.CharField(_("tax rate"), max_length=64, default="NONE")
    tax_percent = models.DecimalField(
        _("tax percent"), max_digits=6, decimal_places=3, default=0
    )

    class Meta:
        verbose_name = _("row of an account mapping")
        verbose_name_plural = _("rows of account mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "role"], name="xero_sync_mappingrow_role_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=RowRole.values),
                name="xero_sync_mappingrow_known_role",
            ),
            models.CheckConstraint(
                condition=~Q(account_id=""), name="xero_sync_mappingrow_complete"
            ),
            models.CheckConstraint(
                condition=Q(tax_percent__gte=0) & Q(tax_percent__lt=100),
                name="xero_sync_mappingrow_tax_percent",
            ),
        ]

    def __str__(self) -> str:
        """Name the mapping and the role."""
        return f"{self.mapping_id} {self.role}"
