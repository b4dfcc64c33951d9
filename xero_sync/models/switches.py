"""Who switched the write-back of a connection, and when."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.formats import instant
from xero_sync.models.choices import HeldEvents
from xero_sync.models.connections import Connection


class WritebackSwitch(models.Model):
    """Who switched a connection's write-back on or off, and what became of the held."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="switches"
    )
    on = models.BooleanField(_("on"))
    held_events = models.CharField(
        _("held events"), max_length=20, choices=HeldEvents.choices, blank=True
    )
    publish_from = models.DateField(_("published from"), null=True, blank=True)
    # Nothing where nothing was held, and where it was switched off.
    loans_published = models.PositiveIntegerField(
        _("loans published"), null=True, blank=True
    )
    loans_left_out = models.PositiveIntegerField(
        _("loans left out"), null=True, blank=True
    )
    switched_by = models.CharField(_("switched by"), max_length=150)
    switched_at = models.DateTimeField(_("switched at"))

    class Meta:
        verbose_name = _("write-back switch")
        verbose_name_plural = _("write-back switches")

    def __str__(self) -> str:
        """Name the connection, the position and the time."""
        return f"{self.connection_id} {self.on} {instant(self.switched_at)}"
