"""Pushes that an entry has left behind and whose outcome may still come."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class WatchedPushQuerySet(models.QuerySet["WatchedPush"]):
    """Filters that several places share."""

    def watched(self) -> "WatchedPushQuerySet":
        """Return those that Codat is still asked about."""
        return self.filter(next_poll_at__isnull=False)

    def alarms(self) -> "WatchedPushQuerySet":
        """Return those that succeeded beside their entry, and that nobody settled."""
        return self.filter(alarmed_at__isnull=False, settled_at=None)


class WatchedPush(models.Model):
    """One push that is not, or no longer, what its entry stands by.

    Codat is asked about it until its final word or `watched_until`, whatever becomes
    of the entry. If it succeeds beside the entry, that is an alarm until a person has
    settled it.
    """

    record = models.ForeignKey(
        "xero_sync.SyncRecord",
        on_delete=models.PROTECT,
        related_name="watched_pushes",
        db_index=False,
    )
    # Through it the push went; Codat is asked about its company.
    connection = models.ForeignKey(
        "xero_sync.Connection",
        on_delete=models.PROTECT,
        related_name="watched_pushes",
        db_index=False,
    )
    push_operation_key = models.UUIDField(_("push operation"), db_index=True)
    # False: no request of ours names it, and it may be somebody else's.
    is_ours = models.BooleanField(_("ours"), default=True)
    status = models.CharField(_("Codat's latest word"), max_length=20, blank=True)
    watched_since = models.DateTimeField(_("watched since"))
    watched_until = models.DateTimeField(_("watched until"))
    # None: there is nothing more to ask.
    next_poll_at = models.DateTimeField(_("next look"), null=True, blank=True)
    polls = models.PositiveIntegerField(_("polls"), default=0)
    xero_record_id = models.CharField(_("record in Xero"), max_length=64, blank=True)
    alarmed_at = models.DateTimeField(_("alarm since"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=150, blank=True)
    settled_reason = models.TextField(_("reason"), blank=True)

    objects = WatchedPushQuerySet.as_manager()

    class Meta:
        verbose_name = _("watched push")
        verbose_name_plural = _("watched pushes")
        constraints = [
            models.UniqueConstraint(
                fields=["record", "push_operation_key"],
                name="xero_sync_watchedpush_once",
            ),
            models.CheckConstraint(
                condition=Q(settled_at=None)
                | ~Q(settled_by="") & ~Q(settled_reason=""),
                name="xero_sync_watchedpush_settled_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_poll_at"],
                condition=Q(next_poll_at__isnull=False),
                name="xero_sync_watched_look",
            ),
        ]

    def __str__(self) -> str:
        """Name the push."""
        return str(self.push_operation_key)
