"""Answers of a borrower that are not saved yet."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.formats import instant


class AccountDraft(models.Model):
    """What a borrower has answered about their accounts so far; one a connection.

    Each answer was checked against their Xero when it was given, and is checked again
    when all are saved. `based_on` is the version of the accounts that was in force at
    the first of them (0: none). `saved_at` says that they were handed on, to be made.
    """

    connection = models.OneToOneField(
        "xero_sync.Connection", on_delete=models.PROTECT, related_name="account_draft"
    )
    # They are about this one alone, by the name that Xero gave.
    organisation = models.CharField(_("organisation"), max_length=255, blank=True)
    answers = models.JSONField(_("answers"), default=dict)
    based_on = models.PositiveIntegerField(_("based on version"))
    changed_by = models.CharField(_("answered by"), max_length=150)
    changed_at = models.DateTimeField(_("answered at"))
    saved_at = models.DateTimeField(_("saved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("draft of accounts")
        verbose_name_plural = _("drafts of accounts")

    def __str__(self) -> str:
        """Name the connection and the time."""
        return f"{self.connection_id} {instant(self.changed_at)}"
