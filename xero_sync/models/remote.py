"""What we remember of things that live at Codat and in Xero."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LoanInXero(models.Model):
    """What a loan is in the borrower's books; each fact is fixed at its first use."""

    loan = models.OneToOneField(
        "lending.Loan",
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="in_xero",
    )
    lender_account = models.ForeignKey(
        "xero_sync.LenderAccount",
        on_delete=models.PROTECT,
        related_name="loans",
        null=True,
        blank=True,
        db_index=False,
    )
    invoice_id = models.CharField(_("invoice in Xero"), max_length=64, blank=True)
    customer_id = models.CharField(_("customer in Xero"), max_length=64, blank=True)
    resolved_at = models.DateTimeField(_("invoice found"), null=True, blank=True)
    # Since then nothing of it goes to Xero, nor does what is recorded later.
    left_out_at = models.DateTimeField(_("left out"), null=True, blank=True)

    class Meta:
        verbose_name = _("loan in Xero")
        verbose_name_plural = _("loans in Xero")

    def __str__(self) -> str:
        """Name the loan."""
        return f"loan {self.loan_id} in Xero"


class DataRefresh(models.Model):
    """The latest refresh of one data type that we asked Codat for.

    Codat answers reads from a cache; only a refresh asked for after a moment, and
    finished, shows what Xero holds since that moment.
    """

    connection = models.ForeignKey(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="refreshes"
    )
    data_type = models.CharField(_("data type"), max_length=40)
    # Nothing where we may not ask: then `failed` says so.
    operation_id = models.UUIDField(_("operation"), null=True, blank=True)
    requested_at = models.DateTimeField(_("requested"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    failed = models.CharField(_("failed with"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("data refresh")
        verbose_name_plural = _("data refreshes")
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "data_type"], name="xero_sync_datarefresh_latest"
            )
        ]

    def __str__(self) -> str:
        """Name the connection and the data type."""
        return f"{self.connection_id} {self.data_type}"


class WebhookMessage(models.Model):
    """One verified message from Codat, stored once whatever the number of deliveries.

    It triggers a look and moves no entry by itself.
    """

    webhook_id = models.CharField(_("webhook id"), max_length=255, unique=True)
    event_type = models.CharField(_("event type"), max_length=100)
    push_operation_key = models.UUIDField(
        _("push operation"), null=True, blank=True, db_index=True
    )
    codat_connection_id = models.UUIDField(_("Codat connection"), null=True, blank=True)
    payload = models.JSONField(_("payload"))
    received_at = models.DateTimeField(_("received"))
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(processed_at=None),
                name="xero_sync_webhook_waiting",
            )
        ]

    def __str__(self) -> str:
        """Name the message."""
        return f"{self.webhook_id} {self.event_type}"
