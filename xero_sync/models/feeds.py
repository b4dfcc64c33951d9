"""What was done to a lender account's bank feed, by whom, and what was seen of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.formats import instant
from xero_sync.models.connections import LenderAccount
from xero_sync.models.writeback import SyncRecord


class FeedActKind(models.TextChoices):
    """What happened to a bank feed."""

    CREATED = "created", _("Source account made")
    MAPPED = "mapped", _("Connected to an account in Xero")
    UNMAPPED = "unmapped", _("Disconnected by us")
    RENAMED = "renamed", _("Renamed")
    BALANCE = "balance", _("Opening balance changed")
    START = "start", _("Start date changed")
    CLOSED = "closed", _("Closed")
    SEEN = "seen", _("Seen at Codat")


class FeedAct(models.Model):
    """One act on a bank feed, or one change of its state that was seen; kept for good.

    `by` is empty where nobody acted here: the borrower may have, in Xero.
    """

    account = models.ForeignKey(
        LenderAccount, on_delete=models.PROTECT, related_name="acts"
    )
    kind = models.CharField(_("act"), max_length=20, choices=FeedActKind.choices)
    before = models.CharField(_("before"), max_length=255, blank=True)
    after = models.CharField(_("after"), max_length=255, blank=True)
    by = models.CharField(_("by"), max_length=160, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("act on a bank feed")
        verbose_name_plural = _("acts on bank feeds")
        default_permissions = ("view",)

    def __str__(self) -> str:
        """Name the account, the act and the time."""
        return f"{self.account_id} {self.kind} {instant(self.at)}"


class MissingLine(SyncRecord):
    """A statement line that is not in Xero yet, and that the feed is to bring there."""

    class Meta:
        proxy = True
        verbose_name = _("statement line not in Xero")
        verbose_name_plural = _("statement lines not in Xero")
        default_permissions = ("view",)
