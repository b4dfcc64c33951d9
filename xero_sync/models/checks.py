"""The checks of all connections that were made, and what could not be read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from lending.formats import instant
from xero_sync.models.connections import Connection


class CheckFailureKind(models.TextChoices):
    """Why a connection could not be read."""

    UNAVAILABLE = "unavailable", _("Codat did not take the request in")
    NO_ANSWER = "no_answer", _("Codat gave no answer")
    NO_VERDICT = "no_verdict", _("Codat failed itself")
    REFUSED = "refused", _("Codat refused the request")
    ACCESS_DENIED = "access_denied", _("Codat did not let us in")


class ConnectionCheckRun(models.Model):
    """One run over the connections; written once it has ended, and kept for good.

    An hourly run that finds nothing due leaves none, so there are few: a connection is
    due once a day. They are evidence for Xero's certification, hence never pruned.
    """

    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    checked = models.PositiveIntegerField(_("checked"))
    failed = models.PositiveIntegerField(_("could not be read"))

    class Meta:
        verbose_name = _("check of the connections")
        verbose_name_plural = _("checks of the connections")
        default_permissions = ("view",)

    def __str__(self) -> str:
        """Name the time."""
        return instant(self.started_at)


class ConnectionCheckFailure(models.Model):
    """A connection that a run could not read, and why; written once."""

    run = models.ForeignKey(
        ConnectionCheckRun, on_delete=models.PROTECT, related_name="failures"
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="check_failures"
    )
    kind = models.CharField(_("why"), max_length=20, choices=CheckFailureKind.choices)

    class Meta:
        verbose_name = _("connection that could not be read")
        verbose_name_plural = _("connections that could not be read")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["run", "connection"],
                name="xero_sync_checkfailure_one_per_connection",
            )
        ]

    def __str__(self) -> str:
        """Name the run, the connection and why."""
        return f"{self.run_id} {self.connection_id} {self.kind}"
