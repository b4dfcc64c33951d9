"""What a lender account's bank feed still has to bring into Xero."""

from django.utils.translation import gettext_lazy as _

from xero_sync.models.writeback import SyncRecord


class MissingLine(SyncRecord):
    """A statement line that is not in Xero yet, and that the feed is to bring there."""

    class Meta:
        proxy = True
        verbose_name = _("statement line not in Xero")
        verbose_name_plural = _("statement lines not in Xero")
        default_permissions = ("view",)
